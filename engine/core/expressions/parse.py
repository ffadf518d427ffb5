"""Syntax trees that know their columns: JMESPath's own lexer and parser, which keep none, with spans added.

Also closes what the stock parser lets through (missing commas, number literals cut at a dot, JSON with repeated keys)
and bounds length and depth, so that nothing after this module can run out of stack.
"""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple, NoReturn

from jmespath import exceptions, lexer, parser

from engine.errors import EngineError, Place, failure

MAX_LENGTH = 4096  # below the 4,300 digits at which Python refuses to read an integer
MAX_DEPTH = 64
_SPACE = " \t\n\r"

Tree = dict[str, Any]  # a node as jmespath builds it
Token = dict[str, Any]

# What people write who think in another language → what JMESPath wants.
_MEANT = {
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!(…)`",
    "in": "write `in(value, list)`",
    "is": "write `==`",
    "=": "write `==`",
    "&": "write `&&`",
    "!": "write `!=` to compare, `!(…)` to negate",
    "$": "leave out `${` and `}`: this is an expression already",
    "?": "filters look like `list[?condition]`",
    "+": "there is no arithmetic; compare, or count with `length(…)`",
    "-": "there is no arithmetic; compare, or count with `length(…)`",
    "/": 'quote names that hold other characters: `"a/b"`',
    "%": "there is no arithmetic; compare, or count with `length(…)`",
    "~": "match text with `glob(text, pattern)`",
}


class Snippet(NamedTuple):
    """The text of one expression and where it starts; `outer` is the value in the file that it is a part of."""

    text: str
    place: Place
    outer: str = ""
    offset: int = 0  # of `text` in `outer`

    def at(self, start: int, end: int) -> Place:
        """The place of `text[start:end]` in the file."""
        place = self.place
        outer = self.outer or self.text
        start, end = self.offset + start, self.offset + end
        column = _column(place, outer, start)
        return place._replace(column=column, length=max(1, end - start)) if column else place

    def part(self, start: int, end: int) -> str:
        """`text[start:end]` on one line."""
        return " ".join(self.text[start:end].split())


def _column(place: Place, text: str, offset: int) -> int:
    """Column of `text[offset]`; 0 when it is not on the line that `place` names."""
    if not place.column or "\n" in text:
        return 0
    before, source = place.column - 1, place.excerpt
    if not source:
        return place.column + offset
    found = source.find(text, before)
    if found >= 0:
        return found + offset + 1
    quote = source[before : before + 1]
    doubled = {"'": "'", '"': '"\\'}.get(quote)  # what YAML writes as two characters inside these quotes
    if doubled is None:
        return 0
    column = place.column + 1 + sum(2 if c in doubled else 1 for c in text[:offset])
    return column if column <= len(source) else 0


class Node(NamedTuple):
    """One node of the syntax tree; `kind` is jmespath's name for it."""

    kind: str
    value: Any
    children: tuple["Node", ...]
    start: int
    end: int


def parse(snippet: Snippet) -> Node:
    """The syntax tree of `snippet`.

    Raises:
        EngineError: ENG100-103, with the column.
    """
    text = snippet.text
    if not text.strip(_SPACE):
        raise failure("ENG100", snippet.at(0, 0))
    if len(text) > MAX_LENGTH:
        raise failure("ENG102", snippet.at(0, 0), what=f"{len(text)} characters long", limit=MAX_LENGTH)
    try:
        tree = _Parser(snippet).tree()
    except exceptions.LexerError as e:
        position = int(e.lexer_position)
        raise _syntax(snippet, position, position + 1, _lexical(e, text)) from None
    except exceptions.IncompleteExpressionError:
        raise _syntax(snippet, len(text) - 1, len(text), "it ends too early") from None
    except exceptions.ParseError as e:
        start = int(e.lex_position)
        value = str(e.token_value)
        raise _syntax(snippet, start, start + len(value), f"`{value}` is not expected here") from None
    return _node(tree, 0, len(text))


def _lexical(error: exceptions.LexerError, text: str) -> str:
    character = text[error.lexer_position : error.lexer_position + 1]
    if error.message.startswith("Unclosed"):
        return f"the {character} that opens here is never closed"
    if error.message.startswith("Unknown token"):
        return f"`{character}` is not expected here"
    return str(error.message)


def _syntax(snippet: Snippet, start: int, end: int, reason: str) -> EngineError:
    word = snippet.text[start:end].lower()
    return failure("ENG101", snippet.at(start, end), reason=reason, hint=_MEANT.get(word, ""))


def _node(tree: Tree, start: int, end: int) -> Node:
    """`tree` as a frozen node; a node that the parser made in passing gets the span of its parent."""
    start, end = tree.get("start", start), tree.get("end", end)
    kind = tree["type"]
    if kind == "slice":
        return Node(kind, tuple(tree["children"]), (), start, end)
    return Node(kind, tree.get("value"), tuple(_node(c, start, end) for c in tree["children"]), start, end)


_STEPS = frozenset({"subexpression", "index_expression", "pipe"})  # each child works on the one before it
_GROWING = _STEPS | {"and_expression", "or_expression"}  # seen again with each child that is added


def _depth(tree: Tree) -> int:
    """Levels of `tree`; known of every node but the few that the stock parser makes in passing."""
    if "depth" in tree:
        return int(tree["depth"])
    children = tree["children"]
    if tree["type"] in _GROWING:
        children = (children[0], children[-1])
    deepest = max((_depth(c) for c in children if isinstance(c, dict)), default=0)
    return deepest + (len(tree["children"]) if tree["type"] in _STEPS else 1)


# The published stubs leave out everything that a subclass needs.
_StockLexer: Any = lexer.Lexer
_StockParser: Any = parser.Parser


class _Lexer(_StockLexer):  # type: ignore[misc]
    """The stock lexer with right `end`s, and JSON literals read strictly."""

    def tokenize(self, expression: str) -> Iterator[Token]:
        """Tokens; only white space stands between two, which gives each its end."""
        tokens: list[Token] = list(super().tokenize(expression))
        for token, following in pairwise(tokens):
            token["end"] = token["start"] + len(expression[token["start"] : following["start"]].rstrip(_SPACE))
        return iter(tokens)

    def _consume_literal(self) -> Token:
        start = self._position
        lexeme = self._consume_until("`").replace("\\`", "`")
        try:
            value = json.loads(lexeme, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique)
            if _nested(value) > MAX_DEPTH:
                raise RecursionError
        except _BadLiteralError as e:
            raise exceptions.LexerError(start, lexeme, str(e)) from None
        except RecursionError:
            raise exceptions.LexerError(start, lexeme, "the JSON here is nested too deeply") from None
        except ValueError:
            value = lexeme  # a bare word: `check` refuses it with the mending form
        return {"type": "literal", "value": value, "start": start, "end": start}


class _BadLiteralError(Exception):
    """JSON that Python reads and the specification does not."""


def _nested(value: Any) -> int:
    """Levels of lists and objects inside each other."""
    levels, layer = 0, [value]
    while layer := [v for v in layer if isinstance(v, list | dict)]:
        levels += 1
        layer = [p for v in layer for p in (v.values() if isinstance(v, dict) else v)]
    return levels


def _no_constant(name: str) -> NoReturn:
    raise _BadLiteralError(f"`{name}` is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _BadLiteralError(f"{digits} is too large a number")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _BadLiteralError("a key is there twice")
    return value


class _Parser(_StockParser):  # type: ignore[misc]
    """The stock parser with spans; `&&`, `||` and `|` chains are one node with many children."""

    def __init__(self, snippet: Snippet) -> None:
        super().__init__()
        self._snippet = snippet
        self._level = 0

    def tree(self) -> Tree:
        self._tokens = list(_Lexer().tokenize(self._snippet.text))
        self._index = 0
        parsed: Tree = self._expression()
        if self._current_token() != "eof":
            self._error_led_token(self._lookahead_token(0))
        return parsed

    def _expression(self, binding_power: int = 0) -> Tree:
        token = self._lookahead_token(0)
        start = token["start"]
        if self._level == MAX_DEPTH:
            raise self._too_deep(start, token["end"])
        self._level += 1
        self._advance()
        prefix: Callable[[Token], Tree] = getattr(self, f"_token_nud_{token['type']}", self._error_nud_token)
        left = self._spanned(prefix(token), start)
        while binding_power < self.BINDING_POWER[self._current_token()]:
            token = self._lookahead_token(0)
            infix: Callable[[Tree], Tree] | None = getattr(self, f"_token_led_{token['type']}", None)
            if infix is None:
                raise exceptions.ParseError(token["start"], token["value"], token["type"], "invalid token")
            self._advance()
            left = self._spanned(infix(left), start)
        self._level -= 1
        return left

    def _spanned(self, tree: Tree, start: int) -> Tree:
        known = tree.pop("depth", 0)
        tree["start"], tree["end"], tree["depth"] = start, self._lookahead_token(-1)["end"], max(known, _depth(tree))
        if tree["depth"] > MAX_DEPTH:
            raise self._too_deep(start, tree["end"])
        return tree

    def _too_deep(self, start: int, end: int) -> EngineError:
        return failure("ENG102", self._snippet.at(start, end), what="nested too deeply", limit=MAX_DEPTH)

    def _chain(self, kind: str, left: Tree, power: str) -> Tree:
        right = self._expression(self.BINDING_POWER[power])
        children = left["children"] if left["type"] == kind else [left]
        return {"type": kind, "children": [*children, right]}

    def _token_led_or(self, left: Tree) -> Tree:
        return self._chain("or_expression", left, "or")

    def _token_led_and(self, left: Tree) -> Tree:
        return self._chain("and_expression", left, "and")

    def _token_led_pipe(self, left: Tree) -> Tree:
        return self._chain("pipe", left, "pipe")

    def _token_led_lparen(self, left: Tree) -> Tree:
        name = self._lookahead_token(-2)
        if name["type"] != "unquoted_identifier":
            self._raise_parse_error_for_token(self._lookahead_token(-1), "not a function name")
        arguments = []
        if self._current_token() != "rparen":
            arguments.append(self._expression())
            while self._current_token() == "comma":
                self._advance()
                arguments.append(self._expression())
        self._match("rparen")
        return {"type": "function_expression", "value": left["value"], "children": arguments}

    def _token_nud_quoted_identifier(self, token: Token) -> Tree:
        return {"type": "field", "value": token["value"], "children": []}

    def _parse_index_expression(self) -> Tree:
        start = self._lookahead_token(-1)["start"]
        return self._spanned(super()._parse_index_expression(), start)

    def _parse_dot_rhs(self, binding_power: int) -> Tree:
        start = self._lookahead_token(0)["start"]
        return self._spanned(super()._parse_dot_rhs(binding_power), start)

    def _parse_multi_select_hash(self) -> Tree:
        pairs = []
        while True:
            key = self._lookahead_token(0)
            self._match_multiple_tokens(["quoted_identifier", "unquoted_identifier"])
            self._match("colon")
            value = self._expression()
            pair = {"type": "key_val_pair", "value": key["value"], "children": [value]}
            pairs.append(self._spanned(pair, key["start"]))
            if self._current_token() != "comma":
                break
            self._advance()
        self._match("rbrace")
        return {"type": "multi_select_dict", "children": pairs}

    def _error_nud_token(self, token: Token) -> NoReturn:
        if token["type"] == "number":
            end = token["end"]
            following = self._tokens[self._index : self._index + 2]
            if [t["type"] for t in following] == ["dot", "number"] and following[0]["start"] == end:
                end = following[1]["end"]
            written = self._snippet.text[token["start"] : end]
            raise failure("ENG103", self._snippet.at(token["start"], end), written=written)
        super()._error_nud_token(token)
        raise AssertionError("unreachable: the stock parser raises")
