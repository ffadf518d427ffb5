"""Syntax trees that know their columns: a Pratt parser of JMESPath's grammar, without what libraries add to it.

Refused here and accepted there: lists without commas, calls of names in parentheses. Depth is bounded, so that
nothing after this module can run out of stack.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.core.expressions.lex import MAX_DEPTH, Snippet, Token, tokens
from engine.errors import EngineError, failure


class Node(NamedTuple):
    """One node of the syntax tree; `kind` is the name that the `jmespath` library has for it."""

    kind: str
    value: Any
    children: tuple["Node", ...]
    start: int
    end: int
    depth: int  # levels of it, counted as its terms will be nested


# How strongly what stands after a value binds it; and the two that stand before one.
_POWER = {
    "|": 1, "||": 2, "&&": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5, "[]": 9, "[?": 21, ".": 40, "[": 55,
}  # fmt: skip
_STAR, _NOT = 20, 45
_NAMED = {
    "|": "pipe", "||": "or_expression", "&&": "and_expression",
    "==": "eq", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte",
}  # fmt: skip
_LEAVES = {"quoted": "field", "literal": "literal", "word": "word", "@": "current"}
_STEPS = frozenset({"subexpression", "index_expression", "pipe"})  # each child works on the one before it


def parse(snippet: Snippet) -> Node:
    """The syntax tree of `snippet`.

    Raises:
        EngineError: ENG100-103, with the column.
    """
    return _Parser(snippet).whole()


class _Parser:
    """One text. `start` is always where the leftmost part of an expression begins."""

    def __init__(self, snippet: Snippet) -> None:
        self._snippet = snippet
        self._tokens = tokens(snippet)
        self._at = 0
        self._next = self._tokens[0]
        self._end = 0  # of the token before
        self._level = 0

    def whole(self) -> Node:
        """The tree of all of it."""
        node = self._expression(0)
        if self._next.kind != "end":
            raise self._unexpected()
        return node

    # --- tokens

    def _advance(self) -> Token:
        token = self._next
        self._at += 1
        self._next, self._end = self._tokens[self._at], token.end
        return token

    def _take(self, kind: str) -> bool:
        """Go on if this comes next."""
        if self._next.kind != kind:
            return False
        self._advance()
        return True

    def _expect(self, kind: str) -> None:
        if not self._take(kind):
            raise self._unexpected()

    def _unexpected(self) -> EngineError:
        token = self._next
        if token.kind == "end":
            return self._snippet.wrong(token.end - 1, token.end, "it ends too early")
        return self._snippet.wrong(token.start, token.end)

    # --- nodes

    def _node(self, kind: str, start: int, children: tuple[Node, ...] = (), value: Any = None) -> Node:
        """A node that ends with the last token."""
        depth = 1
        if children:
            depth = max([c.depth for c in children]) + (len(children) if kind in _STEPS else 1)
            if depth > MAX_DEPTH:
                raise self._too_deep(start, self._end)
        return Node(kind, value, children, start, self._end, depth)

    def _too_deep(self, start: int, end: int) -> EngineError:
        return failure("ENG102", self._snippet.at(start, end), what="nested too deeply", limit=MAX_DEPTH)

    def _grown(self, kind: str, left: Node, right: Node, start: int) -> Node:
        """A chain with one more child: `a.b.c` is one node."""
        before = left.children if left.kind == kind else (left,)
        return self._node(kind, start, (*before, right))

    def _expression(self, binding: int) -> Node:
        """What follows, up to an operator that binds no stronger than `binding`."""
        first = self._next
        if self._level == MAX_DEPTH:
            raise self._too_deep(first.start, first.end)
        prefix = _PREFIX.get(first.kind)
        if prefix is None:
            raise self._unexpected()
        self._level += 1
        left = prefix(self, self._advance())
        while binding < _POWER.get(self._next.kind, 0):
            left = _INFIX[self._next.kind](self, self._advance(), left, first.start)
        self._level -= 1
        return left

    def _separated(self, item: Callable[[], Node], end: str) -> tuple[Node, ...]:
        """One or more, with commas between them."""
        found = [item()]
        while self._take(","):
            found.append(item())
        self._expect(end)
        return tuple(found)

    # --- what an expression begins with

    def _name(self, name: Token) -> Node:
        if not self._take("("):
            return self._node("field", name.start, (), name.value)
        arguments = () if self._take(")") else self._separated(self._argument, ")")
        return self._node("function_expression", name.start, arguments, name.value)

    def _argument(self) -> Node:
        return self._expression(0)

    def _leaf(self, token: Token) -> Node:
        return self._node(_LEAVES[token.kind], token.start, (), token.value)

    def _group(self, bracket: Token) -> Node:
        inner = self._expression(0)
        self._expect(")")
        return inner._replace(start=bracket.start, end=self._end)

    def _not(self, sign: Token) -> Node:
        return self._node("not_expression", sign.start, (self._expression(_NOT),))

    def _reference(self, sign: Token) -> Node:
        return self._node("expref", sign.start, (self._expression(0),))

    def _open(self, bracket: Token) -> Node:
        """`[0]`, `[1:]` and `[*]` of the current node, or a list."""
        following = self._next.kind
        if following in ("number", ":") or (following == "*" and self._tokens[self._at + 1].kind == "]"):
            return self._items(bracket, self._nothing(), bracket.start)
        return self._list(bracket)

    def _list(self, bracket: Token) -> Node:
        return self._node("multi_select_list", bracket.start, self._separated(self._argument, "]"))

    def _hash(self, brace: Token) -> Node:
        return self._node("multi_select_dict", brace.start, self._separated(self._pair, "}"))

    def _pair(self) -> Node:
        if self._next.kind not in ("name", "quoted"):
            raise self._unexpected()
        key = self._advance()
        self._expect(":")
        return self._node("key_val_pair", key.start, (self._expression(0),), key.value)

    def _all_values(self, star: Token) -> Node:
        return self._projection("value_projection", self._nothing(), star.start, _STAR)

    def _bare(self, number: Token) -> Node:
        end, following = number.end, self._tokens[self._at : self._at + 2]
        if [t.kind for t in following] == [".", "number"] and following[0].start == end:
            end = following[1].end
        written = self._snippet.text[number.start : end]
        raise failure("ENG103", self._snippet.at(number.start, end), written=written)

    # --- how it goes on

    def _chain(self, operator: Token, left: Node, start: int) -> Node:
        return self._grown(_NAMED[operator.kind], left, self._expression(_POWER[operator.kind]), start)

    def _comparison(self, operator: Token, left: Node, start: int) -> Node:
        right = self._expression(_POWER[operator.kind])
        return self._node("comparator", start, (left, right), _NAMED[operator.kind])

    def _field(self, _dot: Token, left: Node, start: int) -> Node:
        if self._take("*"):
            return self._projection("value_projection", left, start, _POWER["."])
        return self._grown("subexpression", left, self._after_dot(_POWER["."]), start)

    def _after_dot(self, binding: int) -> Node:
        following = self._next.kind
        if following in ("name", "quoted", "*"):
            return self._expression(binding)
        if following == "[":
            return self._list(self._advance())
        if following == "{":
            return self._hash(self._advance())
        raise self._unexpected()

    def _items(self, bracket: Token, left: Node, start: int) -> Node:
        """`[0]`, `[1:2:3]`, `[*]`; the bracket has been read."""
        if self._next.kind not in ("number", ":"):
            self._expect("*")
            self._expect("]")
            return self._projection("projection", left, start, _STAR)
        parts = [self._number()]
        while len(parts) < 3 and self._take(":"):
            parts.append(self._number())
        self._expect("]")
        if len(parts) == 1:
            return self._grown("index_expression", left, self._node("index", bracket.start, (), parts[0]), start)
        cut = self._node("slice", bracket.start, (), (*parts, None)[:3])
        if left.kind == "index_expression":  # as the library has it: `a[0][1:]` is a list, not a projection
            return self._grown("index_expression", left, cut, start)
        onward = self._onward(_STAR)
        return self._node("projection", start, (self._grown("index_expression", left, cut, start), onward))

    def _number(self) -> int | None:
        return int(self._advance().value) if self._next.kind == "number" else None

    def _flatten(self, brackets: Token, left: Node, start: int) -> Node:
        flat = self._node("flatten", brackets.start, (left,))
        return self._projection("projection", flat, start, _POWER["[]"])

    def _filter(self, _bracket: Token, left: Node, start: int) -> Node:
        condition = self._expression(0)
        self._expect("]")
        return self._node("filter_projection", start, (left, self._onward(_POWER["[?"]), condition))

    def _projection(self, kind: str, left: Node, start: int, binding: int) -> Node:
        return self._node(kind, start, (left, self._onward(binding)))

    def _onward(self, binding: int) -> Node:
        """What a projection does with each item."""
        if self._next.kind in ("[", "[?"):
            return self._expression(binding)
        return self._after_dot(binding) if self._take(".") else self._nothing()

    def _nothing(self) -> Node:
        return Node("identity", None, (), self._end, self._end, 1)


_PREFIX: Mapping[str, Callable[[_Parser, Token], Node]] = {
    "name": _Parser._name,
    **dict.fromkeys(_LEAVES, _Parser._leaf),
    "number": _Parser._bare,
    "(": _Parser._group,
    "!": _Parser._not,
    "&": _Parser._reference,
    "[": _Parser._open,
    "{": _Parser._hash,
    "*": _Parser._all_values,
    "[]": lambda parser, token: parser._flatten(token, parser._nothing(), token.start),
    "[?": lambda parser, token: parser._filter(token, parser._nothing(), token.start),
}
_INFIX: Mapping[str, Callable[[_Parser, Token, Node, int], Node]] = {
    **dict.fromkeys(("|", "||", "&&"), _Parser._chain),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _Parser._comparison),
    ".": _Parser._field,
    "[": _Parser._items,
    "[]": _Parser._flatten,
    "[?": _Parser._filter,
}
