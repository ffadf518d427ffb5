"""The syntax trees of the `jmespath` library in a form to compare, and what it lets through that we refuse.

Written against the specification's grammar and not against our parser: a subclass of the library's own parser that
parses unchanged, and notes where it went on without a comma, a name or JSON.
"""

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from jmespath import exceptions, lexer, parser

from engine.core.expressions.lex import MAX_DEPTH
from engine.core.expressions.parse import Node

_Stock: Any = parser.Parser  # the published stubs leave out what a subclass needs
_LEFT = ("and_expression", "or_expression", "pipe")  # chains, which are one node with many children here
_OPENING, _CLOSING = ("lparen", "lbracket", "lbrace", "filter"), ("rparen", "rbracket", "rbrace")


class Parsed(NamedTuple):
    """What the library makes of a text."""

    tree: Any  # kind, value, children; None: it does not parse
    lenient: frozenset[str]  # why the specification has it otherwise


class _Noting(_Stock):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.lenient: set[str] = set()

    def _note(self, reason: str, true: bool) -> None:
        if true:
            self.lenient.add(reason)

    def _commas(self, start: int) -> int:
        """Between the tokens read since `start`, outside all brackets; the closing bracket is the last of them."""
        found = level = 0
        for token in self._tokens[start : self._index - 1]:
            level += (token["type"] in _OPENING) - (token["type"] in _CLOSING)
            found += token["type"] == "comma" and not level
        return found

    def _token_led_lparen(self, left: Any) -> Any:
        start = self._index
        self._note("a name in brackets is called", self._lookahead_token(-2)["type"] != "unquoted_identifier")
        node = super()._token_led_lparen(left)
        self._note("commas", self._commas(start) != max(0, len(node["children"]) - 1))
        return node

    def _parse_multi_select_hash(self) -> Any:
        start = self._index
        node = super()._parse_multi_select_hash()
        self._note("commas", self._commas(start) != len(node["children"]) - 1)
        return node

    def _parse_slice_expression(self) -> Any:
        start = self._index
        node = super()._parse_slice_expression()
        kinds = [token["type"] for token in self._tokens[start : self._index]]
        self._note("numbers without a colon", ("number", "number") in pairwise(kinds))
        return node


def ask(text: str) -> Parsed:
    """What the library says of `text`."""
    noting = _Noting()
    try:
        tree = noting._parse(text).parsed
        quoted = [t["start"] for t in lexer.Lexer().tokenize(text) if t["type"] == "literal"]
    except exceptions.JMESPathError:
        return Parsed(None, frozenset())
    for start in quoted:
        if text[start] == "`":
            noting.lenient |= set(_literal(text, start))
    return Parsed(_plain(tree), frozenset(noting.lenient))


def _literal(text: str, start: int) -> Iterable[str]:
    found = re.compile(r"`((?:[^`\\]|\\.)*)`", re.S).match(text, start)
    assert found
    notes: list[str] = []

    def constant(_: str) -> None:
        notes.append("a number that JSON does not have")

    def pairs(given: list[tuple[str, Any]]) -> dict[str, Any]:
        notes.extend(["a key twice"] if len(dict(given)) < len(given) else [])
        return dict(given)

    written = found[1].replace("\\`", "`")
    try:
        value = json.loads(written, parse_constant=constant, object_pairs_hook=pairs)
    except ValueError:
        return ["a bare word"]
    if "Infinity" in json.dumps(value):
        constant("")
    if any(written.count(bracket) > MAX_DEPTH for bracket in "[{"):
        notes.append("depth")
    return notes


def _plain(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    kind, children = tree["type"], tree["children"]
    if kind == "slice":
        return kind, repr(tuple(children)), ()
    while kind in _LEFT and children[0]["type"] == kind:
        children = [*children[0]["children"], *children[1:]]
    return kind, repr(tree.get("value")), tuple(_plain(c) for c in children)


def plain(node: Node) -> Any:
    """Our tree in the same form: exact values, no columns."""
    return node.kind, repr(node.value), tuple(plain(c) for c in node.children)


def nodes(node: Node) -> Iterable[Node]:
    """A tree's nodes, itself first."""
    yield node
    for child in node.children:
        yield from nodes(child)
