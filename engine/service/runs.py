"""The runs of serve, as rows beside the inbox: what the worker does, and what people ask it to do.

| state | what it says |
|---|---|
| queued | it is to be started: another of its pull request goes, every place is taken, or it is `not_before` a moment |
| running | it goes |
| done | it has come to its end, whatever that is: `exit_code`, `outcome` |
| failed | it could not be carried out, and is not tried again by itself |
| superseded | a newer head came before it had validated this one |
| cancelled | somebody has said so |
| poisoned | it has ended the process that carried it out, again and again |

A row is of one delivery. What it is to the store (`engine`) is another run where the first one came upon a lock and has
ended: a run that has ended is only told again.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from sqlite3 import Row
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.adapters import clock
from engine.core.canonical import digest
from engine.core.moment import later
from engine.errors import ExitCode, failure
from engine.service import runlog
from engine.service.database import Database
from engine.service.runlog import Line

RunState: TypeAlias = Literal["queued", "running", "done", "failed", "superseded", "cancelled", "poisoned"]
PENDING: tuple[RunState, ...] = ("queued", "running")
AGAIN: tuple[RunState, ...] = ("failed", "cancelled", "poisoned")  # what a person may have started again
LONGEST_S = 900  # that a run waits for its next turn
HELD = "9999-12-31T23:59:59Z"  # not before somebody says so
FILE = "inbox.db"
LOG, STEPS = "log", "steps"  # files of a run
_FOLDER = "runs"
LOG_LIMIT = 8 * 1024 * 1024  # bytes of a log: a run that says more has something wrong with it

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  row INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE, delivery TEXT NOT NULL, event TEXT NOT NULL,
  action TEXT NOT NULL, repo TEXT NOT NULL, number INTEGER, subject TEXT NOT NULL, head TEXT NOT NULL,
  queued_at TEXT NOT NULL, state TEXT NOT NULL, pipeline TEXT NOT NULL, outcome TEXT NOT NULL, exit_code INTEGER,
  started_at TEXT NOT NULL, ended_at TEXT NOT NULL, phase TEXT NOT NULL, reason TEXT NOT NULL,
  not_before TEXT NOT NULL, tries INTEGER NOT NULL, failures INTEGER NOT NULL, locks INTEGER NOT NULL,
  turn INTEGER NOT NULL, asked TEXT NOT NULL, asked_by TEXT NOT NULL, resume INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_state ON runs (state, not_before);
CREATE INDEX IF NOT EXISTS runs_subject ON runs (repo, number);
CREATE INDEX IF NOT EXISTS runs_delivery ON runs (delivery);
CREATE INDEX IF NOT EXISTS runs_started ON runs (started_at);
"""


class Run(NamedTuple):
    """One row. Moments are RFC 3339, or empty where there was none yet."""

    run: str
    delivery: str  # empty: it is of the clock
    event: str
    action: str
    repo: str  # owner/name; empty: of none
    number: int | None  # of its pull request
    subject: str  # owner/name#5, owner/name@ref, owner/name
    head: str  # that the event has seen
    queued_at: str
    state: RunState = "queued"
    pipeline: str = ""  # names with `, ` between; empty until it is decided
    outcome: str = ""  # the word for its exit code: done, waiting, negative, stale, …
    exit_code: int | None = None
    started_at: str = ""  # the first time
    ended_at: str = ""
    phase: str = ""  # the last that it has said
    reason: str = ""  # why it is where it is, for a person
    not_before: str = ""  # it waits until then
    tries: int = 0  # starts without an end, since the last end
    failures: int = 0  # ends without an outcome
    locks: int = 0  # ends because somebody else was at work
    turn: int = 1  # how often it has been handed to the queue
    asked: str = ""  # `cancel`, where somebody has
    asked_by: str = ""  # who has asked for the last thing that was asked
    resume: int = 0  # 1: a person wants it to go on, whoever had begun it
    row: int = 0  # the order in which they came

    @property
    def engine(self) -> str:
        """Its id in the store, its journal's and its statements'."""
        return f"{self.run}~{self.locks + 1}" if self.locks else self.run

    @property
    def group(self) -> str:
        """What goes one after another: all of one pull request, or of one branch. Others wait for nobody."""
        return self.subject if "#" in self.subject or "@" in self.subject else self.run

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {**self._asdict(), "engine": self.engine, "resume": bool(self.resume)}


