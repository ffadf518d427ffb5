"""The one SQLite file of `engine serve` that several processes and threads write: deliveries, sources, runs.

What a writing transaction has said is on the disk when it ends. Each thread has a connection of its own.
"""

import errno
import os
import sqlite3
import stat
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from engine.adapters import files
from engine.errors import failure

FORM = 1  # grows when tables change so that an older engine would misread them
_WAIT_S = 5.0  # for another writer: GitHub waits ten for its answer
_SETTINGS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "journal_size_limit=67108864",
    "cache_size=-8192",
)


def make(path: str) -> None:
    """The file is there, and private. One that is there is not opened: that would be the end of all locks on it.

    The system takes from a process its locks on a file as soon as it closes it anywhere (fcntl(2)). SQLite sees to
    that for its own connections alone: the next process to close the file would think that nobody else has it, and
    take away the log that we go on writing to.

    Raises:
        EngineError: ENG002.
    """
    with files.failing("ENG002", path):
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise OSError(errno.EINVAL, "it is no file") from None


class _Connection(sqlite3.Connection):
    """One that can be referred to weakly: it is closed when its thread has ended."""


class Database:
    """A file of tables. `sqlite3.Error` is for whoever asks; what the file itself is not is told here."""

    def __init__(self, path: str, schema: str) -> None:
        """Make the tables that are missing: `schema` is statements of `CREATE … IF NOT EXISTS`.

        Raises:
            EngineError: ENG002, it cannot be made; ENG781, it is no such file, or a newer engine's.
        """
        self.path = path
        self._local = threading.local()
        self._all: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        make(path)
        try:
            with self.writing() as tables:
                found = tables.execute("PRAGMA user_version").fetchone()[0]
                if found not in (0, FORM):
                    raise failure("ENG781", file=path, reason=f"it has form {found}, this engine knows {FORM}")
                for statement in schema.split(";"):
                    if statement.strip():
                        tables.execute(statement)
                tables.execute(f"PRAGMA user_version = {FORM}")
        except sqlite3.Error as error:
            raise failure("ENG781", file=path, reason=str(error)) from None

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """What a SELECT finds."""
        return self._connection().execute(statement, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, alone from its beginning: nobody writes between a look and what follows on it."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Of all threads, which have ended by now."""
        with self._lock:
            for connection in list(self._all):
                connection.close()
            self._all.clear()

    def _connection(self) -> sqlite3.Connection:
        found: _Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(
                self.path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            found.row_factory = sqlite3.Row
            for setting in _SETTINGS:
                found.execute(f"PRAGMA {setting}")
            self._local.connection = found
            with self._lock:
                self._all.add(found)
        return found
