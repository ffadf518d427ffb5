"""A program that outlives us: it writes to files, in a session of its own, and whoever comes next finds it again.

`adapters/process` ends what it has started, and what it has started ends without it: a Terraform whose output nobody
reads any more dies in the middle of an apply, and its state with it. So here nothing hangs on us. A small process of
ours (`attached_keeper`) starts the program, waits for it and writes its exit code; both hold the lock of the folder.

| the folder | is |
|---|---|
| nothing begun | `None` |
| the lock is held | `Running`: wait (`follow`) |
| there is an exit code | `Ended` |
| neither | `Lost`: both were killed, or the machine was. What the program did, nobody here knows |

The exit code has its room on the disk before the program starts: a disk that is full by then does not lose it.
"""

import contextlib
import fcntl
import json
import math
import os
import signal
import subprocess  # noqa: TID251 - the other door: what is started here must not end with us
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from engine.adapters import attached_keeper as keeper
from engine.adapters import files
from engine.adapters.ownership import ours
from engine.adapters.process import TICK_S, ctrl_c_waits
from engine.errors import failure

_LOCK, BEGUN = "lock", "begun"
_UNSTOPPED = "unstopped"  # becomes `stop`: a file has one name only, and a full disk has room for another
_FILES = ("stdout", "stderr", keeper.CODE, keeper.PROGRAM)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ORPHANS_S = 2.0  # how often it is looked whether only what the program has left behind is there
_CHUNK = 1 << 20
LONGEST = 16 << 20  # bytes of a line; a longer one is passed over


class Running(NamedTuple):
    """It is at work, or what it has started is."""


class Ended(NamedTuple):
    """It has ended."""

    code: int  # as `subprocess` has it: -9 when killed by signal 9; 127: it could not be started, as `stderr` says
    seconds: float


class Lost(NamedTuple):
    """It was begun, and how it ended nobody knows."""


Found: TypeAlias = Running | Ended | Lost


def begin(folder: str, argv: Sequence[str], *, cwd: str, env: Mapping[str, str], called: str = "") -> None:
    """Start `argv` with `env` as its whole environment; that it starts is on the disk before it does.

    Args:
        folder: is made; its own for each program.
        called: what errors call the program; its own name otherwise.

    Raises:
        EngineError: ENG463, something was begun there already; ENG008, the folder is not ours alone; ENG455, the
            program cannot be started, and was not.
    """
    name = called or os.path.basename(argv[0])
    files.make_directory(folder)
    try:
        with contextlib.ExitStack() as stack:
            lock = stack.enter_context(_held(folder))
            begun = os.path.join(folder, BEGUN)
            if os.path.lexists(begun):  # before anything there is touched
                raise FileExistsError(begun)
            out, err, code, program = (stack.enter_context(_made(folder, file)) for file in _FILES)
            for handle in (code, program):
                os.write(handle, keeper.BLANK)
                os.fsync(handle)
            files.put(os.path.join(folder, _UNSTOPPED), b"")
            # From here on nobody begins it once more, whatever becomes of us. It syncs the names of the files, too.
            files.put(begun, json.dumps({"program": name}).encode(), new=True, sync=True)
            with _taken_back(begun):
                _start(folder, argv, cwd, env, out, err, (lock, code, program))
    except FileExistsError as error:
        raise failure("ENG463", program=name, folder=folder) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in an argument
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise failure("ENG455", program=name, reason=reason) from error


def look(folder: str) -> Found | None:
    """What has become of the program that was begun in `folder`; None: none was.

    Raises:
        EngineError: ENG464, what is there is not what we have put there.
    """
    if not os.path.lexists(folder):
        return None
    with _believed(folder) as place:
        if not _is_there(place, BEGUN):
            return None
        if _is_held(place):
            return Running()
        found = _fixed(place, keeper.CODE)  # after the lock: whoever frees it has written before
        return Ended(int(found["code"]), found["seconds"]) if found else Lost()


def follow(
    folder: str,
    *,
    line: Callable[[bytes], None],
    cancel: threading.Event | None = None,
    grace_s: float = 0,
) -> Found:
    """Wait for the end of what was begun in `folder`; several may, in several processes.

    Args:
        line: gets each line of its standard output, from the first one on, without the newline.
        cancel: when it is set, the program gets one SIGINT, however often and by however many that is asked: a second
            one would have Terraform drop its state. It is never killed.
        grace_s: how long it is waited for after that; then it is left alone, and the answer is `Running`.

    Raises:
        EngineError: ENG464; whatever `line` raises. The program goes on.
    """
    with _believed(folder) as place, _opened(place, "stdout") as out:
        output, until, orphans = _Lines(out, line), math.inf, time.monotonic() + _ORPHANS_S
        while True:
            now = look(folder)
            output.read()
            if not isinstance(now, Running):
                if now is None:
                    raise failure("ENG464", folder=folder, reason="nothing was begun there")
                output.rest()
                return now
            at = time.monotonic()
            if at >= orphans:
                _end_orphans(place)
                orphans = at + _ORPHANS_S
            if until == math.inf and cancel is not None and cancel.is_set():
                stop(folder)
                until = at + grace_s
            if at >= until:
                return now
            time.sleep(TICK_S)


