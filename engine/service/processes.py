"""Two processes: this one answers, and one beside it works, so that no plan makes GitHub or a page wait.

The worker is started again when it dies, after a pause that grows while it dies young, and so it is when it hangs: the
loop that moves everything on says so on its standard output, which no full disk and no clock keeps it from. It sees the
end of its standard input when this process is gone, however it went, and ends too: there are never two of one state.
"""

import json
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from engine.adapters import process
from engine.errors import ExitCode, failure
from engine.service import log
from engine.service.worker import READY, Working

_NO_USE = (ExitCode.CONFIG, ExitCode.STALE, ExitCode.AUTH)  # ends that another start does not change
_NO_START = 4  # ends before it was ready, in a row, after which nobody believes any more that it will be
_LIVED_S = 60.0  # after which a death is the first one again
_FIRST_S, _LONGEST_S = 0.5, 30.0
_LOOK_S = 0.2
_LONGEST_LOOK_S = 1.0  # of a longer one we were stopped ourselves, and so may the worker have been
_BEGINS_S = 120.0  # until its first word, at least
_LEAVES_S = 5.0  # one that hangs has to end the programs it has started, if it still can
SILENT_S = 300.0  # that its loop may take for one round: a thousand times what it does
_HIDDEN = ("ENGINE_WEBHOOK_SECRET", "ENGINE_WEBHOOK_OLD_SECRET")  # and their files: the worker reads no webhook


class Supervisor:
    """The worker, as long as it is wanted. `start` is called once, `end` as often as one likes, of any thread."""

    def __init__(
        self, working: Working, environ: Mapping[str, str], *, readable: bool = False, silent_s: float = SILENT_S
    ) -> None:
        """`readable`: what it says on standard error is for people; `silent_s`: one that is silent for longer hangs."""
        names = {name + end for name in _HIDDEN for end in ("", "_FILE")}
        self._environ = {name: value for name, value in environ.items() if name not in names}
        self._argv = [sys.executable, "-m", "engine.service.worker", json.dumps(working._asdict())]
        self._argv += ["people"] if readable else []
        self._folder = working.state_dir
        self._grace_s, self._silent_s = working.grace_s, silent_s
        self._lock = threading.Lock()
        self._child: process.Child | None = None
        self._ready, self._over = threading.Event(), threading.Event()
        self._asked = 0
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def start(self, timeout_s: float = 120.0) -> None:
        """Returns when it works, or is to end before it does.

        Raises:
            EngineError: ENG792, its worker ends each time that it is started.
        """
        self._thread.start()
        until = time.monotonic() + timeout_s
        while not self._ready.wait(_LOOK_S):
            if self._asked:
                return
            if self._over.is_set() or time.monotonic() >= until:
                self.kill()
                raise failure("ENG792", times=_NO_START, log=os.path.join(self._folder, log.FOLDER, log.FILE))

    @property
    def pid(self) -> int | None:
        """Of the one that there is now."""
        with self._lock:
            return self._child.pid if self._child else None

    def end(self) -> None:
        """Ask it to end, in order."""
        with self._lock:
            self._asked += 1
            if self._child is not None and not process.has_ended(self._child, 0):
                self._child.send_signal(signal.SIGTERM)

    def wake(self) -> None:
        """Something has come for it. Where it cannot be told, it looks by itself in a moment; nobody waits for it."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._child is not None and self._child.stdin is not None and not self._child.stdin.closed:
                with suppress(OSError):
                    os.write(self._child.stdin.fileno(), b".")
        finally:
            self._lock.release()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Has it ended for good?"""
        return self._over.wait(timeout_s)

    def kill(self) -> None:
        """It ends now, and what it had begun waits for the next one."""
        with self._lock:
            self._asked = max(self._asked, 1)
            if self._child is not None and self._child.stdin is not None:
                self._child.stdin.close()  # it ends what it has started, and itself

    def _supervise(self) -> None:
        deaths, pause = 0, _FIRST_S
        while not self._asked:
            began = time.monotonic()
            code = self._once()
            lived = time.monotonic() - began
            if self._asked:
                break
            if not self._ready.is_set():  # it has never worked: what it was told may be wrong
                deaths += 1
                if deaths >= _NO_START or code in _NO_USE:
                    break
            pause = _FIRST_S if lived >= _LIVED_S else pause
            log.error("the worker has died, and is started again", code=code, lived=round(lived, 1), pause=pause)
            self._wait(pause)
            pause = min(pause * 2, _LONGEST_S)
        self._over.set()

    def _wait(self, pause: float) -> None:
        until = time.monotonic() + pause
        while not self._asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_S))

    def _once(self) -> int | None:
        """One life of it: how it ended."""
        with self._lock:
            if self._asked:
                return None
            child = process.start(self._argv, self._folder, self._environ, True, "install Python")
            if child.stdin is not None:
                os.set_blocking(child.stdin.fileno(), False)
            self._child = child
        if self._listen(child):
            process.has_ended(child, self._grace_s)
        else:
            log.error("the worker hangs, and is ended", worker=child.pid)
            with self._lock:
                if child.stdin is not None:
                    child.stdin.close()
            process.has_ended(child, _LEAVES_S)
        with self._lock:
            process.kill(child)
            self._child = None
        return child.returncode

    def _listen(self, child: process.Child) -> bool:
        """Until it has ended, passing on what it says to standard error. False: it hangs."""
        assert child.stdout is not None
        assert child.stderr is not None
        silent, looked, most = 0.0, time.monotonic(), max(self._silent_s, _BEGINS_S)
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ, b"")
            selector.register(child.stderr, selectors.EVENT_READ, None)
            while selector.get_map():
                ready = selector.select(_LOOK_S)
                before, looked = looked, time.monotonic()
                silent += min(looked - before, _LONGEST_LOOK_S)
                for key, _ in ready:
                    data = os.read(key.fd, process.CHUNK)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.data is None:
                        _pass_on(data)
                    else:
                        silent, most = 0.0, self._silent_s
                        if READY.encode() in data:
                            self._ready.set()
                if not ready and process.has_ended(child, 0):
                    break  # what it has started may have its outlets still
                if silent > most and not self._asked:  # one that ends has a time of its own
                    return False
        return True


def _pass_on(data: bytes) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.buffer.write(data)
        sys.stderr.buffer.flush()
    except (OSError, ValueError):  # nobody reads it; the log has it
        return
