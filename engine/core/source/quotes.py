"""Quotes that are open, of the wrong kind, or missing around a text that needs them."""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from engine.core.source.mends import SHOWN, Lines, Mend, margin

_ENTRY = re.compile(r"(\s*(?:- +)*(?:[\w.-]+:(?: +|$))?)(.*?)\s*$")
_LONGEST = 80  # characters that are shown with the quotes they need
_QUOTES = ('"', "'")


def unclosed(lines: Lines, number: int) -> Iterator[Mend]:
    """A quote that opens and does not close in its line."""
    line = lines[number]
    begin = _open(line)
    if early := _EARLY.search(line):
        text = line[: early.end(2)] + early[1] + line[early.end(2) :]
        hint = f"close it with `{early[1]}` before `,`"
        reason = "the quote that opens here is closed by the one that should open the next text"
        yield Mend(number, early.start(), early.end(2) - early.start(), {number: text}, reason, hint)
    if begin is None:
        return
    quote, whole = line[begin], line.rstrip()
    bare = whole.rstrip("]}")
    key = [whole.find(":", begin)] if not whole[:begin].strip(" -") and ":" in whole else []  # `"name: value`
    said = whole[: whole.find(" #", begin)].rstrip() if " #" in whole[begin:] else whole  # without its comment
    ends = (*key, *_before_names(whole, begin), len(whole), len(bare), len(said), len(said.rstrip("]}")))
    ends = (*ends, *range(ends[-1] + 1, len(said)))  # `"${a}}` ends with brackets of its own
    if quote == '"' and said.endswith('\\"') and said.count('"', begin) == 2:
        text = f"{said[:-2]}{quote}{whole[len(said) :]}"
        reason = '`\\"` is a quote in the text, so that nothing closes it'
        yield Mend(number, len(said) - 2, 2, {number: text}, reason, "leave the `\\` out")
    other = "'" if quote == '"' else '"'
    body = said.rstrip("]} ") if set("[{") & set(whole[:begin]) else said
    if body[-1:] in (other, "`") and body.count(body[-1], begin + 1) % 2:
        text = f"{body[:-1]}{quote}{whole[len(body) :]}"
        sign = "a backtick" if body[-1] == "`" else body[-1]
        reason = f"{sign} cannot close the {quote} in column {begin + 1}"
        yield Mend(number, len(body) - 1, 1, {number: text}, reason, f"write `{quote}`")
    if early := _CLOSED_BY[other].search(whole[begin:]):
        at = begin + early.start()
        if whole.count(other, begin, at + 1) % 2:
            text = f"{whole[:at]}{quote}{whole[at + 1 :]}"
            reason = f"{other} cannot close the {quote} in column {begin + 1}"
            yield Mend(number, at, 1, {number: text}, reason, f"write `{quote}`")
    last = number
    while last + 1 < len(lines) and _goes_on(lines[last + 1], margin(line)):
        last += 1
    if last > number and said == whole and not set("[{") & set(whole[:begin]):
        reason = "the quote that opens here is never closed"
        hint = f"close it with `{quote}` at the end of line {last + 1}"
        texts = {last: lines[last].rstrip() + quote}
        yield Mend(number, begin, len(whole) - begin, texts, reason, hint, is_quote=True)
    for end in dict.fromkeys(ends):
        text = whole[:end] + quote + whole[end:]
        reason = "the quote that opens here is never closed on its line"
        where = f" before `{whole[end:].strip()[:SHOWN]}`" if end < len(said) else ""
        hint = f"close it with `{quote}`{where}"
        yield Mend(number, begin, end - begin, {number: text}, reason, hint, is_quote=True)


_CLOSED_BY = {  # between brackets, before what closes them and before the next name
    '"': re.compile(r'"(?=[\]}]*, ?[\w-]+: |[\]}]+, ?)'),
    "'": re.compile(r"'(?=[\]}]*, ?[\w-]+: |[\]}]+, ?)"),
}


def _goes_on(line: str, least: int) -> bool:
    """Is it the rest of a text, neither name nor item?"""
    return bool(line.strip()) and margin(line) >= least and not re.search(r"[\"'#]|: |- |:$", line)


_UNOPENED = re.compile(r"(?:(?<=[\[,] )|(?<=\[))([^\s\"',\[\]{}][^\"',\[\]{}]*)\"(?=[,\]])")


