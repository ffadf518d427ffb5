"""The text of an expression, and where each part of it stands in the file."""

import re
from typing import NamedTuple

from engine.errors import EngineError, Place, Problem, problem

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
    "?": "write `a && b || !a && c` for `a ? b : c`; filters look like `list[?condition]`",
    "+": "there is no arithmetic: texts are joined by `join('', [a, b])`, in a message they stand beside `${…}`",
    "-": "there is no arithmetic; compare, or count with `length(…)`",
    "/": "there is no arithmetic, and there are no regular expressions: a text stands in single quotes, as in `'a/b'`",
    "%": "there is no arithmetic; compare, or count with `length(…)`",
    "*": "there is no arithmetic; write the number itself, such as `` `3600` ``",
    "~": "match text with `glob(text, pattern)`",
    ":": "write `==` to compare",
    "==": "write `==`",
    "===": "write `==`",
    "<>": "write `!=`",
    "=!": "write `!=`",
    "->": "write `.`: a field follows a `.`",
    "::": "write `.`: a field follows a `.`",
    "!==": "write `!=`",
    "=~": "match text with `glob(text, pattern)`: there are no regular expressions",
    "!~": "match text with `!glob(text, pattern)`: there are no regular expressions",
    "=>": "write `>=`",
    "=<": "write `<=`",
    "{": "leave the braces out: this is an expression already",
    "}": "leave the braces out: this is an expression already",
    "%}": "leave the braces out: this is an expression already",
    ",": "join conditions by `&&` or `||`: a comma stands in lists and calls only",
    ";": "remove `;`: an expression ends with its text",
    "^": "text stands in single quotes, and there are no regular expressions: `glob(text, 'begin*')`",
    "#": "remove the comment, or write it behind the value, after ` #`",
    "//": "remove it: a comment begins with ` #`, behind the value",
    "??": "write `default(path, value)`",
    "?.": "write `default(path, value)` or `present(path)` where a part may be missing",
    "|||": "write `||`",
    **dict.fromkeys("“”„", "write `'`: text stands in plain single quotes"),
    **dict.fromkeys("‘’‚´", "write `'`: text stands in plain single quotes"),
    **dict.fromkeys("–—−", 'write `-`, the one on the keyboard, inside `"…"`'),
}
_BARE_TEXT = re.compile(r"[=!]= ?([A-Za-z][\w.]{0,60}(?:[/-][\w.]{1,60}){1,5})")
_SIGNS = re.compile(r"::|->|[=!<>~&|]+|//|\?\?|\?\.")  # what stands together is one sign to whoever wrote it

_MEANT_BEFORE = {  # the same, where the parser is lost behind it
    " not": "write `!(…)`",
    "(not": "write `!(…)`",
    "[": "a field follows a `.`, and text in `[…]` has quotes: `list[?name == 'x']`",
}


# What is surely meant by a sign or word that stands between two values: with it in its place the rest is judged, too.
_INSTEAD = {
    "and": "&&",
    "or": "||",
    "<>": "!=",
    "=!": "!=",
    "->": ".",
    "::": ".",
    "=": "==",
    "===": "==",
    "!==": "!=",
    "=<": "<=",
    "&": "&&",
    ";": " ",
}


class UnparsedError(EngineError):
    """A text that does not parse, and the same mended, where that is sure."""

    def __init__(self, told: Problem, mended: "Snippet | None") -> None:
        super().__init__(told)
        self.mended = mended


