"""The actions of one pipeline, in their order, each with the outputs of those before it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event as Flag
from threading import Timer
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from engine.core.alone import alone
from engine.core.decision.inputs import resolve
from engine.core.declare import Action
from engine.core.outcome import Outcome
from engine.errors import EngineError, Problem, failure, problem

if TYPE_CHECKING:
    from engine.core.decision.decide import PipelineResult
    from engine.core.redact import Redactor
    from engine.core.rules.model import Step
    from engine.run.context import Context

Status: TypeAlias = Literal["done", "skipped", "failed"]


class Ran(NamedTuple):
    """What became of one action."""

    id: str
    uses: str
    status: Status
    outputs: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()

    @property
    def result(self) -> Literal["passed", "failed", "error"]:
        """What its outputs say of the change: a failed plan and a denial count, whether a verdict follows or not."""
        rows = self.outputs.get("resources", ())
        if self.outputs.get("doubts") or any(row["problem"] for row in rows):
            return "error"
        denied = any(finding["effect"] == "deny" for finding in self.outputs.get("findings", ()))
        result: Literal["passed", "failed", "error"] = self.outputs.get("result", "failed" if denied else "passed")
        return result


def carry_out(result: "PipelineResult", ctx: "Context", actions: Mapping[str, Action]) -> tuple[Ran, ...]:
    """Run the actions of a pipeline whose gates have passed.

    An action without `if` runs when all before it have succeeded; one with `if` runs when that says so. If one of them
    lacks something, none starts: nobody waits for plans that cannot be signed. One that breaks has failed.
    """
    from engine.run.plans import hidden, redactor

    redact = redactor((), ctx.settings.credentials)
    steps = ctx.rules.pipelines[result.name].steps
    if problems := tuple(_lacking(actions[step.uses] for step in steps)):
        return tuple(
            Ran(s.id, s.uses, "skipped" if n else "failed", {}, () if n else problems) for n, s in enumerate(steps)
        )
    ran: list[Ran] = []
    for step, decided in zip(steps, result.actions, strict=True):
        assert decided.id == step.id
        outputs = {done.id: done.outputs for done in ran if done.status == "done"}
        scope = {**ctx.document.facts, "rules": ctx.rules.fact(), "outputs": outputs}
        try:
            with alone(f"the action `{step.id}`", step.place):
                if not _runs(step, scope, ran):
                    ran.append(Ran(step.id, step.uses, "skipped", {}))
                    continue
                inputs = {**decided.inputs, **resolve(decided.deferred, scope).values}
                _protected(step, result, ctx)
                ran.append(Ran(step.id, step.uses, "done", _run(step, actions[step.uses], inputs, ctx)))
        except EngineError as error:
            ran.append(Ran(step.id, step.uses, "failed", {}, tuple(hidden(p, redact) for p in error.problems)))
    return tuple(ran)


def _lacking(actions: Iterable[Action]) -> Iterator[Problem]:
    for action in actions:
        try:
            with alone(f"what `{action.name}` needs"):
                if action.ready:
                    action.ready()
        except EngineError as error:
            yield from error.problems


def _runs(step: "Step", scope: Mapping[str, Any], ran: list[Ran]) -> bool:
    if step.condition is None:
        return all(done.status != "failed" for done in ran)
    return step.condition.evaluate(scope) is True


def _protected(step: "Step", result: "PipelineResult", ctx: "Context") -> None:
    """The executor's own look at `protect`: every gate of the action was asked, and none but a `when` excused it."""
    outcomes = {gate.name: gate.outcome for gate in result.gates}
    for gate in ctx.rules.protect.get(step.uses, ()):
        if outcomes.get(gate) not in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            raise failure("ENG562", step.place, uses=step.uses, gate=gate)


def _run(step: "Step", action: Action, inputs: Mapping[str, Any], ctx: "Context") -> Mapping[str, Any]:
    from engine.run.plans import redactor

    defaults = {name: schema["default"] for name, schema in action.inputs.items() if "default" in schema}
    given = {**defaults, **inputs}
    _check(step, action, given, redactor((), ctx.settings.credentials))
    with _deadline(step.timeout_s) as cancel:
        try:
            outputs = action.run(ctx._replace(cancel=cancel), **given)
        except EngineError:
            if not cancel.is_set():
                raise
        if cancel.is_set():
            raise failure("ENG555", step.place, uses=step.uses, seconds=step.timeout_s)
    assert set(outputs) == set(action.outputs), f"{action.name} has not given the outputs it declares"
    return outputs


def _check(step: "Step", action: Action, inputs: Mapping[str, Any], redact: "Redactor") -> None:
    """Inputs that come from outputs could not be checked when the rules were loaded."""
    from jsonschema import Draft202012Validator

    problems = [
        problem("ENG554", step.place, name=name, uses=step.uses, reason=redact.excerpt(error.message, 200))
        for name, schema in action.inputs.items()
        for error in Draft202012Validator(schema).iter_errors(inputs[name])
    ]
    if problems:
        raise EngineError(*problems)


@contextmanager
def _deadline(seconds: int | None) -> Iterator[Flag]:
    """A flag that is set when the time is up; what runs long looks at it."""
    flag = Flag()
    timer = Timer(seconds, flag.set) if seconds else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield flag
    finally:
        if timer:
            timer.cancel()
