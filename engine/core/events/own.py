"""Whose doing is an event? What we do ourselves starts nothing, or our own label would start what sets it."""

from collections.abc import Mapping
from typing import Any

from engine.core.events.envelope import Event

# What follows on a pull request that we open or merge is the same as on anybody's.
_GOES_ON = frozenset({("pull_request", "opened"), ("pull_request", "closed")})


def starts_nothing(event: Event, account: int | None, app: int | None = None) -> bool:
    """Is it our own doing? `account` is the id of the account that we act by, `app` that of our App; None: unknown.

    By ids alone: a login is whatever somebody calls themselves, and an event that says no sender is not ours.
    """
    if (event.name, event.action) in _GOES_ON:
        return False
    body = event.payload
    if account is not None and _at(body, "sender", "id") == account:
        return True
    ours = (_at(body, "check_run", "app", "id"), _at(body, "check_suite", "app", "id"))
    return app is not None and app in ours


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
