"""Lists and maps between brackets: which of their signs is missing, too many, or another one than was meant."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.core.source.mends import CLOSED, OPENED, SHOWN, Lines, Mend, Mended, comment_of, is_keyed, margin, says

_OPENS = re.compile(r" *(?:- +)*(?:[\"']?[\w.-]+[\"']?: *)?[\[{]")
_TOKEN = re.compile(
    r"""(?P<space> +)|(?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+')|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)"""
    r"""|(?P<colon>:(?= |$))|(?P<word>(?:[^\s,\[\]{}:]|:(?! |$)|\[\w*+\](?=\S))(?:[^,\[\]{}:]|:(?! |$))*+)"""
)
_MOST_LINES = 60  # of one list


class _Token(NamedTuple):
    kind: str
    text: str
    line: int
    column: int

    @property
    def end(self) -> int:
        return self.column + len(self.text)


def dashes(lines: Lines, number: int) -> Iterator[Mend]:
    """`[` above items that begin with `-`."""
    if not lines[number].rstrip().endswith("["):
        return
    end = number + 1
    while end < len(lines) and (lines[end].lstrip().startswith("- ") or not says(lines[end])):
        end += 1
    after = next((line.lstrip() for line in lines[end:] if says(line)), "")
    if end > number + 1 and not after.startswith("]"):
        text = lines[number].rstrip()
        reason = "`[` begins a list in brackets, and its items begin with `-`"
        yield Mend(number, len(text) - 1, 1, {number: text[:-1].rstrip()}, reason, "leave out `[`")
        return
    texts = {n: re.sub(r"- +(.*?),? *$", r"\1,", lines[n], count=1) for n in range(number + 1, end) if says(lines[n])}
    if texts:
        first = min(texts)
        hint = "leave out the brackets, or write commas instead of `-`"
        reason = "an item begins with `-` here, although `[` has opened a list"
        yield Mend(first, margin(lines[first]), 1, texts, reason, hint)


def blocks(lines: Lines, number: int) -> Iterator[Mend]:
    """`gates: {` above names in lines of their own, without commas, and with no `}` below."""
    text = lines[number].rstrip()
    after = next((line for line in lines[number + 1 :] if says(line)), "")
    if text.endswith(": {") and is_keyed(after) and margin(after) > margin(text) and not after.rstrip().endswith(","):
        reason = "`{` begins a map in braces, and its names stand in lines of their own"
        yield Mend(number, len(text) - 1, 1, {number: text[:-2].rstrip()}, reason, "leave out `{`")


_PAIR = r"[a-z][\w-]*: (?:[^\s,\[\]{}\"']+|\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\})"
_ONE = re.compile(  # `open: require: "…"`
    r"( *[\w.-]+: +)([a-z][\w-]*: (?:\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\}))(\}?) *(#.*)?$"
)
_BARE_MAP = re.compile(rf"( *(?:- +)*(?:[\w.-]+: +)?)({_PAIR}(?:, {_PAIR})+)(\}}?) *(#.*)?$")


def braces(lines: Lines, number: int) -> Iterator[Mend]:
    """`approvals: count: 1, from: [a]`"""
    line = lines[number]
    found = _BARE_MAP.match(line) or _ONE.match(line)
    if found and found[1].strip():
        text = f"{found[1]}{{{found[2]}}}{line[found.end(3) :]}"
        reason = "names in the line of another one need braces" if not found[3] else "`}` closes what no `{` opens"
        hint = f"write `{{{found[2]}}}`" if len(found[2]) <= 60 else "put `{` and `}` around them"
        yield Mend(number, len(found[1]), len(found[2]), {number: text}, reason, hint)


def items_in_line(lines: Lines, number: int) -> Iterator[Mend]:
    """`name: - a`, with `- b` in the next line or behind it."""
    if not (found := re.match(r"( *[\w.-]+: +)- +([^\"'#]*)$", lines[number])):
        return
    end = number + 1
    while end < len(lines) and lines[end].lstrip().startswith("- ") and margin(lines[end]) >= margin(lines[number]):
        end += 1
    items = [*found[2].rstrip().split(" - "), *(line.strip()[2:] for line in lines[number + 1 : end])]
    texts = {number: f"{found[1]}[{', '.join(items)}]", **dict.fromkeys(range(number + 1, end), "")}
    hint = f"write `[{', '.join(items)}]`"[: SHOWN * 2] if end == number + 1 else "begin it in a line of its own"
    yield Mend(number, found.end(1), 1, texts, "an item with `-` cannot begin in the line of its list's name", hint)


