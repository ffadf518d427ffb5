"""DBOS: which runs go, how many at once and at most one of a group; what went when the process died goes again.

The only module that knows it. What came of a run, and how far it is, is in `runs` and in its journal: a row of the
queue is one turn of one run, has one step, and says nothing else.

What it does by itself and we must not have (each was seen in an experiment): its own SQLite engine counts and claims
in two transactions; its version of an application is a digest of sources, and what another version has begun is
nobody's; its executor is called `local` whoever it is; it pickles. A process has one DBOS, and so one `Queue`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.errors import failure
from engine.service.database import make

if TYPE_CHECKING:
    from sqlalchemy import Engine

FILE = "queue.db"
_NAME, _QUEUE, _WORK, _TICK = "interlock", "runs", "run", "tick"
# Of the shape of the workflow below, never of us: with another one, what an older release has begun stays lying.
_SHAPE = "1"
_POLL_S = 0.1
_RECOVERIES = 50  # `runs` counts for itself how often a run has ended us, and stops long before
_EVERY_MINUTE = "* * * * *"
_LOOKED_AT = 500  # of what has ended, in one go
_PATIENCE_MS = 30_000


class Queue:
    """Starts `work(key)` in a thread for each key that is enqueued, and `tick()` once a minute."""

    def __init__(
        self, state_dir: str, executor: str, parallelism: int, work: Callable[[str], None], tick: Callable[[], None]
    ) -> None:
        """Goes on with what `executor` had begun. Nobody else may be that executor: whoever calls holds a lock on it.

        `work` and `tick` raise nothing: what they raise ends that turn and is only in the log.

        Raises:
            EngineError: ENG788, the file cannot be used.
        """
        from dbos import DBOS, DBOSPortableJSONSerializer

        path = os.path.join(state_dir, FILE)
        with _failing(path):
            make(path)
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
                    "executor_id": executor,
                    "serializer": DBOSPortableJSONSerializer(),
                    "scheduler_polling_interval_sec": 5.0,
                    "enable_otlp": False,
                    "log_level": "WARNING",
                }
            )

            @DBOS.workflow(name=_WORK, max_recovery_attempts=_RECOVERIES)
            def run(key: str) -> None:
                DBOS.run_step({"name": _WORK}, work, key)

            @DBOS.workflow(name=_TICK, max_recovery_attempts=_RECOVERIES)
            def strike(_at: Any, _context: Any) -> None:
                DBOS.run_step({"name": _TICK}, tick)

            self._run = run
            DBOS.launch()
            DBOS.register_queue(
                _QUEUE,
                global_concurrency=parallelism,
                partition_concurrency=1,
                polling_interval_sec=_POLL_S,
                on_conflict="always_update",
            )
            DBOS.apply_schedules([{"schedule_name": _TICK, "workflow_fn": strike, "schedule": _EVERY_MINUTE}])

    def enqueue(self, key: str, group: str) -> None:
        """To be started, when it is its turn; one that was enqueued before stays what it is.

        Raises:
            EngineError: ENG788.
        """
        from dbos import SetEnqueueOptions, SetWorkflowID

        with _failing(self._path), SetWorkflowID(key), SetEnqueueOptions(queue_partition_key=group):
            self._dbos.enqueue_workflow(_QUEUE, self._run, key)

    def pending(self) -> set[str]:
        """The keys that have not ended.

        Raises:
            EngineError: ENG788.
        """
        with _failing(self._path):
            found = self._dbos.list_workflows(
                status=["ENQUEUED", "PENDING", "DELAYED"], name=_WORK, load_input=False, load_output=False
            )
        return {one.workflow_id for one in found}

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
    except (OSError, SQLAlchemyError, errors.DBOSException) as error:
        raise failure("ENG788", file=path, reason=str(error)) from error
