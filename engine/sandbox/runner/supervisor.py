"""Between the sandbox and one run: nothing that the run started outlives it, and the run does not outlive the sandbox.

    python -I -S supervisor.py PID_FILE PROGRAM ARGUMENTS…

The sandbox holds the other end of our standard input and never writes: once it is gone, however it ended, we read the
end of it. What the run leaves behind becomes our child (`PR_SET_CHILD_SUBREAPER`), in whatever session it is, so it can
be found and killed. A Terraform that applies is left alone: killed, it would lose what it has done and not yet written.

Linux only, where such a thing exists; elsewhere the run alone is killed.
"""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress

_PDEATHSIG, _SUBREAPER = 1, 36
_LOOK_S = 0.05


def main(pid_file: str, *argv: str) -> int:
    """Run it, and end as it does."""
    _prctl(_SUBREAPER, 1)
    own = os.getpid()
    child = os.fork()
    if child == 0:
        _become(own, argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: _send(child, got))
    with open(pid_file + ".new", "w", encoding="ascii") as file:
        file.write(str(child))
    os.rename(pid_file + ".new", pid_file)
    status = _until_ended(child)
    _end_all(own)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(own, os.WTERMSIG(status))
    return os.waitstatus_to_exitcode(status)


def _become(parent: int, argv: "tuple[str, ...]") -> None:
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed before we asked to be told
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    try:
        os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted
    finally:
        os._exit(127)


def _until_ended(child: int) -> int:
    """Its status; it is killed when the sandbox is gone."""
    while True:
        with suppress(InterruptedError):
            if select.select([0], [], [], _LOOK_S)[0] and not os.read(0, 1):
                _end_all(os.getpid(), but=child)
                return os.waitpid(child, 0)[1]
        while True:
            found, status = os.waitpid(-1, os.WNOHANG)
            if found == child:
                return status
            if found == 0:
                break


def _end_all(own: int, but: int = 0) -> None:
    """Kill what there is below us until nothing is left but what applies; `but` is reaped by the caller."""
    while True:
        parents = _parents()
        ours = [pid for pid in parents if _is_below(pid, own, parents)]
        spared = {pid for pid in ours if _applies(pid)}
        rest = [pid for pid in ours if not any(pid == one or _is_below(pid, one, parents) for one in spared)]
        # Who started what applies waits for it; killed, it hands it to us, and we to the system.
        if not rest:
            return
        for pid in rest:
            _send(pid, signal.SIGKILL)
        for pid in rest:
            if pid != but and parents[pid] == own:
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)
        time.sleep(0.005)  # the others are handed to us, or to be gone


def _parents() -> "dict[int, int]":
    """Each process that has not ended, and its parent."""
    found = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    state, parent = file.read().rpartition(")")[2].split()[:2]
                if state != "Z":
                    found[int(name)] = int(parent)
    return found


def _is_below(pid: int, top: int, parents: "dict[int, int]") -> bool:
    seen = set()
    while (pid := parents.get(pid, 0)) and pid not in seen:
        if pid == top:
            return True
        seen.add(pid)
    return False


def _applies(pid: int) -> bool:
    """Is it a Terraform that changes something, or the process that waits for it to write down how it ends?"""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return False
    if any(word.endswith(b"/attached_keeper.py") for word in words[1:5]):
        return True
    return b"apply" in words[1:6] and any(b"terraform" in word or b"tofu" in word for word in words[:3])


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _prctl(option: int, value: int) -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
