"""Objects by id, each hashed again: git prints a loose object that lies under another name without a word.

One `git cat-file` stays and answers. What it announces is counted before it is read, so a blob of a gigabyte is refused
by its size.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Literal, NamedTuple, TypeAlias

from engine.adapters.git.command import Git
from engine.adapters.process import ProcessError
from engine.adapters.session import Session
from engine.core.resources.tree import LARGEST_FILE
from engine.errors import failure

Kind: TypeAlias = Literal["commit", "tree", "blob", "tag"]

# The largest object of a kind, in bytes. A row of a tree takes about 40.
LARGEST: dict[Kind, int] = {"commit": 1024**2, "tag": 1024**2, "tree": 16 * 1024**2, "blob": LARGEST_FILE}
ALTOGETHER = 256 * 1024**2  # bytes that may be read of one clone
# Names in one question. It fits into a pipe: while git did not take all of a longer one, what it answers would have to
# be held, and nothing of that has been counted yet.
_QUESTION = 500


class Found(NamedTuple):
    """What git says of an object without showing it."""

    id: str
    kind: str
    size: int


class Objects:
    """The objects that a git directory of ours sees."""

    def __init__(self, git: Git, object_format: str) -> None:
        self._git, self._hash = git, getattr(hashlib, object_format)
        self._room = ALTOGETHER
        self._session: Session | None = None

    def about(self, names: Sequence[str]) -> list[Found | None]:
        """Kind and size of objects by id, or by the beginning of one, in order; None where it names no single object.

        Raises:
            EngineError: ENG356.
        """
        with self._asked("info", names) as session:
            return [_found(session.line()) for _ in names]

    def read(self, ids: Collection[str], kind: Kind) -> dict[str, bytes]:
        """The objects that are there, by id.

        Raises:
            EngineError: ENG360 one is not what its name says, or is of another kind; ENG363 too large; ENG356.
        """
        read: dict[str, bytes] = {}
        for batch in _batches(ids):
            with self._asked("contents", batch) as session:
                for name in batch:
                    if (data := self._next(session, name, kind)) is not None:
                        read[name] = data
        return read

    def _next(self, session: Session, name: str, kind: Kind) -> bytes | None:
        found = _found(session.line())
        if found is None:
            return None
        self._check(found, name, kind)
        data = session.take(found.size + 1)[:-1]
        head = f"{kind} {found.size}\0".encode()
        if self._hash(head + data, usedforsecurity=False).hexdigest() != name:
            raise failure("ENG360", id=name, reason="it is stored under a name that is not its own")
        return data

    def _check(self, found: Found, name: str, kind: Kind) -> None:
        if found.id != name:
            raise failure("ENG360", id=name, reason="git answers with another one")
        if found.kind != kind:
            raise failure("ENG360", id=name, reason=f"it is a {found.kind}, where a {kind} was expected")
        if found.size > LARGEST[kind]:
            raise failure("ENG363", limit=LARGEST[kind], what=f"bytes in {kind} {name:.12}")
        self._room -= found.size
        if self._room < 0:
            raise failure("ENG363", limit=ALTOGETHER, what="bytes in its objects")

    @contextmanager
    def _asked(self, command: str, names: Collection[str]) -> Iterator[Session]:
        """The session, asked for `names`; one that was not heard to the end is no use for the next question."""
        try:
            if self._session is None:
                self._session = self._git.session("cat-file", "--batch-command", "--buffer")
            self._session.ask("".join([*(f"{command} {name}\n" for name in names), "flush\n"]).encode())
            yield self._session
        except ProcessError as error:
            self.close()
            if error.problems[0].code == "ENG450":
                raise
            raise failure("ENG356", said=error.problems[0].message) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the program."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _batches(names: Collection[str]) -> Iterator[Sequence[str]]:
    rest = iter(names)
    while batch := list(islice(rest, _QUESTION)):
        yield batch


def _found(line: bytes) -> Found | None:
    """A line of `cat-file`: `<id> <kind> <size>`, or `<name> missing`, `<name> ambiguous`."""
    words = line.decode("utf-8", "replace").split(" ")
    return Found(words[0], words[1], int(words[2])) if len(words) == 3 else None