def behind(lines: Lines, number: int) -> Iterator[Mend]:
    """More behind a map that is closed."""
    line = lines[number]
    depth, named, last = 0, False, 0
    for token in _tokens(lines, number, number + 1) if _OPENS.match(line) else ():
        if depth == 0 and last and named and token.kind != "close":
            inside = re.match(r", *[\w-]+: [^{}]*?(?= *\}? *$)", line[token.column :])
            if inside and line[last - 1] == "}":
                said = inside[0].strip(" ,")
                text = f"{line[: last - 1]}, {said}}}"
                reason = f"`}}` closes before `{said}`, which belongs to the same"
                yield Mend(number, last - 1, 1, {number: text}, reason, f"write `, {said}}}` instead of it")
            elif re.match(r",? *[\w.-]+: ", line[token.column :]):
                return  # which belongs in a line of its own
            text = f"{line[:last]} # {line[token.column :]}"
            hint = "begin a comment with ` # `, or write it in a line of its own"
            length = len(line.rstrip()) - token.column
            yield Mend(number, token.column, length, {number: text}, "nothing can follow what is closed here", hint)
            return
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        named |= token.kind == "colon"
        last = token.end


def commas(lines: Lines, number: int) -> Iterator[Mend]:
    """A comma too many, or one that is missing: `{count: 2 from: [a]}`."""
    line = lines[number]
    for found in re.finditer(r"(?:[^\s,{\[:-]|(?<=\w)-) +(?=([\w-]+|\"[^\"]*\"): )", line):
        word = found[1]
        text = f"{line[: found.start() + 1]},{line[found.start() + 1 :]}"
        reason = f"a comma is missing before `{word}`"
        yield Mend(number, found.end(), len(word), {number: text}, reason, f"write `, {word}:`")
    if not _OPENS.match(line):
        return
    if ";" in line:
        text = "".join(one if one[:1] in "\"'" else one.replace(";", ",") for one in _PARTS.findall(line))
        reason = "between brackets, `;` separates nothing"
        yield Mend(number, line.index(";"), 1, {number: text}, reason, "write `,`")
    first, before = "", _Token("", "", number, 0)
    for token in _tokens(lines, number, _ends(lines, number)):
        if token.kind == "comma" and before.kind in ("comma", "open"):
            text = lines[token.line]
            mended = text[: token.column] + text[token.end :].lstrip(" ")
            reason = f"nothing stands between `{before.text}` and this comma"
            yield Mend(token.line, token.column, 1, {token.line: mended}, reason, "remove it")
        elif before.kind == "word" and token.kind == "open" and first in ("{", ","):
            yield _separated(lines, before, token, ":")
        if token.kind in _FOLLOWED_BY.get(before.kind, ()) or (before.kind == "word" and before.line < token.line):
            yield _separated(lines, before, token, ",")
        first, before = before.text, token


_PARTS = re.compile(r"\"[^\"]*\"?|'[^']*'?|[^\"']+")  # in quotes, or not
_FOLLOWED_BY = {"string": ("string", "open", "word"), "close": ("string", "open", "word"), "word": ("open",)}


def _separated(lines: Lines, before: _Token, token: _Token, sign: str) -> Mend:
    """Two that stand beside each other, with the sign that belongs between them."""
    text, shown = lines[before.line], _shown(lines, token)
    mended = f"{text[: before.end]}{sign}{text[before.end :]}"
    if sign == ":":
        reason, hint = f"a colon is missing after `{before.text}`", f"write `{before.text}:`"
        return Mend(before.line, before.column, len(before.text), {before.line: mended}, reason, hint)
    reason = f"a comma is missing before `{shown}`"
    if before.line != token.line:
        hint = "write `,` at the end of this line"
        return Mend(before.line, before.end - 1, 1, {before.line: mended}, reason, hint)
    return Mend(before.line, token.column, len(shown), {before.line: mended}, reason, f"write `, {shown}`")


