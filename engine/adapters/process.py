"""The only place that starts a program: argument vector, built environment, deadline, one graceful stop.

Why not with the `sh` library, which starts OPA (`adapters/policy/opa_worker`): measured with `benchmarks/process.py`
(sh 2.4.0, Python 3.11, one `git --version`):

| | sh | subprocess |
|---|---|---|
| import | 78 ms | 12 ms |
| one call | 4.2 ms | 1.1 ms |
| one call while the engine holds 600 MB (plans) | 24 ms | 1.1 ms |
| eight threads at once, per call | 5.9 ms | 0.6 ms |

`sh` copies the whole process with `os.fork` and runs Python in the copy until `exec`. That doubles the time of a git
call. Worse, beside other threads (the pool always has some) a lock that one of them held stays locked in the copy for
ever; Python warns of it since 3.12. A process that has no other threads and holds nothing is where that harms nobody,
and this module starts it. `subprocess` uses `vfork`, in C. So it is `subprocess`, plus what that lacks.
"""

import contextlib
import os
import resource
import selectors
import signal
import subprocess  # noqa: TID251 - the one door
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import FrameType
from typing import IO, NamedTuple, TypeAlias

from engine.core.redact import Redactor, credentials
from engine.errors import EngineError, Problem, problem

_MIB = 1024 * 1024
CHUNK = 65536
TICK_S = 0.05  # how late a cancellation may be noticed
ORPHANS_S = 1.0  # how long a program's own children may keep its output open after it has ended
SHOWN = 2000  # characters of standard error in a message: the end says most


Child: TypeAlias = "subprocess.Popen[bytes]"
_RUNNING: set[Child] = set()


class Done(NamedTuple):
    """A program that has ended."""

    code: int  # as `subprocess` has it: -9 when killed by signal 9
    stdout: bytes
    stderr: bytes
    seconds: float


class ProcessError(EngineError):
    """A program that was not found, was stopped, or did not give an answer; `done` is what it left, if it ran."""

    def __init__(self, found: Problem, done: Done | None = None) -> None:
        super().__init__(found)
        self.done = done


def run(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    timeout_s: float,
    answers: Collection[int] = (0,),
    stdin: bytes | None = None,
    cancel: threading.Event | None = None,
    grace_s: float = 10,
    install: str = "install it, or add its directory to PATH",
    limit: int = 256 * _MIB,
    memory: int | None = None,
    largest: int | None = None,
    holds: Collection[int] = (),
    called: str = "",
) -> Done:
    """Run `argv` to its end, in a session of its own and with `env` as its whole environment. Thread-safe.

    At the deadline, or when `cancel` is set, the program itself gets one SIGINT; `grace_s` later it and everything that
    it started get SIGKILL. Exit codes in `answers` are returned, every other end is an error. `memory` bounds its data
    in bytes, and `largest` each file that it writes, where the system can do that (Linux); elsewhere `limit` and the
    deadline have to do. What it `holds` (open files with a lock) stays held until it and all that it started have
    ended, though we be killed. Messages have the program's own name, or what it is `called`.

    Raises:
        ProcessError: not found (`install` says what to install), cannot be started, timed out, cancelled, killed by a
            signal, an unexpected exit code, or more than `limit` bytes of output.
    """
    began = time.monotonic()
    name = called or os.path.basename(argv[0])
    if cancel is not None and cancel.is_set():
        raise ProcessError(problem("ENG452", program=name))
    with ctrl_c_waits() as let_through:
        child = start(argv, cwd, env, stdin is not None, install, memory, largest, holds)
        _RUNNING.add(child)
        work = _Exchange(child, stdin or b"", limit)
        end = "interrupted"
        try:
            let_through()
            end = work.until(began + timeout_s, cancel)
        finally:  # also on KeyboardInterrupt: nothing that we started outlives us
            try:
                if end != "ended":
                    _interrupt(child)
                    work.until(time.monotonic() + grace_s, None)
            finally:
                _RUNNING.discard(child)  # before its number may be another's
                kill(child)
                work.selector.close()
    done = Done(child.returncode, bytes(work.output["stdout"]), bytes(work.output["stderr"]), time.monotonic() - began)
    if end == "deadline":
        raise ProcessError(problem("ENG451", program=name, seconds=f"{timeout_s:g}"), done)
    if end == "cancelled":
        raise ProcessError(problem("ENG452", program=name), done)
    if end == "overflow":
        raise ProcessError(problem("ENG456", program=name, size=f"{limit / _MIB:g} MiB"), done)
    if done.code < 0:
        raise ProcessError(problem("ENG453", program=name, signal=signal_name(-done.code)), done)
    if done.code not in answers:
        said = last_words(done, env)
        raise ProcessError(problem("ENG454", program=name, status=done.code, said=said or "it said nothing"), done)
    return done


@contextlib.contextmanager
def ctrl_c_waits() -> Iterator[Callable[[], None]]:
    """A Ctrl-C waits for the end of the block, or a call of what is yielded: what is half started cannot be stopped."""
    came: list[tuple[int, FrameType | None]] = []
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield lambda: None  # it comes to the main thread only, or to nobody
        return

    def let_through() -> None:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came.pop())

    signal.signal(signal.SIGINT, lambda number, frame: came.append((number, frame)))
    try:
        yield let_through
    finally:
        let_through()


