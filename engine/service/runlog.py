"""What a run has said, as lines of a file that grows: all of it, its end, or what is new in it; however long it is."""

import os
from collections.abc import Iterator
from typing import NamedTuple

_PART = 256 * 1024  # bytes that are read at once
_LARGEST = 8 * 1024 * 1024  # of one line: what says more at once has something wrong with it


class Line(NamedTuple):
    """What a run has said."""

    number: int  # from 1
    at: str
    text: str


class RunLog:
    """Reads on from where it was. What is not kept any more has no lines."""

    def __init__(self, file: str, after: int = 0) -> None:
        """Begins behind line `after`."""
        self._file = file
        self._offset = self._number = 0
        while self._number < after and (rows := self._rows(after - self._number)):
            self._number += len(rows)

    def more(self, most: int) -> list[Line]:
        """The next lines, so many at most. One that has not ended yet is none."""
        found = list[Line]()
        while len(found) < most and (rows := self._rows(most - len(found))):
            found += [self._line(row) for row in rows]
        return found

    def _line(self, row: bytes) -> Line:
        self._number += 1
        at, _, text = row.decode(errors="replace").partition(" ")
        return Line(self._number, at, text)

    def _rows(self, most: int) -> list[bytes]:
        for size in (_PART, _LARGEST):
            *rows, _ = _read(self._file, self._offset, size).split(b"\n", most)
            if rows:
                break
        self._offset += sum(len(row) + 1 for row in rows)
        return rows


def lines(file: str, after: int = 0) -> list[Line]:
    """All of them behind line `after`."""
    log, found = RunLog(file, after), list[Line]()
    while more := log.more(_PART):
        found += more
    return found


def tail(file: str, most: int) -> list[Line]:
    """The last ones, so many at most."""
    number = sum(part.count(b"\n") for part in _parts(file))
    return RunLog(file, max(0, number - most)).more(most)


def _parts(file: str) -> Iterator[bytes]:
    offset = 0
    while part := _read(file, offset, _PART):
        yield part
        offset += len(part)


def _read(file: str, offset: int, size: int) -> bytes:
    try:
        with open(file, "rb") as handle:
            handle.seek(offset, os.SEEK_SET)
            return handle.read(size)
    except OSError:
        return b""
