"""What every part of the forge works on: its rows, its repositories, its clock, and the door events go out by."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from engine.sandbox.forge.clock import Clock
from engine.sandbox.forge.faults import Faults
from engine.sandbox.forge.kept import Kept, Row
from engine.sandbox.forge.limits import Limits
from engine.sandbox.forge.runner import Nobody, Runner
from engine.sandbox.forge.urls import Urls

# event, action, the repository's id, the sender's account, and the body without what every event has (`action`,
# `repository`, `organization`, `installation`, `sender`)
Emit = Callable[[str, str | None, int, int | None, Mapping[str, Any]], None]


class Forge:
    """One forge in one directory: `forge.db` and `repositories/<id>.git`."""

    def __init__(self, folder: str, urls: Urls, clock: Clock) -> None:
        self.folder = folder
        self.urls = urls  # of what is not an answer to a request: webhooks, remotes
        self.clock = clock
        self.kept = Kept(os.path.join(folder, "forge.db"))
        self.opened: dict[int, Any] = {}  # bare repositories by id (git.bare), with what git has told of them
        self.limits = Limits(clock)
        self.emit: Emit = lambda *_: None  # `hooks` puts its own here
        self.wake: Callable[[], None] = lambda: None  # tells the sender that deliveries wait; `hooks` puts its own here
        self.faults = Faults()
        self.ending = threading.Event()  # set when the forge is about to end: nobody waits for anything then
        self.runner: Runner = Nobody()

    def git_dir(self, repository: int) -> str:
        """Where the bare repository is."""
        return os.path.join(self.folder, "repositories", f"{repository}.git")

    def now(self) -> str:
        """The forge's time."""
        return self.clock.now()

    def setting(self, name: str, default: str = "") -> str:
        """A small value that outlives a restart."""
        found = self.kept.value("SELECT value FROM settings WHERE name = ?", name)
        return default if found is None else str(found)

    def set_setting(self, name: str, value: str) -> None:
        """Keep it."""
        self.kept.run(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value
        )

    def account(self, number: int | None) -> Row | None:
        """An account by id; a deleted one too."""
        return None if number is None else self.kept.row("SELECT * FROM accounts WHERE id = ?", number)

    def repository(self, owner: str, name: str) -> Row | None:
        """A repository by its names, in any case, with `owner_login` and `full_name`."""
        where = "lower(a.login) = lower(?) AND lower(r.name) = lower(?) AND NOT r.deleted"
        return self.kept.row(f"{_REPOSITORY} WHERE {where}", owner, name)

    def repository_of(self, number: int | None) -> Row | None:
        """A repository by id (deleted ones too), with `owner_login` and `full_name`."""
        return None if number is None else self.kept.row(f"{_REPOSITORY} WHERE r.id = ?", number)


_REPOSITORY = """SELECT r.*, a.login AS owner_login, a.login || '/' || r.name AS full_name
  FROM repositories r JOIN accounts a ON a.id = r.owner"""
