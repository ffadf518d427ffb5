"""tree-sitter's view of HCL, shared by what reads tfvars and what reads the controller's module."""

import re
from collections.abc import Iterator
from functools import cached_property
from threading import local
from typing import TYPE_CHECKING

from engine.core.source.document import LONGEST_EXCERPT
from engine.errors import Place

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree


class _Own(local):
    """What each thread has for itself: a parser serves one text at a time, and making one costs as much as a text."""

    @cached_property
    def parser(self) -> "Parser":
        import tree_sitter
        import tree_sitter_hcl

        return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


_own = _Own()


# `1e5`, which the grammar does not know without a fraction; never a part of a name, of `1.5e3`, of `é-1e5`.
_EXPONENT = re.compile(rb"(?<![\w.\x80-\xff])(?<![-\w\x80-\xff]-)[0-9]+[eE][+-]?[0-9]+(?![-\w.\x80-\xff])")

# `$$${`, a dollar sign before an escaped `${`, of which the grammar sees an escaped dollar sign before `${`.
_ESCAPES = re.compile(rb"(?:\$+|%+)\{?")


def parse(data: bytes) -> "Tree":
    """The concrete syntax tree; it may hold errors. The text of a number may be altered: take it from `data`.

    Where the grammar is narrower than HashiCorp's, it is shown another text of the same length: `1005` for `1e5`,
    `_$${` for `$$${`. Which matches are numbers, and not a part of a string or of a comment, the parser itself tells:
    digits for digits, no token begins or ends elsewhere.
    """
    parser = _own.parser
    data = _ESCAPES.sub(_escape, data) if b"${" in data or b"%{" in data else data
    matches = list(_EXPONENT.finditer(data))
    if not matches:
        return parser.parse(data)
    root = parser.parse(_EXPONENT.sub(_digits, data)).root_node
    shown = bytearray(data)
    for match in matches:
        node = root.descendant_for_byte_range(*match.span())
        if node is not None and node.type == "numeric_lit" and (node.start_byte, node.end_byte) == match.span():
            shown[match.start() : match.end()] = _digits(match)
    return parser.parse(bytes(shown))


def _escape(match: re.Match[bytes]) -> bytes:
    return match[0][-3:].rjust(len(match[0]), b"_") if match[0].endswith(b"{") else match[0]


def _digits(match: re.Match[bytes]) -> bytes:
    return match[0].translate(bytes.maketrans(b"eE+-", b"0000"))


def parts(node: "Node") -> list["Node"]:
    """The named children, without comments, which may stand anywhere."""
    return [child for child in node.named_children if child.type != "comment"]


def text(node: "Node") -> str:
    """The source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def place(file: str, data: bytes, node: "Node") -> Place:
    """Where a node is; columns count characters, not bytes."""
    start, end = node.start_point, node.end_point
    last = end.column if end.row == start.row else 0
    return at(file, data, start.row, start.column, last - start.column)


def at(file: str, data: bytes, row: int, byte: int, length: int) -> Place:
    """A place with its excerpt, from a row and a byte column counted from 0; `length` is in bytes."""
    lines = data.split(b"\n", row + 1)
    line = lines[row].rstrip(b"\r") if row < len(lines) else b""
    before = line[:byte].decode("utf-8", "replace")
    marked = line[byte : byte + max(length, 1)].decode("utf-8", "replace")
    excerpt = line.decode("utf-8", "replace")
    return Place(
        file, row + 1, len(before) + 1, max(len(marked), 1), excerpt if len(excerpt) <= LONGEST_EXCERPT else ""
    )


def errors(node: "Node") -> Iterator["Node"]:
    """The places where the text does not parse, in order."""
    stack = [node]
    while stack:
        found = stack.pop()
        if found.is_error or found.is_missing:
            yield found
        elif found.has_error:
            stack.extend(reversed(found.children))
