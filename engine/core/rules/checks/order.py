"""The order of actions: each could run where it stands, and what it says or does there would not be so; how long."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.core.duration import seconds
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import Entry
from engine.errors import Problem, problem

_WORKS = ("terraform.plan", "policy.evaluate", "verdict.sign", "terraform.apply")
_TELLS = ("report.write", "github.check", "github.comment", "github.deployment", "github.label")
# What cannot be done in the run that has done the other, or has to come after it.
_APART = ("github.merge", "terraform.apply")
_BEFORE = ("github.account", "terraform.apply")


class _Odd(NamedTuple):
    step: Entry
    reason: str
    way: str


def order(subject: Subject) -> Iterator[Problem]:
    """Actions that stand too early or too late."""
    for pipeline in subject.draft.pipelines:
        if pipeline.whole:
            for step, reason, way in (*_apart(pipeline.steps), *_again(pipeline.steps), *_told(pipeline.steps)):
                yield problem("ENG982", step.place("uses"), name=step.data["uses"], reason=reason, way=way)


def _apart(steps: Sequence[Entry]) -> Iterator[_Odd]:
    used = [step.data["uses"] for step in steps]
    if set(_APART) <= set(used):
        merge, apply = _APART
        reason = f"applies what was merged before its run began, and `{merge}` is in the same pipeline"
        way = "give it a pipeline of its own, started by `{event: pull_request, types: [closed]}`"
        yield _Odd(steps[used.index(apply)], reason, way)
    elif set(_BEFORE) <= set(used) and used.index(_BEFORE[0]) > used.index(_BEFORE[1]):
        first, second = (steps[used.index(name)] for name in _BEFORE)
        reason = f"signs the merge that `{second.data['uses']}` asks for, and stands below it"
        yield _Odd(first, reason, f"move it above `{second.data['id']}`")


def _again(steps: Sequence[Entry]) -> Iterator[_Odd]:
    """What an action before has done already, to the same."""
    for number, step in enumerate(steps):
        for earlier in steps[:number] if step.data["uses"] in (*_WORKS, *_APART) else ():
            if earlier.data["uses"] == step.data["uses"] and earlier.data.get("with") == step.data.get("with"):
                yield _Odd(step, f"does again what `{earlier.data['id']}` has done", "remove one of the two")
                break


def _told(steps: Sequence[Entry]) -> Iterator[_Odd]:
    """What tells how it went, before that is known; or that it has begun, when it is over."""
    works = [number for number, step in enumerate(steps) if step.data["uses"] in _WORKS]
    if not works:
        return
    first, last = steps[works[0]].data["id"], steps[works[-1]].data["id"]
    later = {_told_by(step) for step in steps[works[-1] + 1 :]}
    for number, step in enumerate(steps):
        if step.data["uses"] in _TELLS:
            begun = _told_by(step)[2] == "started"
            if begun and number > works[-1]:
                yield _Odd(step, "says that it has begun, when all is done", f"move it above `{first}`, or say `ended`")
            elif not begun and number < works[-1] and _told_by(step) not in later:
                yield _Odd(step, f"tells what came of it, and stands before `{last}`", f"move it below `{last}`")


def _told_by(step: Entry) -> tuple[str, str, str]:
    given = step.data.get("with", {})
    return step.data["uses"], str(given.get("name", "")), str(given.get("state", "ended"))


_LONG_S = 86_400  # from where a timeout stops nothing
_TIMEOUTS = ("plan_timeout", "policy_timeout", "lock_timeout")


def timeouts(subject: Subject) -> Iterator[Problem]:
    """Timeouts of a day and more: nothing waits for so long, and a unit is slipped easily."""
    draft, limits = subject.draft, subject.draft.settings.get("limits", {})
    given = [name for name in _TIMEOUTS if name in limits]
    spans = [(name, limits[name], draft.entry.place("limits", name)) for name in given if draft.entry]
    steps = (step for pipeline in draft.pipelines for step in pipeline.steps if "timeout" in step.data)
    spans += [("timeout", step.data["timeout"], step.place("timeout")) for step in steps]
    for name, span, place in spans:
        if seconds(span) >= _LONG_S:
            minutes = f"write `{span[:-1]}m` if minutes were meant, otherwise " if span[-1] in "hd" else "write "
            way = f"{minutes}less than a day"
            yield problem("ENG982", place, name=name, reason=f"is {span}: what hangs is not stopped before", way=way)


def odd(subject: Subject) -> Iterator[Problem]:
    """Where actions stand, and how long they may take."""
    yield from order(subject)
    yield from timeouts(subject)


CHECKS = (Check("ENG982", odd, (), ("ENG053", "ENG063", "ENG109")),)
