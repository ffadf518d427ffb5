"""The directory of one sandbox: whose it is, held by one process, emptied only when everything in it is a sandbox's.

A lock of the system (`flock`) ends with the process that holds it, also when that is killed.
"""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from engine.adapters import files
from engine.errors import failure

MARK = "sandbox.json"  # says that a directory is a sandbox's; the lock is on it
_MARKED = {"interlock": "sandbox", "version": 1}
_LENGTH = 99
# Everything that a sandbox puts into its directory; --reset removes these, and nothing where there is anything else.
CONTENTS = frozenset(
    {MARK, "forge.db", "forge.db-wal", "forge.db-shm", "app-key.pem", "repositories"}
    | {"runs", "controller", "controller.new", "keys", "serve"}  # of the engine on it
    | {"aws.port", "aws.port.new", "aws-accounts.json", "aws.kept", "aws.kept.new", "aws-credentials"}
)


@contextmanager
def held(directory: str | None, *, reset: bool = False) -> Iterator[str]:
    """The sandbox's directory, absolute, for nobody else until the end of the block; without one, one of its own.

    Raises:
        EngineError: ENG002 it cannot be written, ENG534 it is not a sandbox's, ENG538 another process holds it, ENG564
            it was made by a later release, ENG565 it has contents that no sandbox made.
    """
    if directory is None:
        own = tempfile.mkdtemp(prefix="interlock-sandbox-")
        try:
            with _locked(own):
                yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)
        return
    path = os.path.abspath(directory)
    _prepare(path)
    with _locked(path):
        if reset:
            _empty(path)
        yield path


def _prepare(path: str) -> None:
    """A directory of ours, no link, that is new, empty, or a sandbox's."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode):
            raise failure("ENG534", directory=path, reason="it is a link, or no directory")
        if found.st_uid != os.geteuid():
            raise failure("ENG534", directory=path, reason="it belongs to another user")
        names = os.listdir(path)
        if names and MARK not in names:
            raise failure("ENG534", directory=path, reason=f"it holds {sorted(names)[0]}")
        os.chmod(path, 0o700)
    except OSError as error:
        raise failure("ENG002", file=path, reason=error.strerror or str(error)) from error


@contextmanager
def _locked(path: str) -> Iterator[None]:
    mark = os.path.join(path, MARK)
    try:
        descriptor = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise failure("ENG002", file=mark, reason=error.strerror or str(error)) from error
    with open(descriptor, "r+", encoding="utf-8") as file:
        if not files.take(descriptor):
            raise failure("ENG538", directory=path, holder=_holder(file.read(200)))
        _check(path, file.read(200))
        try:
            # Over what stands there, as long as that: a full disk must not make it no sandbox's any more.
            os.pwrite(descriptor, (json.dumps({**_MARKED, "pid": os.getpid()}).ljust(_LENGTH) + "\n").encode(), 0)
        except OSError as error:
            raise failure("ENG002", file=mark, reason=error.strerror or str(error)) from error
        yield


def _check(path: str, said: str) -> None:
    """What stands in the mark, under the lock; nothing in a directory that is new."""
    if not said:
        if set(os.listdir(path)) != {MARK}:
            raise failure("ENG534", directory=path, reason=f"its {MARK} is empty")
        return
    found = _read(said)
    if found.get("interlock") != _MARKED["interlock"]:
        raise failure("ENG534", directory=path, reason=f"its {MARK} is not a sandbox's")
    if found.get("version") != _MARKED["version"]:
        raise failure("ENG564", directory=path)


def _holder(said: str) -> str:
    return str(_read(said).get("pid", "that is just starting"))


def _read(said: str) -> dict[str, object]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _empty(path: str) -> None:
    """Remove what a sandbox has made, if there is nothing else. Links are removed, never followed.

    The rows go first: without them the rest is nothing, should we be killed now.
    """
    names = sorted(os.listdir(path), key=lambda name: (name != "forge.db", name))
    for name in names:
        if name not in CONTENTS or os.path.islink(os.path.join(path, name)):
            raise failure("ENG565", directory=path, name=name)
    try:
        for name in names:
            file = os.path.join(path, name)
            if os.path.isdir(file):
                shutil.rmtree(file)
            elif name != MARK:
                os.unlink(file)
    except OSError as error:
        raise failure("ENG002", file=path, reason=error.strerror or str(error)) from error