def unopened(lines: Lines, number: int) -> Iterator[Mend]:
    """`["a", *b"]`: an item whose quote closes and does not open."""
    for found in _UNOPENED.finditer(lines[number]):
        if lines[number].count('"', 0, found.start()) % 2 == 0:
            text = f'{lines[number][: found.start()]}"{lines[number][found.start() :]}'
            reason = 'the " at the end closes what no " opens'
            yield Mend(number, found.start(), len(found[0]), {number: text}, reason, f'write `"{found[0]}`')


_LATE = re.compile(r"(\$\{[^}\"]*)\"\}")
_KEY = re.compile(r"( *(?:- +)?)([*&@%`!][^\s:\"']*)(: .*|:)$")


def misplaced(lines: Lines, number: int) -> Iterator[Mend]:
    """`"${a"}`: a quote that closes before what it holds does; and a name that needs quotes."""
    line = lines[number]
    if found := _LATE.search(line):
        text = f'{line[: found.start()]}{found[1]}}}"{line[found.end() :]}'
        reason = "the quote closes before the `${` in it does"
        yield Mend(number, found.end() - 2, 2, {number: text}, reason, 'write `}"`')
    if found := _KEY.match(line):
        reason = f"a name cannot begin with `{found[2][0]}`"
        text = f'{found[1]}"{found[2]}"{found[3]}'
        yield Mend(number, found.start(2), len(found[2]), {number: text}, reason, f'put it in quotes: "{found[2]}"')


_EARLY = re.compile(r"""(?<=[\[,: ])(["'])([^"',]*), ?\1(?=[\w*])""")  # `["a, "b"]`


def _before_names(line: str, begin: int) -> list[int]:
    """Between brackets: where the next name begins, with what closes before it."""
    inside = set("[{") & set(line[:begin])
    found = re.finditer(r"(?<![\]}])[\]}]*, ?[\w-]+: ", line) if inside else ()
    ends = [at for one in found for at in range(one.start(), one.start() + one[0].index(",") + 1)]
    return [at for at in ends if at > begin]


def _open(line: str) -> int | None:
    """Where a quote opens that does not close in this line."""
    at = 0
    while at < len(line):
        character, before = line[at], line[:at].rstrip(" ")[-1:]
        if character == "#" and line[at - 1 : at] in ("", " "):
            return None
        if character in "\"'" and (before in ("", ":", ",", "[", "{", "-")):
            end = at + 1
            while end < len(line) and line[end] != character:
                end += 2 if line[end] == "\\" and character == '"' else 1
            if end >= len(line):
                return at
            at = end
        at += 1
    return None


def _closes_only(text: str) -> bool:
    return text[-1:] in _QUOTES and text.count(text[-1]) == 1


_Why: TypeAlias = tuple[Callable[[str], bool], str]
_WHY: tuple[_Why, ...] = (
    (lambda text: "\\'" in text and text.startswith("'"), "`\\'` is no escape inside single quotes"),
    (lambda text: text.startswith("`"), "a value cannot begin with a backtick"),
    (lambda text: text.startswith("!"), "`!` without quotes makes a tag of what follows"),
    (lambda text: text.startswith(("*", "&")), "`*` and `&` at the beginning make an alias of what follows"),
    (lambda text: text.startswith(("|", ">")), "`|` and `>` announce a text that begins in the next line"),
    (lambda text: text.startswith(("@", "%")), "no value can begin with this character"),
    (
        lambda text: text.startswith(_QUOTES) and any(quote in text[1:] for quote in _QUOTES),
        "the quotes end before the text does",
    ),
    (_closes_only, "the quote that closes this text is not opened"),
    (lambda text: text.startswith("? "), "`?` at the beginning makes a key of what follows"),
    (lambda text: text.startswith("["), "what begins with a bracket is a list"),
    (lambda text: text.startswith("{{"), "`{{ }}` is of a template, and no text"),
    (lambda text: text.startswith("{"), "what begins with a brace is a map"),
    (lambda text: text.endswith(":"), "`:` at the end of a text makes a key of it"),
    (lambda text: ": " in text, "`: ` in a text makes a key of what is before it"),
)


