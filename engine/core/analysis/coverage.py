"""Which rules did the fixtures see, and with which answers? A gate that never said no has not been tested."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engine.core.analysis.settled import settled
from engine.core.decision.decided import Decision
from engine.core.decision.gates import context
from engine.core.decision.matching import asked
from engine.core.expressions.model import Expression, Part
from engine.core.outcome import Outcome
from engine.core.rules.model import Rules, Step, Trigger
from engine.errors import Place


class Point(NamedTuple):
    """One thing that a complete suite has seen."""

    what: str
    seen: bool
    place: Place


def coverage(rules: Rules, decisions: Iterable[Decision], stated: Iterable[str] = ()) -> tuple[Point, ...]:
    """Every point of the rules, in their order; `stated`: what fixtures say of what is settled, and rightly."""
    seen = {fact for decision in decisions for fact in _seen(decision, rules)}.union(stated)
    points = dict(_points(rules))  # a define is asked for in several places
    return tuple(Point(what, what in seen, place) for what, place in points.items())


def percent(points: Iterable[Point]) -> int:
    """How many of 100 were seen, rounded down; no points at all are none seen."""
    seen = [point.seen for point in points]
    return 100 * sum(seen) // len(seen) if seen else 0


def _points(rules: Rules) -> Iterator[tuple[str, Place]]:
    for number, trigger in enumerate(rules.triggers, 1):
        yield _fires(number, trigger), trigger.place
        if trigger.when:
            yield f"{_fires(number, trigger)}: its `when` is false", trigger.place
            yield from _joined(_fires(number, trigger), trigger.when)
        if len(trigger.types) > 1:
            yield from ((f"{_fires(number, trigger)}: {one}", trigger.place) for one in trigger.types)
    for gate in rules.gates.values():
        yield f"gate {gate.name}: pass", gate.place
        yield f"gate {gate.name}: not pass", gate.place
        if gate.when:
            yield f"gate {gate.name}: its `when` is true", gate.place
            yield f"gate {gate.name}: its `when` is false", gate.place
        for condition in (gate.when, gate.require, gate.reject):
            if condition:
                yield from _joined(f"gate {gate.name}", condition)
    for pipeline in rules.pipelines.values():
        for step in filter(_is_asked, pipeline.steps):
            where = f"action {pipeline.name}.{step.id}"
            assert step.condition
            yield f"{where}: its `if` is true", step.place
            yield f"{where}: its `if` is false", step.place
            yield from _joined(where, step.condition)
    for override in rules.overrides.values():
        yield f"override {override.name}: counts", override.place
    for one in settled(rules):
        yield one.what, one.place


def _is_asked(step: Step) -> bool:
    """Has it a condition that facts alone decide? What others have left behind is there when the run is."""
    return step.condition is not None and step.condition.text != "always()" and "outputs" not in step.condition.needs


def _joined(where: str, expression: Expression) -> Iterator[tuple[str, Place]]:
    for part in expression.parts:
        for value in (True, False):
            yield _decides(where, part, value), expression.place


def _decides(where: str, part: Part, value: bool) -> str:
    where = f"define {part.define}" if part.define else where
    return f"{where}: `{part.text}` decides by being {'true' if value else 'false'}"


def _fires(number: int, trigger: Trigger) -> str:
    return f"events {number} ({', '.join(trigger.events) or 'the clock'} → {trigger.run})"


def _seen(decision: Decision, rules: Rules) -> Iterator[str]:
    told, known = asked(decision.event, rules), context(decision.document, rules).scope
    for fired in decision.triggers:
        name = _fires(fired.number, fired.trigger)
        if fired.trigger.when:
            yield from (_decides(name, *found) for found in fired.trigger.when.decided(told))
        if fired.outcome is Outcome.PASS:
            yield name
            yield f"{name}: {decision.event.action}"
        elif fired.outcome is Outcome.NOT_APPLICABLE:
            yield f"{name}: its `when` is false"
    for gate in (gate for pipeline in decision.pipelines for gate in pipeline.gates):
        if gate.outcome is not Outcome.NOT_APPLICABLE:
            yield f"gate {gate.name}: {'pass' if gate.outcome is Outcome.PASS else 'not pass'}"
        if gate.applies is not None:
            yield f"gate {gate.name}: its `when` is {'true' if gate.applies else 'false'}"
        rule = rules.gates.get(gate.name)  # a command's is none of them
        asked_of = (rule.when, *(() if gate.applies is False else (rule.require, rule.reject))) if rule else ()
        for condition in filter(None, asked_of):
            yield from (_decides(f"gate {gate.name}", *found) for found in condition.decided(known))
        if gate.override:
            yield f"override {gate.override.name}: counts"
    for pipeline in (one for one in decision.pipelines if one.outcome is Outcome.PASS):
        steps = (
            {step.id: step for step in rules.pipelines[pipeline.name].steps} if pipeline.name in rules.pipelines else {}
        )
        for action in pipeline.actions:
            step = steps[action.id]
            if _is_asked(step) and step.condition and action.runs is not None:
                where = f"action {pipeline.name}.{action.id}"
                yield f"{where}: its `if` is {'true' if action.runs else 'false'}"
                yield from (_decides(where, *found) for found in step.condition.decided(known))
