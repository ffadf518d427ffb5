"""Why a text is not YAML: the mend of one line that a person would make, tried out.

A parser says where it was lost, which may be lines below the mistake and in its own words. Each mend here changes one
line in a way that people's mistakes call for; the first after which the parser comes to the end, or further on,
is the cause. Runs only on texts that are wrong.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple, TypeAlias

_MARKER = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: |$)")
_ENTRY = re.compile(r"(\s*(?:- +)*(?:[\w.-]+:(?: +|$))?)(.*?)\s*$")
_LINES_UP = 40  # an open quote is found at the next one, seldom further
_MOST_TRIES = 100  # each is a parse
_LARGEST = 200_000  # characters that are parsed again and again

Lost: TypeAlias = Callable[[str], int | None]  # the line, from 0, where the parser is lost; None: it is not


class Cause(NamedTuple):
    """What somebody did, from 0, and what to do about it."""

    line: int
    column: int
    length: int
    reason: str
    hint: str


class _Mend(NamedTuple):
    column: int
    length: int
    text: str  # the line as it should be
    reason: str
    hint: str


def cause(text: str, lost_at: int, lost: Lost) -> Cause | None:
    """The mistake that made the parser lose itself in line `lost_at`; None where no mend of ours helps."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if found := _MARKER.match(line):
            reason = f"`{found[1]}` marks a merge conflict that nobody has settled"
            return Cause(number, 0, len(line), reason, "keep one side of it and remove all its markers")
    if len(text) > _LARGEST:
        return None
    near = range(min(lost_at, len(lines) - 1), max(lost_at - _LINES_UP, -1), -1)
    for number, mend in islice(_tries(lines, near), _MOST_TRIES):
        at = lost("\n".join((*lines[:number], mend.text, *lines[number + 1 :])))
        if at is None or at > max(lost_at, number):
            return Cause(number, mend.column, mend.length, mend.reason, mend.hint)
    return None


def _tries(lines: list[str], near: range) -> Iterator[tuple[int, _Mend]]:
    for number in reversed(near):  # of open quotes the first
        yield from ((number, mend) for mend in _open_quote(lines[number]))
    for number in near:
        yield from ((number, mend) for mend in _one_line(lines[number]))
    for number in near:
        yield from ((number, mend) for mend in _holder(lines, number))
    for mended in (_beside, _among, _next_line, _out_of_line):
        for number in near:
            yield from ((number, mend) for mend in mended(lines, number))
    for number in near:
        yield from ((number, mend) for mend in _full(lines, number))
    for number in near:
        yield from ((number, mend) for mend in _indented(lines, number))


def _one_line(line: str) -> Iterator[_Mend]:
    yield from _foreign(line)
    yield from _comma(line)
    yield from _open_bracket(line)
    yield from _items(line)
    yield from _bare(line)


def _open_quote(line: str) -> Iterator[_Mend]:
    begin = _unclosed(line)
    if begin is None:
        return
    quote, whole = line[begin], line.rstrip()
    bare = whole.rstrip("]}")
    key = [len(whole) - 1] if whole.endswith(":") else []  # `"name:`
    said = whole[: whole.find(" #", begin)].rstrip() if " #" in whole[begin:] else whole  # without its comment
    for end in dict.fromkeys((*key, len(whole), len(bare), len(said), len(said.rstrip("]}")))):
        text = whole[:end] + quote + whole[end:]
        yield _Mend(
            begin,
            end - begin,
            text,
            "the quote that opens here is never closed on its line",
            f"close it with `{quote}`",
        )


def _unclosed(line: str) -> int | None:
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


def _comma(line: str) -> Iterator[_Mend]:
    """`{count: 2 from: [a]}`"""
    for found in re.finditer(r"(?:[^\s,{\[:-]|(?<=\w)-) +(?=([\w-]+|\"[^\"]*\"): )", line):
        word = found[1]
        text = f"{line[: found.start() + 1]},{line[found.start() + 1 :]}"
        yield _Mend(found.end(), len(word), text, f"a comma is missing before `{word}`", f"write `, {word}:`")