def _inside(value: str) -> str:
    """The text that somebody wanted to have in quotes."""
    quote = value[0] if value[0] in _QUOTES else ""
    if quote and value.count(quote) == 3 and (value.startswith(quote * 2) or value.endswith(quote * 2)):
        return value.strip(quote)
    if _COMPARED.match(value):
        return value
    if value.startswith('"""') or '" + "' in value:  # as in other languages
        return value.strip('"').replace('" + "', "")
    if quote == "'" and "\\'" in value:
        return value[1:].removesuffix("'").replace("\\'", "'")
    if (quote and (value.count(quote) == 2 and value[-1] != quote)) or _JOINED.fullmatch(value):
        return value.replace(value[0], "")  # closed too early
    if quote and value[-1] == quote and len(value) > 1:
        return value[1:-1]
    if value[0] in "|>" and value[1:2] in " -+" and (rest := value[1:].lstrip("-+ ")):
        return _inside(rest)
    return value[:-1] if _closes_only(value) else value


_COMPARED = re.compile(r"'[^']*' +(?:[=!<>]=?|&&|\|\|) ")  # an expression that begins with a text
_JOINED = re.compile(r'"[^"]*"(?: (?:&&|\|\||==|!=|and|or) "[^"]*")+')


_ASKED = re.compile(r"\$\{[^{}]{0,200}\}")  # in which a text has single quotes
_TEXT = re.compile(r'(?<=[(,= ])"([^"\']*)"')


def bare(lines: Lines, number: int) -> Iterator[Mend]:
    """A value that needs quotes, or others."""
    line = lines[number]
    found = _ENTRY.match(line)
    if not found or not found[2] or found[2].startswith("#") or not found[1].strip():
        return
    value, mark, comment = found[2].partition(" #")
    value = value.rstrip()
    if value[:1] == "{" and value[-1:] == "}" and value[:2] != "{{":
        return  # a mapping, in which something else is wrong
    inside = _ASKED.sub(lambda asked: _TEXT.sub(r"'\1'", asked[0]), _inside(value))
    quoted = "'" + inside.replace("'", "''") + "'" if '"' in inside else f'"{inside}"'
    reason = next((why for fits, why in _WHY if fits(value)), "")
    if reason:
        shown = quoted if len(quoted) <= _LONGEST else "the whole text"
        text = found[1] + quoted + mark + comment
        yield Mend(number, len(found[1]), len(value), {number: text}, reason, f"put it in quotes: {shown}")


_CALL = re.compile(  # what a name and a bracket, or `${…}`, begins, up to the next name or the end of the map
    r"(?<=: )((?:[\w.]{1,60}\(|\$\{[^}\"]{0,100}\})[^\"]{0,200}?)"
    r"(?=, [\w-]{1,60}: | *\},? *(?:#.*)?$|\}, [\w-]{1,60}: |\}\})"
)


def calls(lines: Lines, number: int) -> Iterator[Mend]:
    """Between brackets an expression with brackets or commas of its own: `{when: contains(['a'], b), run: c}`."""
    line = lines[number]
    for found in _CALL.finditer(line):
        if not set(",[]{}") & set(found[1]) or "{" not in line[: found.start()]:
            continue
        text = f'{line[: found.start()]}"{found[1]}"{line[found.end() :]}'
        hint = f'put it in quotes: "{found[1]}"' if len(found[1]) <= _LONGEST else "put the whole of it in quotes"
        reason = "a text with brackets or commas of its own needs quotes here"
        yield Mend(number, found.start(), len(found[1]), {number: text}, reason, hint)


_NO_VALUE = re.compile(
    r"(?:(?<=[\[,] )|(?<=\[)|(?<=\w: ))[*&`@!%][^,\]\"}]*|(?<=[\[,] )[\w-]+\[\w+\]|(?<=\[)[\w-]+\[\w+\]"
)


def items(lines: Lines, number: int) -> Iterator[Mend]:
    """Items of a list that need quotes: all of them, of which the first is told."""
    line = lines[number]
    found = [item for item in _NO_VALUE.finditer(line) if line[: item.start()].count('"') % 2 == 0]
    if not found or not set("[{") & set(line[: found[0].start()]):
        return
    text = _NO_VALUE.sub(lambda item: f'"{item[0].strip()}"', line)
    first = found[0][0].strip()
    why = next((why for fits, why in _WHY if fits(first)), "`[` in a text begins a list")
    hint = f"write `{first[1:]}`, without `@`" if first[0] == "@" else ""
    if hint:
        text = _NO_VALUE.sub(lambda item: item[0].replace("@", "", 1), line)
    shown = " and ".join(f'"{item[0].strip()}"' for item in found[:3])
    begin = found[0].start()
    yield Mend(number, begin, len(first), {number: text}, why, hint or f"put it in quotes: {shown}")