class Snippet(NamedTuple):
    """The text of one expression and where it starts; `outer` is the value in the file that it is a part of."""

    text: str
    place: Place
    outer: str = ""
    offset: int = 0  # of `text` in `outer`
    origin: tuple[int, ...] = ()  # of a mended text: where each of its characters was, and its end

    def mended(self, start: int, end: int, instead: str) -> "Snippet":
        """The same with other characters there; its places are still those in the file."""
        was = self.origin or tuple(range(len(self.text) + 1))
        origin = (*was[:start], *[was[start]] * len(instead), *was[end:])
        text = self.text[:start] + instead + self.text[end:]
        return self._replace(text=text, outer=self.outer or self.text, origin=origin)

    def at(self, start: int, end: int) -> Place:
        """The place of `text[start:end]` in the file."""
        place = self.place
        outer = self.outer or self.text
        if self.origin and start >= 0:
            start, end = self.origin[start], self.origin[end]
        start, end = self.offset + start, self.offset + end
        column = _column(place, outer, start)
        return place._replace(column=column, length=max(1, end - start)) if column else place

    def part(self, start: int, end: int) -> str:
        """`text[start:end]` on one line."""
        return " ".join(self.text[start:end].split())

    def wrong(self, start: int, end: int, reason: str = "", hint: str = "", instead: str | None = None) -> EngineError:
        """`text[start:end]` does not parse; `instead` of it something would."""
        start, end = self._sign(start, end) if not reason else (start, end)
        reason = reason or f"{quoted(self.part(start, end))} is not expected here"
        if self.text[start:end] == "-" and self.text[:start][-1:].isalnum():
            hint = 'a field follows a `.`; a name with `-` in it has quotes: `"a-b"`'
        hint = hint or _MEANT.get(self.text[start:end].lower(), "")
        before = self.text[:start].rstrip()
        hint = hint or next((way for end_, way in _MEANT_BEFORE.items() if f" {before}".endswith(end_)), "")
        if start == 0 and self.text[0] in "“”„" and self.text[-1] in "“”„":
            hint = 'write plain quotes around it: `"…"`'
        if "there is no arithmetic" in hint and before.endswith((")", "`")) and self.text[start:end] == "/":
            hint = "there is no arithmetic: compare with the number itself, an hour is `` `3600` ``"
        if self.text[start:end] == "?." and before.endswith("["):
            hint = "leave the `.` out: the condition of a filter names the field alone, `[?name == 'x']`"
        if self.text.startswith("{") and self.outer[self.offset - 2 :].startswith("${{"):
            inside = self.text.strip("{} ")
            whole = f"`${{{inside}}}`" if inside and "`" not in inside else "`${…}`"
            reason, start, end = "`${{` is not how a value is put in", -2, len(self.text) + 1
            hint = f"write {whole}, with one pair of braces"
        for found in _BARE_TEXT.finditer(self.text) if reason.endswith("is not expected here") else ():
            if found.start(1) <= start < found.end(1):
                start, end = found.span(1)
                reason, instead = f"{quoted(found[1])} has no quotes", f"'{found[1]}'"
                hint = f"write `{instead}`: texts stand in single quotes"
        if self.text.startswith("${") and start == 0 and self.text.endswith("}"):
            pairs = 1 + (self.text.startswith("${{") and self.text.endswith("}}"))
            hint = f"leave out `${'{' * pairs}` and `{'}' * pairs}`: this is an expression already"
            told = problem("ENG101", self.at(start, end), reason=reason, hint=hint)
            bare = self.mended(len(self.text) - pairs, len(self.text), "")
            return UnparsedError(told, bare.mended(0, 1 + pairs, ""))
        if self.text[start:end] == "$" and hint.startswith("leave out `${`") and not self.text[end:].startswith("{"):
            hint = "leave `$` out: a name stands by itself, and a text in single quotes"
        instead = _INSTEAD.get(self.text[start:end].lower()) if instead is None else instead
        return self.unparsed("ENG101", start, end, instead, reason=reason, hint=hint)

    def unparsed(self, code: str, start: int, end: int, instead: str | None, **fields: str) -> EngineError:
        """The error of what does not parse, with what would."""
        mended = None if instead is None else self.mended(start, end, instead)
        return UnparsedError(problem(code, self.at(start, end), **fields), mended)

    def _sign(self, start: int, end: int) -> tuple[int, int]:
        """The whole of a sign of another language that the parser has read in part: `===`, `=~`."""
        for found in _SIGNS.finditer(self.text):
            if found.start() <= start < found.end() and found[0] in _MEANT:
                return found.span()
        return start, end


def quoted(text: str) -> str:
    """`text` in backticks, unless it has its own."""
    return text if "`" in text else f"`{text}`"


def code(text: str) -> str:
    """`text` as code in a sentence, whatever backticks it has."""
    if "`" not in text:
        return f"`{text}`"
    return f"``{' ' * text.startswith('`')}{text}{' ' * text.endswith('`')}``"


_ESCAPE_OF = {"'": "'", '"': "\\"}  # what begins an escape inside these quotes of YAML
_ESCAPED = {"x": 4, "u": 6, "U": 10}  # how long one is, by its second character; two characters otherwise


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
    escape = _ESCAPE_OF.get(source[before : before + 1])
    if escape is None:
        return 0
    at = before + 1
    for _ in range(offset):
        escaped = source[at] == escape if at < len(source) else False
        at += _ESCAPED.get(source[at + 1 : at + 2], 2) if escaped else 1
    return at + 1 if at < len(source) else 0


QUOTES = frozenset("'\"`")


def closing(text: str, start: int) -> int:
    """Where the quote closes that opens at `start`; -1: nowhere. A backslash takes the next character with it."""
    quote, at = text[start], start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == quote:
            return at
        at += 1
    return -1
