"""Where deliveries are kept until they have led to something, and a while longer: safe before GitHub gets its answer.

Many that come at once are one transaction, written by one thread, since what a transaction costs is its sync (measured:
500 deliveries a second, p99 20 ms; each for itself 1,560 ms). A file of its own: nothing of the queue makes it wait.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from queue import Full, Queue
from typing import Literal, NamedTuple, TypeAlias

from engine.adapters import clock
from engine.core.moment import later
from engine.errors import EngineError, failure
from engine.service.database import Database
from engine.service.delivery import ENDED, STATES, Delivery, State

Put: TypeAlias = Literal["new", "known", "other_body"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT NOT NULL UNIQUE, event TEXT NOT NULL, action TEXT NOT NULL, repo_id INTEGER, repo TEXT NOT NULL,
    installation INTEGER, digest TEXT NOT NULL, subject TEXT NOT NULL, head TEXT NOT NULL, received_at TEXT NOT NULL,
    state TEXT NOT NULL, run TEXT NOT NULL, reason TEXT NOT NULL, tries INTEGER NOT NULL, priority INTEGER NOT NULL,
    turn INTEGER NOT NULL, number INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, number);
CREATE INDEX IF NOT EXISTS deliveries_by_subject ON deliveries (subject, number);
CREATE TABLE IF NOT EXISTS bodies (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen (digest TEXT PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
"""
# The columns of `deliveries` are the fields of `Delivery`, in their order.
_ALL = "SELECT * FROM deliveries "
_INSERT = "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
_FAIR = """
SELECT deliveries.*, bodies.size FROM (
    SELECT number, priority, row_number() OVER (PARTITION BY repo_id ORDER BY priority DESC, number) AS place
    FROM deliveries WHERE state = 'waiting' ORDER BY place, priority DESC, number LIMIT ?
) AS next JOIN deliveries ON deliveries.number = next.number LEFT JOIN bodies ON bodies.number = next.number
ORDER BY next.place, next.priority DESC, next.number
"""
_BEFORE = """
SELECT digest, number NOT IN (SELECT number FROM bodies) AND state IN ('kept', 'refused') AS is_aside
FROM deliveries WHERE id = ?
"""
_OLD = "SELECT number FROM deliveries WHERE received_at < ? AND state IN (SELECT value FROM json_each(?)) LIMIT ?"

_PENDING = 2_000  # that wait to be written; more are told to come again
_GROUP = 256  # of one transaction
_REMOVED = 2_000  # of one, too
_GROUP_BYTES = 32 * 1024 * 1024
_LOOKED_AT = 64 * 1024 * 1024  # bytes of bodies that are looked at together
_LAST = 2**63 - 1
# What somebody may say twice in the same words, as nothing in it says when: known again for this long only.
_SAID_AGAIN = frozenset({"repository_dispatch", "workflow_dispatch"})
_AGAIN_S = 60
_ASIDE = 1_000  # newest that are shown of what was put aside when it came: strangers can send as much as they like


class _Waiting(NamedTuple):
    delivery: Delivery
    body: bytes
    told: "Future[Put]"