def stop(folder: str) -> None:
    """Have the program stopped gracefully: once for ever, by the process that started it."""
    with _believed(folder) as place, contextlib.suppress(FileNotFoundError):  # it was given
        os.rename(_UNSTOPPED, keeper.STOP, src_dir_fd=place, dst_dir_fd=place)
        os.fsync(place)


def said(folder: str, limit: int) -> bytes:
    """The end of what it has written to its standard error."""
    with _believed(folder) as place, _opened(place, "stderr") as file:
        size = os.fstat(file).st_size
        return os.pread(file, limit, max(0, size - limit))


def _start(
    folder: str,
    argv: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    out: int,
    err: int,
    handles: tuple[int, ...],
) -> None:
    keeping = [sys.executable, "-I", "-S", keeper.__file__, folder, *map(str, handles), env.get("LC_CTYPE", "")]
    with ctrl_c_waits():
        child = subprocess.Popen(
            [*keeping, *argv],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            pass_fds=handles,
        )
    # Somebody has to take note of its end while we live; afterwards init does.
    threading.Thread(target=child.wait, daemon=True).start()


@contextlib.contextmanager
def _held(folder: str) -> Iterator[int]:
    """The folder's lock. Whoever only looks, or has ended (`files.take`), holds it for a moment; whoever begins there
    holds it to the end.

    Raises:
        FileExistsError: it stays held.
    """
    handle = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + files.ENDED_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= end or os.path.lexists(os.path.join(folder, BEGUN)):
                    raise FileExistsError from error
                time.sleep(TICK_S)
        yield handle
    finally:
        os.close(handle)


def _is_held(place: int) -> bool:
    with _opened(place, _LOCK) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextlib.contextmanager
def _made(folder: str, name: str) -> Iterator[int]:
    """A new file; one that is there is of a process that was killed before it began anything."""
    file = os.path.join(folder, name)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(file)
    handle = os.open(file, _NEW, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _taken_back(begun: str) -> Iterator[None]:
    """What the system refuses to start has not begun."""
    try:
        yield
    except (OSError, ValueError):
        os.unlink(begun)
        raise


@contextlib.contextmanager
def _believed(folder: str) -> Iterator[int]:
    """The open folder, which nobody else could have written to.

    Raises:
        EngineError: ENG464.
    """
    with _refused(folder):
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(place)
        if found.st_uid not in ours() or found.st_mode & 0o077:
            raise failure("ENG464", folder=folder, reason="it is not ours alone")
        with _refused(folder):
            yield place
    finally:
        os.close(place)


@contextlib.contextmanager
def _refused(folder: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise failure("ENG464", folder=folder, reason=getattr(error, "strerror", None) or str(error)) from error


@contextlib.contextmanager
def _opened(place: int, name: str) -> Iterator[int]:
    """A file of the folder: ours, no link of either kind.

    Raises:
        OSError, ValueError: it is not there, or something else is.
    """
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    try:
        found = os.fstat(handle)
        if not keeper.is_plain(found) or found.st_uid not in ours():
            raise ValueError(f"`{name}` in it is no file of ours")
        yield handle
    finally:
        os.close(handle)


def _is_there(place: int, name: str) -> bool:
    try:
        with _opened(place, name):
            return True
    except FileNotFoundError:
        return False


def _fixed(place: int, name: str) -> dict[str, float] | None:
    """What the keeper wrote into a file of a fixed size; None: nothing, or not all of it."""
    with _opened(place, name) as handle:
        data = os.pread(handle, len(keeper.BLANK), 0)
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {type(value) for value in found.values()} <= {int, float} else None


def _end_orphans(place: int) -> None:
    """End what a program has left behind that was killed together with its keeper: it would hold the lock for ever.

    Plugins do: they wait for a parent that is no more. The number of their group is not given to anybody else while
    they are in it.
    """
    one = _fixed(place, keeper.PROGRAM)
    if not one or not one["born"] or one["space"] != keeper.space():
        return  # of another container, or this system does not say; then it is waited for
    if keeper.born(int(one["pid"])) != one["born"] and keeper.born(int(one["keeper"])) != one["keeper_born"]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(int(one["pid"]), signal.SIGKILL)


class _Lines:
    """Hands out the lines of a file that still grows, in bounded memory."""

    def __init__(self, file: int, line: Callable[[bytes], None]) -> None:
        self._file, self._line = file, line
        self._at, self._begun, self._too_long = 0, b"", False

    def read(self) -> None:
        """What has come since the last time, as far as it is whole lines."""
        while data := os.pread(self._file, _CHUNK, self._at):
            self._at += len(data)
            *whole, last = (self._begun + data).split(b"\n")
            for one in whole:
                self._hand_out(one)
            self._too_long = self._too_long or len(last) > LONGEST
            self._begun = b"" if self._too_long else last

    def rest(self) -> None:
        """The last line, which nothing will end any more."""
        self.read()
        if self._begun:
            self._hand_out(self._begun)
            self._begun = b""

    def _hand_out(self, line: bytes) -> None:
        if not self._too_long:
            self._line(line)
        self._too_long = False
