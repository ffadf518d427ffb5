"""Why a text is not tfvars: what somebody did, where they did it, and what to write instead.

A grammar's parser is lost where its guess fails, which for an open quote is lines before or after it. This walks the
text as people write it (names, `=`, literal values) and stops at the first thing that does not belong there. It runs
only on texts that do not parse, takes no recursion, and believes nothing: no value comes from here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn

from engine.core.resources.code import as_block
from engine.core.resources.lookalikes import lookalike
from engine.core.source.slips import CLOSES, MARKER
from engine.errors import Place

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/)"
    r"|(?P<line>\n)"
    r'|(?P<text>"(?:[^"\\\n]|\\[^\n])*+")'
    r"|<<-?(?P<heredoc>[A-Za-z_][\w-]*)[ \t\r]*\n"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.]))"
    r"|(?P<word>[^\W\d][\w-]*)"
    r"|(?P<sign>:=|==|.)"
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_TEMPLATE = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")
_ODD_NAME = re.compile(r"[0-9][\w.-]*(?=[ \t]*=)")
_GROUPED = re.compile(r"[0-9]+(?:_[0-9]+)+")
_THOUSANDS = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})*),$")
_COMMENTS = ("--", "<!--", ";")
_WITH_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)[ \t]*[A-Za-z%]{1,12}")
_BARE = re.compile(r"[^\n,\]}#]*")
_ITEM = re.compile(r"[ \t]*-(?=[ \t])")
_SETS = re.compile(r"[ \t]*[=:]")
_MARGIN = re.compile(r"[ \t]*")
_QUOTED = re.compile(r"['“”„‘’«»]([^'“”„‘’«»\n]*)['“”„‘’«»]?")
_LITERAL = {"true", "false", "null"}
_AS_DATA = "write the value itself: tfvars are data, not code"
MAX_DEPTH = 30  # of values in each other
_LONGEST = 60  # characters of the text that are quoted


class Mistake(NamedTuple):
    """From `at` to `end`, characters of the text."""

    at: int
    end: int
    reason: str
    hint: str

    def place(self, file: str, text: str) -> Place:
        """Where that is."""
        before, begin = text.count("\n", 0, self.at), text.rfind("\n", 0, self.at) + 1
        line = text[begin:].partition("\n")[0].rstrip("\r")
        length = max(min(self.end, begin + len(line)) - self.at, 1)
        return Place(file, before + 1, self.at - begin + 1, length, line if len(line) <= 200 else "")


class _FoundError(Exception):
    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake


class _Token(NamedTuple):
    kind: str
    text: str
    at: int
    end: int


class _Open(NamedTuple):
    bracket: str  # empty: the file itself
    at: int
    row: int  # where its line begins


def mistake(text: str) -> Mistake | None:
    """The first mistake; None where this sees none."""
    if marker := MARKER.search(text):
        reason = f"`{marker[1]}` marks a merge conflict that nobody has settled"
        return Mistake(*marker.span(), reason, "keep one side of it and remove all its markers")
    try:
        _Walk(text).whole()
    except _FoundError as told:
        return told.mistake
    return None


class _Walk:
    """One pass. `_wants` is what may come next: a name, its `=`, a value, or what ends one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._opened = [_Open("", 0, 0)]
        self._wants = self._name
        self._last = _Token("line", "", 0, 0)  # that was no blank and no new line
        self._begun = self._last  # the name that is being set
        self._row = 0  # where this line begins
        self._askew: _Open | None = None  # the first that was closed further out than its own line begins

    def whole(self) -> None:
        """Raises `_FoundError` where something does not belong."""
        for token in self._tokens():
            self._wants(token)
            if token.kind != "line":
                self._last = token
        end = len(self._text)
        if self._wants in (self._equals, self._value) and self._last.text:
            self._wants(_Token("line", "\n", end, end))
        if len(self._opened) > 1:
            self._never_closed(self._askew or self._opened[-1])

    def _line_of(self, word: str, at: int) -> int | None:
        """Where the first line from there ends that has this word alone."""
        while at < len(self._text):
            end = self._text.find("\n", at)
            end = len(self._text) if end < 0 else end
            if self._text[at:end].strip(" \t\r") == word:
                return end
            at = end + 1
        return None

    def _tokens(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            assert found
            kind, begin, at = str(found.lastgroup), at, found.end()
            if kind == "heredoc":
                last = self._line_of(found[kind], at)
                if last is None:
                    said = f"a line of `{found[kind]}` alone"
                    self._tell(begin, at - 1, "the text that begins here is never ended", f"end it with {said}")
                at = last
            elif kind == "text":
                self._written(begin, at)
            elif kind == "sign":
                self._sign(begin, found[0])
            if kind != "blank":
                yield _Token(kind, found[0], begin, at)
            if kind in ("blank", "line", "heredoc"):
                self._row = max(self._row, self._text.rfind("\n", begin, at) + 1)

    # ------------------------------------------------------------ characters

    def _written(self, at: int, end: int) -> None:
        for found in _ESCAPE.finditer(self._text, at, end):
            if len(found[1]) == 1 and found[1] not in 'nrt"\\':
                self._tell(found.start(), found.end(), f"`{found[0]}` is no escape", "write `\\\\` for a backslash")
        if template := _TEMPLATE.search(self._text, at, end):
            self._tell(template.start(), end, "a template with `${…}` is not a literal value", _AS_DATA)

    def _sign(self, at: int, sign: str) -> None:
        if sign == '"':
            reason = "the quote that opens here is never closed on its line"
            end = self._text.find("\n", at)
            rest = self._text[at : end if end >= 0 else None].rstrip()
            self._tell(at, at + len(rest), reason, 'close it with `"`')
        if found := lookalike(self._text, at):
            self._tell(at, *found)
        if word := _QUOTED.match(self._text, at):
            what = "single quotes hold no text" if sign == "'" else "these quotes are those of a word processor"
            self._tell(at, word.end(), what, f'write "{_short(word[1])}"')
        comment = next((c for c in _COMMENTS if self._text.startswith(c, at)), "")
        if comment and self._wants == self._name and not self._text[self._row : at].strip():
            self._tell(at, at + len(comment), f"`{comment}` begins no comment", "write `#`")
        if sign == ";":
            self._tell(at, at + 1, "`;` ends nothing here", "remove it: a line ends by itself")
        if self._text.startswith("/*", at):
            self._tell(at, at + 2, "the comment that opens here is never closed", "close it with `*/`")

    # ------------------------------------------------------------ what may come next

    def _name(self, token: _Token) -> None:
        bracket = self._opened[-1].bracket
        if token.kind == "line":
            return
        if token.text == "}" and bracket:
            self._close(token)
        elif token.kind == "word" or (bracket and token.kind in ("text", "number")):
            self._begun, self._wants = token, self._equals
        elif token.kind == "text":
            self._at(token, "the name of a variable has no quotes", f"write `{token.text[1:-1]}`")
        elif token.text in ("]", "}"):
            self._at(token, f"`{token.text}` closes nothing", "remove it, or look for one too many above")
        elif token.text == "-":
            self._at(token, "`-` begins no item here", "write `name = value`; a list is `[one, other]`")
        elif token.text == "{" and not bracket:
            self._at(token, "a file sets variables, this is a single value", "write `name = value`, without the braces")
        elif token.text == "{":
            self._at(token, "what stands in braces has no name here", 'write `"NAME" = {`')
        else:
            odd = _ODD_NAME.match(self._text, token.at)
            hint = f'put it in quotes: "{_short(odd[0])}"' if odd and bracket else "write `name = value`"
            self._at(token, f"a name has to stand here, not {_shown(token)}", hint)

    def _equals(self, token: _Token) -> None:
        name, bracket = self._begun.text, self._opened[-1].bracket
        if token.text == "=" or (token.text == ":" and bracket):
            self._wants = self._value
        elif token.text in (":", ":=", "=="):
            self._at(token, f"`{token.text}` sets nothing", f"write `{name} = …`")
        elif token.text == "{":
            self._at(token, f"`=` is missing between `{name}` and `{{`", f"write `{name} = {{`")
        elif token.text == ".":
            self._at(token, "a name has no dots", "set one inside the other: `a = { b = … }`")
        elif self._begun.kind == "number" and (before := _THOUSANDS.search(self._text[: self._begun.at])):
            shown = self._text[before.start() : self._begun.end]
            hint = f"write `{shown.replace(',', '')}`"
            self._tell(before.start(), self._begun.end, "a number has no commas in it", hint)
        elif token.kind == "line":
            self._at(self._begun, f"`{_short(name)}` has no value", f"write `{_short(name)} = …`")
        elif not bracket and token.kind == "text" and as_block(name):
            self._at(self._begun, f"`{name}` begins a block, and a block is not a value", as_block(name))
        elif bracket and token.kind == "word" and self._is_name(token):
            whole = self._text[self._begun.at : token.end]
            self._tell(self._begun.at, token.end, "a name with a space has no quotes", f'write `"{_short(whole)}" =`')
        else:
            self._at(token, f"`=` is missing between `{_short(name)}` and {_shown(token)}", f"write `{_short(name)} =`")

    def _value(self, token: _Token) -> None:
        bracket = self._opened[-1].bracket
        if token.kind in ("text", "number", "heredoc") or token.text in _LITERAL:
            self._wants = self._after
        elif token.text in CLOSES:
            if len(self._opened) > MAX_DEPTH:
                self._at(token, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
            self._opened.append(_Open(token.text, token.at, self._row))
            self._wants = self._name if token.text == "{" else self._value
        elif bracket == "[" and token.text == "]":
            self._close(token)
        elif token.kind == "line" and bracket != "[":
            name = _short(self._begun.text)
            if item := _ITEM.match(self._text, token.end):
                self._tell(item.end() - 1, item.end(), "`-` begins no item here", f"write `{name} = [one, other]`")
            self._at(self._begun, f"`{name}` has no value", f"write it behind the `=`: `{name} = …`")
        elif token.kind == "line":
            return
        elif token.text in ("=", "=="):
            self._at(token, "one `=` is enough", "remove the other")
        elif token.text in ("}", ")"):
            self._closed_by(token)
        elif token.text.lower() in _LITERAL or token.text == "None":
            self._at(token, f"`{token.text}` is not a literal value", f"write `{_WORDS[token.text.lower()]}`")
        elif token.text == ",":
            self._at(token, "nothing stands before this comma", "remove it, or write the value")
        else:
            found = _BARE.match(self._text, token.at)
            bare = found[0].rstrip() if found else token.text
            is_code = "(" in bare or token.text in ("(", "-", "!")
            number, is_grouped = _WITH_UNIT.fullmatch(bare), _GROUPED.fullmatch(bare)
            hint = _AS_DATA if is_code else f'put it in quotes: "{_short(bare)}"'
            hint = f"write `{number[1]}`, without a unit; or the text, in quotes" if number else hint
            hint = f"write `{bare.replace('_', '')}`" if is_grouped else hint
            if bare.endswith('"') and bare.count('"') == 1:
                hint = f'put a quote before it, too: "{_short(bare)}'
            if token.text == ">" and self._last.text == "=":
                self._tell(self._last.at, token.end, "`=>` sets nothing", f"write `{_short(self._begun.text)} = …`")
            self._tell(token.at, token.at + len(bare), f"`{_short(bare)}` is not a literal value", hint)

    def _after(self, token: _Token) -> None:
        bracket = self._opened[-1].bracket
        if token.text == CLOSES.get(bracket):
            self._close(token)
        elif token.text == "," and bracket:
            self._wants = self._name if bracket == "{" else self._value
        elif token.kind == "line":
            self._wants = self._after if bracket == "[" else self._name
        elif token.text in ("}", "]", ")"):
            self._closed_by(token)
        elif self._last.kind == "text" and self._last.end == token.at and token.kind in ("word", "number", "text"):
            reason = "the quotes end before the text does"
            self._tell(self._last.at, token.end, reason, 'write `\\"` for a quote in a text')
        elif not bracket and token.text == ",":
            self._at(token, "a variable ends with its line, not with a comma", "remove the comma")
        elif bracket == "[" and self._is_name(token):
            self._never_closed(self._opened[-1])
        elif bracket == "[" and token.kind != "sign":
            self._at(self._last, f"a comma is missing after {_shown(self._last)}", "write one between two items")
        elif bracket and token.kind != "sign":
            self._at(
                token, f"a comma or a new line is missing before {_shown(token)}", f"write `, {_short(token.text)}`"
            )
        elif token.kind == "word":
            self._at(token, f"`{token.text}` begins on the line of another", "begin it on a line of its own")
        else:
            hint = "write the number alone" if self._last.kind == "number" and token.text == "%" else _AS_DATA
            self._at(token, f"{_shown(token)} follows a value", hint)

    # ------------------------------------------------------------ brackets

    def _close(self, token: _Token) -> None:
        opened, here = self._opened.pop(), self._margin(self._row)
        if self._askew is None and self._row + here == token.at and here < self._margin(opened.row):
            self._askew = opened
        self._wants = self._after

    def _closed_by(self, token: _Token) -> NoReturn:
        opened = self._opened[-1]
        if opened.bracket and token.text in "}]":
            self._never_closed(opened)
        self._at(token, f"`{token.text}` closes nothing", "remove it, or look for one too many above")

    def _never_closed(self, opened: _Open) -> NoReturn:
        reason = f"`{opened.bracket}` opens here and is never closed"
        self._tell(opened.at, opened.at + 1, reason, f"close it with `{CLOSES[opened.bracket]}`")

    def _margin(self, row: int) -> int:
        found = _MARGIN.match(self._text, row)
        return len(found[0]) if found else 0

    def _is_name(self, token: _Token) -> bool:
        return token.kind in ("word", "text") and _SETS.match(self._text, token.end) is not None

    # ------------------------------------------------------------ telling

    def _at(self, token: _Token, reason: str, hint: str) -> NoReturn:
        self._tell(token.at, token.end, reason, hint)

    def _tell(self, at: int, end: int, reason: str, hint: str) -> NoReturn:
        raise _FoundError(Mistake(at, end, reason, hint))


_WORDS: Mapping[str, str] = {**{word: word for word in _LITERAL}, "none": "null"}


def _shown(token: _Token) -> str:
    return "the end of the line" if token.kind == "line" else f"`{_short(token.text)}`"


def _short(text: str) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= _LONGEST else f"{first[:_LONGEST]}…"
