"""Rule fixtures: cases that say what the rules must decide, for `engine test`.

The real evaluator decides each case; nothing is simulated. A case that cannot be read is an error, never a skipped one.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.core import schema
from engine.core.analysis.facts import Facts, Shared, replaced, spelled_out
from engine.core.canonical import canonical
from engine.core.decision.decide import Decision, decide
from engine.core.decision.document import FactDocument, freeze
from engine.core.decision.outcome import Outcome
from engine.core.events.envelope import Event, read_event
from engine.core.report.explanation import render
from engine.core.rules.model import Rules
from engine.core.source import Document, load_json, load_yaml
from engine.errors import EngineError, Errors, Place, closest, listing, problem


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


def load(data: bytes, file: str, rules: Rules) -> tuple[Case, ...]:
    """The cases of one file.

    Raises:
        EngineError: all that is wrong with it; nothing of a broken file is run.
    """
    document = load_yaml(data, file)
    schema.validate("fixtures", document)
    reader = _Reader(document, rules)
    cases = [case for number in range(len(document.data["cases"])) if (case := reader.case(number))]
    reader.errors.check()
    return tuple(cases)


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
    found += [Mismatch("explanation", f"…{words}…", "see below") for words in expected.says if words not in text]
    return found


def _outcomes(pipelines: Mapping[str, Outcome]) -> str:
    return ", ".join(f"{name} {outcome.value}" for name, outcome in pipelines.items()) or "none"


class _Reader:
    """Reads the cases of one document; what is wrong goes to `errors`."""

    def __init__(self, document: Document, rules: Rules) -> None:
        self._document, self._rules = document, rules
        self._given: Mapping[str, Any] = document.data.get("given", {})
        self._shared = Shared(document.data.get("people", {}), document.data.get("defaults", {}))
        self.errors = Errors()

    def case(self, number: int) -> Case | None:
        """One case; None when it is wrong, which is recorded."""
        row = self._document.data["cases"][number]
        before = len(self.errors.problems)
        expected = self._expected(row, number)
        event, facts = self._event(row, number), self._facts(row, number)
        pipeline = row.get("pipeline", self._given.get("pipeline"))
        if pipeline is not None:
            self._known(pipeline, "pipeline", self._rules.pipelines, ("cases", number, "pipeline"))
        if event is None or facts is None or len(self.errors.problems) > before:
            return None
        return Case(row["why"], self._document.place("cases", number, "why"), event, facts, pipeline, expected)

    def _expected(self, row: Mapping[str, Any], number: int) -> Expected:
        for name in row.get("pipelines", {}):
            self._known(name, "pipeline", self._rules.pipelines, ("cases", number, "pipelines", name))
        for name in row.get("gates", {}):
            self._known(name, "gate", self._rules.gates, ("cases", number, "gates", name))
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
            self.errors.add("ENG251", place, hint=closest(name, known), what=what, name=name, known=listing(known))

    def _event(self, row: Mapping[str, Any], number: int) -> Event | None:
        given, own = self._given.get("event", {}), row.get("event", {})
        name = own.get("name", given.get("name"))
        # A payload belongs to its kind of event: another name starts from an empty one.
        base = given.get("payload", {}) if name == given.get("name") else {}
        place = self._place(number, "event")
        if name is None:
            self.errors.add("ENG252", place)
            return None
        payload = replaced(replaced({}, base), own.get("payload", {}))
        try:
            return read_event(canonical(payload), name, delivery="fixture", file=place.file)
        except EngineError as error:
            self.errors.extend(problem._replace(place=place) for problem in error.problems)
            return None

    def _facts(self, row: Mapping[str, Any], number: int) -> FactDocument | None:
        place = self._place(number, "facts")
        absent = {**self._given.get("absent", {}), **row.get("absent", {})}
        failed = {**self._given.get("failed", {}), **row.get("failed", {})}
        own = {path.split(".")[0] for path in row.get("facts", {})}
        gone = {*row.get("absent", {}), *row.get("failed", {})}
        for name in sorted(own & gone):
            self.errors.add("ENG200", place, name=name)
        short = replaced(replaced({}, self._given.get("facts", {})), row.get("facts", {}))
        known = {name: value for name, value in short.items() if name not in gone}
        unknown: list[str] = []
        facts = spelled_out(known, self._shared, unknown.append)
        for login in dict.fromkeys(unknown):
            names = listing(self._shared.people)
            hint = closest(login, self._shared.people)
            self.errors.add("ENG253", place, hint=hint, login=login, known=names)
        if isinstance(facts.get("verdict"), dict):
            facts["verdict"].setdefault("rules", self._rules.digest)  # a fixture is about the rules it is run with
        return None if unknown else self._checked(facts, absent, failed, place)

    def _checked(
        self, facts: Facts, absent: Mapping[str, str], failed: Mapping[str, str], place: Place
    ) -> FactDocument | None:
        absent = {name: why for name, why in absent.items() if name not in facts and name not in failed}
        failed = {name: why for name, why in failed.items() if name not in facts}
        value = {"version": 1, "facts": facts, "absent": absent, "failed": failed}
        wrong = schema.check("facts", load_json(json.dumps(value, indent=1).encode(), place.file))
        self.errors.extend(
            problem("ENG254", place, hint=m.problem.hint, path=".".join(map(str, m.path)), reason=m.problem.message)
            for m in wrong
        )
        return None if wrong else freeze(facts, absent, failed)

    def _place(self, number: int, part: str) -> Place:
        row = self._document.data["cases"][number]
        return self._document.place("cases", number, part if part in row else "why")
