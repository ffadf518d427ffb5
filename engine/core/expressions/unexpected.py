"""Tokens that do not belong where they stand: what was meant by them, told where the hand slipped."""

import re
from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.core.duration import seconds
from engine.core.expressions.snippet import Snippet, UnparsedError, code
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.core.expressions.infix import Said, Words

_KEYS = frozenset(
    {"if", "unless", "when", "require", "requires", "reject", "return", "where", "assert", "allow", "deny"}
)
_SPAN = re.compile(r"[0-9]{1,6}[smhd]\b")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{4,12}Z?)?")
_PRODUCT = re.compile(r"[0-9]{1,6}(?: ?\* ?[0-9]{1,6}){1,4}")
Token: TypeAlias = Mapping[str, Any]  # type, value, start; what the library calls its `end` is right for some only

SPACE = " \t\n\r"
OPENING, CLOSING = ("lparen", "lbracket", "lbrace", "filter"), ("rparen", "rbracket", "rbrace")
_BEGIN_A_VALUE = frozenset({"literal", "unquoted_identifier", "quoted_identifier"})
_END_A_VALUE = frozenset({*_BEGIN_A_VALUE, "rparen", "rbracket", "current"})
_CLOSE = {"(": ")", "[": "]", "{": "}"}
OPERATORS = ("pipe", "or", "and", "eq", "ne", "lt", "lte", "gt", "gte")
BEFORE_A_VALUE = frozenset({"lparen", "lbracket", "filter", "comma", "colon", "not", "expref", *OPERATORS})


class Unexpected:
    """The part of the tokens of one text that says what is wrong with one of them."""

    snippet: Snippet
    _all: list[Token]
    _kinds: list[str]

    def _end_of(self, at: int) -> int:
        start = self._all[at]["start"]
        following = self._all[at + 1]["start"] if at + 1 < len(self._all) else start
        return int(start + len(self.snippet.text[start:following].rstrip(SPACE)))

    def next_of(self, kind: str, at: int) -> int:
        """The token of this kind that comes first from `at` on; the last of all where none does."""
        return next((n for n in range(at, len(self._kinds)) if self._kinds[n] == kind), len(self._kinds) - 1)

    def unexpected(self, at: int, *, value: bool = False) -> EngineError:
        """This token does not belong where it stands; `value`: a value does."""
        kind, start, end = self._kinds[at], self._all[at]["start"], self._end_of(at)
        if kind == "eof":
            return self._ended(at)
        if kind in OPERATORS and (not at or self._kinds[at - 1] in BEFORE_A_VALUE):
            sign = self.snippet.text[start:end]
            if at and self._kinds[at - 1] == "lparen" and self._kinds[at - 2] == "unquoted_identifier" and at > 1:
                name = self.snippet.text[self._all[at - 2]["start"] : self._end_of(at - 1)]
                return self.snippet.wrong(start, end, hint=f"close `{name}` with `)` before it", instead=f") {sign}")
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
            if words.said(at) == "not" and self._kinds[at + 1] == "eq":
                return self.snippet.wrong(start, self._end_of(at + 1), hint="write `!=`", instead="!=")
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
            if separated := self._separated(at):
                return separated
            mend = self.snippet.wrong(start, end)
            if "see docs" not in mend.problems[0].hint:
                return mend
            field = "`.`, " * (kind == self._kinds[at - 1] == "unquoted_identifier")
            return self.snippet.wrong(start, end, hint=f"write what joins the two: {field}`==`, `&&`, `||` …")
        if kind == "dot" and at and self._kinds[at - 1] == "dot":
            return self.snippet.wrong(start, end, hint="one `.` is enough: remove the other")
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
        if separated := self._separated(at):
            return separated
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

    def _ended(self, at: int) -> EngineError:
        """It ends here, too early."""
        start = int(self._all[at]["start"])
        if unclosed := self._unclosed():
            return unclosed
        hint = self._left_open()
        if at and self._kinds[at - 1] == "dot":
            dot = int(self._all[at - 1]["start"])
            return self.snippet.wrong(dot, dot + 1, hint="write what comes after `.`, or remove it")
        if at and self._kinds[at - 1] in OPERATORS:
            sign = self.snippet.text[self._all[at - 1]["start"] : self._end_of(at - 1)]
            hint = f"write what comes after `{sign}`, or remove it"
        return self.snippet.wrong(start - 1, start, "it ends too early", hint or "complete it")

    def _separated(self, at: int) -> EngineError | None:
        """Commas too few or too many, and a list in parentheses."""
        opened, kind, before = (self._opened(at) or [-1])[-1], self._kinds[at], self._kinds[at - 1]
        start, end = int(self._all[at]["start"]), self._end_of(at)
        if kind in CLOSING and before == "comma":
            comma = int(self._all[at - 1]["start"])
            return self.snippet.wrong(comma, comma + 1, hint="remove this `,`: nothing follows it", instead="")
        if before == "literal" and self.snippet.text[start - 2 : start] == "''" and kind == "unquoted_identifier":
            text = self.snippet.text[start:end]
            after = end + 2 * self.snippet.text.startswith("''", end)
            return self.snippet.wrong(
                start - 2, after, hint=f"write `'{text}'`, with one `'` on each side", instead=f"'{text}'"
            )
        if opened < 0:
            return None
        first = self._kinds[opened - 1] if opened else "comma"
        called = self._kinds[opened] == "lparen" and first == "unquoted_identifier"
        if kind == before == "literal" and (called or self._kinds[opened] == "lbracket"):
            text = self.snippet.text[start:end]
            return self.snippet.wrong(start, end, hint=f"write `,` before {code(text)}", instead=f", {text}")
        if kind == "comma" and not called and self._kinds[opened] == "lparen" and self._kinds[opened + 1] == "literal":
            from engine.core.expressions.infix import Said

            close = self.next_of("rparen", at)
            begin, last = int(self._all[opened]["start"]), self._end_of(close)
            return self._told(begin, last, Said(f"[{self.snippet.text[begin + 1 : last - 1]}]", begin, last))
        inside = len(self._opened(opened)) > 0
        if (
            before == "lbracket"
            and kind == "literal"
            and self._kinds[at + 1] == "comma"
            and first in _END_A_VALUE
            and inside
        ):
            bracket = int(self._all[opened]["start"])
            return self.snippet.wrong(bracket, bracket + 1, hint="write `,` before `[`", instead=", [")
        return None

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
        """Which token begins there; -1: none does."""
        return next((number for number, token in enumerate(self._all) if token["start"] == start), -1)

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