def _open_bracket(line: str) -> Iterator[_Mend]:
    opened: list[int] = []
    quote = ""
    for at, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#" and line[at - 1 : at] in ("", " "):
            break
        elif character in "[{":
            opened.append(at)
        elif character in "]}" and opened and line[opened[-1]] == _OPENED[character]:
            opened.pop()
        elif character in "]}":
            if opened:
                right = _CLOSED[line[opened[-1]]]
                reason = f"`{line[opened[-1]]}` opens here and is never closed"
                yield _Mend(opened[-1], 1, line[:at] + right + line[at:], reason, f"close it with `{right}`")
            hint = f"open it with `{_OPENED[character]}`, or remove it"
            yield _Mend(at, 1, line[:at] + line[at + 1 :], f"`{character}` closes nothing", hint)
            return
    if opened:
        body, mark, comment = line.partition(" #")
        close = "".join(_CLOSED[line[at]] for at in reversed(opened))
        reason = f"`{line[opened[0]]}` opens here and is never closed"
        yield _Mend(opened[0], 1, f"{body.rstrip()}{close}{mark}{comment}", reason, f"close it with `{close}`")


_CLOSED = {"[": "]", "{": "}"}
_OPENED = {close: opened for opened, close in _CLOSED.items()}
_QUOTES = ('"', "'")
_WHY: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda text: text.startswith("`"), "a value cannot begin with a backtick"),
    (lambda text: text.startswith("!"), "`!` without quotes makes a tag of what follows"),
    (lambda text: text.startswith(("*", "&")), "`*` and `&` at the beginning make an alias of what follows"),
    (lambda text: text.startswith(("@", "%", "|", ">")), "no value can begin with this character"),
    (
        lambda text: text.startswith(_QUOTES) and any(quote in text[1:] for quote in _QUOTES),
        "the quotes end before the text does",
    ),
    (lambda text: text.startswith("? "), "`?` at the beginning makes a key of what follows"),
    (lambda text: text.startswith("["), "what begins with a bracket is a list"),
    (lambda text: text.endswith(":"), "`:` at the end of a text makes a key of it"),
    (lambda text: ": " in text, "`: ` in a text makes a key of what is before it"),
)


def _bare(line: str) -> Iterator[_Mend]:
    """A value that needs quotes, or others."""
    found = _ENTRY.match(line)
    if not found or not found[2] or found[2].startswith("#") or not found[1].strip():
        return
    value, mark, comment = found[2].partition(" #")
    value = value.rstrip()
    if value[:1] == "{" and value[-1:] == "}":
        return  # a mapping, in which something else is wrong
    inside = value[1:-1] if value[0] == value[-1] and value[0] in "\"'" and len(value) > 1 else value
    if value[0] in _QUOTES and value.count(value[0]) == 2 and value[-1] != value[0]:
        inside = value.replace(value[0], "")  # closed too early
    quoted = "'" + inside.replace("'", "''") + "'" if '"' in inside else f'"{inside}"'
    reason = next((why for fits, why in _WHY if fits(value)), "")
    if reason:
        shown = quoted if len(quoted) <= 80 else "the whole text"
        yield _Mend(len(found[1]), len(value), found[1] + quoted + mark + comment, reason, f"put it in quotes: {shown}")


_NO_VALUE = r"(?:(?<=[\[,] )|(?<=\[)|(?<=\w: ))[*&`@!%][^,\]\"}]*|(?<=[\[,] )[\w-]+\[\w+\]|(?<=\[)[\w-]+\[\w+\]"


def _items(line: str) -> Iterator[_Mend]:
    """Items of a list that need quotes: all of them, of which the first is told."""
    found = [item for item in re.finditer(_NO_VALUE, line) if line[: item.start()].count('"') % 2 == 0]
    if not found or not set("[{") & set(line[: found[0].start()]):
        return
    text = re.sub(_NO_VALUE, lambda item: f'"{item[0].strip()}"', line)
    first = found[0][0].strip()
    why = next((why for fits, why in _WHY if fits(first)), "`[` in a text begins a list")
    hint = f"write `{first[1:]}`, without `@`" if first[0] == "@" else ""
    shown = " and ".join(f'"{item[0].strip()}"' for item in found[:3])
    yield _Mend(found[0].start(), len(first), text, why, hint or f"put it in quotes: {shown}")


_INVISIBLE = {"\u00a0": "a no-break space", "\u2007": "a space of another kind", "\u202f": "a narrow no-break space",
              "\u3000": "a wide space", "\uff1a": "a wide `:`"}  # fmt: skip
_PLAIN = str.maketrans({**dict.fromkeys("\u00a0\u2007\u202f\u3000", " "), "\uff1a": ":"})
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.){0,300}"|'(?:[^']|''){0,300}')\s{0,300}""")
_ESCAPE = re.compile(r"""(?<!\\)\\(?![0abtnvfre "/\\N_LPxuU\t])""")


