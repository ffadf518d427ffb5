"""Files that a person has named, or that we keep: read with a limit, written whole or not at all, for nobody else.

`read` and `write` say which file and why (ENG001, ENG002); `fetch` and `put` do the same and leave that to the caller.
No `tempfile` and no `secrets` here: `explain` loads this module.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from engine.errors import EngineError, failure

# O_NOFOLLOW and O_EXCL: a link that somebody has put there is not followed, and nobody else has the file open.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PLACE = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
ENDED_S = 3.0  # how long the lock of somebody who has ended may stay taken


def read(file: str, limit: int | None = None) -> bytes:
    """The bytes of `file`, at most one more than `limit`: whoever refuses it for its size need not load all of it.

    Raises:
        EngineError: ENG001.
    """
    with failing("ENG001", file):
        return fetch(file, limit)


def fetch(file: str, limit: int | None = None) -> bytes:
    """The same.

    Raises:
        OSError, ValueError: it cannot be read; ValueError for a NUL byte in the name.
    """
    with open(file, "rb") as handle:
        return handle.read(-1 if limit is None else limit + 1)


def write(file: str, data: bytes | Iterable[bytes], *, sync: bool = False) -> None:
    """Write `file` with mode 0600; whoever reads it sees the old content, or all of the new one.

    Raises:
        EngineError: ENG002.
    """
    with failing("ENG002", file):
        put(file, data, sync=sync)


def put(file: str, data: bytes | Iterable[bytes], *, new: bool = False, sync: bool = False) -> None:
    """The same. `new`: only if nothing is there. `sync`: on the disk before this returns, its name too.

    The directory is opened once and everything happens in that one, whatever its name means a moment later.

    Raises:
        OSError, ValueError: it cannot be written; FileExistsError where it has to be new.
    """
    folder, name = os.path.split(file)
    place = os.open(folder or os.curdir, _PLACE)
    try:
        _no_device(name, place)
        with unfinished(place, data, sync=sync) as made:
            if new:
                os.link(made, name, src_dir_fd=place, dst_dir_fd=place)
            else:
                os.replace(made, name, src_dir_fd=place, dst_dir_fd=place)
        if sync:
            os.fsync(place)
    finally:
        os.close(place)


@contextmanager
def unfinished(place: int, data: bytes | Iterable[bytes], *, sync: bool = False) -> Iterator[str]:
    """The name of a whole, private file in the open directory `place`, which nobody can guess; gone unless renamed.

    What is too large to hold may come in pieces. `sync`: its content is on the disk.

    Raises:
        OSError: it cannot be written.
    """
    name = f".{os.urandom(8).hex()}.new"
    handle = os.open(name, _NEW, 0o600, dir_fd=place)
    try:
        with open(handle, "wb") as out:
            out.writelines([data] if isinstance(data, bytes) else data)
            if sync:
                out.flush()
                os.fsync(handle)
        yield name
    finally:  # an interruption, too, leaves no half file
        with suppress(FileNotFoundError):  # it has got its name
            os.unlink(name, dir_fd=place)


def _no_device(name: str, place: int) -> None:
    """Root would put a file where `/dev/null` or `/dev/stdout` was, and nothing else would work any more."""
    try:
        mode = os.stat(name, dir_fd=place).st_mode
    except OSError:  # nothing is there, or nothing behind a link
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a device or a pipe, and no file")


def append(file: str, data: bytes) -> None:
    """Write behind what is in a file that somebody else has made; nobody waits for the reader of a pipe.

    Raises:
        EngineError: ENG002.
    """
    with failing("ENG002", file), open(file, "ab", opener=_at_once) as handle:
        handle.write(data)


def _at_once(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK, 0o600)


def take(handle: int, wait_s: float | None = None) -> bool:
    """Is the file or directory that is open there locked by us, until it is closed? Another is waited for so long.

    Who is killed (or closes it) has it a moment longer if it was just starting a program: what will be that program
    has a copy of all that is open until it is, tenths of a second later on a machine that has more to do. So whoever
    says no number waits as long as that can take; nobody is waited for with 0.

    Raises:
        OSError: it cannot be locked at all.
    """
    import fcntl
    import time

    end, pause = time.monotonic() + (ENDED_S if wait_s is None else wait_s), 0.002
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(pause * 2, 0.01)
        else:
            return True


@contextmanager
def alone(file: str) -> Iterator[None]:
    """Whoever changes what `file` says waits for whoever is at it: nobody writes over what they have not read.

    Raises:
        EngineError: ENG002, its directory cannot be locked.
    """
    import fcntl

    with failing("ENG002", file):
        place = os.open(os.path.dirname(os.path.realpath(file)), _PLACE)
    try:
        with failing("ENG002", file):
            fcntl.flock(place, fcntl.LOCK_EX)  # not the file itself, which is another one afterwards
        yield
    finally:
        os.close(place)


def remove(file: str) -> None:
    """No file is there afterwards. A device or a pipe stays: root would take `/dev/null` away from everybody.

    Raises:
        EngineError: ENG002.
    """
    with failing("ENG002", file), suppress(FileNotFoundError):
        mode = os.lstat(file).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise OSError(errno.EINVAL, "it is no file")
        os.unlink(file)


def make_directory(directory: str, *, named: bool = False) -> None:
    """A directory for its owner alone; one that is there has to be ours, and nobody else's to change.

    One that a person has `named` may be a link of theirs; where we make names ourselves a link has been planted.

    Raises:
        EngineError: ENG002; ENG008, others could exchange what we keep in it.
    """
    if not named and os.path.islink(directory):
        raise failure("ENG008", directory=directory, reason="it is a link")
    _check(directory)
    with failing("ENG002", directory):
        _make(directory)
    _check(directory)  # in a directory that others may use, too, somebody may have been quicker


def _check(directory: str) -> None:
    from engine.adapters.ownership import ours, weak_spot

    with failing("ENG002", directory):
        reason = weak_spot(directory, ours())
    if reason:
        raise failure("ENG008", directory=directory, reason=reason)


def _make(directory: str) -> None:
    """As `os.makedirs`, which gives the directories above what the umask allows."""
    if not os.path.isdir(directory):
        above = os.path.dirname(directory)
        if above and above != directory:
            _make(above)
        try:
            os.mkdir(directory, 0o700)
        except FileExistsError:
            if not os.path.isdir(directory):
                raise


@contextmanager
def failing(code: str, file: str) -> Iterator[None]:
    """What the system refuses meanwhile becomes an error, `code`, about `file`.

    Raises:
        EngineError: that.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        raise failed(code, file, error) from error


def failed(code: str, file: str, error: OSError | ValueError) -> EngineError:
    """The system's words as an error about `file`."""
    return failure(code, file=file, reason=getattr(error, "strerror", None) or str(error))
