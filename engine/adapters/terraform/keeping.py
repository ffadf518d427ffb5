"""The directories that are kept (`opened`): whose they are, and which of them nobody needs any more."""

import contextlib
import os
import shutil
import time

from engine.adapters import attached, files
from engine.adapters.pauses import pauses
from engine.adapters.terraform.workspace import OLD_S
from engine.errors import EngineError

_ENDINGS, _FIRST_S, _LONGEST_S = 6, 0.05, 1.0  # for some seconds


def attempts(folder: str) -> list[int]:
    """The numbers of its attempts."""
    return sorted(int(name) for name in os.listdir(folder) if name.isdecimal())


def own(folder: str, wait_s: float | None = None) -> int | None:
    """The held lock of a folder, which is made if need be; None: somebody has it (`files.take` is how long we wait).

    Raises:
        OSError, EngineError: it cannot be made, or is not ours alone.
    """
    while True:
        files.make_directory(folder)
        file = os.path.join(folder, "lock")
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # closed by another process at this moment
            continue
        if not files.take(handle, wait_s):
            os.close(handle)
            return None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.lstat(file)):
                return handle
        os.close(handle)


def remove_unbegun(folder: str) -> bool:
    """Remove what was planned in it and not begun to apply. Is nothing left?"""
    left = False
    for number in attempts(folder):
        attempt = os.path.join(folder, str(number))
        if os.path.lexists(os.path.join(attempt, "apply", attached.BEGUN)):
            left = True
        else:
            _remove(attempt)
    return not left


def _remove(attempt: str) -> None:
    """Whoever was killed may have left a Terraform that still writes there, and ends in a moment."""
    for pause in pauses(_ENDINGS, _FIRST_S, _LONGEST_S):
        try:
            return shutil.rmtree(attempt)
        except OSError:
            time.sleep(pause)
    shutil.rmtree(attempt)


def remove_old(kept: str) -> None:
    """What killed runs have planned and not begun to apply. What was begun stays, however old it is."""
    for entry in os.scandir(kept):
        # Another run removes it, too; what is not ours alone is its own run's business.
        with contextlib.suppress(FileNotFoundError, EngineError):
            if entry.stat(follow_symlinks=False).st_mtime >= time.time() - OLD_S:
                continue
            held = own(entry.path, 0)
            if held is None:
                continue
            try:
                if remove_unbegun(entry.path):
                    shutil.rmtree(entry.path, ignore_errors=True)
            finally:
                os.close(held)
