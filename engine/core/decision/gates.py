"""How one gate is judged: what it needs, whether it applies, and then by its kind. A new kind is a row in `KINDS`."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from engine.core.decision import approvals as people
from engine.core.decision import depends, overrides
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Counted, Doubt, Judgement, Missing, causes_of, one_line
from engine.core.expressions.model import Expression
from engine.core.outcome import ALL, ANY, Outcome, combine
from engine.core.rules.model import Gate, Rules
from engine.core.verdict.about import MADE_WITH
from engine.errors import EngineError


class Context(NamedTuple):
    """What gates are judged from."""

    document: FactDocument  # its verdict has been through `believe`
    rules: Rules
    scope: Mapping[str, Any]  # what expressions see


class GateResult(NamedTuple):
    """One gate of a decision."""

    name: str
    outcome: Outcome
    because: str  # one sentence for a person
    causes: tuple[Cause, ...]
    missing: tuple[Missing, ...]
    override: overrides.Used | None  # what turned it into a pass
    applies: bool | None  # what `when` said; None: there is none, or it was not reached
    people: tuple[Counted, ...] = ()  # whose approvals it leans on

    def to_json(self) -> dict[str, Any]:
        """For `Decision.to_json`."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "because": self.because,
            "causes": [c.to_json() for c in self.causes],
            "missing": [m.to_json() for m in self.missing],
            "override": self.override.to_json() if self.override else None,
            "people": [person.to_json() for person in self.people],
        }


def context(document: FactDocument, rules: Rules) -> Context:
    """The fact `rules` is what the rules in force say, not what was recorded of others, except today's digests."""
    recorded = document.facts.get("rules", {})
    today = {name: recorded[name] for name in MADE_WITH if name in recorded}
    return Context(document, rules, {**document.facts, "rules": {**rules.fact(), **today}})


class Kind(NamedTuple):
    """A way for a gate to require something."""

    name: str
    states: Callable[[Gate], bool]
    judge: Callable[[Gate, Context, Collection[int]], Judgement]
    doc: str


def _require(gate: Gate, ctx: Context, _: Collection[int]) -> Judgement:
    assert gate.require
    return _condition(gate, gate.require, True, ctx)


def _reject(gate: Gate, ctx: Context, _: Collection[int]) -> Judgement:
    assert gate.reject
    return _condition(gate, gate.reject, False, ctx)


def _condition(gate: Gate, expression: Expression, wanted: bool, ctx: Context) -> Judgement:
    value = evaluate(expression, ctx)
    outcome = Outcome.PASS if value is wanted else gate.unmet
    says = "holds" if value else "does not hold"
    missing: tuple[Missing, ...] = ()
    if outcome is Outcome.PENDING:
        from engine.core.decision import queueing

        ahead = queueing.ways_out(ctx.document, ctx.rules) if queueing.FACT in expression.needs else ()
        missing = ahead or (Missing(f"`{expression.text}` has to {'hold' if wanted else 'end'}"),)
    return Judgement(outcome, f"`{expression.text}` {says}", causes_of(expression.trace(ctx.scope), outcome), missing)


def _approvals(gate: Gate, ctx: Context, without: Collection[int]) -> Judgement:
    assert gate.approvals
    return people.judge(gate.approvals, ctx.document, without)


def _order(_gate: Gate, ctx: Context, _: Collection[int]) -> Judgement:
    return depends.judge(ctx.document)


KINDS = (
    Kind("require", lambda g: g.require is not None, _require, "a condition that must hold"),
    Kind("reject", lambda g: g.reject is not None, _reject, "a condition that must not hold"),
    Kind("approvals", lambda g: g.approvals is not None, _approvals, "people who must have approved"),
    Kind("order", lambda g: g.order is not None, _order, "pull requests that must be through before"),
)


def evaluate(expression: Expression, ctx: Context) -> Any:
    """The value of an expression.

    Raises:
        Doubt: it cannot be had; with what is wrong with the facts that it reads.
    """
    try:
        return expression.evaluate(ctx.scope)
    except EngineError as error:
        states = [s for name in sorted(expression.needs - ctx.scope.keys()) if (s := ctx.document.state(name))]
        why = "; ".join(text for _, text in states) or one_line(error)
        raise Doubt(f"`{expression.text}` cannot be judged: {why}") from error


def judge(gate: Gate, ctx: Context) -> GateResult:
    """The gate's outcome, its override included."""
    bare, applies, asked = _bare(gate, ctx, ())
    judgement, used = bare, None
    if gate.override and asked and _excusable(gate, bare):
        excusing, used = excuse(gate.override, ctx)
        judgement = _excused(bare, excusing)
    return GateResult(
        gate.name,
        judgement.outcome,
        _because(gate, judgement, ctx, used) if asked else judgement.because,
        judgement.causes,
        judgement.missing,
        used,
        applies,
        judgement.people,
    )


def excuse(name: str, ctx: Context) -> tuple[Judgement, overrides.Used | None]:
    """What becomes of an override, whichever gate names it."""
    gates = ctx.rules.gates

    def holds(gate: str, overrider: int) -> Judgement:
        return _bare(gates[gate], ctx, (overrider,)).judgement

    return overrides.judge(ctx.rules.overrides[name], ctx.document, gates, holds)


