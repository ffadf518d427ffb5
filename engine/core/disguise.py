"""Where a secret stands in a text, however it is written there: found by reading the text as its readers would.

To write out all forms of a secret and look for each is neither possible (a browser escapes some characters and leaves
others, in either letter case) nor fast: one regular expression of 30,000 alternatives took three minutes for 1.2 MB.
So the *text* is read: as it stands, then with its escapes undone (JSON, Go, HCL, URL, form, HTML), then once more,
while anything changes. Every reading remembers where its characters came from. What no reading undoes, because it
depends on what stands before (base64) or has no mark of its own (hex), is written out instead.

A reading is searched in time linear in its length, whatever the number of secrets: by the first characters of each
place, in a table. Long secrets are looked for in pieces, so that a text cannot make us compare them over and over, and
so that a piece of one is hidden, too.
"""

import json
import re
import sys
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from html import unescape
from typing import NamedTuple
from urllib.parse import quote

SHORTEST = 4  # a shorter secret would hide half of every text
_LOOSE = 8  # characters from which on letter case, white space and `+` (a blank in a form) do not count
_PIECE = 64  # characters of a piece of a longer secret
_LINE = 16  # a line of a secret that is shorter says little, and hides much
_READINGS = 4  # JSON in JSON in a URL in HTML

_ESCAPES = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"
    r"|(?:\\u[0-9A-Fa-f]{4})+|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}"
    r"|(?:\\x[0-9A-Fa-f]{2})+|(?:\\[0-3][0-7]{2})+"
    r"|&#0*[0-9]{1,7};?|&#[xX]0*[0-9A-Fa-f]{1,6};?|&[A-Za-z][A-Za-z0-9]{1,31};|&(?:amp|lt|gt|quot)"
    r"|\\[^A-Za-z0-9]|\\[abefnrtv]"
    r"|\$\$(?=\{)|%%(?=\{)"
)
_LETTERS = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SHORT = 12  # characters of an escape that is worth remembering
_BASE64 = re.compile(r"[A-Za-z0-9+/_=-]")


class _Reading(NamedTuple):
    """A text as somebody would read it, and where some of its characters came from; the others follow them."""

    text: str
    read: Sequence[int] = (0,)
    written: Sequence[int] = (0,)
    earlier: "_Reading | None" = None

    def place(self, at: int) -> int:
        """Where character `at` begins in the text that was written."""
        nearest = bisect_right(self.read, at) - 1
        before = self.written[nearest] + at - self.read[nearest]
        return self.earlier.place(before) if self.earlier else before


class _Fold(dict[int, str | None]):
    """For `str.translate`: one letter case; without white space, controls, what is invisible, and `+`."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        folded = char.casefold()
        visible = char.isprintable() and not char.isspace() and char != "+"
        self[code] = (folded if len(folded) == 1 else char) if visible else None
        return self[code]


_FOLD = _Fold()


class Disguises:
    """Finds secrets, each of at least `SHORTEST` characters."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._exact, self._loose = _Needles(SHORTEST), _Needles(_LOOSE)
        for secret in secrets:
            for form, margins in _forms(secret):
                folded = form.translate(_FOLD)
                if len(folded) >= _LOOSE:
                    self._loose.add(folded, margins)
                elif len(form) >= SHORTEST:
                    self._exact.add(form, margins)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand, in order, none within another."""
        found: list[tuple[int, int]] = []
        if len(text) >= SHORTEST:
            for reading in _readings(text):
                found += self._in(reading)
        return _joined(found)

    def _in(self, reading: _Reading) -> Iterator[tuple[int, int]]:
        text, place = reading.text, reading.place
        for start, end in self._exact.find(text):
            yield place(start), place(end)
        folded = text.translate(_FOLD)
        hits = list(self._loose.find(folded))
        if hits:
            left_out = {chr(code) for code, folded in _FOLD.items() if folded is None}
            kept = [n for n, char in enumerate(text) if char not in left_out]
            for start, end in hits:
                yield place(kept[start]), place(kept[end - 1] + 1)


class _Needles:
    """What is looked for, in pieces."""

    def __init__(self, head: int) -> None:
        self._head = head  # characters of the shortest piece
        self._most = head  # of the longest
        self._heads: set[str] = set()
        self._margins: dict[str, tuple[int, int]] = {}

    def add(self, needle: str, margins: tuple[int, int]) -> None:
        """Look for `needle`, too; in a match, so many characters on either side belong to it."""
        left, right = margins
        last = max(len(needle) - _PIECE, 0)
        for at in [*range(0, last, _PIECE - 1), last]:  # they overlap, so that one secret is hidden by one mark
            piece = needle[at : at + _PIECE]
            self._heads.add(piece[: self._head])
            self._most = max(self._most, len(piece))
            ends = (left if at == 0 else 0, right if at + _PIECE >= len(needle) else 0)
            known = self._margins.get(piece, (0, 0))
            self._margins[piece] = (max(ends[0], known[0]), max(ends[1], known[1]))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """The longest match at each place, those that overlap as one."""
        head, heads, margins = self._head, self._heads, self._margins
        if not heads:
            return
        first = last = -1
        for at in [n for n in range(len(text) - head + 1) if text[n : n + head] in heads]:
            if piece := _longest(text, at, self._begun, head, self._most):
                start, end = _widened(text, at, at + len(piece), *margins[piece])
                if start >= last:
                    if last > 0:
                        yield first, last
                    first = start
                last = max(last, end)
        if last > 0:
            yield first, last

    @cached_property
    def _begun(self) -> dict[str, str]:
        """Each piece, and what `_longest` asks for on its way to it → the longest piece that this begins with."""
        begun: dict[str, str] = {}
        for piece in sorted(self._margins, key=len):  # so that those that a beginning begins with are known
            low, high = self._head, self._most
            while (size := (low + high) // 2) != len(piece):
                if size > len(piece):
                    high = size - 1
                    continue
                low = size + 1
                if (beginning := piece[:size]) not in begun:
                    begun[beginning] = _longest(beginning, 0, begun, self._head, self._most)
            begun[piece] = piece
        return begun


def _longest(text: str, at: int, begun: Mapping[str, str], low: int, high: int) -> str:
    """The longest piece at `at`, found by halves: what stands there may begin like pieces of every length."""
    longest = ""
    while low <= high:
        size = (low + high) // 2
        found = begun.get(text[at : at + size])
        if found is None:
            high = size - 1
        else:
            longest, low = found, size + 1
    return longest


def _widened(text: str, start: int, end: int, left: int, right: int) -> tuple[int, int]:
    """With the characters at either end that a secret in base64 shares with its neighbours."""
    while left and start and _BASE64.match(text, start - 1):
        start, left = start - 1, left - 1
    while right and end < len(text) and _BASE64.match(text, end):
        end, right = end + 1, right - 1
    return start, end


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


# ---------------------------------------------------------------- what is written out


def _forms(secret: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Forms of a secret, with the characters on either side that tell some of it."""
    for reading in _readings(secret):  # a secret with `%41` in it is read, too
        yield reading.text, (0, 0)
    for line in secret.splitlines():  # a key in a heredoc is shown line by line
        if len(line) >= _LINE:
            yield line, (0, 0)
    hexadecimal = _bytes(secret).hex()
    yield hexadecimal, (0, 0)
    yield ":".join(re.findall("..", hexadecimal)), (0, 0)
    for written in {secret, quote(secret, safe="", errors="replace"), *_in_json(secret)}:
        yield from _in_base64(_bytes(written))


