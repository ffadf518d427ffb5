"""Which pipelines an event starts, and which facts have to be fetched to judge them.

The event is a hint: its payload is visible here, to the `when` of a trigger, and nowhere later.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from engine.core.decision.belief import COMPARED_WITH
from engine.core.decision.explain import Cause, causes_of, one_line
from engine.core.decision.inputs import expressions_in
from engine.core.decision.protect import gates_of
from engine.core.declare import Action, is_hosted
from engine.core.duration import is_duration, seconds
from engine.core.events.body import Body
from engine.core.events.envelope import Event
from engine.core.outcome import Outcome
from engine.core.rules.model import Pipeline, Rules, Trigger
from engine.errors import EngineError, failure
from engine.names import closest, either

# Roots of expressions that are not fetched: the rules are at hand, and outputs come from earlier actions.
_AT_HAND = frozenset({"rules", "outputs"})
# What has to be known beside a fact: today's digests, which a verdict is compared with; and whether the change, whose
# resources are those of the merge, can be merged at all.
_ALSO = {"verdict": COMPARED_WITH, "resources": ("merge",)}


class Fired(NamedTuple):
    """One row of `events:` that this event could start."""

    number: int  # counted from 1
    trigger: Trigger
    outcome: Outcome  # PASS: it starts its pipeline; NOT_APPLICABLE: its `when` says no; ERROR: nobody can tell
    causes: tuple[Cause, ...]


class Matching(NamedTuple):
    """What an event leads to."""

    pipelines: tuple[str, ...]  # in the order of the triggers, each once
    needs: frozenset[str]  # facts to fetch for them
    triggers: tuple[Fired, ...]  # those for this kind of event, with what their `when` said
    doubtful: Mapping[str, tuple[Cause, ...]]  # pipelines of which nobody can tell whether the event starts them
    commanded: frozenset[str] = frozenset()  # those that only start if who has said the event's command may say it


def match(
    event: Event, rules: Rules, pipeline: str | None = None, actions: Mapping[str, Action] | None = None
) -> Matching:
    """The pipelines that `event` starts; with `pipeline`, that one (a child run, or one started by hand).

    `actions` adds the facts that the actions themselves read when they are carried out.

    Raises:
        EngineError: there is no such pipeline (ENG201).
    """
    if pipeline is not None:
        if pipeline not in rules.pipelines:
            known = either(rules.pipelines)
            raise failure("ENG201", hint=closest(pipeline, rules.pipelines), name=pipeline, known=known)
        return Matching((pipeline,), facts_for([pipeline], rules, actions), (), {})
    fired = tuple(
        _ask(number, trigger, event, rules)
        for number, trigger in enumerate(rules.triggers, 1)
        if _listens(trigger, event)
    )
    started = tuple(dict.fromkeys(f.trigger.run for f in fired if f.outcome is Outcome.PASS))
    doubtful = {f.trigger.run: f.causes for f in fired if f.outcome is Outcome.ERROR and f.trigger.run not in started}
    commanded, also = _commanded(fired, event)
    return Matching(
        tuple(dict.fromkeys(f.trigger.run for f in fired if f.trigger.run in started or f.trigger.run in doubtful)),
        facts_for(started, rules, actions) | also,
        fired,
        doubtful,
        commanded,
    )


def without_github(matching: Matching, rules: Rules, actions: Mapping[str, Action]) -> Matching:
    """The same, of a run on a clone: what has to do with GitHub alone gives way to what follows on it."""
    names = {name: stands_for(name, rules, actions) for name in matching.pipelines}
    if all(name == here for name, here in names.items()):
        return matching
    pipelines = tuple(dict.fromkeys(filter(None, names.values())))
    doubtful = {here: matching.doubtful[name] for name, here in names.items() if here and name in matching.doubtful}
    commanded = frozenset(here for name, here in names.items() if here and name in matching.commanded)
    certain = [name for name in pipelines if name not in doubtful]
    also = facts_for(matching.pipelines, rules, actions) ^ matching.needs if commanded else frozenset[str]()
    return Matching(pipelines, facts_for(certain, rules, actions) | also, matching.triggers, doubtful, commanded)


def stands_for(pipeline: str | None, rules: Rules, actions: Mapping[str, Action]) -> str | None:
    """What a run on a clone has to do of a pipeline: itself, what follows on it, or nothing."""
    while pipeline and all(is_hosted(actions[step.uses]) for step in rules.pipelines[pipeline].steps):
        pipeline = rules.pipelines[pipeline].then
    return pipeline


def _commanded(fired: Iterable[Fired], event: Event) -> tuple[frozenset[str], frozenset[str]]:
    """What only a command starts, if the event claims to be of one; and the facts that tell whose word it is."""
    started = [f.trigger for f in fired if f.outcome is Outcome.PASS]
    found = frozenset(t.run for t in started if t.commanded) - {t.run for t in started if not t.commanded}
    if not found:
        return found, frozenset()
    from engine.core.decision import commands  # few events say one

    return (found, commands.FACTS) if commands.of(event) else (frozenset(), frozenset())


def facts_for(pipelines: Iterable[str], rules: Rules, actions: Mapping[str, Action] | None = None) -> frozenset[str]:
    """The facts that these pipelines' gates, actions and locks may read."""
    names, needed = list(pipelines), set[str]()
    if not names:
        return frozenset()
    from engine.core.decision.gates import facts_needed  # where nothing starts, no gate is looked at

    for name in names:
        pipeline = rules.pipelines[name]
        for gate in gates_of(pipeline, rules):
            needed |= facts_needed(rules.gates[gate], rules)
        needed |= _facts_of_steps(pipeline, actions or {})
        for gate in _told_of(pipeline, rules, actions or {}):
            needed |= facts_needed(rules.gates[gate], rules)
    return frozenset((needed - _AT_HAND).union(*(also for name, also in _ALSO.items() if name in needed)))


