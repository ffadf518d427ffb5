"""Git's pkt-lines, and what a push says in them (gitprotocol-pack(5))."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.sandbox.forge.answer import ForgeError
from engine.sandbox.forge.git.names import ABSENT, SHA

FLUSH = b"0000"
_BAND = 65515  # bytes of one packet of a side band
MOST = 1_000  # refs in one push


class Wanted(NamedTuple):
    """One ref of a push."""

    ref: str
    before: str | None
    after: str | None


class Push(NamedTuple):
    """The body of a request to git-receive-pack."""

    wanted: tuple[Wanted, ...]
    capabilities: frozenset[str]
    pack: bytes


def packet(data: bytes) -> bytes:
    """One pkt-line."""
    return b"%04x" % (len(data) + 4) + data


def band(number: int, data: bytes) -> bytes:
    """`data` on one band of the side band: 1 the answer, 2 what people read."""
    parts = (data[at : at + _BAND] for at in range(0, len(data), _BAND))
    return b"".join(packet(bytes((number,)) + part) for part in parts)


def read_push(body: bytes) -> Push:
    """The refs that a push wants to move, and its pack.

    Options (`git push -o`) mean nothing to GitHub, and nothing here.

    Raises:
        ForgeError: 400, it is no push.
    """
    wanted, capabilities, at = [], frozenset[str](), 0
    while body[at : at + 4] != FLUSH:
        line, at = _line(body, at)
        if line.startswith(b"shallow "):  # what the other side lacks; nothing may be lacking here, which is looked at
            continue
        command, _, said = line.partition(b"\0")
        capabilities |= frozenset(said.decode(errors="replace").split())
        wanted.append(_wanted(command))
        if len(wanted) > MOST:
            raise ForgeError(400, f"More than {MOST} refs in one push")
    at += len(FLUSH)
    if "push-options" in capabilities:
        while body[at : at + 4] != FLUSH:
            _, at = _line(body, at)
        at += len(FLUSH)
    return Push(tuple(wanted), capabilities, body[at:])


def report(unpacked: str, refusals: Iterable[tuple[str, str | None]], capabilities: frozenset[str], said: str) -> bytes:
    """The answer: of each ref None or why it is refused, and what people are to read."""
    lines = [packet(f"unpack {unpacked}\n".encode())]
    lines += [packet((f"ok {ref}\n" if why is None else f"ng {ref} {why}\n").encode()) for ref, why in refusals]
    told = b"".join(lines) + FLUSH if capabilities & {"report-status", "report-status-v2"} else b""
    if "side-band-64k" not in capabilities:
        return told
    return (band(2, said.encode()) if said else b"") + band(1, told) + FLUSH


def _line(body: bytes, at: int) -> tuple[bytes, int]:
    try:
        size = int(body[at : at + 4].decode("ascii"), 16)
    except ValueError:
        size = -1
    if not 4 < size <= 65520 or at + size > len(body):
        raise ForgeError(400, "This is no push")
    return body[at + 4 : at + size], at + size


def _wanted(command: bytes) -> Wanted:
    try:
        words: Sequence[str] = command.decode().rstrip("\n").split(" ", 2)
    except UnicodeDecodeError:
        raise ForgeError(400, "The name of a ref is not UTF-8") from None
    if len(words) != 3 or not SHA.match(words[0]) or not SHA.match(words[1]):
        raise ForgeError(400, "This is no push")
    before, after, ref = words
    return Wanted(ref, None if before == ABSENT else before, None if after == ABSENT else after)