def _in_json(text: str) -> set[str]:
    """`text` inside a JSON string, as the writers that we meet write it: UTF-8, ASCII only, and Go's (Terraform)."""
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    go = plain
    for char in "<>&\u2028\u2029":
        go = go.replace(char, f"\\u{ord(char):04x}")
    return {plain, json.dumps(text)[1:-1], go}


def _in_base64(data: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """The characters that `data` alone decides, for each number of bytes before it, in both alphabets."""
    for before in range(3):
        bits = 8 * (before + len(data))
        text = b64encode(b"\0" * before + data).decode().rstrip("=")[-(-8 * before // 6) : bits // 6]
        margins = (1 if before else 0, 3)  # a character that it shares, then `==`
        yield text, margins
        if "+" in text or "/" in text:
            yield text.replace("+", "-").replace("/", "_"), margins


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


# ---------------------------------------------------------------- how a text is read


def _readings(text: str) -> Iterator[_Reading]:
    """The text itself, and each time its escapes undone, until there are none."""
    reading = _Reading(text)
    yield reading
    for _ in range(_READINGS):
        further = _read(reading)
        if further.text == reading.text:
            return
        reading = further
        yield reading


def _read(earlier: _Reading) -> _Reading:
    text = earlier.text
    parts: list[str] = []
    read, written = [0], [0]
    size = at = 0
    for token in _ESCAPES.finditer(text):
        start = token.start()
        parts.append(text[at:start])
        size += start - at
        at = start
        for chars, width in (_known if len(token[0]) <= _SHORT else _meaning)(token[0]):
            parts.append(chars)
            read.append(size)
            written.append(at)
            size += len(chars)
            at += width
        read.append(size)
        written.append(at)
    parts.append(text[at:])
    return _Reading("".join(parts), read, written, earlier)


def _meaning(token: str) -> tuple[tuple[str, int], ...]:
    """What an escape stands for, with how much of it stands for that."""
    if token[0] == "%" and token[1] != "%":
        return _utf8(token.replace("%", ""), 3)
    if token[:2] == "\\x":
        return _utf8(token.replace("\\x", ""), 4)
    if token[0] == "\\" and token[1] in "0123":
        return _utf8("".join(f"{int(part, 8):02x}" for part in token.split("\\")[1:]), 4)
    if token[:2] == "\\U" or token[:3] == "\\u{":
        code = int(token[2:].strip("{}"), 16)
        return ((chr(code) if code <= sys.maxunicode else token, len(token)),)
    if token[:2] == "\\u":
        chars = bytes.fromhex(token.replace("\\u", "")).decode("utf-16-be", "surrogatepass")
        return tuple((char, 12 if ord(char) > 0xFFFF else 6) for char in chars)
    if token[0] == "\\":
        return ((_LETTERS.get(token[1], token[1]), 2),)
    if token[0] == "&":
        return ((unescape(token), len(token)),)
    return ((token[0], 2),)  # `$${` and `%%{` of HCL


_known = lru_cache(maxsize=4096)(_meaning)


def _utf8(hexadecimal: str, width: int) -> tuple[tuple[str, int], ...]:
    chars = bytes.fromhex(hexadecimal).decode("utf-8", "surrogateescape")
    return tuple((char, width * len(char.encode("utf-8", "surrogateescape"))) for char in chars)