def _excusable(gate: Gate, bare: Judgement) -> bool:
    """A doubt is nobody's to excuse, and a veto stands until its author clears it."""
    return bare.outcome is Outcome.PENDING or (bare.outcome is Outcome.FAIL and not gate.approvals)


def _excused(bare: Judgement, excusing: Judgement) -> Judgement:
    outcome = combine(ANY, (bare.outcome, excusing.outcome))
    missing = () if outcome is Outcome.PASS else (*bare.missing, *excusing.missing)
    because = bare.because if outcome is bare.outcome else excusing.because
    return Judgement(outcome, because, (*bare.causes, *excusing.causes), missing)


class _Bare(NamedTuple):
    judgement: Judgement
    applies: bool | None
    asked: bool  # was what the gate requires asked at all?


def _bare(gate: Gate, ctx: Context, without: Collection[int]) -> _Bare:
    """The gate without its override; people in `without` do not count."""
    applies: bool | None = None
    try:
        stops = _needs(gate, ctx)
        if gate.when and not stops:
            stops = _conflict((gate.when,), ctx)
        if gate.when and not stops:
            applies = evaluate(gate.when, ctx) is True
            if not applies:
                causes = causes_of(gate.when.trace(ctx.scope), Outcome.NOT_APPLICABLE)
                why = f"not asked for, as `{gate.when.text}` does not hold"
                return _Bare(Judgement(Outcome.NOT_APPLICABLE, why, causes), applies, False)
        if applies or gate.when is None:
            stops += _conflict(tuple(e for e in (gate.require, gate.reject) if e), ctx)
        if stops:
            return _Bare(_stopped(gate, stops, ctx), applies, False)
        kind = next((kind for kind in KINDS if kind.states(gate)), None)
        if kind is None:
            raise Doubt("the gate requires nothing")
        return _Bare(kind.judge(gate, ctx, without), applies, True)
    except Doubt as doubt:
        return _Bare(Judgement(Outcome.ERROR, str(doubt), (doubt.cause,)), applies, False)


def _stopped(gate: Gate, stops: list[Cause], ctx: Context) -> Judgement:
    """What the gate says before it is asked."""
    missing = [Missing(_COMES_WITH.get(name, name)) for name in needs_of(gate) if name in ctx.document.absent]
    if gate.approvals and gate.when is None:  # a veto does not wait for the verdict
        against, taken_back = people.objections(gate.approvals, ctx.document)
        stops, missing = [*stops, *against], [*missing, *taken_back]
    outcome = combine(ALL, (stop.outcome for stop in stops if stop.outcome))
    why = "; ".join(stop.text for stop in stops if stop.outcome is outcome)
    return Judgement(outcome, why, tuple(stops), tuple(missing))


# What brings a fact that is absent, where its name alone does not say it.
_COMES_WITH = {"verdict": "a verdict; validating the pull request gives one"}


def needs_of(gate: Gate) -> tuple[str, ...]:
    """The facts that must exist before the gate can be judged: none yet is pending, not an error."""
    after = ("verdict",) if gate.approvals and gate.approvals.after else ()
    return tuple(dict.fromkeys((*gate.needs, *after)))


def _needs(gate: Gate, ctx: Context) -> list[Cause]:
    found = []
    for name in needs_of(gate):
        if state := ctx.document.state(name):
            found.append(Cause(*state))
        elif name == "verdict" and ctx.document.facts[name]["result"] == "error":
            facts = (("verdict.result", "error"),)
            found.append(Cause(Outcome.ERROR, "validation ended in an error; it has to be repeated", facts))
    return found


def _conflict(expressions: Collection[Expression], ctx: Context) -> list[Cause]:
    """A merge that conflicts has no trees, and no resources: whoever reads them gets `fail`, whatever `unmet` says."""
    merge = ctx.document.facts.get("merge")
    if merge is None or merge["clean"]:
        return []
    paths = (path.split(".") for e in expressions for path in e.paths)
    # `merge.*` reads its trees too
    if not any(root == "resources" or (root == "merge" and field != ["clean"]) for root, *field in paths):
        return []
    why = ctx.document.failed.get("resources", "merging into the base as it is now is a conflict")
    return [Cause(Outcome.FAIL, why, (("merge.clean", False),))]


def _because(gate: Gate, judgement: Judgement, ctx: Context, used: overrides.Used | None) -> str:
    if used:
        return f"overridden: {judgement.because}"
    if judgement.outcome not in (Outcome.FAIL, Outcome.PENDING) or gate.message is None:
        return judgement.because
    try:
        return f"{evaluate(gate.message, ctx)} ({judgement.because})"
    except Doubt:  # the outcome is what counts; a message that cannot be written must not hide it
        return judgement.because


def facts_needed(gate: Gate, rules: Rules) -> frozenset[str]:
    """Facts that judging the gate may read, its override's included."""
    needed = _facts_of(gate)
    if gate.override:
        override = rules.overrides[gate.override]
        needed = needed.union(overrides.FACTS, *(_facts_of(rules.gates[name]) for name in override.besides))
    return needed


def _facts_of(gate: Gate) -> frozenset[str]:
    expressions = (e for e in (gate.when, gate.require, gate.reject, gate.message) if e)
    by_people = people.facts_needed(gate.approvals) if gate.approvals else frozenset[str]()
    in_order = depends.FACTS if gate.order else frozenset[str]()
    return frozenset(needs_of(gate)).union(by_people, in_order, *(e.needs for e in expressions))
