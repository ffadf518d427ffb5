"""A trail in a file of this machine: for runs without a store.

Batches are written behind one another, one writer at a time (`flock`), each on the disk before anybody is told. What a
writer that was killed has left behind the last head was never said by anybody: the next one takes it off.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from engine.adapters import files
from engine.core.audit import chain
from engine.core.audit.chain import Head
from engine.core.audit.record import LARGEST, begins
from engine.errors import failure

_READ = 1 << 16  # bytes at once, from the end on
_MOST = (chain.MOST + 2) * LARGEST  # bytes of a batch
_START = begins(chain.START.digest, 1)


class File:
    """A `Place`: the file is made where it is not there."""

    def __init__(self, path: str) -> None:
        self._path = path

    def end(self, after: Head | None) -> Head | None:
        """The head that stands last in the file."""
        del after
        with self._opened() as handle:
            return self._last(handle)[0]

    def put(self, number: int, data: bytes) -> bool:
        """Put the batch behind the others."""
        with self._opened() as handle:
            last, whole = self._last(handle)
            if number != (last.number if last else 0) + 1:
                return False
            os.ftruncate(handle, whole)
            try:
                _write(handle, data, whole)
                os.fsync(handle)
                if whole == 0:
                    _sync_name(self._path)
            except OSError:
                os.ftruncate(handle, whole)  # half of it was said to nobody
                raise
            return True

    @contextmanager
    def _opened(self) -> Iterator[int]:
        with files.failing("ENG002", self._path):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle
            finally:
                os.close(handle)

    def _last(self, handle: int) -> tuple[Head | None, int]:
        """The last head, and where the file goes on behind it.

        Raises:
            EngineError: ENG721, no head is there, but something else.
        """
        size = start = os.fstat(handle).st_size
        data = b""
        while start and len(data) < _MOST:
            start = max(0, start - _READ)
            data = os.pread(handle, size - start, start)
            lines = data.split(b"\n")
            end = size - len(lines[-1])  # what is not ended was said to nobody
            for place in range(len(lines) - 2, 0 if start else -1, -1):  # the first of them may begin further ahead
                if chain.is_head(lines[place]):
                    return self._head(lines[place]), end
                end -= len(lines[place]) + 1
        if start or not _START.startswith(data[: len(_START)]):
            raise failure("ENG721", key=self._path, reason="it is no trail, or no head is near its end")
        return None, 0

    def _head(self, line: bytes) -> Head:
        try:
            return chain.head(line)
        except (ValueError, RecursionError) as error:
            raise failure("ENG721", key=self._path, reason=error) from None


def _write(handle: int, data: bytes, at: int) -> None:
    while data:
        done = os.pwrite(handle, data, at)
        data, at = data[done:], at + done


def _sync_name(path: str) -> None:
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
