"""Syntax trees that know their columns: those of the `jmespath` library, walked beside the tokens they are made of.

The library's grammar is what people know, and the only one here. Its trees have no columns, and it reads what the
specification does not have: calls without commas, calls of names in parentheses, slices with two numbers in a row. The
walk has to meet every token; what the tree does not account for is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from jmespath.exceptions import ParseError
from jmespath.parser import Parser

from engine.core.expressions.snippet import Snippet
from engine.core.expressions.tokens import MAX_DEPTH, Tokens
from engine.errors import EngineError, Place, failure

Tree: TypeAlias = Mapping[str, Any]  # the library's: type, children, and for some a value
_STEPS = frozenset({"subexpression", "index_expression", "pipe"})  # each child works on the one before it


class Node(NamedTuple):
    """One node of the syntax tree; `kind` is the name that the `jmespath` library has for it."""

    kind: str
    value: Any
    children: tuple["Node", ...]
    start: int
    end: int
    depth: int  # levels of it, counted as its terms will be nested


def parse(snippet: Snippet) -> Node:
    """The syntax tree of `snippet`.

    Raises:
        EngineError: ENG100-104, with the column; ENG129, a library that we do not know.
    """
    try:
        return _remembered(snippet.text)
    except EngineError:
        return _tree(snippet)  # once more, to say where


@lru_cache(maxsize=8192)
def _remembered(text: str) -> Node:
    """Columns are counted in the text alone. Half of what rules say is said again: defines where they are used."""
    return _tree(Snippet(text, Place("")))


def _tree(snippet: Snippet) -> Node:
    tokens = Tokens(snippet)
    try:
        tree = Parser().parse(tokens.plain).parsed
    except ParseError as error:
        raise tokens.refused(error) from None
    return Walk(tokens).whole(tree)


class Walk:
    """One tree of the library, beside its tokens."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._groups: list[tuple[int, int]] = []  # which tokens opened a parenthesis that is no call's, and where

    def whole(self, tree: Tree) -> Node:
        """The tree with its columns.

        Raises:
            EngineError: ENG101 or ENG102, with the column; ENG129, a kind of node that we do not know.
        """
        node = self._node(tree)
        self._tokens.take("eof")
        return node

    def _made(self, kind: str, start: int, children: tuple[Node, ...] = (), value: Any = None) -> Node:
        """A node that ends with the last token."""
        depth = 1
        if children:
            depth = max([c.depth for c in children]) + (len(children) if kind in _STEPS else 1)
            if depth > MAX_DEPTH:
                raise self._tokens.too_deep(start, self._tokens.end)
        return Node(kind, value, children, start, self._tokens.end, depth)

    def _grown(self, kind: str, left: Node, right: Node) -> Node:
        """A chain with one more child: `a || b || c` is one node."""
        before = left.children if left.kind == kind else (left,)
        return self._made(kind, left.start, (*before, right))

    def _node(self, tree: Tree) -> Node:
        """`tree` from its leftmost part on: a chain of `||` is a thousand trees deep on the left."""
        first, outer = self._tokens.at, []
        while tree["type"] in _ONWARD:
            outer.append(tree)
            left = tree["children"][0]
            tree = left["children"][0] if tree["type"] == "projection" and _is_half(left) else left
        while self._tokens.kind == "lparen":  # a call's comes after its name
            self._groups.append((self._tokens.at, self._tokens.start))
            self._tokens.take("lparen")
        if tree["type"] not in _FIRST:
            raise self._unknown(tree)
        node = self._closed(_FIRST[tree["type"]](self, tree), first)
        for tree in reversed(outer):
            node = self._closed(_ONWARD[tree["type"]](self, tree, node, first), first)
        return node

    def _closed(self, node: Node, first: int) -> Node:
        """`node` with the parentheses around it, if they opened no earlier than its first token."""
        while self._tokens.kind == "rparen" and self._groups and self._groups[-1][0] >= first:
            self._tokens.take("rparen")
            node = node._replace(start=self._groups.pop()[1], end=self._tokens.end)
        return node

    def _unknown(self, tree: Tree) -> EngineError:
        snippet = self._tokens.snippet
        return failure("ENG129", snippet.at(0, len(snippet.text)), kind=tree["type"])

    def _separated(self, trees: Sequence[Tree], end: str) -> tuple[Node, ...]:
        """With commas between them."""
        found = []
        for number, tree in enumerate(trees):
            if number:
                self._tokens.take("comma")
            found.append(self._node(tree))
        self._tokens.take(end)
        return tuple(found)

    # --- what an expression begins with

    def _leaf(self, tree: Tree) -> Node:
        token = self._tokens.take(*_LEAVES[tree["type"]])
        kind, value = self._tokens.literals.get(token["start"], (tree["type"], tree.get("value")))
        return self._made(kind, token["start"], (), value)

    def _nothing(self, _tree: Tree) -> Node:
        return Node("identity", None, (), self._tokens.start, self._tokens.start, 1)

    def _call(self, tree: Tree) -> Node:
        name = self._tokens.take("unquoted_identifier")
        if self._tokens.kind == "rparen":  # `(f)(a)`: that it is called is what is wrong
            raise self._tokens.unexpected(self._tokens.next("lparen"))
        self._tokens.take("lparen")
        arguments = self._separated(tree["children"], "rparen")
        return self._made(tree["type"], name["start"], arguments, tree["value"])

    def _prefixed(self, tree: Tree) -> Node:
        sign = self._tokens.take("not", "expref")
        return self._made(tree["type"], sign["start"], (self._node(tree["children"][0]),))

    def _listed(self, tree: Tree) -> Node:
        opening, end = _ENDS[tree["type"]]
        start = self._tokens.take(opening)["start"]
        return self._made(tree["type"], start, self._separated(tree["children"], end))

    def _pair(self, tree: Tree) -> Node:
        key = self._tokens.take("unquoted_identifier", "quoted_identifier")
        self._tokens.take("colon")
        return self._made(tree["type"], key["start"], (self._node(tree["children"][0]),), tree["value"])

    # --- how it goes on

    def _chain(self, tree: Tree, left: Node, first: int) -> Node:
        for child in tree["children"][1:]:
            self._tokens.take(_BETWEEN[tree["type"]])
            left = self._closed(self._grown(tree["type"], left, self._node(child)), first)
        return left

    def _comparison(self, tree: Tree, left: Node, _first: int) -> Node:
        self._tokens.take(tree["value"])
        return self._made(tree["type"], left.start, (left, self._node(tree["children"][1])), tree["value"])

    def _items(self, tree: Tree, left: Node, first: int) -> Node:
        for child in tree["children"][1:]:
            left = self._closed(self._grown(tree["type"], left, self._item(child)), first)
        return left

    def _item(self, tree: Tree) -> Node:
        """`[0]`, `[1:2:3]`"""
        if tree["type"] not in ("index", "slice"):
            raise self._unknown(tree)
        start = self._tokens.take("lbracket")["start"]
        self._tokens.may("number")
        for _ in tree["children"][1:]:  # a slice has three, whatever was written
            if self._tokens.may("colon"):
                self._tokens.may("number")
        self._tokens.take("rbracket")
        return self._made(tree["type"], start, (), tree.get("value", tuple(tree["children"])))

    def _projection(self, tree: Tree, left: Node, _first: int) -> Node:
        """`[*]`, `[1:]`, `[]`, and what follows."""
        start, half = left.start, tree["children"][0]
        if not _is_half(half):
            for kind in ("lbracket", "star", "rbracket"):
                self._tokens.take(kind)
        elif half["type"] == "flatten":
            left = self._made("flatten", self._tokens.take("flatten")["start"], (left,))
        else:
            left = self._made("index_expression", start, (left, self._item(half["children"][1])))
        return self._made(tree["type"], start, (left, self._onward(tree["children"][1])))

    def _values(self, tree: Tree, left: Node, _first: int) -> Node:
        if left.kind != "identity":
            self._tokens.take("dot")
        self._tokens.take("star")
        return self._made(tree["type"], left.start, (left, self._onward(tree["children"][1])))

    def _filter(self, tree: Tree, left: Node, _first: int) -> Node:
        self._tokens.take("filter")
        condition = self._node(tree["children"][2])
        self._tokens.take("rbracket")
        return self._made(tree["type"], left.start, (left, self._onward(tree["children"][1]), condition))

    def _onward(self, tree: Tree) -> Node:
        """What a projection does with each item."""
        if tree["type"] != "identity":
            self._tokens.may("dot")
        return self._node(tree)


