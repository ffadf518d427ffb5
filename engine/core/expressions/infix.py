"""Words that join values in other languages, and are calls here: `a in b`, `a is not null`, `not a`.

It works on tokens, as nothing of it parses: the value before such a word, the one behind it, and what both come to.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_OPENING, _CLOSING = ("lparen", "lbracket", "lbrace", "filter"), ("rparen", "rbracket", "rbrace", "flatten")
_NOTHING = frozenset({"null", "none", "nil", "undefined", "`null`"})
_SPELT = {"true": "`true`", "false": "`false`"}


def _listed(text: str) -> str:
    """A list, as it is written here, of one in brackets or in parentheses; empty where it is none."""
    if text.startswith("(") and text.endswith(")") and "," in text:
        return f"[{text[1:-1].strip()}]"
    return text if text.startswith("[") else ""


def _holds(where: str, what: str) -> str:
    group = where.startswith("groups.") and where.count(".") == 1
    return f"contains({where}.members[*].login, {what})" if group else f"contains({where}, {what})"


_CALLS: Mapping[str, Callable[[str, str], str]] = {
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
    "gt": lambda a, b: f"{a} > {b}",
    "lt": lambda a, b: f"{a} < {b}",
    "matches": lambda a, _: f"glob({a}, '…')",
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
        negated = word == "not" and self.said(behind) in _CALLS
        if negated:
            word, behind = self.said(behind), behind + 1
        before, start = self.before(at)
        if word == "is":
            negated = self.said(behind) == "not"
            after, end = self.after(behind + negated)
            text = self._being(before, after, negated) if before and after else ""
        else:
            after, end = self.after(behind)
            text = "!" * negated + _CALLS[word](before, after) if word in _CALLS and before and after else ""
        return Said(text, start, end) if text else None

    def negated(self, at: int) -> "Said | None":
        """`not a` as it is written here."""
        value, end = self.after(at + 1)
        text = f"!({value})" if value and not value.startswith("(") else f"!{value}"
        return Said(text, self._starts[at], end) if value else None

    def branched(self, at: int) -> "Said | None":
        """`if a then b else c`, or `if a else …`, whose `if` is the first token."""
        if at != 1 or self.said(0) != "if":
            return None
        asked, rest = self.after(1)
        return Said(f"{asked} && b || !({asked}) && c", self._starts[0], rest) if asked else None

    @staticmethod
    def _being(before: str, after: str, negated: bool) -> str:
        if after.lower() in _NOTHING:
            return f"present({before})" if negated else f"!present({before})"
        if after.lower() in _SPELT:
            return before if (after.lower() == "true") is not negated else f"!({before})"
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