def _confine(pid: int, kind: int, most: int) -> None:
    """Bound what a program that has just started may use: no code of ours runs in it, so it may still be `vfork`."""
    if hasattr(resource, "prlimit"):  # Linux
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended; a container may forbid the call
            hard = resource.prlimit(pid, kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, kind, (most, most))


def start(
    argv: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    has_input: bool,
    install: str,
    memory: int | None = None,
    largest: int | None = None,
    holds: Collection[int] = (),
) -> Child:
    """Start a program, in a session of its own.

    Raises:
        ProcessError: it was not found, or cannot be started.
    """
    child = _popen(argv, cwd, env, has_input, install, holds)
    for kind, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, largest)):
        if most is not None:
            _confine(child.pid, kind, most)
    return child


def _popen(
    argv: Sequence[str], cwd: str, env: Mapping[str, str], has_input: bool, install: str, holds: Collection[int]
) -> Child:
    name = os.path.basename(argv[0])
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C of the terminal reaches us only; we stop the program once, gracefully
            bufsize=0,
            pass_fds=holds,
        )
    except FileNotFoundError as error:
        if not os.path.isdir(cwd):
            raise ProcessError(problem("ENG455", program=name, reason=f"no directory {cwd}")) from error
        raise ProcessError(problem("ENG450", program=argv[0], install=install)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in an argument
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ProcessError(problem("ENG455", program=name, reason=reason)) from error


class _Exchange:
    """Feeds standard input and collects both outputs, in bounded memory."""

    def __init__(self, child: Child, stdin: bytes, limit: int) -> None:
        self.child = child
        self.left = memoryview(stdin)
        self.room = limit
        self.output = {"stdout": bytearray(), "stderr": bytearray()}
        self.selector = selectors.DefaultSelector()
        for name, stream in (("stdout", child.stdout), ("stderr", child.stderr)):
            assert stream is not None
            self.selector.register(stream, selectors.EVENT_READ, name)
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            self.selector.register(child.stdin, selectors.EVENT_WRITE, "stdin")

    def until(self, deadline: float, cancel: threading.Event | None) -> str:
        """Go on until the program has `ended`, or why not: `deadline`, `cancelled`, `overflow`."""
        ended_at: float | None = None
        while True:
            now = time.monotonic()
            if cancel is not None and cancel.is_set():
                return "cancelled"
            if now >= deadline:
                return self._rest() if has_ended(self.child, 0) else "deadline"
            if not self.selector.get_map():
                if has_ended(self.child, min(deadline - now, TICK_S)):
                    return "ended"
                continue
            ready = self.selector.select(min(deadline - now, TICK_S))
            for key, _ in ready:
                if key.data == "stdin":
                    self._feed(key.fileobj)
                elif not self._collect(key.fileobj, key.data):
                    return "overflow"
            if not ready and has_ended(self.child, 0):
                ended_at = ended_at or now
                if now - ended_at > ORPHANS_S:
                    return "ended"

    def _rest(self) -> str:
        """Collect what it had written when it ended: half an answer would look like a whole one."""
        while ready := [key for key, _ in self.selector.select(0) if key.data != "stdin"]:
            for key in ready:
                if not self._collect(key.fileobj, key.data):
                    return "overflow"
        return "ended"

    def _feed(self, stream: object) -> None:
        pipe = _pipe(stream)
        try:
            self.left = self.left[os.write(pipe.fileno(), self.left[:CHUNK]) :]
        except BrokenPipeError:  # it has read what it wanted
            self.left = self.left[:0]
        if not self.left:
            self.selector.unregister(pipe)
            pipe.close()

    def _collect(self, stream: object, name: str) -> bool:
        pipe = _pipe(stream)
        data = os.read(pipe.fileno(), CHUNK)
        if not data:
            self.selector.unregister(pipe)
        self.output[name] += data[: self.room]
        self.room -= len(data)
        return self.room >= 0


def _pipe(stream: object) -> IO[bytes]:
    assert hasattr(stream, "fileno")
    return stream  # type: ignore[return-value]  # selectors types it as int | HasFileno; we registered file objects


def has_ended(child: Child, wait_s: float) -> bool:
    """Has it ended? Without reaping it, so that its process group's number stays its own until `kill`."""
    end = time.monotonic() + wait_s
    pause = 0.0002
    while True:
        if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return True
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 2, 0.02)


def _interrupt(child: Child) -> None:
    """One SIGINT to the program alone: Terraform stops gracefully on the first, and drops its state on the second."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGINT)


def kill(child: Child) -> None:
    """End what is left of the program and of everything that it started, and reap it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def end_all() -> None:
    """Kill every program that `run` waits for in other threads, when nobody is to be left at the end of the process."""
    for child in list(_RUNNING):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)


def signal_name(number: int) -> str:
    """SIGKILL for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def last_words(done: Done, env: Mapping[str, str]) -> str:
    """The end of what it said, printable, without the secrets that its environment holds."""
    said = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace")
    return Redactor(credentials(env)).excerpt(said, SHOWN, end=True).strip()