def closers(lines: Lines, number: int) -> Iterator[Mend]:
    """The first bracket of a value that has no other half, or another one than its own."""
    if not _OPENS.match(lines[number]):
        yield from _never_opened(lines, number)
        return
    yield from _round(lines, number)
    for end in dict.fromkeys((number + 1, _ends(lines, number))):
        stack: list[_Token] = []
        tokens = list(_tokens(lines, number, end))
        for index, token in enumerate(tokens):
            if token.kind == "open":
                stack.append(token)
            elif token.kind == "close" and stack and stack[-1].text == OPENED[token.text]:
                stack.pop()
            elif token.kind == "close":
                after = _of_another(tokens[:index], stack)
                yield from _wrong(lines, stack, token, after) if stack else _too_many(lines, token)
                break
        else:
            if stack:
                yield from _unclosed(lines, stack, end - 1, _of_another(tokens, stack))


def _round(lines: Lines, number: int) -> Iterator[Mend]:
    """`)` in place of a bracket."""
    line = lines[number]
    bare = "".join(" " * len(one) if one[:1] in "\"'" else one for one in _PARTS.findall(line))
    at = bare.rfind(")")
    if at < 0 or bare.count(")") <= bare.count("("):
        return
    for right in OPENED:
        text = line[:at] + right + line[at + 1 :]
        yield Mend(number, at, 1, {number: text}, f"`)` cannot close what `{OPENED[right]}` opens", f"write `{right}`")


def _of_another(tokens: list[_Token], stack: list[_Token]) -> _Token | None:
    """The comma in the last bracket that is open, from which on nothing can be in it: `[a, name: …`, `{…, {…`."""
    if not stack:
        return None
    depth, inner = 0, tokens[tokens.index(stack[-1]) + 1 :]
    for comma, first, second in zip(inner, inner[1:], (*inner[2:], None), strict=False):
        depth += {"open": 1, "close": -1}.get(comma.kind, 0)
        named = second is not None and second.kind == "colon" and first.kind in ("word", "string")
        alone = named if stack[-1].text == "[" else first.text == "{"
        if depth == 0 and comma.kind == "comma" and alone and comma.line == tokens[-1].line:
            return comma
    return None


def _wrong(lines: Lines, stack: list[_Token], token: _Token, after: _Token | None) -> Iterator[Mend]:
    """A bracket closes another one than the last that was opened."""
    opened, line, at = stack[-1], lines[token.line], token.column
    right = CLOSED[opened.text]
    if opened.line == token.line and ":" not in line[opened.column : at] and right == "}":
        sign = OPENED[token.text]
        mended = line[: opened.column] + sign + line[opened.column + 1 :]
        reason = f"`{opened.text}` opens what `{token.text}` closes, and holds no names with values"
        yield Mend(token.line, opened.column, 1, {token.line: mended}, reason, f"write `{sign}`")
    deeper = [one.text for one in stack[:-1]]
    rest = line[at + 1 :].lstrip(" ")
    if deeper and deeper[-1] == OPENED[token.text] and rest[:1] == right:
        end = line.index(right, at + 1) + 1
        mended = line[:at] + right + token.text + line[end:]
        reason = f"`{token.text}` closes before the `{opened.text}` in it does"
        yield Mend(token.line, at, end - at, {token.line: mended}, reason, f"write `{right}{token.text}`")
    if OPENED[token.text] in deeper:
        yield from _closed_before(lines, opened, token, after)
    for value in reversed(_values(line, at)):
        sign = OPENED[token.text]
        mended = line[:value] + sign + line[value:]
        shown = line[value : at + 1][:SHOWN]
        reason = f"`{token.text}` closes what no `{sign}` opens"
        yield Mend(token.line, value, at - value, {token.line: mended}, reason, f"write `{sign}{shown}`")
    where = f"in column {opened.column + 1}" if opened.line == token.line else f"in line {opened.line + 1}"
    reason = f"`{token.text}` cannot close the `{opened.text}` {where}"
    mended = line[:at] + right + line[at + 1 :]
    yield Mend(token.line, at, 1, {token.line: mended}, reason, f"write `{right}`")
    yield from _too_many(lines, token)


def _closed_before(lines: Lines, opened: _Token, token: _Token, after: _Token | None) -> Iterator[Mend]:
    """A bracket whose other half is missing: before the next name if it is a list, or before what closes too much."""
    right, line = CLOSED[opened.text], lines[token.line]
    reason = f"`{opened.text}` opens here and is never closed"
    for at in dict.fromkeys((after.column if after and after.line == token.line else token.column, token.column)):
        mended = line[:at] + right + line[at:]
        hint = f"close it with `{right}` before `{_shortly(line[at:])}`"
        yield Mend(opened.line, opened.column, 1, {token.line: mended}, reason, hint)


