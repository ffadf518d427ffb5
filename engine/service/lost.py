"""Deliveries that GitHub could not hand over, or that we have lost: they are found in its list, and sent again.

They come by the way by which all come, signed. GitHub itself tries once; so whatever happens while we are away, while a
proxy is broken or a disk is full, is found when we look.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.adapters.github.deliveries import Sent, again, sent
from engine.core.moment import later
from engine.service.inbox import Inbox

if TYPE_CHECKING:
    from engine.adapters.github.client import Client

EVERYTHING_S = 3 * 86_400  # back to where GitHub's list ends: for the first look of a process
RECENT_S = 3 * 3_600  # before the last look; longer than all attempts of a delivery take
_ATTEMPTS = 5  # of one delivery, GitHub's first among them
_FIRST_S = 60  # after the first attempt; then four times as long each time
_AT_ONCE = 100  # of one look
# 200: nothing came of it, and nothing would; 409: its id has another body. All else may have been a proxy's word.
_FINAL = frozenset({200, 409})
_FORBIDDEN = 403
USUAL_S = 300  # between two looks


class Found(NamedTuple):
    """What is missing."""

    again: Sequence[Sent]  # the last attempt of each that is sent once more now
    later: Sequence[str]  # ids of those whose turn comes
    given_up: Sequence[str]  # ids of those that were tried often enough
    soon: bool = False  # the turn of one comes before the next usual look; strangers' are waited for by nobody


def sweep(client: "Client", inbox: Inbox, since: str, now: str, ask: Callable[[], bool] = lambda: True) -> Found:
    """Look for what was sent `since` then and is not in the inbox, and have it sent again, while `ask` says so.

    Raises:
        EngineError: ENG593 to ENG597, GitHub does not answer.
    """
    attempts = sent(client, since)
    found = missing(attempts, inbox.known({one.delivery for one in attempts}), now)
    for one in found.again:
        if not ask():
            break
        again(client, one.id)
    return found


def missing(attempts: Iterable[Sent], known: Collection[str], now: str) -> Found:
    """Of these attempts, what to do about the deliveries that nobody knows here."""
    of: dict[str, list[Sent]] = {}
    for one in attempts:
        if one.delivery not in known:
            of.setdefault(one.delivery, []).append(one)
    lost = {id_: tried for id_, tried in of.items() if not any(one.status in _FINAL for one in tried)}
    given_up = [id_ for id_, tried in lost.items() if len(tried) >= _ATTEMPTS]
    open_ = {id_: tried for id_, tried in lost.items() if len(tried) < _ATTEMPTS}
    due = [last for tried in open_.values() if _due(tried) <= now for last in [max(tried, key=_when)]]
    due.sort(key=lambda one: (one.status == _FORBIDDEN, *_when(one)))  # strangers' come last: they may be many
    ids = {one.delivery for one in due[:_AT_ONCE]}
    waits = [id_ for id_ in open_ if id_ not in ids]
    soon = later(now, USUAL_S)
    is_soon = any(_due(open_[id_]) < soon for id_ in waits if max(open_[id_], key=_when).status != _FORBIDDEN)
    return Found(due[:_AT_ONCE], waits, given_up, is_soon)


def _due(tried: Sequence[Sent]) -> str:
    return later(max(tried, key=_when).at, _FIRST_S * 4 ** (len(tried) - 1))


def _when(one: Sent) -> tuple[str, int]:
    return one.at, one.id
