"""From units to the frozen model: durations become seconds, texts become checked expressions.

Each position has its own language: `events:` see the payload and the rules; gates see facts and never the payload;
actions see facts and the outputs of the actions of their pipeline.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from engine.core.declare import Catalog, Schema
from engine.core.duration import seconds
from engine.core.expressions.compile import Language, check_defines, compile_expression, compile_text
from engine.core.expressions.model import Expression, Kind, Trace
from engine.core.outcome import Outcome
from engine.core.rules import pins
from engine.core.rules.checks.steps import misnamed, surrounded
from engine.core.rules.checks.subject import calls
from engine.core.rules.draft import Draft, Entry, Key, Path, PipelineEntry, Unread
from engine.core.rules.literal import misfit
from engine.core.rules.model import (
    Approvals,
    Backend,
    CommandRule,
    Environment,
    Gate,
    Group,
    Input,
    Kept,
    Limits,
    Override,
    Pipeline,
    Profile,
    Roles,
    Source,
    Step,
    Trigger,
)
from engine.errors import EngineError, Errors, Place

_Built = TypeVar("_Built")

# Default deny: without `approvals:` in the rules nobody who had a hand in the change counts, and a veto stands.
EXCLUDE = ("author", "co_authors", "pushers", "committers", "bots")
VETO = "changes_requested"
UNKNOWN = "one_more"
VERDICT_EXPIRES_S = 7 * 86_400


_ANYTHING: Mapping[str, Schema] = {"event": {}, "outputs": {}}  # which only some positions know


class Builder:
    """Builds the values of one draft; what does not compile goes to `errors`, and its unit is left out."""

    def __init__(self, draft: Draft, catalog: Catalog, errors: Errors) -> None:
        self._draft, self._catalog, self._errors = draft, catalog, errors
        self.defines: Mapping[str, str] = {e.name: e.data for e in draft.sections["define"]}
        self._define_places = {e.name: e.document.place(*e.path) for e in draft.sections["define"]}
        self._facts: Mapping[str, Schema] = catalog.fact_schema["properties"]["facts"]["properties"]
        self._gate_language = self._language(self._facts)
        self.expressions: list[tuple[Entry, Expression]] = []  # everything that was compiled, for the checks
        self.inputs: dict[Key, dict[str, Input]] = {}  # of each action, those that compiled
        self._refused = 0

    def sources(self) -> tuple[Source, ...]:
        """`sources:`"""
        return tuple(
            Source(e.data["repo"], tuple(e.data["owns"]), e.place(), e.data.get("id"), e.data.get("installation"))
            for e in self._draft.sections["sources"]
        )

    def environments(self) -> dict[str, Environment]:
        """`environments:`"""
        return {
            e.name: Environment(
                e.name,
                e.data["branch"],
                e.data.get("account"),
                e.data.get("region"),
                e.place(),
                _profile(e.data.get("profile")),
                _roles(e.data.get("roles")),
            )
            for e in self._draft.sections["environments"]
        }

    def otherwise(self) -> Environment | None:
        """Where every other change goes; None when the file does not say it."""
        data, document = self._draft.settings.get("otherwise"), self._draft.entry
        return (
            Environment("otherwise", data["branch"], None, None, document.place("otherwise"))
            if data and document
            else None
        )

    def limits(self) -> Limits:
        """`limits:`, with their defaults."""
        data: Mapping[str, Any] = self._draft.settings.get("limits", {})
        default = Limits()
        return Limits(
            int(data.get("parallelism", default.parallelism)),
            seconds(data["plan_timeout"]) if "plan_timeout" in data else default.plan_timeout_s,
            seconds(data["policy_timeout"]) if "policy_timeout" in data else default.policy_timeout_s,
            seconds(data["lock_timeout"]) if "lock_timeout" in data else default.lock_timeout_s,
            data.get("per_account"),
            Kept(int(data["backups"]["newest"]), seconds(data["backups"]["for"])) if "backups" in data else None,
        )

    def backend(self) -> Backend:
        """`backend:`, with its default."""
        return Backend(self._draft.settings.get("backend", {}).get("dynamodb_table"))

    def verdict_expires_s(self) -> int:
        """`verdicts: {expires: …}`, with its default."""
        data = self._draft.settings.get("verdicts")
        return seconds(data["expires"]) if data else VERDICT_EXPIRES_S

    def renewed_by(self) -> str | None:
        """`verdicts: {renew: …}`"""
        renewed_by: str | None = self._draft.settings.get("verdicts", {}).get("renew")
        return renewed_by

    def groups(self) -> dict[str, Group]:
        """The groups of the approvers' files."""
        return {
            e.name: Group(
                e.name,
                pins.logins(e.data.get("users", ())),
                tuple(e.data.get("teams", ())),
                e.place(),
                pins.ids(e.data.get("users", ())),
            )
            for e in self._draft.groups
        }

    def overrides(self) -> dict[str, Override]:
        """`overrides:`"""
        return {
            e.name: Override(
                name=e.name,
                command=e.data["command"],
                groups=tuple(e.data["from"]),
                besides=tuple(e.data["besides"]),
                never=tuple(e.data["never"]),
                expires_s=seconds(e.data["expires"]),
                label=e.data.get("label"),
                place=e.place(),
            )
            for e in self._draft.sections["overrides"]
        }

    def commands(self) -> dict[str, CommandRule]:
        """`commands:`"""
        return {
            e.name: CommandRule(
                e.name, tuple(e.data["from"]), e.data.get("writers", False), int(e.data.get("count", 1)), e.place()
            )
            for e in self._draft.sections["commands"]
        }

    def protect(self) -> dict[str, tuple[str, ...]]:
        """`protect:`"""
        return {e.name: tuple(e.data) for e in self._draft.sections["protect"]}

    def places(self) -> dict[str, Place]:
        """Where the parts stand that are no more than a value: `limits`, `verdicts`, `backend`, `protect.ACTION`."""
        document, said = self._draft.entry, ("limits", "verdicts", "backend")
        found = {name: document.place(name, key=True) for name in said if document and name in self._draft.settings}
        return found | {f"protect.{e.name}": e.place() for e in self._draft.sections["protect"]}

    def triggers(self) -> tuple[Trigger, ...]:
        """`events:`"""
        return tuple(self._all(self._trigger, self._draft.sections["events"]))

    def gates(self) -> dict[str, Gate]:
        """`gates:`"""
        return {gate.name: gate for gate in self._all(self._gate, self._draft.sections["gates"])}

    def pipelines(self) -> dict[str, Pipeline]:
        """Pipelines, wherever they stand."""
        return {pipeline.name: pipeline for pipeline in self._all(self._pipeline, self._draft.pipelines)}

    def _all(self, build: Callable[[Any], _Built | None], entries: Sequence[object]) -> Iterator[_Built]:
        for entry in entries:
            built = build(entry)
            if built is not None:
                yield built

    def check_defines(self) -> None:
        """Judge the defines that nothing uses too. What else they may name is seen where they are used."""
        self._errors.extend(check_defines(self._language({**self._facts, **_ANYTHING})))

    def _language(self, roots: Mapping[str, Schema]) -> Language:
        return Language(
            self._catalog.functions,
            roots,
            self.defines,
            self._catalog.fact_schema.get("$defs", {}),
            self._define_places,
            _lost(self._draft.known["define"], self.defines),
            frozenset((*self._facts, *_ANYTHING)),
        )

    def _trigger(self, entry: Entry) -> Trigger | None:
        data = entry.data
        events = strings(data.get("event"))
        if any(event not in self._catalog.events for event in events):
            return None  # reported by its own check; the shape of `event` is not known
        when = None
        shapes = self._catalog.event_schema
        for event in events if "when" in data else ():  # it must be right for each of them
            shape = {**shapes["properties"][event], "$defs": shapes.get("$defs", {})}
            roots = {"rules": self._facts["rules"], "event": shape}
            when = self._boolean(entry, ("when",), self._language(roots)) or when
        return Trigger(
            events=events,
            types=tuple(data.get("types", ())),
            when=when,
            every_s=seconds(data["every"]) if "every" in data else None,
            run=data["run"],
            commanded=self._asks_for_a_command(data.get("when", "")),
            place=entry.place(),
        )

    def _asks_for_a_command(self, when: str) -> bool:
        """Read again only where the word is there at all: most triggers ask for none."""
        if not any("command" in text for text in (when, *self.defines.values())):
            return False
        return "command" in self._calls(when)

    def _calls(self, text: str) -> set[str]:
        """The functions that an expression calls, through defines too."""
        found: set[str] = set()
        ahead = [text] if text else []
        while ahead:
            for name in calls(ahead.pop()) - found:
                found.add(name)
                ahead += [self.defines[name]] if name in self.defines else []
        return found

    def _gate(self, entry: Entry) -> Gate:
        data = entry.data

        def boolean(key: str) -> Expression | None:
            return self._boolean(entry, (key,), self._gate_language) if key in data else None

        return Gate(
            name=entry.name,
            when=boolean("when"),
            needs=strings(data.get("needs")),
            require=boolean("require"),
            reject=boolean("reject"),
            approvals=self._approvals(data["approvals"]) if "approvals" in data else None,
            order=data.get("order"),
            unmet=Outcome(data.get("unmet", "fail")),
            override=data.get("override"),
            message=self._message(entry),
            place=entry.place(),
        )

    def _approvals(self, data: Mapping[str, Any]) -> Approvals:
        defaults = self._draft.settings.get("approvals", {})
        merged = {"exclude": EXCLUDE, "veto": VETO, "unknown": UNKNOWN, "after": None, **defaults, **data}
        veto = None if merged["veto"] == "none" else merged["veto"]

        def part(data: Mapping[str, Any]) -> Approvals:
            return Approvals(
                need=int(data.get("count", 1)),
                groups=tuple(data.get("from", ())),
                any=tuple(part(p) for p in data.get("any", ())),
                all=tuple(part(p) for p in data.get("all", ())),
                after=merged["after"],
                exclude=tuple(merged["exclude"]),
                veto=veto,
                unknown=merged["unknown"],
            )

        return part(data)

    def _pipeline(self, unit: PipelineEntry) -> Pipeline:
        entry, data = unit.entry, unit.entry.data
        language = self._language({**self._facts, "outputs": self._outputs(unit)})
        return Pipeline(
            name=entry.name,
            description=data.get("description", ""),
            gates=() if data.get("gates") == "none" else tuple(data.get("gates", ())),
            ungated=data.get("gates") == "none",
            steps=tuple(self._step(step, language) for step in unit.steps),
            locks=self._value(entry, ("locks",)) if "locks" in data else None,
            permissions=tuple(data.get("permissions", ())),
            then=data.get("then"),
            instead=data.get("else"),
            place=entry.place("pipeline"),
        )

    def _outputs(self, unit: PipelineEntry) -> Schema:
        """What the actions of a pipeline leave behind. Which of them have run by then is checked by `outputs`."""
        ids = [step.data["id"] for step in unit.steps]
        shapes: dict[str, Schema] = {name: {} for name in misnamed(unit)}
        for step in unit.steps:
            name, action = step.data["id"], self._catalog.actions.get(step.data["uses"])
            shapes[name] = _shape(action.outputs) if action and ids.count(name) == 1 else {}
        whole = unit.whole and len(ids) == len(set(ids))  # of two by one name, one was to have another
        return {"type": "object", "properties": shapes, "additionalProperties": not whole}

    def _step(self, entry: Entry, language: Language) -> Step:
        data = entry.data
        inputs: dict[str, Input] = {}
        sound = self.inputs[entry.key] = {}
        for name, value in _with(data).items():
            refused = self._refused
            wanted = self._wanted(data["uses"], name)
            if isinstance(value, str) and (whole := surrounded(value, wanted)):
                self._refused += 1
                hint, expected = f'write `"{whole}"`: what stands around it makes it a text', misfit("", wanted)
                place = entry.place("with", name)
                self._errors.add("ENG071", place, hint=hint, name=name, action=data["uses"], expected=expected)
                continue
            inputs[name] = self._input(entry, ("with", name), value, language)
            if self._refused == refused:
                sound[name] = inputs[name]
        return Step(
            id=data["id"],
            uses=data["uses"],
            inputs=inputs,
            condition=self._boolean(entry, ("if",), language) if "if" in data else None,
            timeout_s=seconds(data["timeout"]) if "timeout" in data else None,
            place=entry.place("uses"),
        )

    def _wanted(self, uses: str, name: str) -> Schema:
        """What an input has to be; anything, where it is not known."""
        action = self._catalog.actions.get(uses)
        return action.inputs.get(name, {}) if action else {}

    def _input(self, entry: Entry, path: Path, value: object, language: Language) -> Input:
        match value:
            case str():
                compiled = self._keep(entry, lambda: compile_text(value, entry.place(*path), language))
                return value if compiled is None else compiled
            case list():
                return [self._input(entry, (*path, i), item, language) for i, item in enumerate(value)]
            case dict():
                return {name: self._input(entry, (*path, name), item, language) for name, item in value.items()}
            case bool() | int() | float() | None:
                return value
        raise AssertionError(f"not JSON: {value!r}")

    def _boolean(self, entry: Entry, path: Path, language: Language) -> Expression | None:
        text = entry.data[path[0]]
        compiled = self._keep(entry, lambda: compile_expression(text, Kind.BOOLEAN, entry.place(*path), language))
        return compiled if isinstance(compiled, Expression) else None

    def _message(self, entry: Entry) -> Expression | None:
        text = entry.data.get("message")
        if text is None:
            return None
        place = entry.place("message")
        compiled = self._keep(entry, lambda: compile_text(text, place, self._gate_language))
        return _literal(text, compiled, place) if isinstance(compiled, str) else compiled

    def _value(self, entry: Entry, path: Path) -> Expression | None:
        """`locks`: one whole `${…}`; it is claimed before any action runs, so it sees no outputs."""
        place = entry.place(*path)
        compiled = self._keep(entry, lambda: compile_text(entry.data[path[0]], place, self._gate_language))
        if isinstance(compiled, str) or (compiled is not None and compiled.kind is not Kind.VALUE):
            self._errors.add("ENG075", place)
            return None
        return compiled

    def _keep(self, entry: Entry, compile_it: Callable[[], Expression | str]) -> Expression | str | None:
        """The expression, remembered for the checks; None when it is wrong, which is recorded."""
        try:
            compiled = compile_it()
        except EngineError as error:
            self._refused += 1
            self._errors.extend(error.problems)
            return None
        if isinstance(compiled, Expression):
            self.expressions.append((entry, compiled))
        return compiled