def _told_of(pipeline: Pipeline, rules: Rules, actions: Mapping[str, Action]) -> set[str]:
    """Gates of other actions, of which actions of this pipeline tell what they say."""
    asked = {name for step in pipeline.steps if step.uses in actions for name in actions[step.uses].asks}
    return {gate for name in asked for gate in rules.protect.get(name, ())}


def _facts_of_steps(pipeline: Pipeline, actions: Mapping[str, Action]) -> set[str]:
    needed = set(pipeline.locks.needs) if pipeline.locks else set()
    for step in pipeline.steps:
        needed.update(*(e.needs for e in expressions_in(step.inputs)), step.condition.needs if step.condition else ())
        needed.update(actions[step.uses].needs if step.uses in actions else ())
    return needed


def _listens(trigger: Trigger, event: Event) -> bool:
    if trigger.every_s is not None:
        return event.name == "schedule" and _ticks(trigger, event.payload)
    return event.name in trigger.events and (not trigger.types or event.action in trigger.types)


def _ticks(trigger: Trigger, tick: Body) -> bool:
    """Is it the row's own tick? The cron line of another clock is none: its run names the pipeline (`--pipeline`)."""
    every = tick["schedule"]
    named = tick.get("pipeline", trigger.run)
    return is_duration(every) and seconds(every) == trigger.every_s and named == trigger.run


def asked(event: Event, rules: Rules) -> dict[str, Any]:
    """What the `when` of a row sees."""
    return {"event": event.payload, "rules": rules.fact()}


def _ask(number: int, trigger: Trigger, event: Event, rules: Rules) -> Fired:
    if trigger.when is None:
        return Fired(number, trigger, Outcome.PASS, ())
    scope = asked(event, rules)
    try:
        value = trigger.when.evaluate(scope)
    except EngineError as error:
        why = f"whether `{trigger.when.text}` holds for this event cannot be told: {one_line(error)}"
        return Fired(number, trigger, Outcome.ERROR, (Cause(Outcome.ERROR, why),))
    outcome = Outcome.PASS if value is True else Outcome.NOT_APPLICABLE
    return Fired(number, trigger, outcome, causes_of(trigger.when.trace(scope), outcome))
