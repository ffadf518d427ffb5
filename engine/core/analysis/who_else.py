"""What a reviewer asks besides who approves: who may say which command, what stops it when, what the conditions call.

Read off `Rules`; nobody is asked. As values for machines, and as sentences.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.analysis.who import Answer
from engine.core.analysis.who_told import members
from engine.core.command import COMMANDS, OF_TWO
from engine.core.decision.explain import people
from engine.core.expressions.model import Expression
from engine.core.rules.model import CommandRule, Gate, Group, Rules
from engine.names import choice, plural

_DAY, _HOUR = 86_400, 3_600


class Else(NamedTuple):
    """What holds besides an answer of `who_can`."""

    commands: Mapping[str, CommandRule]
    groups: Mapping[str, Group]
    by_the_clock: tuple[Gate, ...]  # of those that are asked about people or their pipelines
    by_freeze: tuple[Gate, ...]  # likewise: what `engine freeze` stops
    verdict_expires_s: int
    definitions: Mapping[str, str]  # name → expression, of those that the shown conditions call


def who_else(rules: Rules, answer: Answer) -> Else:
    """The same rules' answers to that, about the gates that `answer` shows."""
    shown = [*(one.gate for one in answer.asked), *answer.conditions]
    return Else(
        rules.commands,
        rules.groups,
        tuple(gate for gate in shown if _reads(gate, "now")),
        tuple(gate for gate in shown if _reads(gate, "freeze")),
        rules.verdict_expires_s,
        _definitions(rules.define, (one.text for gate in shown for one in _conditions(gate))),
    )


def _conditions(gate: Gate) -> list[Expression]:
    return [one for one in (gate.when, gate.require, gate.reject) if one]


def _reads(gate: Gate, fact: str) -> bool:
    return any(fact in one.needs for one in _conditions(gate))


def _definitions(define: Mapping[str, str], texts: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = list(texts)
    for text in waiting:
        called = {name: said for name, said in define.items() if f"{name}(" in text and name not in found}
        found |= called
        waiting += called.values()
    return found


def told(said: Else) -> str:
    """In sentences, each group of them under its question."""
    return "\n".join(_lines(said))


def _lines(said: Else) -> Iterator[str]:
    yield "Who may have something done by a comment (`/engine …`):"
    alike: dict[str, list[str]] = {}
    for name, rule in said.commands.items():
        alike.setdefault(_may(rule), []).append(name)
    yield from (f"  {people(names)}: {who}" for who, names in alike.items())
    if nobody := [name for name in COMMANDS if name not in said.commands]:
        yield f"  {people(nobody)}: nobody"
    for group in dict.fromkeys(group for rule in said.commands.values() for group in rule.groups):
        yield f"    {members(said.groups[group])}"
    yield ""
    yield "When:"
    for gate in said.by_the_clock:
        yield f"  {gate.name} looks at the clock (UTC): {' and '.join(f'`{one.text}`' for one in _conditions(gate))}"
    if not said.by_the_clock:
        yield "  at any hour of any day: no gate looks at the clock"
    if said.by_freeze:
        yield f"  unless it is frozen: `engine freeze on` stops what {people([g.name for g in said.by_freeze])} guards"
    else:
        yield "  also in a freeze: no gate reads `freeze`, so `engine freeze on` stops nothing here"
    yield f"  for {_span(said.verdict_expires_s)} from its verdict on; then it has to be validated again"
    yield ""
    yield "Who changes these rules:"
    yield "  whoever may push to where they are kept; no gate here is asked of that"
    yield "  what was validated under other rules has to be validated again; who is in a group counts at once"
    if said.definitions:
        yield ""
        yield "What the conditions above call:"
        yield from (f"  {name}(): `{text}`" for name, text in said.definitions.items())


def _may(rule: CommandRule) -> str:
    need = _need(rule)
    who = f"{plural(need, 'person', 'people')} from {choice(rule.groups)}"
    return f"{who}{', each in a comment of their own' if need > 1 else ''}{_WRITERS if rule.writers else ''}"


_WRITERS = ", or whoever may write to the repository"


def _need(rule: CommandRule) -> int:
    return max(rule.need, 2) if rule.name in OF_TWO else rule.need


def _span(seconds: int) -> str:
    for length, word in ((_DAY, "day"), (_HOUR, "hour")):
        if seconds % length == 0:
            return plural(seconds // length, word)
    return plural(seconds, "second")


def to_json(said: Else) -> dict[str, Any]:
    """For machines, beside the answer."""
    return {
        "commands": [
            {"name": name, "from": list(rule.groups), "writers": rule.writers, "count": _need(rule)}
            for name, rule in said.commands.items()
        ],
        "by_the_clock": [gate.name for gate in said.by_the_clock],
        "by_freeze": [gate.name for gate in said.by_freeze],
        "verdict_expires_s": said.verdict_expires_s,
        "definitions": dict(said.definitions),
    }
