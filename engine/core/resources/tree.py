"""What discovery is handed: changed paths, the directories around them, and the bytes of blobs. Git's forms, no git."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from engine.core.canonical import digest_bytes

REGULAR, EXECUTABLE, SYMLINK, SUBMODULE, DIRECTORY = "100644", "100755", "120000", "160000", "040000"

LARGEST_FILE = 64 * 1024  # bytes; what is larger is no configuration, and its bytes are not read

_ROW = {size: re.compile(rb"[0-7]+ [^\0]+\0.{%d}" % size, re.DOTALL) for size in (20, 32)}
_ENTRY = {size: re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % size, re.DOTALL) for size in (20, 32)}

_DIRECTORY = DIRECTORY.encode()
_GARBAGE = "it holds something else than rows"


class Entry(NamedTuple):
    """One row of a git tree."""

    mode: str
    id: str

    @property
    def is_file(self) -> bool:
        """Is it a file, executable or not, and no link, submodule or directory?"""
        return self.mode.startswith("100")


class Edit(NamedTuple):
    """One changed path. `old` is None for an added file, `new` for a removed one."""

    path: str
    old: Entry | None
    new: Entry | None
    old_path: str | None = None  # of a renamed file


def change_digest(changes: Iterable[Edit]) -> str:
    """`sha256:<hex>` of what is changed: path, mode and blob on both sides, whatever the file is for.

    A renamed file counts as one that is removed and one that is added: what else could be a rename is git's guess.
    """
    sides: dict[str, list[Entry | None]] = {}
    for change in changes:
        sides.setdefault(change.old_path or change.path, [None, None])[0] = change.old
        sides.setdefault(change.path, [None, None])[1] = change.new
    rows = [
        b"\0".join([path.encode(errors="surrogateescape"), *(_side(entry) for entry in both), b""])
        for path, both in sides.items()
    ]
    return digest_bytes(b"".join(sorted(rows)))


def _side(entry: Entry | None) -> bytes:
    return f"{entry.mode} {entry.id}".encode() if entry else b""


class Directory(Mapping[str, Entry]):
    """Names and entries of one directory. Ten thousand names cost what they weigh: an Entry is made when asked for."""

    __slots__ = ("__dict__", "_rows")

    def __init__(self, rows: Mapping[str, tuple[bytes, bytes, bytes]]) -> None:
        self._rows = rows

    @classmethod
    def parse(cls, data: bytes, id_bytes: int = 20) -> "Directory":
        """Read a tree object. Names that are not UTF-8 keep their bytes as surrogates (PEP 383).

        Raises:
            ValueError: it is not made of rows alone, or a name is a path or stands there twice.
        """
        rows = _ENTRY[id_bytes].findall(data)
        joined = b"\0".join([name for _, name, _ in rows])
        modes = len(b"".join([mode for mode, _, _ in rows]))
        if modes + len(joined) + (2 + id_bytes) * len(rows) - (len(rows) - 1 if rows else 0) != len(data):
            raise ValueError(_GARBAGE)
        names = joined.decode("utf-8", "surrogateescape").split("\0")
        found = dict(zip(names, rows, strict=True)) if rows else {}
        if len(found) != len(rows):
            raise ValueError("a name stands there twice")
        if b"/" in joined:
            raise ValueError("a name in it is a path")
        return cls(found)

    @classmethod
    def parted(cls, old: bytes, new: bytes, id_bytes: int) -> tuple["Directory", "Directory"]:
        """What only the one and what only the other of two tree objects holds; what they share is not looked at.

        Raises:
            ValueError: as `parse`.
        """
        rows = [_ROW[id_bytes].findall(data) for data in (old, new)]
        if any(sum(map(len, found)) != len(data) for found, data in zip(rows, (old, new), strict=True)):
            raise ValueError(_GARBAGE)
        olds, news = map(set, rows)
        return cls.parse(b"".join(olds - news), id_bytes), cls.parse(b"".join(news - olds), id_bytes)

    @classmethod
    def of(cls, entries: Mapping[str, Entry]) -> "Directory":
        """From entries that are at hand."""
        return cls({name: (e.mode.encode(), b"", bytes.fromhex(e.id)) for name, e in entries.items()})

    def __getitem__(self, name: str) -> Entry:
        mode, _, object_id = self._rows[name]
        return Entry(mode.decode().rjust(6, "0"), object_id.hex())

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def is_directory(self, name: str) -> bool:
        """Is there a directory of this name?"""
        return name in self._rows and self[name].mode == DIRECTORY

    @cached_property
    def subdirectories(self) -> dict[str, str]:
        """The directories in it: name → id of the tree."""
        return {name: row[2].hex() for name, row in self._rows.items() if row[0].rjust(6, b"0") == _DIRECTORY}

    @cached_property
    def ordered(self) -> list[str]:
        """The names, sorted, for a search by prefix."""
        return sorted(self._rows)

    @cached_property
    def folded(self) -> dict[str, list[str]]:
        """Names that differ only in case, whatever the form of the resource, by their folded stem; no single ones."""
        text = "\0".join(self._rows)
        if text == text.casefold():  # nothing is written in capitals
            return {}
        stems = text.casefold().replace(".tfvars\0", "\0").removesuffix(".tfvars").split("\0")
        groups: dict[str, list[str]] = {}
        for stem, name in zip(stems, self._rows, strict=True):
            groups.setdefault(stem, []).append(name)
        return {stem: sorted(names) for stem, names in groups.items() if len(names) > 1}


class Contents(NamedTuple):
    """Everything discovery looks at. A directory that is not in `directories` does not exist at the head."""

    changes: tuple[Edit, ...]
    directories: Mapping[str, Directory]  # at the head; `""` is the top
    blobs: Mapping[str, bytes]
    everything: bool = False  # look at all resources, not only at those that changed
    oversized: Mapping[str, int] = {}  # blobs that were not read, by id: how many bytes they have
    is_one_change: bool = True  # False: files of a working tree, however many, of whichever environments
