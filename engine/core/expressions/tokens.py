"""The tokens of the `jmespath` library, each with where it ends.

What stands in backticks is read here, strictly: the library would take NaN and keys that are there twice, and make a
text of what is no JSON. Depth is counted before anything calls itself for it: neither the library nor what comes after
can run out of stack.
"""

from collections.abc import Mapping
from itertools import pairwise
from json import JSONDecodeError
from typing import Any, TypeAlias

from jmespath.exceptions import LexerError, ParseError
from jmespath.lexer import Lexer
from jmespath.parser import Parser

from engine.core import exact
from engine.core.expressions.snippet import QUOTES, Snippet, closing
from engine.core.expressions.unexpected import CLOSING, OPENING, OPERATORS, SPACE, Token, Unexpected
from engine.errors import EngineError, Errors, failure

MAX_LENGTH = 4096  # below the 4,300 digits at which Python refuses to read an integer
MAX_DEPTH = 64

Literal: TypeAlias = tuple[str, Any]  # literal, or word (what is no JSON, refused by `check`); its value

_BRACKET = -1  # binds weaker than any operator: nothing lets go of it but the other bracket


class Tokens(Unexpected):
    """Those of one text; `at` is the one that comes next, `end` where the one before it ended."""

    def __init__(self, snippet: Snippet) -> None:
        """Raises EngineError: ENG100-102, ENG104, with the column."""
        if not snippet.text.strip(SPACE):
            inside = snippet.outer[: snippet.offset].endswith("${")
            hint = "write a path in it, such as `${pr.number}`, or remove it" if inside else ""
            raise failure("ENG100", snippet.at(0, 0), hint=hint)
        if len(snippet.text) > MAX_LENGTH:
            raise failure("ENG102", snippet.at(0, 0), what=f"{len(snippet.text)} characters long", limit=MAX_LENGTH)
        self.snippet = snippet
        self.literals, self.plain = _literals(snippet)
        try:
            self._all: list[Token] = list(Lexer().tokenize(self.plain))
            self._kinds: list[str] = [token["type"] for token in self._all]
        except LexerError as error:
            from engine.core.expressions.unlexed import no_token

            raise no_token(snippet, error.lexer_position, error.message) from None
        self.at = self.end = 0
        self._bound()

    def _bound(self) -> None:
        """Refuse what nests too deeply: of how many tokens, each with how it binds, is what follows a part?"""
        around: list[int] = []
        for at, kind in enumerate(self._kinds):
            power = Parser.BINDING_POWER[kind]
            if len(around) >= MAX_DEPTH:
                start = self._all[at]["start"]
                raise self.too_deep(start, start + 1)
            if kind in OPENING:
                around.append(_BRACKET)
            elif kind in CLOSING or kind == "comma":
                while around and around[-1] != _BRACKET:
                    around.pop()
                if kind != "comma":
                    del around[-1:]
                if kind == "rbracket":  # of a projection, perhaps: then the rest of the path is inside
                    around.append(Parser.BINDING_POWER["star"])
            elif kind in OPERATORS:
                while around and around[-1] >= power:
                    around.pop()
                around.append(power)
            elif kind in ("star", "not", "expref"):
                around.append(power)

    def too_deep(self, start: int, end: int) -> EngineError:
        """What stands there has too many levels."""
        return failure("ENG102", self.snippet.at(start, end), what="nested too deeply", limit=MAX_DEPTH)

    @property
    def kind(self) -> str:
        """Of the next token."""
        return self._kinds[self.at]

    @property
    def start(self) -> int:
        """Where the next token begins."""
        return int(self._all[self.at]["start"])

    def take(self, *kinds: str) -> Token:
        """The next token, which has to be one of these.

        Raises:
            EngineError: ENG101 or ENG103.
        """
        if self._kinds[self.at] not in kinds:
            raise self.unexpected(self.at)
        self.end = self._end_of(self.at)
        self.at += 1
        return self._all[self.at - 1]

    def may(self, kind: str) -> bool:
        """Take the next token if it is of this kind."""
        if self.kind != kind:
            return False
        self.take(kind)
        return True

    def next(self, kind: str) -> int:
        """The next token of this kind."""
        return self.next_of(kind, self.at)

    def refused(self, error: ParseError) -> EngineError:
        """What the library complains about; of a call, the parenthesis that nothing callable stands before."""
        if error.msg.startswith("Quoted identifier"):  # it does not say which
            return self.unexpected(list(pairwise(self._kinds)).index(("quoted_identifier", "lparen")) + 1)
        at = self.number(error.lex_position)
        if error.msg.startswith("Invalid function name"):
            at += 1
        return self.unexpected(at, value=error.msg == "invalid token")  # which it says where a value would begin


def _literals(snippet: Snippet) -> tuple[Mapping[int, Literal], str]:
    """What stands in backticks, by where it begins; and the text for the library, which has a 0 there, as long."""
    text, plain, at = snippet.text, snippet.text, 0
    if "`" not in text:
        return {}, text
    found: dict[int, Literal] = {}
    errors = Errors()
    while at < len(text):
        start = at
        if text[at] in QUOTES and (at := closing(text, start)) < 0:
            break  # which the library finds too
        if text[start] == "`":
            inside = text[start + 1 : at]
            written = inside.replace("\\`", "`")
            try:
                found[start] = "literal", exact.loads(written, MAX_DEPTH, to_the_digit=False)
            except JSONDecodeError:
                found[start] = "word", written.strip()
                if not inside:
                    errors.add("ENG104", snippet.at(start, at + 1), word="")
            except ValueError as error:
                reason = str(error) if isinstance(error, exact.TooMuchError) else "half of a character stands here"
                errors.extend(snippet.wrong(start, start + 1, reason).problems)
            plain = plain[: start + 1] + "0".ljust(len(inside)) + plain[at:]
        at += 1
    errors.check()
    return found, plain
