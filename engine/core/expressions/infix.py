"""Words that join values in other languages, and are calls here: `a in b`, `a is not null`, `not a`.

It works on tokens, as nothing of it parses: the value before such a word, the one behind it, and what both come to.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_OPENING, _CLOSING = ("lparen", "lbracket", "lbrace", "filter"), ("rparen", "rbracket", "rbrace", "flatten")
_NOTHING = frozenset({"null", "none", "nil", "undefined", "`null`"})
_TURNED = {"eq": "!=", "ne": "==", "lt": ">=", "lte": ">", "gt": "<=", "gte": "<"}  # tokens, and their contraries
_SPELT = {"true": "`true`", "false": "`false`"}


def _listed(text: str) -> str:
    """A list, as it is written here, of one in brackets or in parentheses; empty where it is none."""
    if text.startswith("(") and text.endswith(")") and "," in text:
        return f"[{text[1:-1].strip()}]"
    return text if text.startswith("[") else ""


def _holds(where: str, what: str) -> str:
    group = where.startswith("groups.") and where.count(".") == 1
    return f"contains({where}.members[*].login, {what})" if group else f"contains({where}, {what})"


def matching(text: str, pattern: str) -> str:
    """How a simple regular expression (in quotes or slashes) is asked of a text; empty where it says more."""
    bare = pattern[1:-1]
    plain = bare.removeprefix("^").removesuffix("$").removesuffix(".*").replace("\\", "")
    if (
        pattern[:1] not in ("'", '"', "/")
        or not plain
        or not plain.replace(".", "").replace("-", "").replace("/", "").replace(" ", "").replace("_", "").isalnum()
    ):
        return ""
    begin, end = bare.startswith("^"), bare.endswith("$")
    if begin and end:
        return f"{text} == '{plain}'"
    return f"{'starts_with' if begin else 'ends_with' if end else 'contains'}({text}, '{plain}')"


CALLS: Mapping[str, Callable[[str, str], str]] = {
    "contains": _holds,
    "has": _holds,
    "includes": _holds,
    "in": lambda a, b: f"in({a}, {b})" if _listed(b) == b else f"in({a}, {_listed(b)})" if _listed(b) else _holds(b, a),
    "startswith": lambda a, b: f"starts_with({a}, {b})",
    "starts_with": lambda a, b: f"starts_with({a}, {b})",
    "endswith": lambda a, b: f"ends_with({a}, {b})",
    "ends_with": lambda a, b: f"ends_with({a}, {b})",
    "like": lambda a, b: f"glob({a}, {b.replace('%', '*')})",
    "glob": lambda a, b: f"glob({a}, {b})",
    "eq": lambda a, b: f"{a} == {b}",
    "equals": lambda a, b: f"{a} == {b}",
    "ne": lambda a, b: f"{a} != {b}",
    "xor": lambda a, b: f"{a} && !({b}) || !({a}) && {b}",
    "gt": lambda a, b: f"{a} > {b}",
    "lt": lambda a, b: f"{a} < {b}",
    "matches": lambda a, b: matching(a, b) or f"glob({a}, '…')",
}


class Said(NamedTuple):
    """What is meant, and the part of the text that says it."""

    text: str
    start: int
    end: int


class Words:
    """The tokens of one text, by their kinds and places."""

    def __init__(self, text: str, kinds: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> None:
        self._text, self._kinds, self._starts, self._ends = text, kinds, starts, ends

    def said(self, at: int) -> str:
        """The token at a place, in small letters; empty behind the last."""
        return self._text[self._starts[at] : self._ends[at]].lower() if at < len(self._kinds) else ""

    def joined(self, at: int) -> "Said | None":
        """What the word at `at` makes of the values around it, as it is written here; None where it is none."""
        word, behind = self.said(at), at + 1
        negated = word in ("not", "!") and self.said(behind) in CALLS
        if negated:
            word, behind = self.said(behind), behind + 1
        before, start = self.before(at)
        if word == "for":
            return self._comprehended(at)
        if word == "is":
            negated = self.said(behind) == "not"
            after, end = self.after(behind + negated)
            text = self._being(before, after, negated) if before and after else ""
        else:
            after, end = self.after(behind)
            text = "!" * negated + CALLS[word](before, after) if word in CALLS and before and after else ""
        return Said(text, start, end) if text else None

    def negated(self, at: int) -> "Said | None":
        """`not a`, `not a == b` or `not a in b` as it is written here: it is of all of a comparison."""
        value, end = self.after(at + 1)
        behind = next((n for n, start in enumerate(self._starts) if start >= end), len(self._kinds))
        if joined := self.joined(behind) if value else None:
            return Said(
                f"!{joined.text}" if joined.text.endswith(")") else f"!({joined.text})", self._starts[at], joined.end
            )
        other, last = self.after(behind + 1) if self._kinds[behind] in _TURNED else ("", 0)
        if value and other:
            return Said(f"{value} {_TURNED[self._kinds[behind]]} {other}", self._starts[at], last)
        text = f"!({value})" if value and not value.startswith("(") else f"!{value}"
        return Said(text, self._starts[at], end) if value else None

    def again(self, at: int) -> "Said | None":
        """`== b` behind `a == c ||`: what was compared before, once more."""
        _, first = self.before(at - 1)
        compares = next((n for n, end in enumerate(self._ends) if self._starts[n] == first), 0) - 1
        if compares < 1 or self._kinds[compares] not in _TURNED or self._kinds[at] not in _TURNED:
            return None
        asked, _ = self.before(compares)
        sign = self._text[self._starts[at] : self._ends[at]]
        value, end = self.after(at + 1)
        return Said(f"{asked} {sign} {value}", self._starts[at], end) if asked and value else None

    def called(self, at: int) -> "Said | None":
        """`length list`: the name of a function that stands before what it is asked of, without parentheses."""
        from engine.core.expressions.functions import FUNCTIONS

        name = self._text[self._starts[at] : self._ends[at]]
        takes = name != "merge" and any(one.name == name and one.parameters for one in FUNCTIONS)
        if not takes or self._kinds[at] != "unquoted_identifier" or self._kinds[at - 1 : at] == ["dot"]:
            return None
        value, end = self.after(at + 1)
        return Said(f"{name}({value})", self._starts[at], end) if value and self.said(at + 1) not in CALLS else None

    def filtered(self, at: int) -> "Said | None":
        """`list[a == 'b']`, whose condition begins at `at`: a filter without its question mark."""
        last = self._edge(at - 1, 1)
        if self._kinds[last] != "rbracket":
            return None
        start, (listed, first) = self._starts[at], self.before(at - 1)
        if self.called(at - 2):  # `length[…]`
            first, inside = self._starts[at - 2], self._text[start : self._ends[last - 1]]
            return Said(f"{self._text[first : self._ends[at - 2]]}({inside})", first, self._ends[last])
        if not {*_TURNED, "and", "or", "lparen"}.intersection(self._kinds[at:last]):
            return None
        return Said(f"{listed}[?{self._text[start : self._ends[last]]}", first, self._ends[last]) if listed else None

    def matched(self, at: int) -> "Said | None":
        """`a =~ 'b'`, whose sign is the token at `at`."""
        (before, start), (after, end) = self.before(at), self.after(at + 1)
        asked = matching(before, after)
        return Said(asked, start, end) if before and asked else None

    def defaulted(self, at: int) -> "Said | None":
        """`a ?? b`, whose sign is the token at `at`."""
        (before, start), (after, end) = self.before(at), self.after(at + 1)
        return Said(f"default({before}, {after})", start, end) if before and after else None

    def branched(self, at: int) -> "Said | None":
        """`if a then b else c` and `b if a else c`, where one of these words stands at `at`."""
        words = [self.said(number) for number in range(len(self._kinds))]
        if "else" not in words or "if" not in words:
            return None
        begin, other = words.index("if"), words.index("else")
        if begin == 0 and "then" in words[:other]:
            then = words.index("then")
            return self._chosen((1, then), (then + 1, other), (other + 1, len(words) - 1))
        return self._chosen((begin + 1, other), (0, begin), (other + 1, len(words) - 1)) if at == begin > 0 else None

    def asked(self, at: int) -> "Said | None":
        """`a ? b : c`, whose `?` is the token at `at`."""
        first, last, colon = self._edge(at, -1), self._edge(at, 1), self._edge(at, 1, "colon")
        if colon >= last:
            return None
        if (
            self._kinds[at + 1] == "literal" and self._kinds[first - 1] in ("eq", "ne") and first > 1
        ):  # a == (b ? c : d)
            value, start = self.before(first - 1)
            asked = f"{value} {self._text[self._starts[first - 1] : self._ends[first - 1]]}"
            holds, yes, no = (
                self._text[self._starts[one] : self._ends[end - 1]]
                for one, end in ((first + 1, at), (at + 1, colon), (colon + 1, last))
            )
            return Said(f"{holds} && {asked} {yes} || !({holds}) && {asked} {no}", start, self._ends[last])
        return self._chosen((first + 1, at), (at + 1, colon), (colon + 1, last))

    def _chosen(self, *parts: tuple[int, int]) -> "Said | None":
        """One of two conditions by a third, each as the tokens from here to there."""
        if any(begin >= end for begin, end in parts) or any(
            "literal" in self._kinds[b:e] and e - b == 1 for b, e in parts
        ):
            return None
        asked, yes, no = (self._text[self._starts[begin] : self._ends[end - 1]] for begin, end in parts)
        wrong = asked[1:] if asked.startswith("!") and " " not in asked else f"!({asked})"
        holds, yes, no = (f"({one})" if "||" in one else one for one in (asked, yes, no))
        plain = {name: name.strip("`").lower() for name in (yes, no)}
        text = {
            ("true", "false"): asked,
            ("false", "true"): wrong,
        }.get((plain[yes], plain[no]), "")
        if not text and plain[yes] in _SPELT:
            text = f"{asked} || {no}" if plain[yes] == "true" else f"{wrong} && {no}"
        elif not text and plain[no] in _SPELT:
            text = f"{wrong} || {yes}" if plain[no] == "true" else f"{holds} && {yes}"
        starts, ends = [self._starts[begin] for begin, _ in parts], [self._ends[end - 1] for _, end in parts]
        if self.said(0) == "if":
            starts.append(self._starts[0])
        return Said(text or f"{holds} && {yes} || {wrong} && {no}", min(starts), max(ends))

    def _comprehended(self, at: int) -> "Said | None":
        """`any(x.a == 'b' for x in list)` and `[x.a for x in list if x.b]`, whose `for` stands at `at`."""
        opened, (listed, end) = self._edge(at, -1), self.after(at + 3)
        if self.said(at + 2) != "in" or not listed or opened < 0:
            return None
        body = self._of_each(opened + 1, at, at + 1)
        behind = next(n for n, start in enumerate(self._starts) if start >= end)
        closed = self._edge(at, 1)
        condition = self._of_each(behind + 1, closed, at + 1) if self.said(behind) == "if" else ""
        name, first = self.said(opened - 1) if opened else "", opened
        if self._kinds[opened] == "lparen" and name in ("any", "all"):
            condition = " && ".join(filter(None, (condition, body if name == "any" else f"!({body})")))
            return Said(
                f"length({listed}[?{condition}]) {'>' if name == 'any' else '=='} `0`",
                self._starts[first - 1],
                self._ends[closed],
            )
        if self._kinds[opened] != "lbracket":
            return None
        text = f"{listed}[?{condition}]" if condition else listed if body == "@" else f"{listed}[*]"
        return Said(text if body == "@" else f"{text}.{body}", self._starts[first], self._ends[closed])

    def _of_each(self, first: int, last: int, name: int) -> str:
        """The tokens from `first` to `last`, as they are said of an item that was called as the token `name` says."""
        item, parts, at = self._text[self._starts[name] : self._ends[name]], [], self._starts[first]
        for number in range(first, last):
            start, end = self._starts[number], self._ends[number]
            alone = number == first or self._kinds[number - 1] != "dot"
            if alone and self._text[start:end] == item:
                dotted = self._kinds[number + 1] == "dot"
                parts.append(self._text[at:start] + "@" * (not dotted))
                at = self._ends[number + 1] if dotted else end
        return "".join(parts) + self._text[at : self._ends[last - 1]]

    def _edge(self, at: int, way: int, *until: str) -> int:
        """The comma, the bracket that is not closed or opened again, or the end, that comes first in this direction."""
        inner, outer = (_OPENING, _CLOSING) if way > 0 else (_CLOSING, _OPENING)
        at += way
        while 0 <= at < len(self._kinds) and self._kinds[at] not in ("eof", "comma", *until, *outer):
            at = (self._partner(at, way) if self._kinds[at] in inner else at) + way
        return min(at, len(self._kinds) - 1)

    @staticmethod
    def _being(before: str, after: str, negated: bool) -> str:
        if after.lower() == "empty":
            return f"length({before}) {'>' if negated else '=='} `0`"
        if after.lower() in _NOTHING:
            return f"present({before})" if negated else f"!present({before})"
        if after.lower() in _SPELT:
            return before if (after.lower() == "true") is not negated else f"!({before})"
        if after.isidentifier() and "." not in before:  # `pr is draft`
            return f"!{before}.{after}" if negated else f"{before}.{after}"
        after = f"'{after}'" if after.isidentifier() else after
        return f"{before} {'!=' if negated else '=='} {after}"

    def before(self, at: int) -> tuple[str, int]:
        """The value that ends before `at`, and where it begins."""
        first = at - 1
        while first >= 0:
            if self._kinds[first] in _CLOSING:
                first = self._partner(first, -1)
                called = self._kinds[first - 1 : first] == ["unquoted_identifier"] and first > 0
                if first > 0 and (called or self._kinds[first] in ("lbracket", "filter", "flatten")):
                    first -= 1
                    continue
            if first > 0 and self._kinds[first - 1] == "dot":
                first -= 2
                continue
            break
        return (self._value(first, at - 1), self._starts[first]) if first >= 0 else ("", 0)

    def after(self, at: int) -> tuple[str, int]:
        """The value that begins at `at`, and where it ends."""
        last = at
        while last < len(self._kinds) and self._kinds[last] != "eof":
            if self._kinds[last] in _OPENING:
                last = self._partner(last, 1)
            follows = self._kinds[last + 1] if last + 1 < len(self._kinds) else "eof"
            if self._kinds[last] == "not" or follows in ("lbracket", "filter", "flatten", "lparen"):
                last += 1
            elif follows == "dot":
                last += 2
            else:
                return (self._value(at, last), self._ends[last]) if last < len(self._kinds) else ("", 0)
        return "", 0

    def _partner(self, at: int, way: int) -> int:
        """The bracket that belongs to the one at `at`; where there is none, the first or the last token."""
        depth, here = 0, at
        while 0 <= here < len(self._kinds):
            kind = self._kinds[here]
            if kind == "flatten":  # `[]` is one token
                if here == at:
                    return here
            elif kind in _OPENING:
                depth += way
            elif kind in _CLOSING:
                depth -= way
            if depth == 0:
                return here
            here += way
        return 0 if way < 0 else len(self._kinds) - 1

    def _value(self, first: int, last: int) -> str:
        """The text of these tokens, with texts and numbers as they are written here."""
        if first == last and self._kinds[first] == "quoted_identifier":
            return f"'{self._text[self._starts[first] + 1 : self._ends[first] - 1]}'"
        parts, at = [], self._starts[first]
        for number in range(first, last + 1):
            start, end = self._starts[number], self._ends[number]
            listed = number == first or "comma" in (self._kinds[number - 1], *self._kinds[number + 1 : number + 2])
            if self._kinds[number] == "number" and listed:
                parts.append(f"{self._text[at:start]}`{self._text[start:end]}`")
                at = end
        return " ".join(f"{''.join(parts)}{self._text[at : self._ends[last]]}".split())