class Inbox:
    """Deliveries, by any number of threads and processes."""

    def __init__(self, path: str, now: Callable[[], str] = clock.now) -> None:
        """Raises EngineError: ENG002, ENG781."""
        self.database = Database(path, SCHEMA)
        self._now = now
        self._waiting: Queue[_Waiting | None] = Queue(_PENDING)
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None

    def put(self, delivery: Delivery, body: bytes) -> Put:
        """Keep it, durably when this returns; one that is not `waiting` without its body, and not for long.

        `known`: this id or this body was here before; `other_body`: this id was, with another.

        Raises:
            EngineError: ENG749, it is not kept.
        """
        return self.put_soon(delivery, body).result()

    def put_soon(self, delivery: Delivery, body: bytes) -> "Future[Put]":
        """The same, for whoever has others to serve meanwhile. The future raises what `put` raises."""
        told: Future[Put] = Future()
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="inbox", daemon=True)
                self._writer.start()
        try:
            self._waiting.put_nowait(_Waiting(delivery, body, told))
        except Full:
            told.set_exception(failure("ENG749", reason=f"{_PENDING:,} others wait to be written"))
        return told

    def close(self) -> None:
        """What was put is written; nothing more is."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            self._waiting.put(None)
            writer.join()
        self.database.close()

    def get(self, id_: str) -> Delivery | None:
        """The delivery of that id."""
        return next(iter(self._deliveries(_ALL + "WHERE id = ?", [id_])), None)

    def body(self, id_: str) -> bytes | None:
        """What GitHub sent, byte by byte; None where it was not kept, or is no longer."""
        found = self.database.rows("SELECT size, body FROM bodies JOIN deliveries USING (number) WHERE id = ?", [id_])
        try:
            return zlib.decompress(found[0]["body"], bufsize=max(1, found[0]["size"])) if found else None
        except zlib.error:
            return None  # a disk has changed it: this one is lost, and keeps no other waiting

    def waiting(self, limit: int) -> list[Delivery]:
        """The next to look at, fair: each source has its turn, and what is urgent is first in its own.

        They are fewer where their bodies together are large, and at least one where one waits.
        """
        found, size = list[Delivery](), 0
        for *row, of_body in self.database.rows(_FAIR, [limit]):
            size += of_body or 0
            if found and size > _LOOKED_AT:
                break
            found.append(Delivery(*row))
        return found

    def mark(
        self, ids: Iterable[str], state: State, *, run: str | None = None, reason: str = "", tried: bool = False
    ) -> None:
        """What has become of them, all or none. `tried`: a run of theirs begins."""
        if state not in STATES:
            raise ValueError(f"no state: {state}")
        with self.database.writing() as tables:
            tables.execute(
                """UPDATE deliveries SET state = ?, run = coalesce(?, run), reason = ?, tries = tries + ?
                WHERE id IN (SELECT value FROM json_each(?))""",
                [state, run, reason, int(tried), json.dumps(list(ids))],
            )

    def find(
        self,
        *,
        state: State | None = None,
        repo: str | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Delivery]:
        """Those that fit, the newest first; `before` is the `number` of the last one that was shown."""
        wanted = {"state": state, "repo": repo, "subject": subject}
        given = {name: value for name, value in wanted.items() if value is not None}
        tests = " AND ".join([*(f"{name} = ?" for name in given), "number < ?"])
        values = [*given.values(), _LAST if before is None else before, limit]
        return self._deliveries(f"{_ALL} WHERE {tests} ORDER BY number DESC LIMIT ?", values)

    def counts(self) -> Mapping[State, int]:
        """How many are in each state."""
        found = {row[0]: row[1] for row in self.database.rows("SELECT state, count(*) FROM deliveries GROUP BY state")}
        return {state: found.get(state, 0) for state in STATES}

    def known(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of them that were ever taken, whatever has become of them."""
        wanted = "WHERE id IN (SELECT value FROM json_each(?))"
        return frozenset(one.id for one in self._deliveries(_ALL + wanted, [json.dumps(list(ids))]))

    def again(self, id_: str, who: str) -> Delivery:
        """Have it looked at again as if it had just come, by a run of its own, because `who` wants it.

        Raises:
            EngineError: ENG784, there is none, it has not come to an end, or its body was not kept.
        """
        with self.database.writing() as tables:
            self.ended(id_)
            tables.execute(
                """UPDATE deliveries SET state = 'waiting', turn = turn + 1, tries = 0, priority = 1, reason = ?
                WHERE id = ?""",
                [f"{who} wants it again", id_],
            )
        found = self.get(id_)
        assert found is not None, "nobody removes what waits"
        return found

    def ended(self, id_: str) -> Delivery:
        """The delivery of that id, if it can be had again.

        Raises:
            EngineError: as `again`.
        """
        found = self.get(id_)
        if found is None:
            why = "there is none of that id"
        elif found.state not in ENDED:
            why = f"it has not come to an end: it is {found.state}"
        elif self.body(id_) is None:
            why = "its body is not kept"
        else:
            return found
        raise failure("ENG784", id=id_, reason=why)

    def prune(self, before: str, seen_before: str) -> int:
        """Remove what has ended and came before that moment; and forget bodies from before `seen_before`, which then
        would be new if they came again. Returns how many were removed."""
        removed, more = 0, True
        while more:  # a few in a transaction: GitHub's deliveries wait for it
            with self.database.writing() as tables:
                old = [tuple(row) for row in tables.execute(_OLD, [before, json.dumps(sorted(ENDED)), _REMOVED])]
                tables.executemany("DELETE FROM bodies WHERE number = ?", old)
                tables.executemany("DELETE FROM deliveries WHERE number = ?", old)
            removed, more = removed + len(old), len(old) == _REMOVED
        with self.database.writing() as tables:
            tables.execute("DELETE FROM seen WHERE at < ?", [seen_before])
        return removed

    def _deliveries(self, statement: str, values: list[object]) -> list[Delivery]:
        return [Delivery(*row) for row in self.database.rows(statement, values)]

    def _write(self) -> None:
        """The one thread that writes what is put."""
        while True:
            group, more = self._group()
            if group:
                self._keep(group)
            if not more:
                return

    def _group(self) -> tuple[list[_Waiting], bool]:
        """Those that are there, at least one; and whether there may be more."""
        group: list[_Waiting] = []
        size = 0
        while not group or (len(group) < _GROUP and size < _GROUP_BYTES and not self._waiting.empty()):
            one = self._waiting.get()
            if one is None:
                return group, False
            if one.told.set_running_or_notify_cancel():  # else who put it waits no longer, and has not been answered
                group.append(one)
                size += len(one.body)
        return group, True

    def _keep(self, group: list[_Waiting]) -> None:
        try:
            with self.database.writing() as tables:
                answers = [_keep(tables, one.delivery, one.body, self._now()) for one in group]
                for state in {one.delivery.state for one in group} - {"waiting"}:
                    _forget(tables, state)
        except Exception as error:  # noqa: BLE001 - whatever it is: those who wait would never have an answer
            reason = str(error) if isinstance(error, sqlite3.Error | OSError) else type(error).__name__
            told: EngineError = failure("ENG749", reason=reason)
            for one in group:
                one.told.set_exception(told)
            return
        for one, answer in zip(group, answers, strict=True):
            one.told.set_result(answer)