class Runs:
    """Thread-safe, and safe with processes. Every method raises EngineError ENG788 where the file cannot be used."""

    def __init__(self, state_dir: str) -> None:
        """Of the serve whose state is there."""
        self._folder = os.path.join(state_dir, _FOLDER)
        self._database = Database(os.path.join(state_dir, FILE), _SCHEMA)

    def find(
        self,
        states: Iterable[RunState] = (),
        *,
        repo: str = "",
        number: int | None = None,
        event: str = "",
        before: int = 0,
        limit: int = 50,
        oldest: bool = False,
    ) -> list[Run]:
        """The newest first, or the `oldest`; of all states where none is named. `before`: the `row` of the last one."""
        states = tuple(states)
        wanted = {"repo": repo, "number": number, "event": event}
        parts = [f"{name} = :{name}" for name, value in wanted.items() if value]
        parts += ["row < :before"] if before else []
        parts += [f"state IN ({', '.join(f':state{n}' for n in range(len(states)))})"] if states else []
        where = f"WHERE {' AND '.join(parts)}" if parts else ""
        sql = f"SELECT * FROM runs {where} ORDER BY row {'ASC' if oldest else 'DESC'} LIMIT :limit"  # noqa: S608 - names are ours
        values = {**wanted, "before": before, "limit": limit, **{f"state{n}": one for n, one in enumerate(states)}}
        return [_run(row) for row in self._rows(sql, values)]

    def get(self, run: str) -> Run | None:
        """That one."""
        return next((_run(row) for row in self._rows("SELECT * FROM runs WHERE run = ?", (run,))), None)

    def counts(self) -> Mapping[str, int]:
        """How many there are, by state."""
        return {row[0]: row[1] for row in self._rows("SELECT state, count(*) FROM runs GROUP BY state")}

    def folder(self, run: str) -> str:
        """Where everything of it is kept, while it is kept. Its name is safe whatever the delivery was called."""
        safe = run if len(run) <= 80 and run.replace("-", "").replace("_", "").isalnum() and run.isascii() else ""
        return os.path.join(self._folder, safe or "x-" + digest(run).rpartition(":")[2][:40])

    def log(self, run: str, after: int = 0) -> list[Line]:
        """All that it has said since line `after`; nothing where that is not kept any more."""
        return runlog.lines(self.log_file(run), after)

    def log_file(self, run: str) -> str:
        """Where that stands, for whoever looks at a part of it."""
        return os.path.join(self.folder(run), LOG)

    def steps_file(self, run: str) -> str:
        """Where it stands how far its resources have come (`service/steps`)."""
        return os.path.join(self.folder(run), STEPS)

    def ask_cancel(self, run: str, who: str) -> Run:
        """It is to end, as soon as that harms nothing; `who` has said so.

        Raises:
            EngineError: ENG790 there is no such run, ENG791 it has ended.
        """
        found = self._there(run)
        if not self._set(found, PENDING, asked="cancel", asked_by=who):
            raise failure("ENG791", run=run, reason="it has ended")
        return self._there(run)

    def resume(self, run: str, who: str) -> Run:
        """It is to go on where it was, and is queued; `who` has said so.

        Raises:
            EngineError: ENG790 there is no such run, ENG791 it goes, or has come to its end.
        """
        found = self.resumable(run)
        values = {"asked": "", "asked_by": who, "not_before": "", "resume": 1, "tries": 0, "failures": 0}
        if not self._set(found, AGAIN, state="queued", turn=found.turn + 1, ended_at="", reason="", **values):
            self.resumable(run)  # somebody was quicker
        return self._there(run)

    def resumable(self, run: str) -> Run:
        """That one, if it can be had to go on.

        Raises:
            EngineError: as `resume`.
        """
        found = self._there(run)
        if found.state not in AGAIN:
            raise failure("ENG791", run=run, reason="it goes" if found.state in PENDING else "it has come to its end")
        return found

    def add(self, run: Run) -> None:
        """A new one; one that is there stays as it is."""
        kept = [name for name in Run._fields if name != "row"]
        names, places = ", ".join(kept), ", ".join(f":{name}" for name in kept)
        self._change(f"INSERT OR IGNORE INTO runs ({names}) VALUES ({places})", run._asdict())  # noqa: S608 - ours

    def due(self, now: str) -> list[Run]:
        """Those that are to be started, the oldest first. What waits longer than anything does, though it is not
        held, was told to by a clock that was wrong."""
        sql = """SELECT * FROM runs WHERE state = 'queued'
            AND (not_before <= :now OR (not_before > :far AND not_before != :held)) ORDER BY row"""
        return [_run(row) for row in self._rows(sql, {"now": now, "far": later(now, LONGEST_S), "held": HELD})]

    def begun(self, since: str, now: str) -> Mapping[str, int]:
        """How many of deliveries have begun between these moments, by source in small letters."""
        sql = """SELECT lower(repo), count(*) FROM runs WHERE started_at > ? AND started_at <= ? AND delivery != ''
            GROUP BY lower(repo)"""
        return {row[0]: row[1] for row in self._rows(sql, (since, now))}

    def asked(self) -> list[Run]:
        """Those that somebody wants to end."""
        sql = "SELECT * FROM runs WHERE state IN ('queued', 'running') AND asked = 'cancel'"
        return [_run(row) for row in self._rows(sql)]

    def set(self, run: str, states: Iterable[RunState] = PENDING, **values: Any) -> bool:
        """Write these columns, if it is in one of these states."""
        found = self.get(run)
        return found is not None and self._set(found, states, **values)

    def begin(self, run: str, turn: int, values: Mapping[str, Any]) -> bool:
        """It goes; not, if it has ended meanwhile, or has another turn."""
        found = self.get(run)
        return found is not None and found.turn == turn and self._set(found, PENDING, **values)

    def end(self, run: str, state: RunState, exit_code: int | None, **values: Any) -> bool:
        """It has come to its end, if it had not before."""
        outcome = "" if exit_code is None else ExitCode(exit_code).name.lower()
        said = {"exit_code": exit_code, "outcome": outcome, "asked": "", "resume": 0, "ended_at": clock.now()}
        return self.set(run, state=state, **{**said, **values})

    def prune(self, before: str) -> list[str]:
        """Forget what ended before that moment: rows; the runs whose directories are to be removed."""
        ended = "ended_at != '' AND ended_at < ? AND state NOT IN ('queued', 'running')"
        sql = f"DELETE FROM runs WHERE {ended} RETURNING run"  # noqa: S608 - ours
        with _failing(), self._database.writing() as tables:
            return [row[0] for row in tables.execute(sql, (before,))]

    def close(self) -> None:
        """Nobody uses it any more."""
        self._database.close()

    def _rows(self, sql: str, values: Any = ()) -> list[Row]:
        with _failing():
            return self._database.rows(sql, values)

    def _change(self, sql: str, values: Any) -> int:
        with _failing(), self._database.writing() as tables:
            return tables.execute(sql, values).rowcount

    def _there(self, run: str) -> Run:
        found = self.get(run)
        if found is None:
            raise failure("ENG790", run=run)
        return found

    def _set(self, run: Run, states: Iterable[RunState], **values: Any) -> bool:
        states = tuple(states)
        columns = ", ".join(f"{name} = :{name}" for name in values)
        among = ", ".join(f":state{n}" for n in range(len(states)))
        given = {**values, "at": run.run, **{f"state{n}": one for n, one in enumerate(states)}}
        sql = f"UPDATE runs SET {columns} WHERE run = :at AND state IN ({among})"  # noqa: S608 - names are ours
        return self._change(sql, given) == 1


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise failure("ENG788", file=FILE, reason=str(error)) from error


def of_delivery(
    delivery: str, *, event: str, action: str, repo: str, number: int | None, subject: str, head: str, run: str = ""
) -> Run:
    """The row of a delivery that is to be carried out."""
    return Run(run or f"gh-{delivery}", delivery, event, action, repo, number, subject, head, clock.now())


def _run(row: Row) -> Run:
    return Run(**{name: row[name] for name in Run._fields})
