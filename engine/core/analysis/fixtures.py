"""Rule fixtures: cases that say what the rules must decide, for `engine test`.

The real evaluator decides each case; nothing is simulated. A case that cannot be read is an error, never a skipped one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from posixpath import dirname, join, normpath, relpath
from typing import Any, NamedTuple

from engine.core import schema
from engine.core.analysis.facts import Shared, Stated, identity, in_good_order, spelled_out
from engine.core.analysis.misshapen import misshapen
from engine.core.analysis.settled import compare
from engine.core.analysis.unfit import impossible, shapes, unfit
from engine.core.analysis.whence import Layer, Whence
from engine.core.canonical import canonical
from engine.core.command import PREFIX
from engine.core.decision.decide import decide
from engine.core.decision.decided import Decision
from engine.core.decision.document import FactDocument, freeze
from engine.core.events.envelope import Event, read_event
from engine.core.events.kinds import ALIASES, BY_NAME, wrong
from engine.core.outcome import Outcome
from engine.core.report.explanation import render
from engine.core.rules.model import Rules
from engine.core.source import Document, load_yaml
from engine.errors import EngineError, Errors, Place, Problem, failure, problem
from engine.names import closest, either

_OF_RULES = ("sources", "environments", "gates", "events", "pipeline", "groups")  # keys of files that are no fixtures
_ALIKE = 0.4  # of 1, from where a line may be the one that is meant


class Expected(NamedTuple):
    """What a case says must come out; what it does not mention is not looked at."""

    pipelines: Mapping[str, Outcome] | None  # exactly these
    gates: Mapping[str, tuple[Outcome, str]]  # gate → outcome, and words of its reason
    actions: tuple[str, ...] | None  # exactly these run, in this order
    says: tuple[str, ...]  # words of the explanation


class Case(NamedTuple):
    """One row of a fixture file."""

    why: str
    place: Place
    event: Event
    document: FactDocument
    pipeline: str | None
    expected: Expected


class Mismatch(NamedTuple):
    """Something that came out differently."""

    what: str
    expected: str
    got: str


class Result(NamedTuple):
    """A case with what was decided."""

    case: Case
    decision: Decision
    mismatches: tuple[Mismatch, ...]

    @property
    def explanation(self) -> str:
        """Why the decision is what it is."""
        return render(self.decision)


class File(NamedTuple):
    """What one fixture file holds."""

    cases: tuple[Case, ...]
    stated: tuple[str, ...]  # of what the rules settle, what it says of it rightly


def load(file: str, rules: Rules, read: Callable[[str], bytes]) -> File:
    """The cases of one file, and what it says is settled; one that only others share has neither.

    Raises:
        EngineError: all that is wrong with it; nothing of a broken file is run.
    """
    documents = [_document(file, read)]
    while shared := documents[-1].data.get("shares"):
        place, name = documents[-1].place("shares"), normpath(join(dirname(documents[-1].file), shared))
        chain = [document.file for document in documents]
        if name in chain:
            raise failure("ENG255", documents[0].place("shares"), files=" → ".join((*chain, name)))
        documents.append(_shared(name, shared, place, read))
    reader = _Reader(documents, rules)
    cases = [case for number in range(len(documents[0].data.get("cases", ()))) if (case := reader.case(number))]
    stated = compare(documents[0], rules, reader.errors)
    reader.errors.check()
    return File(tuple(cases), stated)


def _shared(file: str, said: str, place: Place, read: Callable[[str], bytes]) -> Document:
    """A file that another one names, from its own folder; what is not there is told where it is named."""
    try:
        return _document(file, read)
    except EngineError as error:
        if error.problems[0].code != "ENG001":
            raise
        near = error.problems[0].hint if error.problems[0].hint.startswith("did you mean") else ""
        hint = near or f"there is no {file}: it is named from the folder of {place.file}"
        with suppress(EngineError):
            read(normpath(said))
            hint = f"it is named from the folder of {place.file}: write `{relpath(said, dirname(place.file) or '.')}`"
        raise EngineError(error.problems[0]._replace(place=place, hint=hint)) from None


def _document(file: str, read: Callable[[str], bytes]) -> Document:
    document = load_yaml(read(file), file, quotes=True)
    foreign = [name for name in _OF_RULES if isinstance(document.data, dict) and name in document.data]
    if foreign:
        raise failure("ENG991", document.place(foreign[0], key=True), name=foreign[0])
    if found := schema.check("fixtures", document):
        raise EngineError(*misshapen(found, document))
    return document


def _layered(documents: Sequence[Document], name: str) -> dict[str, Any]:
    """The mapping `name` of all files, the case's own winning."""
    return {key: value for one in reversed(documents) for key, value in one.data.get(name, {}).items()}


