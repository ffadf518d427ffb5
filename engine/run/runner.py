"""The actions of one pipeline, in their order, each with the outputs of those before it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event as Flag
from threading import Timer
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from engine.core.alone import alone
from engine.core.decision.inputs import resolve
from engine.core.declare import Action
from engine.core.outcome import EXIT, Outcome, Result
from engine.core.rules.literal import misfit
from engine.errors import TABLE, EngineError, ExitCode, Problem, failure, problem
from engine.run.ports import Granted, Secrets

if TYPE_CHECKING:
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
    result: Result | None = None  # what its outputs say of the change; None: it is not done

    def to_json(self) -> dict[str, Any]:
        """For machines: `problems` as people read them, `broken` the same in parts."""
        texts, parts = [p.text() for p in self.problems], [p.to_json() for p in self.problems]
        same = {"id": self.id, "uses": self.uses, "status": self.status, "result": self.result}
        return {**same, "problems": texts, "broken": parts}

    @property
    def exit_code(self) -> ExitCode:
        """What it means to the shell."""
        if self.problems:
            return TABLE[self.problems[0].code].exit
        return EXIT[self.result] if self.result else ExitCode.DONE


def carry_out(ctx: "Context", actions: Mapping[str, Action]) -> tuple[Ran, ...]:
    """Run the actions of a pipeline whose gates have passed.

    An action without `if` runs when all before it have succeeded; one with `if` runs when that says so. If one of them
    lacks something, none starts: nobody waits for plans that cannot be signed. One that breaks has failed.
    """
    from engine.run.plans import hidden, redactor

    redact = redactor((), ctx.settings.credentials)
    steps = ctx.rules.pipelines[ctx.result.name].steps
    if problems := tuple(_lacking((actions[step.uses] for step in steps), ctx.ports.secrets)):
        return tuple(
            Ran(s.id, s.uses, "skipped" if n else "failed", {}, () if n else problems) for n, s in enumerate(steps)
        )
    ran: list[Ran] = []
    for step, decided in zip(steps, ctx.result.actions, strict=True):
        assert decided.id == step.id
        earlier = {done.id: done.outputs for done in ran if done.status == "done"}
        scope = {**ctx.document.facts, "rules": ctx.rules.fact(), "outputs": earlier}
        try:
            with alone(f"the action `{step.id}`", step.place):
                if not _runs(step, scope, ran):
                    ran.append(Ran(step.id, step.uses, "skipped", {}))
                    continue
                inputs = {**decided.inputs, **resolve(decided.deferred, scope).values}
                _protected(step, ctx)
                outputs = _run(step, actions[step.uses], inputs, ctx)
                ran.append(Ran(step.id, step.uses, "done", outputs, result=actions[step.uses].result(outputs)))
        except EngineError as error:
            ran.append(Ran(step.id, step.uses, "failed", {}, tuple(hidden(p, redact) for p in error.problems)))
    return tuple(ran)


def _lacking(actions: Iterable[Action], secrets: Secrets) -> Iterator[Problem]:
    for action in actions:
        try:
            with alone(f"what `{action.name}` needs"):
                Granted(action.secrets, secrets)
        except EngineError as error:
            yield from error.problems


def _runs(step: "Step", scope: Mapping[str, Any], ran: list[Ran]) -> bool:
    if step.condition is None:
        return all(done.status != "failed" for done in ran)
    return step.condition.evaluate(scope) is True


def _protected(step: "Step", ctx: "Context") -> None:
    """The executor's own look at `protect`: every gate of the action was asked, and none but a `when` excused it."""
    outcomes = {gate.name: gate.outcome for gate in ctx.result.gates}
    for gate in ctx.rules.protect.get(step.uses, ()):
        if outcomes.get(gate) not in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            raise failure("ENG562", step.place, uses=step.uses, gate=gate)


def _run(step: "Step", action: Action, inputs: Mapping[str, Any], ctx: "Context") -> Mapping[str, Any]:
    defaults = {name: schema["default"] for name, schema in action.inputs.items() if "default" in schema}
    given = {**defaults, **inputs}
    _check(step, action, given)
    with _deadline(step.timeout_s) as cancel:
        try:
            outputs = action.run(_narrowed(ctx, action, cancel), **given)
        except EngineError:
            if not cancel.is_set():
                raise
        if cancel.is_set():
            raise failure("ENG555", step.place, uses=step.uses, seconds=step.timeout_s)
    assert set(outputs) == set(action.outputs), f"{action.name} has not given the outputs it declares"
    return outputs


def _narrowed(ctx: "Context", action: Action, cancel: Flag) -> "Context":
    """What this action may use; a key is held no longer than the action that it is for."""
    ports = ctx.ports._replace(secrets=Granted(action.secrets, ctx.ports.secrets))
    return ctx._replace(ports=ports, work=ctx.work._replace(cancel=cancel))


def _check(step: "Step", action: Action, inputs: Mapping[str, Any]) -> None:
    """As when the rules were loaded: what comes of expressions is known only now."""
    wrong = {name: misfit(inputs[name], schema) for name, schema in action.inputs.items()}
    if problems := [
        problem("ENG554", step.place, name=name, uses=step.uses, expected=expected)
        for name, expected in wrong.items()
        if expected
    ]:
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
