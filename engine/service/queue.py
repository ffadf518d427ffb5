"""DBOS: which runs go, how many at once and at most one of a group; what went when the process died goes again.

The only module that knows it. What came of a run, and how far it is, is in `runs` and in its journal: a row of the
queue is one turn of one run, has one step, and says nothing else.

What it does by itself and we must not have (each was seen in an experiment): its own SQLite engine counts and claims
in two transactions; its version of an application is a digest of sources, and what another version has begun is
nobody's; what went in the hand of an executor that does not come back keeps its place for ever; its schedule follows
the clock, so one that is set back stops it and one that is set forward has it strike for each minute; it pickles; what
it cannot write of a turn while the disk is full it never writes, and that turn keeps its place and its group's. A
process has one DBOS, and so one `Queue`.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from engine.errors import failure
from engine.service import log
from engine.service.database import make

if TYPE_CHECKING:
    from sqlalchemy import Engine

FILE = "queue.db"
_NAME, _QUEUE, _WORK = "interlock", "runs", "run"
# Always the same: a state has one worker, by a lock, and what the last one had in hand is this one's. A name in a file
# would be missing in a copy of the state, and what went when it was made would be nobody's.
_EXECUTOR = "worker"
# Of the shape of the workflow below, never of us: with another one, what an older release has begun stays lying.
_SHAPE = "1"
_POLL_S = 0.1
_RECOVERIES = 50  # `runs` counts for itself how often a run has ended us, and stops long before
_LOOKED_AT = 500  # of what has ended, in one go
_PATIENCE_MS = 30_000
_NOBODYS_S = 30.0  # after which what goes by the file, and in no thread, will not go any more


class Queue:
    """Starts `work(key)` in a thread for each key that is enqueued."""

    def __init__(self, state_dir: str, parallelism: int, work: Callable[[str], None]) -> None:
        """Goes on with what the last one had begun. Whoever calls holds a lock on the state: there is one at a time.

        `work` raises nothing: what it raises ends that turn and is only in the log. A file that is none any more is
        put aside: `inbox.db` says all that was in it.

        Raises:
            EngineError: ENG788, the file cannot be used.
        """
        from dbos import DBOS, DBOSPortableJSONSerializer

        path = os.path.join(state_dir, FILE)
        self._lock = threading.Lock()
        self._going = set[str]()  # in threads of this process
        self._nobodys = dict[str, float]()  # key → since when it was seen to go by the file alone
        with _failing(path):
            make(path)
            _put_aside_if_damaged(path)
            url = f"sqlite:///{path}"
            DBOS.migrate(url)
            self._path, self._dbos = path, DBOS
            DBOS(
                config={
                    "name": _NAME,
                    "system_database_url": url,
                    "system_database_engine": _engine(url),
                    "run_migrations": False,
                    "application_version": _SHAPE,
                    "executor_id": _EXECUTOR,
                    "serializer": DBOSPortableJSONSerializer(),
                    "enable_otlp": False,
                    "log_level": "WARNING",
                }
            )

            @DBOS.workflow(name=_WORK, max_recovery_attempts=_RECOVERIES)
            def run(key: str) -> None:
                with self._at_work(key):
                    DBOS.run_step({"name": _WORK}, work, key)

            self._run = run
            DBOS.launch()
            DBOS.register_queue(
                _QUEUE,
                global_concurrency=parallelism,
                partition_concurrency=1,
                polling_interval_sec=_POLL_S,
                on_conflict="always_update",
            )

    def enqueue(self, key: str, group: str) -> None:
        """To be started, when it is its turn; one that was enqueued before stays what it is.

        Raises:
            EngineError: ENG788.
        """
        from dbos import SetEnqueueOptions, SetWorkflowID

        with _failing(self._path), SetWorkflowID(key), SetEnqueueOptions(queue_partition_key=group):
            self._dbos.enqueue_workflow(_QUEUE, self._run, key)

    def pending(self) -> set[str]:
        """The keys that have not ended. One that goes nowhere, though the file says so, is ended here: what DBOS could
        not write of its start or its end it writes no more, and its place would be nobody's until the next process.

        Raises:
            EngineError: ENG788.
        """
        with _failing(self._path):
            found = self._dbos.list_workflows(
                status=["ENQUEUED", "PENDING", "DELAYED"], name=_WORK, load_input=False, load_output=False
            )
            given_up = self._given_up({one.workflow_id for one in found if one.status == "PENDING"})
            if given_up:
                self._dbos.cancel_workflows(sorted(given_up))
                log.warning("turns that were in nobody's hand are given up", keys=", ".join(sorted(given_up)))
        return {one.workflow_id for one in found} - given_up

    def _given_up(self, begun: set[str]) -> set[str]:
        now = time.monotonic()
        with self._lock:
            self._nobodys = {key: self._nobodys.get(key, now) for key in begun - self._going}
            return {key for key, since in self._nobodys.items() if now - since >= _NOBODYS_S}

    @contextmanager
    def _at_work(self, key: str) -> Iterator[None]:
        with self._lock:
            self._going.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._going.discard(key)

    def forget(self, before: str) -> int:
        """Remove what has ended before that moment; how many were removed.

        Raises:
            EngineError: ENG788.
        """
        count = 0
        with _failing(self._path):
            while found := self._dbos.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                completed_before=before,
                limit=_LOOKED_AT,
                load_input=False,
                load_output=False,
            ):
                self._dbos.delete_workflows([one.workflow_id for one in found])
                count += len(found)
        return count

    def stop(self) -> None:
        """Nothing more is started. What goes on in its threads is not waited for."""
        self._dbos.destroy(destroy_registry=True)


def _put_aside_if_damaged(path: str) -> None:
    with closing(sqlite3.connect(path, timeout=_PATIENCE_MS / 1000)) as file:
        try:
            found = file.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError:
            raise  # locked, or the disk: nothing is known of what stands in it
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found == "ok":
        return
    log.error("the queue was damaged, and is made anew from the inbox", file=path, reason=found)
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(path + end, f"{path}.damaged{end}")
    make(path)


def _engine(url: str) -> "Engine":
    """An engine that several processes may use: each transaction takes the file before it reads what it counts."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url)

    @sqlalchemy.event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={_PATIENCE_MS}",
            "foreign_keys=ON",
            "journal_mode=WAL",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sqlalchemy.event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def _failing(path: str) -> Iterator[None]:
    from dbos import error as errors
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (OSError, sqlite3.Error, SQLAlchemyError, errors.DBOSException) as error:
        raise failure("ENG788", file=path, reason=str(error)) from error
