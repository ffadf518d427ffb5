"""The forge's SQLite file: one connection, one lock, and changes that are all there or not at all.

Requests are short and run in threads; the lock makes them go one after another. Nothing slow (git, HTTP) happens inside
of `change`. A write-ahead log in mode NORMAL keeps every committed change over `kill -9`; only a power failure could
lose the last ones.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from engine.sandbox.forge.tables import TABLES

Row: TypeAlias = Mapping[str, Any]


class Kept:
    """Rows in, rows out. Thread-safe."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._after: list[Any] = []
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = _row
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(TABLES)

    @contextmanager
    def change(self) -> Iterator[None]:
        """Everything in the block happens, or nothing. Blocks within a block belong to the outer one."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._after.clear()
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")
                after, self._after = self._after, []
                for call in after:
                    call()

    def afterwards(self, call: Any) -> None:
        """Call it once the change around this is committed (at once where there is none); a rollback forgets it."""
        with self._lock:
            if self._depth:
                self._after.append(call)
                return
        call()

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            found: Row | None = self._db.execute(sql, values).fetchone()
            return found

    def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, *values)
        return None if found is None else next(iter(found.values()))

    def insert(self, table: str, **columns: object) -> int:
        """Add a row; its id."""
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names are ours, values are bound
        with self._lock:
            return int(self._db.execute(sql, tuple(columns.values())).lastrowid or 0)

    def update(self, table: str, key: int, **columns: object) -> None:
        """Change columns of the row with this id."""
        sql = f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?"  # noqa: S608 - as above
        with self._lock:
            self._db.execute(sql, (*columns.values(), key))

    def run(self, sql: str, *values: object) -> int:
        """Any other statement; how many rows it touched."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
