"""Decides again what was decided: the same event, facts and rules give the same bytes, or it is said what differs."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.audit.decided import Decided
from engine.core.canonical import canonical
from engine.core.decision.decide import decide
from engine.core.decision.document import from_json
from engine.core.decision.matching import match, without_github
from engine.core.declare import Catalog
from engine.core.events.envelope import read_event
from engine.core.rules.model import Rules

_MOST = 20  # differences that are told
_LONGEST = 120  # characters of a value


class Replayed(NamedTuple):
    """One decision, decided again."""

    decided: Decided
    differences: tuple[str, ...]  # none: the bytes are the same

    @property
    def is_same(self) -> bool:
        """Byte for byte?"""
        return not self.differences


def replay(decided: Decided, rules: Rules, catalog: Catalog) -> Replayed:
    """Decide it again by its rules, as this release has loaded them.

    Raises:
        EngineError: this release does not take the event or the facts any more.
    """
    sent = decided.event
    event = read_event(canonical(sent["payload"]), sent["name"], sent["delivery"], file="the event that was kept")
    document = from_json(canonical(decided.facts), "the facts that were kept")
    matching = match(event, rules, decided.asked, catalog.actions)
    if decided.clone and decided.asked is None:
        matching = without_github(matching, rules, catalog.actions)
    again = decide(event, document, rules, decided.asked, matching).to_json()
    if canonical(again) == canonical(decided.decision):
        return Replayed(decided, ())
    found = []
    for difference in _differences(decided.decision, _plain(again), ""):
        found.append(difference)
        if len(found) == _MOST:
            found.append("… and more")
            break
    return Replayed(decided, tuple(found))


def _plain(value: Mapping[str, Any]) -> Any:
    import json

    return json.loads(canonical(value))


def _differences(was: Any, now: Any, at: str) -> Iterator[str]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted(was.keys() | now.keys()):
            if name not in was or name not in now:
                yield f"{at}/{name} is {'new' if name in now else 'gone'}"
            else:
                yield from _differences(was[name], now[name], f"{at}/{name}")
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for place, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differences(one, other, f"{at}/{place}")
    elif canonical(was) != canonical(now):
        yield f"{at} was {_short(was)} and is {_short(now)}"


def _short(value: Any) -> str:
    text = canonical(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
