"""A parsed file and its places. Places are looked up only when something is wrong, so they are kept cheap to build."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from engine.core.source.doubtful import Doubt, doubt
from engine.errors import Place, Problem, failure

Path: TypeAlias = tuple[str | int, ...]

LONGEST_EXCERPT = 10_000  # characters of a line; of minified JSON a column is help enough
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLOCK = -1  # column of a block scalar: its text begins on the next line, at that line's own indentation


class Span(NamedTuple):
    """Where a value is, counted from 0, and where its children are: a key's own span comes before its value's."""

    line: int
    column: int
    length: int
    children: "dict[str | int, tuple[Span | None, Span]] | None" = None


class Places:
    """Finds the place of a path. `scan` makes the tree of spans, on the first question."""

    __slots__ = ("_file", "_lines", "_scan", "_text", "_tree")

    def __init__(self, file: str, text: str, scan: Callable[[], Span]) -> None:
        self._file = file
        self._text = text
        self._scan = scan
        self._tree: Span | None = None
        self._lines: list[str] | None = None

    def find(self, path: Path, *, key: bool) -> Place:
        """The place of a value (or of its key), or of its nearest parent that exists."""
        if self._tree is None:
            self._tree = self._scan()
        span, name = self._tree, None
        for step in path:
            if span.children is None or step not in span.children:
                name = None
                break
            name, span = span.children[step]
        return self.at(*(name if key and name else span)[:3])

    def of(self, position: int) -> Place:
        """The place of a character, by its position in the text."""
        line = self._text.count("\n", 0, position)
        return self.at(line, position - (self._text.rfind("\n", 0, position) + 1), 1)

    def doubt(self, value: str, line: int, begin: int, end: int) -> Doubt | None:
        """What is odd about a value without quotes, that stands in a line from one column to another."""
        lines = self._split()
        return doubt(value, lines[line], begin, end, self._text) if line < len(lines) else None

    def _split(self) -> list[str]:
        if self._lines is None:
            self._lines = self._text.split("\n")
        return self._lines

    def at(self, line: int, column: int, length: int) -> Place:
        """A place with its excerpt, from a line and column counted from 0."""
        lines = self._split()
        if column == BLOCK:
            line = min(line + 1, len(lines) - 1)
            column = len(lines[line]) - len(lines[line].lstrip())
            length = len(lines[line].rstrip()) - column
        excerpt = lines[line].rstrip("\r") if line < len(lines) else ""
        return Place(self._file, line + 1, column + 1, length, excerpt if len(excerpt) <= LONGEST_EXCERPT else "")


class Document(NamedTuple):
    """What a file says, and where it says it."""

    file: str
    data: Any  # JSON values; their shape is what the file's schema says
    places: Places
    warned: tuple[Problem, ...] = ()  # what is accepted and odd
    doubted: frozenset[int] = frozenset()  # lines, from 1, of which more is wrong than what they say

    def place(self, *path: str | int, key: bool = False) -> Place:
        """`place("gates", "policy", "require")`; with `key`, of the name left of the colon."""
        return self.places.find(path, key=key)


class Read(NamedTuple):
    """A file as far as it could be read: what is wrong with it as text, and what it says where that is mended."""

    document: Document | None  # None: what was meant is not known
    problems: tuple[Problem, ...] = ()


def decode(data: bytes, file: str, limit: int) -> str:
    """UTF-8 text without a byte order mark, its line ends as they are.

    Raises:
        EngineError: too large, not UTF-8, or empty.
    """
    if len(data) > limit:
        raise failure("ENG020", Place(file), size=len(data), limit=limit)
    body = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        before, cut, line = body[: error.start].decode().rpartition("\n")
        place = Place(file, before.count("\n") + len(cut) + 1, len(line) + 1)
        byte = f"0x{body[error.start]:02x}"
        if body.startswith(UTF_16):
            raise failure("ENG021", place, byte=byte, hint="it is UTF-16: save the file as UTF-8") from None
        excerpt = line + body[error.start :].partition(b"\n")[0].decode(errors="replace").rstrip("\r")
        raise failure("ENG021", place._replace(excerpt=excerpt[:LONGEST_EXCERPT]), byte=byte) from None
    if "\0" in text[1:2] or text.startswith("\0"):
        raise failure("ENG021", Place(file, 1, 1), byte="0x00", hint="it is UTF-16: save the file as UTF-8")
    if not text.strip():
        raise failure("ENG022", Place(file))
    return text