def run(case: Case, rules: Rules) -> Result:
    """Decide a case and compare."""
    decision = decide(case.event, case.document, rules, case.pipeline)
    return Result(case, decision, tuple(_compare(case.expected, decision)))


def _compare(expected: Expected, decision: Decision) -> list[Mismatch]:
    found: list[Mismatch] = []
    pipelines = {p.name: p.outcome for p in decision.pipelines}
    if expected.pipelines is not None and pipelines != expected.pipelines:
        found.append(Mismatch("pipelines", _outcomes(expected.pipelines), _outcomes(pipelines)))
    gates = {gate.name: gate for p in decision.pipelines for gate in p.gates}
    for name, (outcome, words) in expected.gates.items():
        got = gates.get(name)
        if got is None:
            found.append(Mismatch(f"gate {name}", outcome.value, "not judged: no pipeline that starts has it"))
        elif got.outcome is not outcome or words not in got.because:
            wanted = f"{outcome.value}{f', because …{words}…' if words else ''}"
            found.append(Mismatch(f"gate {name}", wanted, f"{got.outcome.value}, because {got.because}"))
    ran = tuple(action.id for p in decision.pipelines for action in p.actions if action.runs is not False)
    if expected.actions is not None and ran != expected.actions:
        found.append(Mismatch("actions", ", ".join(expected.actions) or "none", ", ".join(ran) or "none"))
    text = render(decision) if expected.says else ""
    found += [
        Mismatch("explanation", f"…{words}…", _nearest(words, text)) for words in expected.says if words not in text
    ]
    return found


def _nearest(words: str, text: str) -> str:
    """The line of an explanation that is most like what was expected of one."""
    from difflib import get_close_matches

    lines = [line.strip() for line in text.splitlines()]
    return next(iter(get_close_matches(words, lines, n=1, cutoff=_ALIKE)), "nothing like it")


def _outcomes(pipelines: Mapping[str, Outcome]) -> str:
    return ", ".join(f"{name} {outcome.value}" for name, outcome in pipelines.items()) or "none"


