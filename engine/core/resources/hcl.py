"""tree-sitter's view of HCL, shared by what reads tfvars and what reads the controller's module."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from engine.errors import Place

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree


@cache
def _language() -> "Language":
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Language(tree_sitter_hcl.language())


def parse(data: bytes) -> "Tree":
    """The concrete syntax tree; it may hold errors."""
    from tree_sitter import Parser

    return Parser(_language()).parse(data)


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
    return Place(file, row + 1, len(before) + 1, max(len(marked), 1), excerpt if len(excerpt) <= 200 else "")


def errors(node: "Node") -> Iterator["Node"]:
    """The places where the text does not parse, in order."""
    stack = [node]
    while stack:
        found = stack.pop()
        if found.is_error or found.is_missing:
            yield found
        elif found.has_error:
            stack.extend(reversed(found.children))