def _foreign(line: str) -> Iterator[_Mend]:
    """What belongs to other languages, or to other characters."""
    begin, whole = _margin(line), line.rstrip()
    odd = next((at for at, character in enumerate(line) if character in _INVISIBLE), None)
    if odd is not None:
        wanted = "`: `" if line[odd] == "\uff1a" else "a plain space"
        text = line.translate(_PLAIN)
        yield _Mend(odd, 1, text, f"{_INVISIBLE[line[odd]]} (U+{ord(line[odd]):04X}) stands here", f"write {wanted}")
    if line.strip() == "...":
        yield _Mend(begin, 3, "", "`...` ends the document", "remove it")
    if whole[:1] in ("+", "-") and whole[1:2] == " " and not whole.startswith("- "):
        yield _Mend(0, 1, f" {line[1:]}", f"`{whole[0]}` is of a diff", f"write a space instead of `{whole[0]}`")
    if whole[:1] == "+":
        text = line[1:]
        yield _Mend(0, 1, text, "`+` is of a diff", "remove it")
    if whole.endswith((",", ";")):
        sign = whole[-1]
        yield _Mend(len(whole) - 1, 1, whole[:-1], f"a line does not end with `{sign}` here", f"remove `{sign}`")
    if found := re.match(r"( *(?:- +)?)([\w-]+)( *= *|:(?=[^\s:/]))(.+)$", whole):
        sign, after = (
            found[3].strip(),
            "a space is missing after `:`" if ":" in found[3] else "a name and its value have `: ` between them",
        )
        text = f"{found[1]}{found[2]}: {found[4]}"
        yield _Mend(begin, len(found[2]), text, after, f"write `{found[2]}: {found[4][:40]}`")
    if found := re.match(r"( *)-(?=[^\s-])", line):
        shown = f"- {line[found.end() :].strip()}"
        yield _Mend(
            begin, 1, f"{found[1]}- {line[found.end() :]}", "a space is missing after `-`", f"write `{shown[:40]}`"
        )
    if found := re.match(r"( *- +)([\w-]+: [^,\[\]{}\"']+(?:, [\w-]+: [^,\[\]{}\"']+)+)$", whole):
        text = f"{found[1]}{{{found[2]}}}"
        yield _Mend(len(found[1]), len(found[2]), text, "several keys in a line need braces", f"write `{{{found[2]}}}`")
    for quoted in _QUOTED.finditer(line):
        rest = line[quoted.end() :]
        if rest.startswith("//"):
            text = line[: quoted.end()].rstrip() + f" # {rest[2:].strip()}"
            yield _Mend(quoted.end(), len(rest), text, "`//` begins no comment", "write ` # ` before it")
    for escape in _ESCAPE.finditer(line):
        sign = line[escape.start() : escape.start() + 2]
        plain = sign[1:] if sign[1:] in ("'", "`", "$", "*", ".") else f"\\{sign}"
        text = _ESCAPE.sub("" if plain == sign[1:] else r"\\\\", line)
        yield _Mend(escape.start(), 2, text, f"`{sign}` is no escape inside double quotes", f"write `{plain}`")


def _around(lines: list[str], number: int) -> tuple[str, str]:
    """The lines before and after this one that say something."""
    above = next((lines[n] for n in range(number - 1, -1, -1) if _says(lines[n])), "")
    return above, next((one for one in lines[number + 1 :] if _says(one)), "")


_NAME = re.compile(r" *([\w.-]+)\s*$")
_SET = re.compile(r" *([\w.-]+): +([^\s#&|>].*?)\s*$")
_ITEM = re.compile(r" *- .*$")


def _holder(lines: list[str], number: int) -> Iterator[_Mend]:
    """The line above a body that cannot hold one, and an item among keys."""
    line, (_, below) = lines[number], _around(lines, number)
    here = _margin(line)
    if _margin(below) > here and (name := _NAME.match(line)):
        hint = f"write `{name[1]}:`"
        yield _Mend(here, len(name[1]), f"{line.rstrip()}:", f"a colon is missing after `{name[1]}`", hint)
    if _ITEM.match(line) and _margin(below) == here and ":" in below and ":" not in line and not _ITEM.match(below):
        reason = "an item of a list stands among keys"
        yield _Mend(here, len(line.strip()), " " * here + "# ", reason, "write `name:`, or begin all of them with `-`")