def _shortly(text: str) -> str:
    """As much of what follows as tells where it is."""
    found = re.match(r", *\{?[\w-]+:|.{1,12}", text)
    return found[0].strip() if found else text


def _too_many(lines: Lines, token: _Token) -> Iterator[Mend]:
    line = lines[token.line]
    mended = line[: token.column] + line[token.end :]
    yield Mend(token.line, token.column, 1, {token.line: mended}, f"`{token.text}` closes nothing", "remove it")


def _never_opened(lines: Lines, number: int) -> Iterator[Mend]:
    """`"a", "b"]`: the list whose opening bracket is missing."""
    line = lines[number]
    body = line[: comment_of(line)].rstrip()
    sign = OPENED.get(body[-1:], "")
    if not sign or body.count(sign) >= body.count(body[-1]):
        return
    for value in _values(line, len(body) - 1):
        mended = line[:value] + sign + line[value:]
        hint = f"write `{sign}{line[value : len(body)][:SHOWN]}`"
        reason = f"`{body[-1]}` closes what no `{sign}` opens"
        yield Mend(number, value, len(body) - value, {number: mended}, reason, hint)


def _values(line: str, end: int) -> list[int]:
    """Where values of names begin before a column."""
    return [one.end() for one in re.finditer(r"[\w\"'-]: +", line[:end])]


def _unclosed(lines: Lines, stack: list[_Token], last: int, after: _Token | None) -> Iterator[Mend]:
    """Brackets that are open where their line, or all that belongs to it, ends."""
    while last > stack[0].line and not says(lines[last]):
        last -= 1
    line, opened = lines[last], stack[0]
    close = "".join(CLOSED[one.text] for one in reversed(stack))
    at = comment_of(line)
    body, comment = line[:at].rstrip(), line[at:]
    inside = re.search(r"[\]}]", comment)
    if inside and opened.line == last:
        mended = f"{body}{close} {comment}"
        hint = f"put the comment behind `{close}`, or what begins with `#` in quotes"
        reason = f"a comment begins here, and with it `{inside[0]}` is no longer read"
        yield Mend(last, at, len(comment), {last: mended}, reason, hint)
    reason = f"`{opened.text}` opens here and is never closed"
    if after and after.line == last:
        inner, at = stack[-1], after.column
        mended = f"{line[:at]}{close[0]}{body[at:]}{close[1:]}{' ' if comment else ''}{comment}"
        hint = f"close it with `{close[0]}` before `{_shortly(line[at:])}`"
        if close[1:]:
            hint += f", and what is around it with `{close[1:]}` at the end"
        yield Mend(inner.line, inner.column, 1, {last: mended}, reason.replace(opened.text, inner.text), hint)
    mended = f"{body}{close}{' ' if comment else ''}{comment}"
    where = "" if opened.line == last else f" in line {last + 1}"
    yield Mend(opened.line, opened.column, 1, {last: mended}, reason, f"close it with `{close}`{where}")


def _ends(lines: Lines, number: int) -> int:
    """The line after the last one that can belong to the brackets opened in this one."""
    here = margin(lines[number])
    for after in range(number + 1, min(number + _MOST_LINES, len(lines))):
        line = lines[after]
        first = line.lstrip()[:1]
        goes_on = first in ("]", "}") or (first in ('"', "'") and not is_keyed(line))
        if says(line) and (margin(line) < here or (margin(line) == here and not goes_on)):
            return after
    return min(number + _MOST_LINES, len(lines))


def _shown(lines: Lines, token: _Token) -> str:
    return token.text if token.kind != "open" else lines[token.line][token.column :].split(",")[0].strip()[:20]


def _tokens(lines: Lines, number: int, end: int) -> Iterator[_Token]:
    """The signs and values between brackets from a line on, until all are closed or a quote is open.

    What closes more than was opened is the last one.
    """
    depth, begin = 0, _begin(lines[number])
    for line in range(number, min(end, number + _MOST_LINES)):
        text = lines[line][: comment_of(lines[line])]
        at = begin if line == number else 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                return
            at = found.end()
            kind = str(found.lastgroup)
            if kind == "space":
                continue
            depth += {"open": 1, "close": -1}.get(kind, 0)
            yield _Token(kind, found[0].rstrip(" "), line, found.start())
            if depth < 0:
                return
        if depth == 0:
            return


def _begin(line: str) -> int:
    found = _OPENS.match(line)
    return found.end() - 1 if found else 0


ALL: tuple[Mended, ...] = (dashes, blocks, items_in_line, braces, behind, commas, closers)