def _is_half(tree: Tree) -> bool:
    """Is it the first half of a projection: `a[]`, or a slice of something that is no item (`a[0][1:]` is one node)?"""
    if tree["type"] == "index_expression":
        return len(tree["children"]) == 2 and tree["children"][1]["type"] == "slice"
    return bool(tree["type"] == "flatten")


_LEAVES = {"field": ("unquoted_identifier", "quoted_identifier"), "literal": ("literal",), "current": ("current",)}
_ENDS = {"multi_select_list": ("lbracket", "rbracket"), "multi_select_dict": ("lbrace", "rbrace")}
_BETWEEN = {"subexpression": "dot", "pipe": "pipe", "or_expression": "or", "and_expression": "and"}
_FIRST: Mapping[str, Callable[[Walk, Tree], Node]] = {
    **dict.fromkeys(_LEAVES, Walk._leaf),
    "identity": Walk._nothing,
    "function_expression": Walk._call,
    "not_expression": Walk._prefixed,
    "expref": Walk._prefixed,
    **dict.fromkeys(_ENDS, Walk._listed),
    "key_val_pair": Walk._pair,
}
_ONWARD: Mapping[str, Callable[[Walk, Tree, Node, int], Node]] = {
    **dict.fromkeys(_BETWEEN, Walk._chain),
    "comparator": Walk._comparison,
    "index_expression": Walk._items,
    "projection": Walk._projection,
    "value_projection": Walk._values,
    "filter_projection": Walk._filter,
}