def _keep(tables: sqlite3.Connection, delivery: Delivery, body: bytes, at: str) -> Put:
    found = tables.execute(_BEFORE, [delivery.id]).fetchone()
    if found is not None:
        if found["digest"] != delivery.digest:
            return "other_body"
        if found["is_aside"] and delivery.state == "waiting":  # its source is one by now, and GitHub was asked again
            tables.execute("DELETE FROM deliveries WHERE id = ?", [delivery.id])
        else:
            return "known"
    if delivery.state == "waiting":
        # By what it says, too: an id is not signed, and one body under new ids would be work without end.
        was_seen = tables.execute("SELECT at FROM seen WHERE digest = ?", [delivery.digest]).fetchone()
        if was_seen and not (delivery.event in _SAID_AGAIN and was_seen["at"] < later(at, -_AGAIN_S)):
            return "known"
        tables.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", [delivery.digest, delivery.id, at])
    number = tables.execute(_INSERT, delivery[:-1]).lastrowid
    if delivery.state == "waiting":
        tables.execute("INSERT INTO bodies VALUES (?, ?, ?)", [number, len(body), zlib.compress(body, 1)])
    return "new"


def _forget(tables: sqlite3.Connection, state: State) -> None:
    """All but the newest of those that were put aside when they came."""
    tables.execute(
        """DELETE FROM deliveries WHERE state = ? AND number NOT IN (SELECT number FROM bodies) AND number <=
        (SELECT number FROM deliveries WHERE state = ? ORDER BY number DESC LIMIT 1 OFFSET ?)""",
        [state, state, _ASIDE],
    )
