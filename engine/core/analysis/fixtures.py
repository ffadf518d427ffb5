"""Rule fixtures: cases that say what the rules must decide, for `engine test`.

The real evaluator decides each case; nothing is simulated. A case that cannot be read is an error, never a skipped one.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import groupby
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core import schema
from engine.core.analysis.facts import Shared, Stated, in_good_order, spelled_out
from engine.core.analysis.settled import compare
from engine.core.canonical import canonical
from engine.core.command import PREFIX
from engine.core.decision.decide import decide
from engine.core.decision.decided import Decision
from engine.core.decision.document import FactDocument, freeze
from engine.core.events.envelope import Event, read_event
from engine.core.outcome import Outcome
from engine.core.report.explanation import render
from engine.core.rules.model import Rules
from engine.core.source import Document, load_json, load_yaml
from engine.errors import EngineError, Errors, Place, Problem, failure, problem
from engine.names import closest, either

_ALIKE = 0.4  # of 1, from where a line may be the one that is meant

if TYPE_CHECKING:
    from engine.core.schema.failures import Mistake


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
    document, chain = _document(file, read), [file]
    layers = [document.data]
    while "shares" in layers[0]:
        chain.append(normpath(join(dirname(chain[-1]), layers[0]["shares"])))
        if chain[-1] in chain[:-1]:
            raise failure("ENG255", document.place("shares"), files=" → ".join(chain))
        layers.insert(0, _document(chain[-1], read).data)
    reader = _Reader(document, rules, layers)
    cases = [case for number in range(len(document.data.get("cases", ()))) if (case := reader.case(number))]
    stated = compare(document, rules, reader.errors)
    reader.errors.check()
    return File(tuple(cases), stated)


def _document(file: str, read: Callable[[str], bytes]) -> Document:
    document = load_yaml(read(file), file, quotes=True)
    schema.validate("fixtures", document)
    return document


def _layered(layers: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """The mapping `name` of all layers, the last one winning."""
    return {key: value for layer in layers for key, value in layer.get(name, {}).items()}


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
    """Reads the cases of one document; what is wrong goes to `errors`."""

    def __init__(self, document: Document, rules: Rules, layers: Sequence[Mapping[str, Any]]) -> None:
        self._document, self._rules = document, rules
        self._given = reduce(Stated.on_top, (layer.get("given", {}) for layer in layers), Stated())
        self._shared = Shared(_layered(layers, "people"), _layered(layers, "defaults"))
        self.errors = Errors()

    def case(self, number: int) -> Case | None:
        """One case; None when it is wrong, which is recorded."""
        row = self._document.data["cases"][number]
        before = self.errors.added
        expected = self._expected(row, number)
        stated = self._given.on_top(row)
        event, facts = self._event(stated, number), self._facts(stated, number)
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
        gates = {n: g if isinstance(g, dict) else {"outcome": g} for n, g in row.get("gates", {}).items()}
        says = row.get("says", [])
        return Expected(
            {n: Outcome(o) for n, o in row["pipelines"].items()} if "pipelines" in row else None,
            {n: (Outcome(g["outcome"]), g.get("because", "")) for n, g in gates.items()},
            tuple(row["actions"]) if "actions" in row else None,
            (says,) if isinstance(says, str) else tuple(says),
        )

    def _known(self, name: str, what: str, known: Mapping[str, object], path: Sequence[str | int]) -> None:
        if name not in known:
            place = self._document.place(*path, key=True)
            self.errors.add("ENG251", place, hint=closest(name, known), what=what, name=name, known=either(known))

    def _event(self, stated: Stated, number: int) -> Event | None:
        place = self._place(number, "event")
        if stated.event is None:
            self.errors.add("ENG252", place)
            return None
        try:
            return read_event(canonical(stated.payload), stated.event, delivery="fixture", file=place.file)
        except EngineError as error:
            self.errors.extend(problem._replace(place=place) for problem in error.problems)
            return None

    def _facts(self, stated: Stated, number: int) -> FactDocument | None:
        place = self._place(number, "facts")
        before = self.errors.added
        facts = spelled_out(stated.facts, self._shared, lambda login: self._unknown(login, number))
        gone = stated.absent.keys() | stated.failed.keys()
        self._foreign(facts, number)
        in_good_order(facts, gone, self._rules)
        for name in sorted((facts.keys() & gone) | (stated.absent.keys() & stated.failed.keys())):
            self.errors.add("ENG200", self._said(number, name), name=name)
        value = {"version": 1, "facts": facts, "absent": stated.absent, "failed": stated.failed}
        if self.errors.added == before:
            found = schema.check("facts", load_json(json.dumps(value, indent=1).encode(), place.file))
            self.errors.extend(self._unfit(found, number))
        return freeze(facts, stated.absent, stated.failed) if self.errors.added == before else None

    def _unfit(self, found: "Iterable[Mistake]", number: int) -> Iterator[Problem]:
        """What does not fit the facts' schema; what one of them lacks is one mistake."""
        for path, rows in groupby(found, key=lambda m: (m.path, m.problem.code)):
            first, *others = rows
            reason, hint = first.problem.message, first.problem.hint
            if others:
                reason = "; ".join(m.problem.message for m in (first, *others))
                hint = "; ".join(m.problem.hint for m in (first, *others))
            at = [str(step) for step in path[0]]
            yield problem("ENG254", self._said(number, *path[0][1:]), hint=hint, path=".".join(at), reason=reason)

    def _said(self, number: int, *path: str | int, key: bool = False) -> Place:
        """Where the case, or what all of them share, says a fact, or the nearest of what is around it."""
        names = [str(step) for step in path]
        for holder in (("cases", number), ("given",)):
            above: Any = self._document.data
            for step in holder:
                above = above.get(step, {}) if isinstance(above, dict) else above[step]
            said = [name for name in above.get("facts", {}) if name.split(".") == names[: name.count(".") + 1]]
            if said:
                best = max(said, key=len)
                return self._document.place(*holder, "facts", best, *path[best.count(".") + 1 :], key=key)
        return self._place(number, "facts")

    def _foreign(self, facts: Mapping[str, Any], number: int) -> None:
        """Names that the rules do not know: a case on them shows nothing."""
        rules = self._rules
        for fact in ("verdict", "resources"):
            found = facts.get(fact)
            name = found.get("environment") if isinstance(found, dict) else None
            place = self._said(number, fact, "environment")
            self._one_of(place, f"{fact}.environment", "environment", name, {**rules.environments, "otherwise": None})
        groups = facts.get("groups")
        for name in groups if isinstance(groups, dict) else ():
            place = self._said(number, "groups", name, key=True)
            self._one_of(place, f"groups.{name}", "group", name, rules.groups)

    def _one_of(self, place: Place, path: str, what: str, name: object, known: Mapping[str, object]) -> None:
        if isinstance(name, str) and name not in known:
            hint = closest(name, known)
            self.errors.add("ENG903", place, hint=hint, path=path, what=what, name=name, known=either(known))

    def _unknown(self, login: str, number: int) -> None:
        people = self._shared.people
        facts = self._document.data["cases"][number].get("facts", {})
        path = next((path for path, value in _leaves(facts) if login in (value, path[-1])), None)
        place = self._place(number, "facts") if path is None else self._said(number, *_spelled(path))
        self.errors.add("ENG253", place, hint=closest(login, people), login=login, known=either(people))

    def _place(self, number: int, part: str) -> Place:
        row = self._document.data["cases"][number]
        return self._document.place("cases", number, part if part in row else "why")


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield (*path, step), child
        yield from _leaves(child, (*path, step))


def _spelled(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The steps of a path whose first may be several: `pr.author`."""
    return (*str(path[0]).split("."), *path[1:])
