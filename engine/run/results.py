"""The directory that keeps what a run makes: of one run at a time, and with nothing in it that another run claimed.

A verdict or a report that an earlier run left there could be taken for the answer of one that was refused.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from engine.adapters import files
from engine.errors import EngineError, failure

_RUN = "run.json"  # says which run's results these are
_CLAIMS = ("statement.json", "receipts.json", "report.md", "report.json", _RUN)


@contextmanager
def directory(asked: str | None) -> Iterator[str]:
    """The real path of `asked`, made where it is not there; without it, of one that is removed at the end.

    Raises:
        EngineError: ENG002 it cannot be written, ENG008 others can write to it, ENG558 another run writes into it.
    """
    with ExitStack() as stack:
        path = os.path.abspath(asked) if asked else stack.enter_context(_temporary())
        with files.failing("ENG002", path):
            path.encode()  # reports and journals name files below it
        files.make_directory(path, named=True)
        path = os.path.realpath(path)
        stack.enter_context(_alone(path))
        yield path


def claim(out: str, run: str | None) -> None:
    """From here on these are the results of `run`, and no others are there. None: of one that nobody goes on with.

    What is there of the same run stays: it goes on, or is told again.

    Raises:
        EngineError: ENG002.
    """
    if run is None or _run(out) != run:
        forget(out)
    if run:
        keep(out, _RUN, {"run": run})


def _run(out: str) -> str | None:
    try:
        found = json.loads(files.read(os.path.join(out, _RUN), 10_000))["run"]
    except (EngineError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def clear(directories: Iterable[str]) -> None:
    """Remove what earlier runs have claimed there."""
    for path in directories:
        if os.path.isdir(path):
            for name in _CLAIMS:
                files.remove(os.path.join(path, name))


def forget(out: str) -> None:
    """Remove what an earlier run has claimed there, and below it for its pipelines where there were several."""
    clear([out])
    try:
        earlier = json.loads(files.read(os.path.join(out, "decision.json")))["pipelines"]
        names = {str(name) for row in earlier for name in (row["name"], row["then"]) if name}
    except (EngineError, ValueError, LookupError, TypeError, RecursionError):
        return  # there was none, or it was not ours
    below = [os.path.join(out, name) for name in names if os.path.basename(name) == name and name.strip(".")]
    for folder in below:
        forget(folder)


def keep(folder: str, name: str, value: object) -> str:
    """Write a JSON value; its file.

    Raises:
        EngineError: ENG002.
    """
    file = os.path.join(folder, name)
    files.write(file, json.dumps(value, indent=2, ensure_ascii=False).encode())
    return file


@contextmanager
def _temporary() -> Iterator[str]:
    from tempfile import TemporaryDirectory, gettempdir

    with files.failing("ENG002", gettempdir()):
        made = TemporaryDirectory(prefix="interlock-run-", ignore_cleanup_errors=True)
    with made as path:
        yield path


@contextmanager
def _alone(path: str) -> Iterator[None]:
    with files.failing("ENG002", path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not files.take(handle):
            raise failure("ENG558", directory=path)
        yield
    finally:
        os.close(handle)
