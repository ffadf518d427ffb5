"""Who asks: the holder of a named token, by the token itself or by a session that began with it.

A token is 32 random bytes, so its plain SHA-256 tells nothing of it and needs no salt. The file is read again whenever
it changes: a line that is taken out ends, at the next request, all that was begun with its token.
"""

import hmac
import os
import re
import secrets
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Literal, NamedTuple

from engine.errors import EngineError, failure

Right = Literal["read", "write"]
RIGHTS: Mapping[str, tuple[Right, ...]] = {"": ("read", "write"), "read": ("read",)}
SESSION_S = 12 * 3600  # after which one signs in again
_SESSIONS = 1000  # of which the oldest goes
# `@` and blanks are not in it: no name looks like `account on machine`, as which the trail names who is at a terminal.
_LINE = re.compile(r"([a-z0-9][a-z0-9._-]{0,63}):([0-9a-f]{64})(?::([a-z]*))?")
_PREFIX = "interlock_"  # so that whoever finds one somewhere knows what it is, secret scanners too


class Who(NamedTuple):
    """Somebody with rights."""

    name: str  # of the token; "" of whoever sits at this machine and has shown none
    rights: tuple[Right, ...]
    how: Literal["loopback", "token", "session"]


LOOPBACK = Who("", ("read",), "loopback")


class Holder(NamedTuple):
    """One line of the file."""

    name: str
    digest: str  # SHA-256 of the token
    rights: tuple[Right, ...]


class Tokens:
    """The file of tokens; without one nobody has any."""

    def __init__(self, file: str | None) -> None:
        """Read it once.

        Raises:
            EngineError: ENG001, ENG006, ENG009 it cannot be read, or others can; ENG800, a line of it is none.
        """
        self._file = file
        self._stamp: tuple[int, ...] | None = None
        self._holders: Mapping[str, Holder] = {}
        if file is not None:
            self._stamp, self._holders = _stamp(file), _read(file)

    def holder(self, token: str) -> Holder | None:
        """Whose token it is. A file that cannot be read any more has nobody's."""
        return self.of(sha256(token.encode("utf-8", "surrogateescape")).hexdigest())

    def of(self, digest: str) -> Holder | None:
        """Whose token has this digest, now."""
        if self._file is not None and (stamp := _stamp(self._file)) != self._stamp:
            try:
                self._stamp, self._holders = stamp, _read(self._file)
            except EngineError:  # it is being written, or was damaged: nobody gets in by what stood there before
                self._stamp, self._holders = None, {}
        return self._holders.get(digest)


class Session(NamedTuple):
    """What a browser's cookie stands for."""

    digest: str  # of the token with which it was begun
    until: float


class Sessions:
    """Browsers that have signed in since this start, by the digest of their cookie, in memory. For one thread."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._secret = secrets.token_bytes(32)
        self._open: dict[str, Session] = {}

    def begin(self, holder: Holder) -> str:
        """A new session, never one that the browser brought along: its cookie."""
        cookie = secrets.token_urlsafe(32)
        while len(self._open) >= _SESSIONS:
            del self._open[next(iter(self._open))]
        self._open[_digest(cookie)] = Session(holder.digest, time.monotonic() + SESSION_S)
        return cookie

    def who(self, cookie: str) -> Who | None:
        """Whose session it is, if its token still is somebody's."""
        found = self._open.get(_digest(cookie))
        if found is None:
            return None
        holder = self._tokens.of(found.digest)
        if holder is None or time.monotonic() >= found.until:
            self.end(cookie)
            return None
        return Who(holder.name, holder.rights, "session")

    def end(self, cookie: str) -> None:
        """It is nobody's from now on."""
        self._open.pop(_digest(cookie), None)

    def stamp(self, cookie: str) -> str:
        """What a form of this browser carries: of this cookie, and of this start."""
        return hmac.new(self._secret, cookie.encode("utf-8", "surrogateescape"), "sha256").hexdigest()


def new(name: str, right: str = "") -> tuple[str, str]:
    """(A new token, the line for the file); `right` as in RIGHTS.

    Raises:
        EngineError: ENG801, no token can have that name.
    """
    token = _PREFIX + secrets.token_urlsafe(32)
    line = f"{name}:{sha256(token.encode()).hexdigest()}" + (f":{right}" if right else "")
    if not _LINE.fullmatch(line):
        raise failure("ENG801", name=name)
    return token, line


def _read(file: str) -> Mapping[str, Holder]:
    """By digest.

    Raises:
        EngineError: as `Tokens`.
    """
    from engine.adapters.key_files import read_private

    found: dict[str, Holder] = {}
    names: set[str] = set()
    for number, row in enumerate(read_private(file).decode("utf-8", "replace").split("\n"), 1):
        line = row.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        right = (match[3] or "") if match else "?"
        if not match or right not in RIGHTS:
            raise failure("ENG800", file=file, line=number, reason="it is not NAME:SHA256 or NAME:SHA256:read")
        if match[1] in names or match[2] in found:
            raise failure("ENG800", file=file, line=number, reason="another line has this name or this token")
        names.add(match[1])
        found[match[2]] = Holder(match[1], match[2], RIGHTS[right])
    return found


def _stamp(file: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(file)
    except (OSError, ValueError):
        return (0,)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode


def _digest(cookie: str) -> str:
    return sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()