class _Reader:
    """Reads the cases of the first of some documents, which shares the others; what is wrong goes to `errors`."""

    def __init__(self, documents: Sequence[Document], rules: Rules) -> None:
        self._documents, self._document, self._rules = documents, documents[0], rules
        self._given = reduce(Stated.on_top, (one.data.get("given", {}) for one in reversed(documents)), Stated())
        self._shared = Shared(_layered(documents, "people"), _layered(documents, "defaults"))
        self._layers = [Layer(one, ("given",)) for one in documents]
        self._told: dict[tuple[str, Place | None], Problem] = {}
        self.errors = Errors()
        self._look_at_what_is_shared()

    def _look_at_what_is_shared(self) -> None:
        """People that are one account, and defaults of what is no fact: no case could be read as it is meant."""
        for document in self._documents:
            numbers: dict[str, str] = {}
            for login, somebody in document.data.get("people", {}).items():
                other = numbers.setdefault(identity(somebody), login)
                if other != login:
                    self.errors.add("ENG990", document.place("people", login), name=login, other=other)
            for fact in document.data.get("defaults", {}):
                if fact not in shapes():
                    place = document.place("defaults", fact, key=True)
                    self._one_of(place, "defaults", "fact", fact, shapes())
        cases = self._document.data.get("cases", ())
        if cases and self._given.event is None and not any("name" in case.get("event", {}) for case in cases):
            self.errors.add("ENG252", self._document.place("cases", key=True))
        self.errors.check()

    def case(self, number: int) -> Case | None:
        """One case; None when it is wrong, which is recorded."""
        row = self._document.data["cases"][number]
        before = self.errors.added
        layers = [Layer(self._document, ("cases", number)), *self._layers]
        whence = Whence(layers, self._documents, self._shared.people)
        expected = self._expected(row, number)
        stated = self._given.on_top(row)
        event, facts = self._event(stated, whence), self._facts(stated, whence)
        if stated.pipeline is not None:
            self._known(stated.pipeline, "pipeline", self._rules.pipelines, ("cases", number, "pipeline"))
        if event is None or facts is None or self.errors.added > before:
            return None
        return Case(row["why"], self._document.place("cases", number, "why"), event, facts, stated.pipeline, expected)

    def _expected(self, row: Mapping[str, Any], number: int) -> Expected:
        for name in row.get("pipelines", {}):
            self._known(name, "pipeline", self._rules.pipelines, ("cases", number, "pipelines", name))
        commands = {f"{PREFIX} {name}": rule for name, rule in self._rules.commands.items()}  # they stand before gates
        for name in row.get("gates", {}):
            self._known(name, "gate", {**self._rules.gates, **commands}, ("cases", number, "gates", name))
        steps = [step for pipeline in self._rules.pipelines.values() for step in pipeline.steps]
        ids, by_use = {step.id: step for step in steps}, {step.uses: step.id for step in steps}
        for index, name in enumerate(row.get("actions", ())):
            hint = f"it is named by its id: `{by_use[name]}`" if name in by_use else ""
            self._known(name, "action", ids, ("cases", number, "actions", index), hint=hint)
        gates = {n: g if isinstance(g, dict) else {"outcome": g} for n, g in row.get("gates", {}).items()}
        says = row.get("says", [])
        return Expected(
            {n: Outcome(o) for n, o in row["pipelines"].items()} if "pipelines" in row else None,
            {n: (Outcome(g["outcome"]), g.get("because", "")) for n, g in gates.items()},
            tuple(row["actions"]) if "actions" in row else None,
            (says,) if isinstance(says, str) else tuple(says),
        )

    def _known(
        self, name: str, what: str, known: Mapping[str, object], path: Sequence[str | int], hint: str = ""
    ) -> None:
        if name not in known:
            place = self._document.place(*path, key=True)
            self.errors.add(
                "ENG251", place, hint=hint or closest(name, known), what=what, name=name, known=either(known)
            )

    def _event(self, stated: Stated, whence: Whence) -> Event | None:
        at = whence.said(("event",), ("name",))
        if stated.event is None:
            self.errors.add("ENG252", at)
            return None
        kind = BY_NAME.get(ALIASES.get(stated.event, stated.event))
        if kind and (found := wrong(stated.payload, kind.fields)):
            at = whence.said(("event", "payload"), tuple(found[0].split(".")))
        try:
            event = read_event(canonical(stated.payload), stated.event, delivery="fixture", file=at.file)
        except EngineError as error:
            hint = "" if kind is None else "write there what GitHub sends"
            self.errors.extend(one._replace(place=at, hint=hint or one.hint) for one in error.problems)
            return None
        known = BY_NAME[event.name].kind.actions
        if known and event.action not in known and event.name == stated.event:
            at, name = whence.said(("event", "payload"), ("action",)), str(event.action)
            hint = closest(name, known)
            if "name" in whence.event and "action" not in whence.event.get("payload", {}):  # of another event
                at = whence.said(("event",), ("name",))
                hint = f"say its type, `payload: {{action: …}}`: {either(known)}"
            self.errors.add("ENG057", at, hint=hint, name=name, event=event.name, known=either(known))
        return event

    def _facts(self, stated: Stated, whence: Whence) -> FactDocument | None:
        before = self.errors.added
        facts = spelled_out(stated.facts, self._shared, lambda login: self._unknown(login, whence))
        gone = stated.absent.keys() | stated.failed.keys()
        self._foreign(facts, whence)
        in_good_order(facts, gone, self._rules)
        for name in sorted((facts.keys() & gone) | (stated.absent.keys() & stated.failed.keys())):
            section = "failed" if name in stated.failed else "absent"
            self.errors.add("ENG200", whence.said((section,), (name,), key=True), name=name)
        value = {"version": 1, "facts": facts, "absent": stated.absent, "failed": stated.failed}
        if self.errors.added == before:
            self._tell(unfit(value, whence))
            self._tell(impossible(facts, whence))
        return freeze(facts, stated.absent, stated.failed) if self.errors.added == before else None

    def _tell(self, problems: Iterable[Problem]) -> None:
        """Each mistake once, as the first case tells it, whatever else stands beside it in others."""
        for one in problems:
            self.errors.extend([self._told.setdefault((one.code, one.place), one)])

    def _foreign(self, facts: Mapping[str, Any], whence: Whence) -> None:
        """Names that the rules do not know: a case on them shows nothing."""
        rules, environments = self._rules, {**self._rules.environments, "otherwise": self._rules.otherwise}
        branches = {one.branch: one for one in environments.values()}
        for fact in ("verdict", "resources"):
            for part, known in (("environment", environments), ("branch", branches)):
                found = facts.get(fact)
                name = found.get(part) if isinstance(found, dict) else None
                self._one_of(whence.said(("facts",), (fact, part)), f"{fact}.{part}", part, name, known)
        groups = facts.get("groups")
        for name in groups if isinstance(groups, dict) else ():
            self._one_of(
                whence.said(("facts",), ("groups", name), key=True), f"groups.{name}", "group", name, rules.groups
            )

    def _one_of(self, place: Place, path: str, what: str, name: object, known: Mapping[str, object]) -> None:
        if isinstance(name, str) and name not in known:
            hint = closest(name, known)
            self.errors.add("ENG903", place, hint=hint, path=path, what=what, name=name, known=either(known))

    def _unknown(self, login: str, whence: Whence) -> None:
        people = self._shared.people
        hint = closest(login, people)
        one = problem("ENG253", whence.leaf(login), hint=hint, login=login, known=either(people))
        if not hint:  # left out of the list, which is one mistake wherever they are named
            one = self._told.setdefault((one.message, None), one)
        self._tell([one])
