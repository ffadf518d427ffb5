"""The directory of a repository that is set up: no link is followed, and it is written whole or not at all.

What is written is first put beside, in `.engine/coming/`, all of it; then one name (`.engine/coming/now`) says that it
counts. Whoever is killed before that has changed nothing; whoever is killed after it is finished by the next `settle`.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeGuard

from engine.adapters import files
from engine.core.canonical import canonical
from engine.core.source import load_json
from engine.errors import failure

GIT, ENGINE = ".git", ".engine"
COMING = f"{ENGINE}/coming"
_NOW, _DRAFT = f"{COMING}/now", f"{COMING}/draft"
_INSIDE = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LARGEST = 4 * 1024**2


@contextmanager
def alone(top: str) -> Iterator[None]:
    """Nobody else sets it up meanwhile.

    Raises:
        EngineError: ENG939, somebody does.
    """
    with files.failing("ENG001", top):
        handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not files.take(handle):
            raise failure("ENG939", directory=top)
        yield
    finally:
        os.close(handle)


def is_inside(path: str) -> bool:
    """Is it the name of a file in the repository, and none of git's, however a disk spells it?"""
    parts = path.split("/")
    foreign = any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts)
    return not foreign and all(part.lower().rstrip(". ") != GIT for part in parts)


def read(top: str, path: str) -> bytes | None:
    """What is there; None where nothing is.

    Raises:
        EngineError: ENG934, a link or no file is, or on the way to it; ENG001, it cannot be read.
    """
    try:
        with _folder(top, path) as (place, name):
            handle = os.open(name, _FILE, dir_fd=place)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _strange(path, error) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise failure("ENG934", path=path, reason="it is no file")
    with files.failing("ENG001", path), open(handle, "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise failure("ENG934", path=path, reason=f"it has more than {LARGEST} bytes")
    return data


def settle(top: str) -> bool:
    """Finish what was begun and killed: carried to its end where it counts already (true), else forgotten.

    Raises:
        EngineError: ENG933, what says it is not believed; ENG002.
    """
    with suppress(FileNotFoundError):
        if stat.S_ISLNK(os.lstat(os.path.join(top, ENGINE)).st_mode):
            raise failure("ENG934", path=ENGINE, reason="it is a link")
    said = read(top, _NOW)
    if said is not None:
        _carry(top, said)
    with files.failing("ENG002", COMING), suppress(FileNotFoundError):
        shutil.rmtree(os.path.join(top, COMING))
    with suppress(OSError):  # nothing else is in it: the first writing was killed before it counted
        os.rmdir(os.path.join(top, ENGINE))
    return said is not None


def write(top: str, new: Mapping[str, bytes], gone: Iterable[str] = ()) -> None:
    """These files, and without those: all of it, or nothing.

    Raises:
        EngineError: ENG934, a link is in the way; ENG002, it cannot be written.
    """
    for path in (*new, *gone):
        read(top, path)  # a link is refused before anything is begun
    order = sorted(new)
    for number, path in enumerate(order):
        _put(top, f"{COMING}/{number:05}", new[path])
    said = canonical({"put": order, "gone": sorted(gone)})
    _put(top, _DRAFT, said)
    with files.failing("ENG002", _NOW):
        os.rename(os.path.join(top, _DRAFT), os.path.join(top, _NOW))
    settle(top)


def _carry(top: str, said: bytes) -> None:
    found = load_json(said, _NOW).data
    put, gone = (found.get(key) if isinstance(found, dict) else None for key in ("put", "gone"))
    if not (_are_paths(put) and _are_paths(gone)):
        raise failure("ENG933", file=_NOW, reason="it is not what the engine has written")
    for number, path in enumerate(put):
        data = read(top, f"{COMING}/{number:05}")
        if data is not None:  # None: it has its place already
            _put(top, path, data)
            with files.failing("ENG002", path):
                os.unlink(os.path.join(top, f"{COMING}/{number:05}"))
    for path in gone:
        if read(top, path) is not None:
            files.remove(os.path.join(top, path))


def _are_paths(found: object) -> TypeGuard[list[str]]:
    return isinstance(found, list) and all(isinstance(path, str) and is_inside(path) for path in found)


def _put(top: str, path: str, data: bytes) -> None:
    """One file, whole, readable as the umask has it: a repository is everybody's to read."""
    try:
        with _folder(top, path, make=True) as (place, name), files.unfinished(place, data) as made:
            os.chmod(made, 0o666 & ~_umask(), dir_fd=place)
            os.replace(made, name, src_dir_fd=place, dst_dir_fd=place)
    except OSError as error:
        raise files.failed("ENG002", path, error) from error


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextmanager
def _folder(top: str, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    *folders, name = path.split("/")
    place = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(folder, dir_fd=place)
            inside = os.open(folder, _INSIDE, dir_fd=place)
            os.close(place)
            place = inside
        yield place, name
    finally:
        os.close(place)


def _strange(path: str, error: OSError) -> Exception:
    import errno

    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR):
        return failure("ENG934", path=path, reason="it is a link or no file, or something on the way to it is")
    return files.failed("ENG001", path, error)
