"""A SQLite file of serve's state: used by two processes and many threads, and on the disk when a change has returned.

One connection, since whoever reads here reads a few rows: what waits for the lock of another process waits in SQLite,
with ours held, and nobody of us needs more.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from engine.errors import failure

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]

_PATIENCE_MS = 30_000
_FULL = ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_PATIENCE_MS}")


class Database:
    """Thread-safe."""

    def __init__(self, path: str, schema: str) -> None:
        """Opened, and made as `schema` says where it is not there: statements that change nothing of what there is.

        Raises:
            EngineError: ENG788.
        """
        self._path, self._lock = path, threading.RLock()
        with self._failing():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            for pragma in (_FULL[-1], *_FULL[:-1]):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(schema)

    @contextmanager
    def change(self) -> Iterator[None]:
        """What is run meanwhile is one change: all of it is on the disk, or nothing.

        Raises:
            EngineError: ENG788; then nothing has changed.
        """
        with self._lock, self._failing():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def run(self, sql: str, values: Values = ()) -> int:
        """How many rows it has changed.

        Raises:
            EngineError: ENG788.
        """
        with self._lock, self._failing():
            return self._connection.execute(sql, values).rowcount

    def rows(self, sql: str, values: Values = ()) -> list[sqlite3.Row]:
        """The rows that it finds.

        Raises:
            EngineError: ENG788.
        """
        with self._lock, self._failing():
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Nobody uses it any more."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise failure("ENG788", file=self._path, reason=str(error)) from error