def _among(lines: list[str], number: int) -> Iterator[_Mend]:
    """A key among items, and an item among keys that has a body."""
    line, (_, below) = lines[number], _around(lines, number)
    here, is_item = _margin(line), _ITEM.match(line) is not None
    if not _says(line):
        return
    beside = next((one for one in reversed(lines[:number]) if _says(one) and _margin(one) <= here), "")
    beside = beside if _margin(beside) == here else below if _margin(below) == here else ""
    if not is_item and _ITEM.match(beside):
        text = f"{' ' * here}- {line[here:]}"
        said = line.strip()
        yield _Mend(here, len(said), text, "this stands among items, and is none", f"write `- {said[:40]}`")
    if is_item and beside and not _ITEM.match(beside) and re.search(r"- [\w.-]+:(?: |$)", line):
        name = line[here + 1 :].strip()
        yield _Mend(here, 1, " " * here + name, "an item stands among keys", f"leave the `-` out: `{name}`")


def _next_line(lines: list[str], number: int) -> Iterator[_Mend]:
    """A value in a line of its own that stands no further in than its name."""
    line, (above, _) = lines[number], _around(lines, number)
    opens = _OPENS.match(above)
    if opens and _says(line) and _margin(line) <= len(opens[1]) and not _NAMED.match(line):
        wanted = len(opens[1]) + 2
        text = " " * wanted + line.lstrip(" ")
        reason = f"this is the value of `{opens[2]}`, and stands no further in than it"
        yield _Mend(_margin(line), len(line.strip()), text, reason, f"indent it by {wanted} spaces")


_OPENS = re.compile(r"( *)([\w.-]+):(?: *[|>][+-]?)?\s*$")
_NAMED = re.compile(r" *(?:- +)?[\w.-]+: ")


def _out_of_line(lines: list[str], number: int) -> Iterator[_Mend]:
    """A name with a body that stands neither where the names after its body stand, nor in the body."""
    line = lines[number]
    after = [one for one in lines[number + 1 :] if _says(one)]
    if not _says(line) or not line.rstrip().endswith(":") or not after:
        return
    here, inside = _margin(line), _margin(after[0])
    wanted = next((_margin(one) for one in after if _margin(one) < inside), here)
    if here != wanted and here < inside and wanted > 0:
        name = line.strip().rstrip(":")
        reason = f"`{name}` is indented by {here}, what follows it by {wanted}"
        yield _Mend(here, len(line.strip()), " " * wanted + line.strip(), reason, f"indent it by {wanted} spaces")


def _full(lines: list[str], number: int) -> Iterator[_Mend]:
    """A name that has a value already, above a body of its own."""
    line, (above, below) = lines[number], _around(lines, number)
    here = _margin(line)
    is_one_of_many = _SET.match(above) is not None and _margin(above) == here
    if _margin(below) >= here + 2 and not is_one_of_many and (found := _SET.match(line)):
        reason = f"`{found[1]}` has the value `{found[2]}`, and more stands in it below"
        yield _Mend(found.start(2), len(found[2]), line[: found.start(2)].rstrip(), reason, "keep one of the two")


def _beside(lines: list[str], number: int) -> Iterator[_Mend]:
    """The first line of a body that stands as far out as its own name."""
    line, (above, below) = lines[number], _around(lines, number)
    here, wanted = _margin(line), _margin(below)
    if _says(line) and above.rstrip().endswith(":") and wanted > _margin(above) >= here:
        name, holder = line.split(":")[0].strip(" -"), above.strip(" -").rstrip(": ")
        reason = f"`{name}` stands beside `{holder}`, and not in it"
        yield _Mend(here, len(line.strip()), " " * wanted + line[here:], reason, f"indent it by {wanted} spaces")


def _indented(lines: list[str], number: int) -> Iterator[_Mend]:
    """A line that stands further in or out than those it belongs to."""
    line, (above, _) = lines[number], _around(lines, number)
    if not _says(line) or not above:
        return
    name, here, wanted = line.split(":")[0].strip(" -"), _margin(line), _margin(above)
    if wanted != here:
        reason = f"`{name}` is indented by {here}, the line above by {wanted}"
        yield _Mend(here, len(line.strip()), " " * wanted + line[here:], reason, f"indent it by {wanted} spaces")
    for wanted in sorted({_margin(one) for one in lines[:number] if _says(one)}, key=lambda one: abs(one - here)):
        if wanted != here and abs(wanted - here) <= 3:
            reason = f"`{name}` is indented by {here}, as no line that it could belong to"
            yield _Mend(here, len(line.strip()), " " * wanted + line[here:], reason, f"indent it by {wanted} spaces")


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
