"""The actions of one pipeline, in their order, each with the outputs of those before it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from threading import Event as Flag
from threading import Timer
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast

from engine.core.alone import alone
from engine.core.canonical import canonical, digest
from engine.core.decision.inputs import resolve
from engine.core.declare import Action, Repeat, is_hosted
from engine.core.outcome import EXIT, Outcome, Result
from engine.core.rules.literal import misfit
from engine.errors import TABLE, EngineError, ExitCode, Problem, failure, problem
from engine.run.ports import Granted

if TYPE_CHECKING:
    from engine.adapters.github.port import Forge
    from engine.core.kept.journal import Entry
    from engine.core.redact import Redactor
    from engine.core.rules.model import Step
    from engine.run.context import Context

Status: TypeAlias = Literal["done", "skipped", "failed", "left"]  # left: for another job


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


def carry_out(
    ctx: "Context", actions: Mapping[str, Action], until: str | None = None, does: Collection[str] | None = None
) -> tuple[Ran, ...]:
    """Run the actions of a pipeline whose gates have passed, those before the action `until`, and before the first one
    that is none of `does`.

    An action without `if` runs when all before it have succeeded; one with `if` runs when that says so. If one of them
    lacks something, none starts: nobody waits for plans that cannot be signed. One that breaks has failed.

    What the journal says is done, with these very inputs, is not done again. What was begun, and nobody knows what came
    of it, is done again where that changes nothing more (`Repeat.SAFE`); else it is called to look at the world first.

    What `locks` names is this run's alone from before the first action until after the last one. As somebody may have
    had it until just now, everything is decided again once it is ours.

    Raises:
        EngineError: what is done cannot be written down any more, so nothing more is done.
    """
    steps = ctx.rules.pipelines[ctx.result.name].steps
    is_clone = ctx.ports.forge is None
    over = {step.id for step in steps if is_clone and is_hosted(actions[step.uses])}
    theirs = {step.id for step in steps if does is not None and step.uses not in does} - over
    ends = {until} | (theirs - _passed(steps, ctx))
    here = list(takewhile(lambda step: step.id not in ends, steps))
    mine = [step for step in here if step.id not in over]
    ahead = [step for step in mine if step.id not in theirs and ctx.journal.past(step.id).state != "done"]
    problems = tuple(_lacking((actions[step.uses] for step in ahead), ctx))
    with ExitStack() as stack:
        if ctx.result.locks and ahead and not problems:
            try:
                ctx = _locked(ctx, stack)
            except EngineError as error:
                problems = error.problems
        if problems:
            return tuple(
                Ran(s.id, s.uses, "failed", {}, problems) if s is ahead[0] else Ran(s.id, s.uses, "skipped", {})
                for s in steps
            )
        return _carry_out(ctx, actions, steps, here, mine, ahead, theirs)


def _passed(steps: "Sequence[Step]", ctx: "Context") -> set[str]:
    """What earlier jobs have come past: what they have begun, and all that stands before where they stopped."""
    stopped = [step.id for step in takewhile(lambda step: step.id != ctx.journal.reached, steps)]
    begun = {step.id for step in steps if ctx.journal.past(step.id).state != "never"}
    return begun | set(stopped if len(stopped) < len(steps) else ())


def is_locked_out(ran: Iterable[Ran]) -> bool:
    """Has it done nothing because somebody else is at work, or because nothing is permitted any more?"""
    return any(problem.code in ("ENG742", "ENG743") for one in ran for problem in one.problems)


def _locked(ctx: "Context", stack: ExitStack) -> "Context":
    """With all that the pipeline's `locks` name, decided again by facts of now.

    Raises:
        EngineError: ENG742, somebody else has it; ENG743, it would not be decided like that by now.
    """
    from engine.core.kept import keys
    from engine.run.kept.claims import locked

    facts = ctx.document.facts
    pr, merged = facts["pr"], facts.get("merged")
    commit = merged["commit"] if merged else pr["head"]["sha"]
    wanted = [keys.working(ctx.result.name, pr["base"]["repo"], pr["number"], commit)]
    wanted += [keys.alone(state_key) for state_key in ctx.result.locks]
    locks = stack.enter_context(locked(ctx.ports.store, wanted, ctx.journal, ctx.ports.now))
    assert ctx.again is not None, "whoever carries out what cannot be undone can decide it again"
    document, result = ctx.again()
    if result.outcome is not Outcome.PASS:
        raise failure("ENG743", because=result.because)
    if result.locks != ctx.result.locks:
        raise failure("ENG743", because="it is about other resources")
    return ctx._replace(document=document, result=result, now=document.facts["now"], locks=locks)


def _carry_out(
    ctx: "Context",
    actions: Mapping[str, Action],
    steps: "Sequence[Step]",
    here: "Sequence[Step]",
    mine: "Sequence[Step]",
    ahead: "Sequence[Step]",
    theirs: Collection[str],
) -> tuple[Ran, ...]:
    from engine.run.plans import redactor

    redact = redactor((), ctx.settings.credentials)
    ran: list[Ran] = []
    for step, decided in zip(steps, ctx.result.actions, strict=True):
        assert decided.id == step.id
        if step not in here or (ran and ran[-1].status == "left"):
            ran.append(_left(step, ran, ctx))
            continue
        if step not in mine:
            ran.append(Ran(step.id, step.uses, "skipped", {}))
            continue
        action = actions[step.uses]
        earlier = {done.id: done.outputs for done in ran if done.status == "done"}
        scope = {**ctx.document.facts, "rules": ctx.rules.fact(), "outputs": earlier}
        try:
            with alone(f"the action `{step.id}`", step.place):
                if not _runs(step, scope, ran):
                    ran.append(Ran(step.id, step.uses, "skipped", {}))
                    continue
                inputs = _given(action, {**decided.inputs, **resolve(decided.deferred, scope).values})
                _protected(step, ctx)
                asked = digest([step.uses, inputs])
        except EngineError as error:
            ran.append(_failed(step, error, redact))
            continue
        past = ctx.journal.past(step.id)
        if past.state == "done" and past.inputs == asked:
            known = _remembered(step, action, past, frozenset(one.uses for one in ahead), redact)
            if known:
                ran.append(known)
                continue
        if step.id in theirs:  # what it was done with is not what it would be done with by now
            ran.append(_left(step, ran, ctx))
            continue
        unclear = past.state != "never" and action.repeat is Repeat.RECONCILE
        ctx.work.stop.check()
        ctx.journal.begin(step.id, inputs=asked)
        ran.append(
            _carried(step, action, inputs, ctx._replace(step=step.id, reconcile=unclear, ran=tuple(ran)), redact)
        )
        if ran[-1].status == "failed":
            ctx.work.stop.check()  # it may have failed because of that
        ctx.journal.end(step.id, said=_said(ran[-1]))
    return tuple(ran)


def _left(step: "Step", ran: Sequence[Ran], ctx: "Context") -> Ran:
    """For another job, which the journal tells where to go on."""
    if not (ran and ran[-1].status == "left"):
        ctx.journal.stop(step.id)
    return Ran(step.id, step.uses, "left", {})


def _carried(step: "Step", action: Action, inputs: Mapping[str, Any], ctx: "Context", redact: "Redactor") -> Ran:
    try:
        with alone(f"the action `{step.id}`", step.place):
            # As they are read from a journal: whoever is handed them sees the same, here or in another process.
            outputs = json.loads(canonical(_run(step, action, inputs, ctx)))
            return Ran(step.id, step.uses, "done", outputs, result=action.result(outputs))
    except EngineError as error:
        return _failed(step, error, redact)


def _failed(step: "Step", error: EngineError, redact: "Redactor") -> Ran:
    from engine.run.plans import hidden

    return Ran(step.id, step.uses, "failed", {}, tuple(hidden(p, redact) for p in error.problems))


def _said(ran: Ran) -> dict[str, Any]:
    """What its line in the journal says; no secret of a plan has come out of an action."""
    return {"outputs": ran.outputs, "problems": [p.to_json() for p in ran.problems]}


def _remembered(step: "Step", action: Action, past: "Entry", ahead: frozenset[str], redact: "Redactor") -> Ran | None:
    """What its line says came of it; None: what it has left is gone, and somebody still needs it."""
    try:
        with alone(f"what the journal says of the action `{step.id}`", step.place):
            outputs, problems = past.said["outputs"], tuple(map(Problem.from_json, past.said["problems"]))
            if problems:
                return Ran(step.id, step.uses, "failed", {}, problems)
            done = Ran(step.id, step.uses, "done", outputs, result=action.result(outputs))
            return None if action.gone(outputs, ahead) else done
    except EngineError as error:
        return _failed(step, error, redact)


def _lacking(actions: Iterable[Action], ctx: "Context") -> Iterator[Problem]:
    for action in actions:
        try:
            with alone(f"what `{action.name}` needs"):
                Granted(action.secrets, ctx.ports.secrets)
                if action.shared:
                    _check_store(action, ctx)
        except EngineError as error:
            yield from error.problems


def _check_store(action: Action, ctx: "Context") -> None:
    """Nothing, if others will see what it leaves behind; what a run on a clone leaves is for nobody else anyway."""
    if ctx.document.origin == "local" or ctx.ports.store.durable:
        return
    here = "nobody else sees a directory of this job" if ctx.settings.store else "ENGINE_STORE names none"
    raise failure("ENG203", uses=action.name, reason=here)


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
    _check(step, action, inputs)
    with _deadline(step.timeout_s) as cancel, ctx.work.stop.reaches(cancel), _watched(action, ctx) as live:
        try:
            outputs = action.run(_narrowed(ctx, action, cancel, live), **inputs)
        except EngineError:
            if not cancel.is_set():
                raise
        if cancel.is_set():
            raise failure("ENG555", step.place, uses=step.uses, seconds=step.timeout_s)
    assert set(outputs) == set(action.outputs), f"{action.name} has not given the outputs it declares"
    return outputs


def _given(action: Action, inputs: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {name: schema["default"] for name, schema in action.inputs.items() if "default" in schema}
    return {**defaults, **inputs}


@contextmanager
def _watched(action: Action, ctx: "Context") -> Iterator[Any]:
    """Whom the action tells how it goes: on GitHub the pull request's page."""
    if not action.tells or ctx.ports.forge is None or not ctx.work.tells:
        yield None
        return
    from engine.run.actions.github.applied import live

    with live(ctx) as tell:
        yield tell


def _narrowed(ctx: "Context", action: Action, cancel: Flag, live: Any = None) -> "Context":
    """What this action may use; a key is held no longer than the action that it is for."""
    ports = ctx.ports._replace(secrets=Granted(action.secrets, ctx.ports.secrets), github=None)
    if ports.forge is not None and not any(name.endswith(":write") for name in action.permissions):
        from engine.adapters.github.port import OnlyLooks

        ports = ports._replace(forge=cast("Forge", OnlyLooks(ports.forge)))
    return ctx._replace(ports=ports, work=ctx.work._replace(cancel=cancel, live=live))


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