def _lost(known: frozenset[str], read: Mapping[str, str]) -> frozenset[str]:
    """Names of defines that are there and could not be read; any name, where nobody knows which there are."""
    return known if isinstance(known, Unread) else known - read.keys()


def _shape(outputs: Iterable[str]) -> Schema:
    return {"type": "object", "properties": {name: {} for name in outputs}, "additionalProperties": False}


def strings(value: object) -> tuple[str, ...]:
    """A string, a list of them, or nothing."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()


def _literal(text: str, said: str, place: Place) -> Expression:
    """A message without `${…}`; `said` is what `text` stands for."""
    return Expression(
        text=text,
        kind=Kind.TEXT,
        place=place,
        needs=frozenset(),
        paths=(),
        evaluate=lambda _: said,
        trace=lambda _: Trace(text, said),
    )


def _with(data: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = data.get("with", {})
    return found


def _profile(value: object) -> Profile | None:
    """One name for both, one for each, or none."""
    if isinstance(value, dict):
        return Profile(**value)
    return Profile(value, value) if isinstance(value, str) else None


def _roles(value: Mapping[str, str] | None) -> Roles | None:
    if value is None:
        return None
    session = {"session_s": seconds(value["session"])} if "session" in value else {}
    return Roles(value["plan"], value["apply"], **session)
