"""The plainest YAML, read in one pass: how rules, specs and lists of people are written.

Block mappings and lists of one-line values: words, `"strings"`, whole numbers, `[…]`, `{…}`. All printable ASCII, each
line by itself. Whatever else there is (an escape, a tab, `'`, `|`, `&`, `-1`, a name twice, a mistake) is not read here
at all but the long way, which also tells what is wrong: PyYAML takes as long to import as Python to start.
A law (`test_plain_laws.py`) says that what is read here is read the same there, to the place of every key.
"""

import re
from typing import Any, NamedTuple, TypeAlias

from engine.core.source.document import Span

LONGEST = 100_000  # characters: fewer than the long way's limit of nodes
_DEEPEST = 12
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_KEY = r"[A-Za-z_][A-Za-z0-9_.-]{0,99}+"
_STRING = r'"[^"\n]*+"'
_WORD = r"\w(?:[^:#\n]|:(?=[^ \n])|(?<=[^ ])#)*+"
_SHORT = r"\w(?:[\w./*-]|:(?=\w)| ++(?=\w))*+"  # a word between commas
_LINE = re.compile(  # the margin; a dash or a key; a value, or what opens a list or a map
    rf"( *+)(?:(- ++)|({_KEY}):(?: ++|(?=$)))(?:({_STRING}|{_WORD})|(?=([\[{{])))?", re.ASCII | re.MULTILINE
)
_NOTHING = re.compile(r" *+(?:#.*+)?$", re.MULTILINE)
_REST = re.compile(r" *+(?:(?<= )#(?![0-9$]).*+)?$", re.MULTILINE)  # `#5` may have been meant: `doubtful` tells
_INSIDE = re.compile(rf"({_STRING}|{_SHORT})|([\[{{])", re.ASCII)
_INSIDE_KEY = re.compile(rf"({_KEY}): ++")
_COMMA = re.compile(r" *+, *+")

Children: TypeAlias = dict[str | int, tuple[Span | None, Span]]
Found: TypeAlias = tuple[Any, Span]


class _NotPlainError(Exception):
    """It has to be read the long way."""


class _Open(NamedTuple):
    """A mapping or list that may go on in the next line."""

    column: int
    data: dict[str, Any] | list[Any]
    children: Children

    def add(self, key: str | int, key_span: Span | None, found: Found) -> None:
        """One more of its values."""
        if isinstance(self.data, dict):
            if key in self.data:
                raise _NotPlainError
            self.data[str(key)] = found[0]
        else:
            self.data.append(found[0])
        self.children[key] = key_span, found[1]


def read(text: str) -> Found | None:
    """The value of a text, and where it is; None when it has to be read the long way."""
    if len(text) > LONGEST or not text.isascii() or "\\" in text or not text.replace("\n", "").isprintable():
        return None
    try:
        return _read(text)
    except _NotPlainError:
        return None


def _read(text: str) -> Found:
    stack: list[_Open] = []
    root: Found | None = None
    waits: tuple[str, Span] | None = None  # a key whose value begins in the next line
    begin = 0
    for line, content in enumerate(text.split("\n")):
        at, begin = begin, begin + len(content) + 1
        if _NOTHING.match(text, at):
            continue
        match = _LINE.match(text, at)
        if match is None:
            raise _NotPlainError
        margin, dash, name = match[1], match[2], match[3]
        column = len(margin)
        if waits or not stack:
            # A value that begins in a line of its own stands further in; the text's own begins at the margin.
            if len(stack) >= _DEEPEST or column <= stack[-1].column if stack else column:
                raise _NotPlainError
            opened = _Open(column, [] if dash else {}, {})
            found = opened.data, Span(line, column, 1, opened.children)
            if waits:
                stack[-1].add(waits[0], waits[1], found)
            root, waits = root or found, None
            stack.append(opened)
        while stack[-1].column > column:
            stack.pop()
            if not stack:
                raise _NotPlainError
        here = stack[-1]
        if here.column != column or isinstance(here.data, list) is not bool(dash) or name in WORDS:
            raise _NotPlainError
        key: str | int = name or len(here.data)
        span = None if dash else Span(line, column, len(name))
        end = match.end()
        if match[4]:
            here.add(key, span, _scalar(match[4], line, match.start(4) - at))
        elif match[5]:
            value, end = _flow(text, end, line, at, len(stack))
            here.add(key, span, value)
        elif span:
            waits = name, span
        else:
            raise _NotPlainError
        if not _REST.match(text, end):
            raise _NotPlainError
    if root is None or waits:
        raise _NotPlainError
    return root


def _flow(text: str, at: int, line: int, begin: int, depth: int) -> tuple[Found, int]:
    """A list or map in one line, from its bracket at `at`; with what comes after it."""
    if depth >= _DEEPEST:
        raise _NotPlainError
    is_map = text[at] == "{"
    opened, close = _Open(at - begin, {} if is_map else [], {}), "}" if is_map else "]"
    found = opened.data, Span(line, at - begin, 1, opened.children)
    at = _skip(text, at + 1)
    if text.startswith(close, at):
        return found, at + 1
    while True:
        key: str | int = len(opened.data)
        span = None
        if is_map:
            named = _INSIDE_KEY.match(text, at)
            if named is None or named[1] in WORDS:
                raise _NotPlainError
            key, span, at = named[1], Span(line, at - begin, len(named[1])), named.end()
        match = _INSIDE.match(text, at)
        if match is None:
            raise _NotPlainError
        if match[1]:
            value, at = _scalar(match[1], line, at - begin), match.end()
        else:
            value, at = _flow(text, at, line, begin, depth + 1)
        opened.add(key, span, value)
        comma = _COMMA.match(text, at)
        if comma is None:
            break
        at = comma.end()
    at = _skip(text, at)
    if not text.startswith(close, at):
        raise _NotPlainError
    return found, at + 1


def _skip(text: str, at: int) -> int:
    while text.startswith(" ", at):
        at += 1
    return at


def _scalar(written: str, line: int, column: int) -> Found:
    if written[0] == '"':
        return written[1:-1], Span(line, column + 1, max(len(written) - 2, 1))
    word = written.rstrip(" ")
    if word[-1] in "']" or '"' in word:  # that nothing opens, or closes
        raise _NotPlainError
    return _value(word), Span(line, column, len(word))


def _value(word: str) -> str | int | bool | None:
    if word in WORDS:
        return WORDS[word]
    if not word[0].isdigit():
        return word
    if word == "0" or (word[0] != "0" and word.isdigit() and len(word) < 100):
        return int(word)
    if word[0] != "0" and word.strip("0123456789+-.eE"):  # `10m`, `1:30`
        return word
    raise _NotPlainError
