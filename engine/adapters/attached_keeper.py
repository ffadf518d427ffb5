"""Starts one program, waits for it, writes its exit code: `python -I -S attached_keeper.py FOLDER … ARGV`.

A process of its own (see `adapters/attached`), so that this happens whatever becomes of the engine. It is the program's
parent, so it alone can signal it without ever meeting another process of that number. Standard library only.
"""

import os
import select
import signal
import stat
import sys
import time

STOP, CODE, PROGRAM = "stop", "code", "program"
BLANK = b" " * 127 + b"\n"  # the room of what is written at the end, on the disk from the beginning
_TICK_S = 0.1  # how late a stop may be noticed; an end is noticed at once
_DEAF = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a machine that shuts down says this to everybody
_DEFAULT = (*_DEAF, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)  # the last two Python ignores


def main(folder: str, lock: int, code: int, program: int, lc_ctype: str, argv: list[str]) -> int:
    """Run `argv` to its end. `lock` (the program's, too), `code` and `program` are open files."""
    os.environ.pop("LC_CTYPE", None)  # Python sets it by itself where no locale is
    if lc_ctype:
        os.environ["LC_CTYPE"] = lc_ctype
    for number in (*_DEAF, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    awake, wake = os.pipe()
    for handle in (awake, wake):
        os.set_blocking(handle, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for handle in (code, program):
        os.set_inheritable(handle, False)
    os.set_inheritable(lock, True)
    signal.pthread_sigmask(signal.SIG_BLOCK, _DEAF)  # a stop that came before `exec` would be heard by our handler
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(argv)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _DEAF)
    _write(program, b'{"pid": %d, "born": %d, "keeper": %d, "keeper_born": %d, "space": %d}' % _names(child))
    ended = _wait(child, os.path.join(folder, STOP), awake)
    seconds = time.monotonic() - began
    try:
        os.killpg(child, signal.SIGKILL)  # what it has left behind; nobody else can have its number yet
    except (ProcessLookupError, PermissionError):
        pass
    _write(code, b'{"code": %d, "seconds": %.3f}' % (ended, seconds))
    os.waitpid(child, 0)  # so that its processor time counts as ours, for whoever waits for us
    return 0


def born(pid: int) -> int:
    """When a process began, so that a number tells one only; 0: it has ended, or this system does not say."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
    except (OSError, ValueError):
        return 0
    return 0 if words[0] in (b"Z", b"X") else int(words[19])


def space() -> int:
    """Which processes the numbers are of: containers have their own; 0: this system does not say."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


def is_plain(found: os.stat_result) -> bool:
    """Is it a file, by one name only?"""
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _names(child: int) -> tuple[int, ...]:
    return child, born(child), os.getpid(), born(os.getpid()), space()


def _become(argv: list[str]) -> None:
    try:
        os.setsid()
        for number in _DEFAULT:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _DEAF)
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 - no shell is the point
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode(errors="replace"))
    finally:
        os._exit(127)


def _wait(child: int, stop: str, awake: int) -> int:
    """Its exit code, negative where a signal ended it; it stays to be reaped, so its number stays its own."""
    stopped = False
    while (found := os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is None:
        if not stopped and os.path.lexists(stop):
            os.kill(child, signal.SIGINT)
            stopped = True
        if select.select([awake], [], [], _TICK_S)[0]:
            os.read(awake, 4096)
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def _write(handle: int, text: bytes) -> None:
    os.pwrite(handle, text.ljust(len(BLANK) - 1) + b"\n", 0)
    os.fsync(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6:]))
