"""Is an event the echo of what we did ourselves? Such a one starts nothing, or we would answer ourselves for ever.

Whoever did it is told by the account's id, or by the App behind it, as far as the event says so; nothing is asked.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.core.events.envelope import Event

# What we open has to be targeted like any other, and what we merge has to be told of.
_STARTS = frozenset({("pull_request", "opened"), ("pull_request", "closed")})


class Us(NamedTuple):
    """Who we are to GitHub, as far as settings say it."""

    app: int | None = None  # of our GitHub App
    bot: int | None = None  # the account as which it acts


def is_ours(event: Event, us: Us) -> bool:
    """Did we do what this event tells of, and starts nothing by it?"""
    if (event.name, event.action) in _STARTS:
        return False
    sender = event.payload.get("sender")
    by_us = us.bot is not None and isinstance(sender, dict) and sender.get("id") == us.bot
    return by_us or (us.app is not None and any(app == us.app for app in _apps(event)))


def sent_by_bot(event: Event) -> str | None:
    """The login of the App that did it, where it was one and the event may be an echo."""
    sender = event.payload.get("sender")
    if (event.name, event.action) in _STARTS or not isinstance(sender, dict) or sender.get("type") != "Bot":
        return None
    login = sender.get("login")
    return login if isinstance(login, str) else None


def _apps(event: Event) -> Iterator[object]:
    """The Apps that the event says did it: whose check has come to an end, or by which a comment was written.

    Not whose check somebody asks for again: that is a person.
    """
    payload = event.payload
    if event.name in ("check_run", "check_suite") and event.action in ("created", "completed"):
        yield _id(payload.get(event.name), "app")
    elif event.action == "created" and sent_by_bot(event):
        yield _id(payload.get("comment"), "performed_via_github_app")


def _id(value: Any, name: str) -> object:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner.get("id") if isinstance(inner, dict) else None
