"""Event + facts + rules → Decision. Pure: a recorded document replays to the identical bytes.

Default deny: an event that starts no pipeline gives a decision without pipelines, whose outcome is `error` like that
of every empty set; nothing may be concluded from it.
"""

from engine.core.decision.belief import believe
from engine.core.decision.decided import ActionResult, Decision, PipelineResult
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt, one_line
from engine.core.decision.gates import Context, GateResult, context, judge
from engine.core.decision.inputs import resolve, waits
from engine.core.decision.matching import Matching, match
from engine.core.decision.protect import gates_of
from engine.core.events.envelope import Event
from engine.core.expressions.model import Expression
from engine.core.outcome import ALL, Outcome, combine
from engine.core.rules.model import Pipeline, Rules, Step
from engine.errors import EngineError

_TELL = frozenset({"resources", "verdict"})  # the facts that say whether there is an account


def decide(
    event: Event, document: FactDocument, rules: Rules, pipeline: str | None = None, matching: Matching | None = None
) -> Decision:
    """Judge every pipeline that `event` starts; with `pipeline`, that one alone; with `matching`, those that it names.

    Raises:
        EngineError: there is no such pipeline (ENG201).
    """
    matching = matching or match(event, rules, pipeline)
    ctx = context(believe(document, rules), rules)
    judged: dict[str, GateResult] = {}  # a gate says the same in every pipeline
    results = tuple(_pipeline(name, event, matching, ctx, judged) for name in matching.pipelines)
    return Decision(event, rules.whole, document, matching.needs, results, matching.triggers)


def _pipeline(
    name: str, event: Event, matching: Matching, ctx: Context, judged: dict[str, GateResult]
) -> PipelineResult:
    pipeline = ctx.rules.pipelines[name]
    if name in matching.doubtful:
        causes = matching.doubtful[name]
        return PipelineResult(name, Outcome.ERROR, causes[0].text, causes, (), _idle(pipeline), (), *_follow(pipeline))
    gates = gates_of(pipeline, ctx.rules)
    for gate in gates:
        if gate not in judged:
            judged[gate] = judge(ctx.rules.gates[gate], ctx)
    results = tuple(judged[gate] for gate in gates)
    if name in matching.commanded:
        results = (_permitted(event, ctx), *results)
    outcome, because = _all(pipeline, results)
    idle = PipelineResult(name, outcome, because, (), results, _idle(pipeline), (), *_follow(pipeline))
    if outcome is not Outcome.PASS:
        return idle
    try:
        locks = _locks(pipeline.locks, ctx) if pipeline.locks else ()
        return idle._replace(actions=tuple(_action(step, ctx) for step in pipeline.steps), locks=locks)
    except (EngineError, Doubt) as error:
        why = f"the actions cannot be prepared: {one_line(error) if isinstance(error, EngineError) else error}"
        return idle._replace(outcome=Outcome.ERROR, because=why, causes=(Cause(Outcome.ERROR, why),))


def _permitted(event: Event, ctx: Context) -> GateResult:
    """Before all gates of a pipeline that a command starts. No gate of the rules can have its name."""
    from engine.core.command import PREFIX  # few events say one
    from engine.core.decision import commands

    said = commands.of(event)
    assert said
    name = f"{PREFIX} {said.word}"
    judgement = commands.asked(event, ctx.document, ctx.rules)
    return GateResult(name, judgement.outcome, judgement.because, judgement.causes, judgement.missing, None, None)


def _all(pipeline: Pipeline, results: tuple[GateResult, ...]) -> tuple[Outcome, str]:
    if not results and pipeline.ungated:
        return Outcome.PASS, "no gates, as the rules say (`gates: none`)"
    if not results:
        return Outcome.ERROR, "it has no gates, and the rules do not say `gates: none`"
    outcome = combine(ALL, (g.outcome for g in results))
    decisive = [g.name for g in results if g.outcome is outcome]
    if not decisive:
        return outcome, "none of its gates applies, so nothing was proven"
    if outcome is Outcome.PASS:
        return outcome, "every gate that applies has passed"
    return outcome, f"{_SAYS[outcome]}: {', '.join(decisive)}"


_SAYS = {
    Outcome.FAIL: "refused by",
    Outcome.PENDING: "waiting for",
    Outcome.ERROR: "cannot be judged",
}


def _idle(pipeline: Pipeline) -> tuple[ActionResult, ...]:
    return tuple(ActionResult(step.id, step.uses, False, {}, {}) for step in pipeline.steps)


def _follow(pipeline: Pipeline) -> tuple[str | None, str | None]:
    return pipeline.then, pipeline.instead


def _locks(expression: Expression, ctx: Context) -> tuple[str, ...]:
    """The state keys to lock; none where nothing can be applied, for lack of an account.

    Raises:
        EngineError: they cannot be had.
        Doubt: they are none, or no state keys: then nothing would be locked, or something else.
    """
    keys = expression.evaluate(ctx.scope)
    told = (ctx.document.facts.get(name, {}) for name in expression.needs & _TELL)
    if any(fact.get("applies") is False for fact in told):
        return ()
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
        raise Doubt(f"`{expression.text}` gives no list of state keys to lock")
    return tuple(keys)


def _action(step: Step, ctx: Context) -> ActionResult:
    inputs = resolve(step.inputs, ctx.scope)
    runs: bool | None = True
    if step.condition:
        runs = None if waits(step.condition) else step.condition.evaluate(ctx.scope) is True
    return ActionResult(step.id, step.uses, runs, inputs.values, inputs.deferred)
