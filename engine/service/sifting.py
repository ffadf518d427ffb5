"""What waits in the inbox, told apart: what leads to a run, what no rule listens to, what is not to be believed.

Several that would lead to the same run (the same event of the same head by the same account, for the same pipelines)
are one group: facts are fetched when the run begins, so one run sees what all of them tell of. What somebody *said* is
never taken together.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.decision.matching import match
from engine.core.events.envelope import Event, read_event
from engine.core.events.kinds import ALIASES, BY_NAME, recognise
from engine.core.events.ours import Us, is_ours
from engine.core.rules.model import Rules
from engine.errors import EngineError
from engine.run.catalog import catalog
from engine.service import log
from engine.service.bound import Bound, aside
from engine.service.delivery import Delivery, State

_NOT_SENT = frozenset({"schedule"})  # events that no webhook tells of: ours alone


class Group(NamedTuple):
    """Deliveries that one run answers."""

    leader: Delivery  # the newest
    others: tuple[Delivery, ...]
    pipelines: tuple[str, ...]


class Sifted(NamedTuple):
    """Each delivery is in exactly one of these."""

    groups: tuple[Group, ...]  # in the order of their first deliveries
    kept: Mapping[str, tuple[str, ...]]  # why no run is begun → ids
    refused: Mapping[str, tuple[str, ...]]  # why it is not believed → ids
    failed: Mapping[str, tuple[str, ...]]  # what has gone wrong with looking at it → ids
    waits: Mapping[tuple[str, str], tuple[str, ...]] = {}  # (source in small letters, why nobody can tell yet) → ids


class _Sorted(NamedTuple):
    why: str  # empty: it leads to a run
    state: State = "kept"
    pipelines: tuple[str, ...] = ()
    group: Sequence[object] = ()


def sift(
    deliveries: Sequence[tuple[Delivery, bytes | None]], rules: Rules, sources: Mapping[str, Bound], us: Us
) -> Sifted:
    """Tell them apart; `sources` as `Sources.bind` returns them. Nothing is asked of anybody."""
    ended: dict[State, dict[str, list[str]]] = {"kept": {}, "refused": {}, "failed": {}}
    groups: dict[tuple[Any, ...], list[Delivery]] = {}
    waits: dict[tuple[str, str], list[str]] = {}
    for delivery, body in deliveries:
        try:
            found = _sorted(delivery, body, rules, sources, us)
        except Exception as error:  # noqa: BLE001 - one that nobody can look at must not keep all the others waiting
            log.error("a bug: a delivery cannot be looked at", delivery=delivery.id, event=delivery.event)
            found = _Sorted(f"ENG999 a bug in the engine: {type(error).__name__}", "failed")
        if found.state == "waiting":
            waits.setdefault((delivery.repo.lower(), found.why), []).append(delivery.id)
            continue
        if found.why:
            ended[found.state].setdefault(found.why, []).append(delivery.id)
            continue
        groups.setdefault((*found.group, found.pipelines), []).append(delivery)
    found_groups = []
    for (*_, pipelines), group in groups.items():
        *others, leader = sorted(group, key=lambda one: one.number)
        found_groups.append(Group(leader, tuple(others), pipelines))
    kept, refused, failed = (
        {why: tuple(ids) for why, ids in ended[state].items()} for state in ("kept", "refused", "failed")
    )
    return Sifted(tuple(found_groups), kept, refused, failed, {about: tuple(ids) for about, ids in waits.items()})


def _sorted(delivery: Delivery, body: bytes | None, rules: Rules, sources: Mapping[str, Bound], us: Us) -> _Sorted:
    if found := aside(delivery, sources):
        return _Sorted(found.reason, found.state)
    name = ALIASES.get(delivery.event, delivery.event)
    if name not in BY_NAME or name in _NOT_SENT or not _is_listened_to(name, delivery.action, rules):
        return _Sorted(f"no rule listens to {' '.join(filter(None, (delivery.event, delivery.action)))}")
    if body is None:
        return _Sorted("its body is not kept", "refused")
    try:
        event = read_event(body, delivery.event, delivery.id)
    except EngineError as error:
        return _Sorted(f"{error.problems[0].code} {error.problems[0].message}", "refused")
    if why := _lie(delivery, event):
        return _Sorted(why, "refused")
    matching = match(event, rules, None, catalog().actions)
    if not matching.pipelines:
        return _Sorted("no pipeline starts on it")
    if is_ours(event, us):
        return _Sorted("it is the echo of what we did")
    return _Sorted("", pipelines=matching.pipelines, group=_alike(delivery, event))


def _is_listened_to(name: str, action: str, rules: Rules) -> bool:
    """Told without reading the body: most deliveries end here."""
    return any(name in row.events and (not row.types or action in row.types) for row in rules.triggers)


def _lie(delivery: Delivery, event: Event) -> str:
    """What is wrong with what the headers say, which no signature covers; or with whom it speaks of."""
    if recognise(event.payload) not in (None, event.name):
        return f"its body is none of the event {event.name}"
    if event.source_repo is not None and event.source_repo.lower() != delivery.repo.lower():
        return f"it speaks of {event.source_repo}"
    return ""


def _alike(delivery: Delivery, event: Event) -> Sequence[object]:
    """Deliveries of which this is equal differ in nothing that a run asks its event for."""
    sender = event.payload.get("sender")
    who = sender.get("id") if isinstance(sender, dict) else None
    if "comment" in event.payload or not delivery.head or type(who) is not int:
        return [delivery.id]
    return [delivery.repo_id, delivery.subject, delivery.head, delivery.event, delivery.action, who]
