"""The tokens of the `jmespath` library, each with where it ends, and what is wrong with one.

What stands in backticks is read here, strictly: the library would take NaN and keys that are there twice, and make a
text of what is no JSON. Depth is counted before anything calls itself for it: neither the library nor what comes after
can run out of stack.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from json import JSONDecodeError
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

from jmespath.exceptions import LexerError, ParseError
from jmespath.lexer import Lexer
from jmespath.parser import Parser

from engine.core import exact
from engine.core.duration import seconds
from engine.core.expressions.snippet import QUOTES, Snippet, UnparsedError, closing, code
from engine.errors import EngineError, Errors, failure

if TYPE_CHECKING:
    from engine.core.expressions.infix import Said, Words

MAX_LENGTH = 4096  # below the 4,300 digits at which Python refuses to read an integer
MAX_DEPTH = 64

_KEYS = frozenset(
    {"if", "unless", "when", "require", "requires", "reject", "return", "where", "assert", "allow", "deny"}
)
_SPAN = re.compile(r"[0-9]{1,6}[smhd]\b")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{4,12}Z?)?")
_PRODUCT = re.compile(r"[0-9]{1,6}(?: ?\* ?[0-9]{1,6}){1,4}")
Token: TypeAlias = Mapping[str, Any]  # type, value, start; what the library calls its `end` is right for some only
Literal: TypeAlias = tuple[str, Any]  # literal, or word (what is no JSON, refused by `check`); its value

SPACE = " \t\n\r"
OPENING, CLOSING = ("lparen", "lbracket", "lbrace", "filter"), ("rparen", "rbracket", "rbrace")
_BEGIN_A_VALUE = frozenset({"literal", "unquoted_identifier", "quoted_identifier"})
_END_A_VALUE = frozenset({*_BEGIN_A_VALUE, "rparen", "rbracket", "current"})
_CLOSE = {"(": ")", "[": "]", "{": "}"}
OPERATORS = ("pipe", "or", "and", "eq", "ne", "lt", "lte", "gt", "gte")
BEFORE_A_VALUE = frozenset({"lparen", "lbracket", "filter", "comma", "colon", "not", "expref", *OPERATORS})
_BRACKET = -1  # binds weaker than any operator: nothing lets go of it but the other bracket


class Tokens:
    """Those of one text; `at` is the one that comes next, `end` where the one before it ended."""

    def __init__(self, snippet: Snippet) -> None:
        """Raises EngineError: ENG100-102, ENG104, with the column."""
        if not snippet.text.strip(SPACE):
            raise failure("ENG100", snippet.at(0, 0))
        if len(snippet.text) > MAX_LENGTH:
            raise failure("ENG102", snippet.at(0, 0), what=f"{len(snippet.text)} characters long", limit=MAX_LENGTH)
        self.snippet = snippet
        self.literals, self.plain = _literals(snippet)
        try:
            self._all: list[Token] = list(Lexer().tokenize(self.plain))
            self._kinds: list[str] = [token["type"] for token in self._all]
        except LexerError as error:
            from engine.core.expressions.unlexed import no_token

            raise no_token(snippet, error) from None
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
        return self._kinds.index(kind, self.at)

    def _end_of(self, at: int) -> int:
        start = self._all[at]["start"]
        following = self._all[at + 1]["start"] if at + 1 < len(self._all) else start
        return int(start + len(self.snippet.text[start:following].rstrip(SPACE)))

    def unexpected(self, at: int, *, value: bool = False) -> EngineError:
        """This token does not belong where it stands; `value`: a value does."""
        kind, start, end = self._kinds[at], self._all[at]["start"], self._end_of(at)
        if kind == "eof":
            if unclosed := self._unclosed():
                return unclosed
            hint = self._left_open()
            if at and self._kinds[at - 1] in OPERATORS:
                sign = self.snippet.text[self._all[at - 1]["start"] : self._end_of(at - 1)]
                hint = f"write what comes after `{sign}`, or remove it"
            return self.snippet.wrong(start - 1, start, "it ends too early", hint or "complete it")
        if kind in OPERATORS and (not at or self._kinds[at - 1] in BEFORE_A_VALUE):
            sign = self.snippet.text[start:end]
            before = sign in ("||", "&&", "==", "!=", "<", ">", "<=", ">=") and not at
            if at and kind in ("and", "or") and self._kinds[at - 1] in ("and", "or"):
                other = self.snippet.text[self._all[at - 1]["start"] : self._end_of(at - 1)]
                keep = f"remove one `{sign}`" if sign == other else f"keep one of `{other}` and `{sign}`"
                return self.snippet.wrong(start, end, hint=keep, instead="")
            if at and self._kinds[at - 1] in ("and", "or") and (again := self.words().again(at)):
                return self._told(start, end, again)
            return self.snippet.wrong(
                start, end, hint=f"write what comes before `{sign}`, or remove it" if before else ""
            )
        if kind in (*_BEGIN_A_VALUE, "not") and at and self._kinds[at - 1] in _END_A_VALUE:
            words = self.words()
            if called := words.called(at - 1):
                return self._told(self._all[at - 1]["start"], end, called)
            if words.said(at - 1) == "not" and (negated := words.negated(at - 1)):
                return self._told(self._all[at - 1]["start"], self._end_of(at - 1), negated)
            if joined := words.branched(at) or words.joined(at):
                return self._told(start, end, joined)
            if at == 1 and words.said(0) in _KEYS:
                return self.snippet.wrong(0, self._end_of(0), hint=f"leave `{words.said(0)}` out: it is the key's")
            if words.said(at) in ("then", "else", "do", "end"):
                return self.snippet.wrong(start, end, hint=f"leave `{words.said(at)}` out")
            mend = self.snippet.wrong(start, end)
            if "see docs" not in mend.problems[0].hint:
                return mend
            return self.snippet.wrong(start, end, hint="write what joins the two: `==`, `&&`, `||` …")
        if kind in CLOSING and not self._opened(at):
            sign = self.snippet.text[start:end]
            return self.snippet.wrong(start, end, f"`{sign}` closes nothing", f"remove `{sign}`, or open it before")
        if kind in CLOSING:
            opens = self.snippet.text[self._all[self._opened(at)[-1]]["start"]]
            if (closes := _CLOSE.get(opens, "")) not in ("", self.snippet.text[start:end]):
                return self.snippet.wrong(start, end, hint=f"close `{opens}` with `{closes}` before it")
        if kind in ("quoted_identifier", "literal") and at > 1 and self._kinds[at - 1] == "lbracket":
            name = self.snippet.text[start + 1 : end - 1]
            if self._kinds[at - 2] in _END_A_VALUE and self._kinds[at + 1] == "rbracket" and name.isidentifier():
                from engine.core.expressions.infix import Said

                meant = Said(f".{name}", self._all[at - 1]["start"], self._end_of(at + 1))
                whole = f"{self.words().before(at - 1)[0]}.{name}"
                told = self.snippet.wrong(start, end, hint=f"a field follows a `.`: write `{whole}`").problems[0]
                return UnparsedError(told, self.snippet.mended(meant.start, meant.end, meant.text))
        indexed = at > 1 and self._kinds[at - 1] == "lbracket" and self._kinds[at - 2] in _END_A_VALUE
        if indexed and (filtered := self.words().filtered(at)):
            return self._told(start, end, filtered)
        if kind == "colon" and at == 1 and self.words().said(0) in _KEYS:
            name = self.words().said(0)
            return self.snippet.wrong(0, end, hint=f"leave `{name}:` out: the key stands before the value already")
        if counted := self._counted(at):
            return counted
        if kind == "star" and at and self._kinds[at - 1] == "unquoted_identifier":
            name = self._all[at - 1]["value"]
            return self.snippet.wrong(start, end, hint=f"text stands in single quotes: write `'{name}*'`")
        if kind != "number" or not value or (at and self._kinds[at - 1] not in BEFORE_A_VALUE):
            return self.snippet.wrong(start, end)
        if [(t["type"], t["start"]) for t in self._all[at + 1 : at + 3]] == [("dot", end), ("number", end + 1)]:
            end = self._end_of(at + 2)
        written = self.snippet.text[start:end]
        return self.snippet.unparsed("ENG103", start, end, f"`{written}`", written=written)

    def _counted(self, at: int) -> EngineError | None:
        """Numbers as other languages have them: `24h`, `60 * 60`."""
        from engine.core.expressions.infix import Said

        text, start = self.snippet.text, self._all[at]["start"]
        if span := _SPAN.match(text, start):
            comparing = self._kinds[at - 1] in OPERATORS if at else False
            said = f"`{seconds(span[0])}`" if comparing else f"'{span[0]}'"
            return self._told(start, span.end(), Said(said, start, span.end()), ", in seconds" if comparing else "")
        if day := _DAY.match(text, start):
            return self._told(start, day.end(), Said(f"'{day[0]}'", start, day.end()))
        if product := _PRODUCT.match(text, start):
            said = f"`{prod(map(int, re.findall('[0-9]+', product[0])))}`"
            return self._told(start, product.end(), Said(said, start, product.end()), ": there is no arithmetic")
        return None

    def _told(self, start: int, end: int, meant: "Said", why: str = "") -> EngineError:
        """What another language says there is told, and what it comes to is judged in the place of the whole."""
        told = self.snippet.wrong(start, end, hint=f"write {code(meant.text)}{why}").problems[0]
        return UnparsedError(told, self.snippet.mended(meant.start, meant.end, meant.text))

    def number(self, start: int) -> int:
        """Which token begins there."""
        return [token["start"] for token in self._all].index(start)

    def words(self) -> "Words":
        """All of them, for what joins values in other languages."""
        from engine.core.expressions.infix import Words

        return Words(
            self.snippet.text,
            self._kinds,
            [token["start"] for token in self._all],
            [self._end_of(at) for at in range(len(self._all))],
        )

    def _opened(self, at: int) -> list[int]:
        """The brackets before a token that are open there."""
        opened: list[int] = []
        for number, kind in enumerate(self._kinds[:at]):
            if kind in OPENING:
                opened.append(number)
            elif kind in CLOSING and opened:
                opened.pop()
        return opened

    def _unclosed(self) -> EngineError | None:
        """A call or a list that was to be closed before an operator: neither is asked of a condition."""
        opened = self._opened(len(self._kinds))
        at = opened[-1] if len(opened) == 1 else 0
        sign = self.snippet.text[self._all[at]["start"]]
        called = at > 0 and sign == "(" and self._kinds[at - 1] == "unquoted_identifier"
        if not called and not (sign == "[" and self._kinds[at] == "lbracket"):
            return None
        depth = 0
        for number in range(at + 1, len(self._kinds)):
            kind = self._kinds[number]
            depth += (kind in OPENING) - (kind in CLOSING)
            if kind in OPERATORS and not depth:
                start, closes = int(self._all[number]["start"]), _CLOSE[sign]
                before = self._all[at - called]["start"]
                name, operator = (
                    self.snippet.text[before : self._end_of(at)],
                    self.snippet.text[start : self._end_of(number)],
                )
                if "comma" in self._kinds[number:] and called:
                    return None
                reason, hint = f"`{name}` is not closed before `{operator}`", f"write `{closes}` before `{operator}`"
                return self.snippet.wrong(start, start + len(operator), reason, hint, f"{closes} {operator}")
        return None

    def _left_open(self) -> str:
        """What to close at the end."""
        opened = self._opened(len(self._kinds))
        signs = [self.snippet.text[self._all[at]["start"]] for at in opened]
        if not signs:
            return ""
        before = re.search(r"[\w.\"]*\S\S?$", self.snippet.text[: self._end_of(opened[-1])])
        return (
            f"close `{before[0] if before else signs[-1]}` with `{''.join(_CLOSE[sign] for sign in reversed(signs))}`"
        )

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
