"""A working tree as files, in the form in which discovery reads commits. Never through git: its filters start programs.

Nothing is followed out of it: each name is looked at without following links, and opened in the directory that it was
seen in. What git keeps for itself is left out, and so are repositories inside it, which git would commit as submodules.
"""

import os
import stat
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from engine.adapters.files import failed
from engine.core.resources.tree import DIRECTORY, EXECUTABLE, LARGEST_FILE, REGULAR, SUBMODULE, Directory, Entry
from engine.errors import failure

ENTRIES = 500_000  # names that are looked at
DEPTH = 100  # directories in one another; a path of 800 characters is refused anyway
BYTES = 256 * 1024**2  # of all files that are read

_GIT = ".git"
_INSIDE = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would wait for somebody to write


class Tree(NamedTuple):
    """What lies there, by path; an entry's id is a number of its own, since nothing has been read."""

    directories: Mapping[str, Directory]
    paths: Mapping[str, str]  # id → path, of everything but directories


def look(top: str, is_entered: Callable[[str], bool]) -> Tree:
    """The names below `top`. `is_entered`: is this directory looked into, too?

    Raises:
        EngineError: ENG001, a directory cannot be read; ENG363, there is too much of it.
    """
    if not os.path.isdir(top):
        raise failure("ENG001", file=top, reason="there is no such directory")
    found: dict[str, dict[str, Entry]] = {}
    paths: dict[str, str] = {}
    for root, folders, names, handle in os.fwalk(top, onerror=_raise):
        inside = os.path.relpath(root, top)
        here = "" if inside == os.curdir else inside
        above, _, name = here.rpartition("/")
        if here and (_GIT in folders or _GIT in names):
            found[above][name] = _entry(SUBMODULE, here, paths)
            folders.clear()
            continue
        if here.count("/") >= DEPTH:
            raise failure("ENG363", limit=DEPTH, what="directories in one another")
        rows = found[here] = {}
        entered = []
        for name in sorted({*folders, *names} - {_GIT}):
            path = f"{here}/{name}" if here else name
            try:
                mode = _mode(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode)
            except FileNotFoundError:  # gone meanwhile
                continue
            rows[name] = Entry(DIRECTORY, "0" * 40) if mode == DIRECTORY else _entry(mode, path, paths)
            if mode == DIRECTORY and is_entered(path):
                entered.append(name)
        folders[:] = entered
        if len(paths) + len(found) > ENTRIES:
            raise failure("ENG363", limit=ENTRIES, what="files")
    return Tree({path: Directory.of(rows) for path, rows in found.items()}, paths)


def read(top: str, wanted: Mapping[str, str]) -> tuple[dict[str, bytes], dict[str, int]]:
    """Files by id (`wanted`: id → path): their bytes; how many these are where they are too many to be configuration.

    Raises:
        EngineError: ENG001, one cannot be read, or is none any more; ENG363, they are too many bytes.
    """
    blobs: dict[str, bytes] = {}
    oversized: dict[str, int] = {}
    room = BYTES
    for name, path in wanted.items():
        try:
            data, size = _fetch(top, path)
        except OSError as error:
            raise failed("ENG001", path, error) from error
        if size > LARGEST_FILE:
            oversized[name] = size
        else:
            blobs[name] = data
            room -= len(data)
        if room < 0:
            raise failure("ENG363", limit=BYTES, what="bytes in its files")
    return blobs, oversized


def beneath(top: str, names: Collection[str]) -> dict[str, str]:
    """Path below `top` → the name, of what a person has named from where they are, or as it is called from the top.

    Raises:
        EngineError: ENG443, it leads out.
    """
    real, here = os.path.realpath(top), os.path.realpath(os.curdir)
    found = {}
    for name in names:
        asked = os.path.normpath(os.path.join(here, name))
        if not os.path.lexists(asked) and not os.path.isabs(name):
            asked = os.path.normpath(os.path.join(real, name))
        # The directory may be called otherwise than it is; the name in it may be a link, which is what was asked about.
        folder, last = os.path.split(asked)
        asked = os.path.join(os.path.realpath(folder), last) if last else folder
        if os.path.commonpath((real, asked)) != real:
            raise failure("ENG443", path=name, directory=top)
        path = os.path.relpath(asked, real)
        found["" if path == os.curdir else path] = name
    return found


def _fetch(top: str, path: str) -> tuple[bytes, int]:
    *folders, name = path.split("/")
    place = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            inside = os.open(folder, _INSIDE, dir_fd=place)
            os.close(place)
            place = inside
        handle = os.open(name, _FILE, dir_fd=place)
    finally:
        os.close(place)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(None, "it is no file any more")
        data = file.read(LARGEST_FILE + 1)
        return data, max(len(data), os.fstat(handle).st_size)


def _mode(mode: int) -> str:
    """As git writes it; a device and a pipe, which git does not keep, as the system does."""
    if stat.S_ISREG(mode):
        return EXECUTABLE if mode & 0o100 else REGULAR
    return f"{stat.S_IFMT(mode):06o}"


def _entry(mode: str, path: str, paths: dict[str, str]) -> Entry:
    name = f"{len(paths) + 1:040x}"
    paths[name] = path
    return Entry(mode, name)


def _raise(error: OSError) -> None:
    raise failed("ENG001", str(error.filename), error)
