"""A program that stays and answers: one start, however many questions. Started and ended as `process` does it."""

import contextlib
import os
import selectors
import threading
import time
import weakref
from collections.abc import Mapping, Sequence

from engine.adapters.process import (
    CHUNK,
    ORPHANS_S,
    SHOWN,
    TICK_S,
    Child,
    Done,
    ProcessError,
    has_ended,
    kill,
    last_words,
    signal_name,
    start,
)
from engine.errors import problem

_DROP = 1024 * 1024  # bytes that were read, before they are dropped


class Session:
    """Not thread-safe. It ends with `close`, and at the latest when nobody refers to it.

    Each question and each part of an answer has `timeout_s`; what the program says on standard error is kept for the
    message of its end.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        timeout_s: float,
        install: str,
        memory: int | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Start it. When `cancel` is set, nothing is waited for any more.

        Raises:
            ProcessError: it was not found, or cannot be started.
        """
        self._name, self._env, self._timeout_s = os.path.basename(argv[0]), env, timeout_s
        self._cancel = cancel
        self._child = child = start(argv, cwd, env, True, install, memory)
        self._answer, self._said, self._left = bytearray(), bytearray(), memoryview(b"")
        self._at = 0  # where the unread part of the answer begins
        self._selector = selectors.DefaultSelector()
        for name, stream in (("stdout", child.stdout), ("stderr", child.stderr)):
            assert stream is not None
            self._selector.register(stream, selectors.EVENT_READ, name)
        assert child.stdin is not None
        os.set_blocking(child.stdin.fileno(), False)
        self.close = weakref.finalize(self, _end_session, child, self._selector)

    @property
    def pid(self) -> int:
        """Of the program."""
        return self._child.pid

    def ask(self, question: bytes) -> None:
        """Hand over a question.

        Raises:
            ProcessError: it has ended, or does not read.
        """
        assert self._child.stdin is not None
        self._left = memoryview(question)
        self._selector.register(self._child.stdin, selectors.EVENT_WRITE, "stdin")
        deadline = time.monotonic() + self._timeout_s
        while self._left:
            self._step(deadline)
        self._selector.unregister(self._child.stdin)

    def line(self, longest: int = 4096) -> bytes:
        """The next line of the answer, without its end.

        Raises:
            ProcessError: it has ended, says nothing more, or a line of more than `longest` bytes.
        """
        deadline = time.monotonic() + self._timeout_s
        while (end := self._answer.find(b"\n", self._at)) < 0:
            if len(self._answer) - self._at > longest:
                raise ProcessError(problem("ENG456", program=self._name, size=f"{longest} bytes in a line"))
            self._step(deadline)
        found = bytes(self._answer[self._at : end])
        self._at = end + 1
        return found

    def take(self, size: int) -> bytes:
        """The next `size` bytes of the answer.

        Raises:
            ProcessError: it has ended, or says nothing more.
        """
        deadline = time.monotonic() + self._timeout_s
        while len(self._answer) - self._at < size:
            self._step(deadline)
        found = bytes(self._answer[self._at : self._at + size])
        self._at += size
        return found

    def _step(self, deadline: float) -> None:
        """Wait for one thing to happen."""
        while not (ready := self._selector.select(min(max(deadline - time.monotonic(), 0), TICK_S))):
            if self._cancel is not None and self._cancel.is_set():
                raise ProcessError(problem("ENG452", program=self._name))
            if time.monotonic() >= deadline:
                raise ProcessError(problem("ENG451", program=self._name, seconds=f"{self._timeout_s:g}"))
        for key, _ in ready:
            if key.data == "stdin":
                with contextlib.suppress(BrokenPipeError, BlockingIOError):  # its end shows on its output
                    self._left = self._left[os.write(key.fd, self._left[:CHUNK]) :]
                continue
            data = os.read(key.fd, CHUNK)
            if key.data == "stderr":
                self._said = (self._said + data)[-4 * SHOWN :]
            elif data:
                if self._at > _DROP:
                    del self._answer[: self._at]
                    self._at = 0
                self._answer += data
            if not data:
                self._selector.unregister(key.fileobj)
                if key.data == "stdout":
                    self._ended()

    def _ended(self) -> None:
        has_ended(self._child, ORPHANS_S)
        self._said += b"".join(os.read(key.fd, CHUNK) for key, _ in self._selector.select(0) if key.data == "stderr")
        self.close()
        done = Done(self._child.returncode, b"", bytes(self._said), 0)
        if done.code < 0:
            raise ProcessError(problem("ENG453", program=self._name, signal=signal_name(-done.code)), done)
        said = last_words(done, self._env) or "it said nothing"
        raise ProcessError(problem("ENG454", program=self._name, status=done.code, said=said), done)


def _end_session(child: Child, selector: selectors.BaseSelector) -> None:
    kill(child)
    selector.close()
