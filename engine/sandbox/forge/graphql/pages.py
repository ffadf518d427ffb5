"""Connections: one page of a list, with cursors that stay right when something is added or taken away."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.sandbox.forge.graphql.nodes import Args, Node, QueryError

PAGE = "after, before, first, last"  # the arguments of every connection
_MARK = "cursor:v2"


class Page(NamedTuple):
    """One page of `items`: from `start` up to `end`. What a connection has beside its nodes is in `more`."""

    items: Sequence[Node]
    start: int
    end: int
    more: Mapping[str, Any] = {}


class Edge(NamedTuple):
    """A node in its list."""

    page: Page
    at: int


def page(items: Sequence[Node], args: Args, **more: Any) -> Page:
    """The page that the arguments of PAGE name. (That one of `first` and `last` is there, `limits` has checked.)

    Raises:
        QueryError: a cursor that was never given out.
    """
    start, end = 0, len(items)
    if args.get("after") is not None:
        start = _place(items, args["after"], beyond=True)
    if args.get("before") is not None:
        end = max(start, _place(items, args["before"], beyond=False))
    if args.get("first") is not None:
        end = min(end, start + args["first"])
    if args.get("last") is not None:
        start = max(start, end - args["last"])
    return Page(items, start, end, more)


def cursor(items: Sequence[Node], at: int) -> str:
    """Opaque. It names the item, and its place for the case that the item is gone."""
    return base64.b64encode(f"{_MARK}:{at}:{_name(items[at])}".encode()).decode()


def _name(item: Node) -> str:
    return f"{item.kind}.{item.key}"


def _place(items: Sequence[Node], text: str, *, beyond: bool) -> int:
    try:
        first, version, at, name = base64.b64decode(text, validate=True).decode().split(":", 3)
        index = int(at)
    except (binascii.Error, ValueError):
        first = version = name = ""
        index = 0
    if f"{first}:{version}" != _MARK:
        raise QueryError("INVALID_CURSOR_ARGUMENTS", f"`{text}` does not appear to be a valid cursor.")
    names = [_name(item) for item in items]
    if name in names:
        return names.index(name) + beyond
    kind, _, key = name.partition(".")
    keys = [item.key for item in items if item.kind == kind and isinstance(item.key, int)]
    if key.isdigit() and len(keys) == len(items) and keys == sorted(keys):
        return sum(each < int(key) for each in keys)  # it is gone: where it would be
    return min(max(index, 0), len(items))


def _nodes(found: Page) -> Sequence[Node]:
    return found.items[found.start : found.end]


def _edges(found: Page) -> list[Edge]:
    return [Edge(found, at) for at in range(found.start, found.end)]


# Resolvers of every `…Connection` and `…Edge` and of PageInfo; the functions take what the field's parent resolved to.
CONNECTION = {
    "edges": _edges,
    "nodes": _nodes,
    "pageInfo": lambda found: found,
    "totalCount": lambda found: len(found.items),
}
EDGE = {
    "cursor": lambda edge: cursor(edge.page.items, edge.at),
    "node": lambda edge: edge.page.items[edge.at],
}
PAGE_INFO = {
    "endCursor": lambda found: cursor(found.items, found.end - 1) if found.end > found.start else None,
    "hasNextPage": lambda found: found.end < len(found.items),
    "hasPreviousPage": lambda found: found.start > 0,
    "startCursor": lambda found: cursor(found.items, found.start) if found.end > found.start else None,
}
