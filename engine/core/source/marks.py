"""Signs of other languages and of other programs, and signs of YAML's that are missing or too many in a line."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine.core.source.mends import SHOWN, Lines, Mend, Mended, around, is_keyed, margin, says


class _Slip(NamedTuple):
    """What is wrong in one line, and the line as it should be."""

    column: int
    length: int
    text: str
    reason: str
    hint: str


_Line = Callable[[str], _Slip | None]


def _each(slip: _Line) -> Mended:
    """Lines in which the same is wrong, one after the other: one mistake, told of the first."""

    def mended(lines: Lines, number: int) -> Iterator[Mend]:
        if not slip(lines[number]):
            return
        first, last = number, number
        while first > 0 and slip(lines[first - 1]):
            first -= 1
        while last + 1 < len(lines) and slip(lines[last + 1]):
            last += 1
        for begin, end in dict.fromkeys(((first, last), (number, number))):
            all_of_them = {n: found for n in range(begin, end + 1) if (found := slip(lines[n]))}
            told = all_of_them[begin]
            more = f", here and in the lines up to {end + 1}" if end > begin else ""
            texts = {n: found.text for n, found in all_of_them.items()}
            yield Mend(begin, told.column, told.length, texts, told.reason, told.hint + more)

    return mended


_INVISIBLE = {"\u00a0": "a no-break space", "\u2007": "a space of another kind", "\u202f": "a narrow no-break space",
              "\u3000": "a wide space", "\uff1a": "a wide `:`"}  # fmt: skip
_PLAIN = str.maketrans({**dict.fromkeys("\u00a0\u2007\u202f\u3000", " "), "\uff1a": ": "})


def _odd_space(line: str) -> _Slip | None:
    at = next((at for at, character in enumerate(line) if character in _INVISIBLE), None)
    if at is None:
        return None
    wanted = "`: `" if line[at] == "\uff1a" else "a plain space"
    text = re.sub(r"(?<=:)  (?=\S)", " ", line.translate(_PLAIN))
    return _Slip(at, 1, text, f"{_INVISIBLE[line[at]]} (U+{ord(line[at]):04X}) stands here", f"write {wanted}")


def _end_of_document(line: str) -> _Slip | None:
    return _Slip(margin(line), 3, "", "`...` ends the document", "remove it") if line.strip() == "..." else None


def _fence(line: str) -> _Slip | None:
    if not line.startswith(("```", "~~~")):
        return None
    return _Slip(0, len(line.rstrip()), "", f"`{line[:3]}` is of Markdown", "remove this line")


def _sign_at_end(line: str) -> _Slip | None:
    whole = line.rstrip()
    if not whole.endswith((",", ";")):
        return None
    return _Slip(len(whole) - 1, 1, whole[:-1], f"a line does not end with `{whole[-1]}` here", f"remove `{whole[-1]}`")


def _sign_between(line: str) -> _Slip | None:
    if not (
        found := re.match(
            r"( *(?:- +)?)([\w-]+|\"[\w.-]+\")( *:?=>? *| *-> *| +: *|:(?=[^\s:/]))([^=~].*)$", line.rstrip()
        )
    ):
        return None
    glued = ":" in found[3] and "=" not in found[3]
    after = "a space is missing after `:`" if glued else "a name and its value have `: ` between them"
    text = f"{found[1]}{found[2]}: {found[4]}"
    return _Slip(len(found[1]), len(found[2]), text, after, f"write `{found[2]}: {found[4][:SHOWN]}`")


def _dash(line: str) -> _Slip | None:
    if not (found := re.match(r"( *)-(?=[^\s-])", line)):
        return None
    shown = f"- {line[found.end() :].strip()}"
    text = f"{found[1]}- {line[found.end() :]}"
    return _Slip(len(found[1]), 1, text, "a space is missing after `-`", f"write `{shown[:SHOWN]}`")


def _dashes(line: str) -> _Slip | None:
    if not (found := re.match(r"( *)(--+) *(?=[^\s-])", line)):
        return None
    text = f"{found[1]}- {line[found.end() :]}"
    return _Slip(len(found[1]), len(found[2]), text, "an item begins with one `-`", "write `- `")


def _bullet(line: str) -> _Slip | None:
    if not (found := re.match(r"( *)([*•–—])(?= )", line)):
        return None
    text = f"{found[1]}-{line[found.end() :]}"
    return _Slip(len(found[1]), 1, text, f"`{found[2]}` begins no item of a list", "write `-`")


_QUOTED = re.compile(r"""("(?:[^"\\]|\\.){0,300}"|'(?:[^']|''){0,300}')\s{0,300}""")
_ESCAPE = re.compile(r"""(?<!\\)\\(?![0abtnvfre "/\\N_LP\t]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})""")


def _other_comment(line: str) -> _Slip | None:
    if line.lstrip().startswith(("//", "/*", "; ", "<!--")) or re.match(r" *-- (?![{\"\[])[^:]*$", line):
        said = line.strip()
        return _Slip(margin(line), len(said), "", f"`{said[:2]}` begins no comment", "begin it with `#`")
    for quoted in _QUOTED.finditer(line):
        rest = line[quoted.end() :]
        if rest.startswith("//"):
            text = line[: quoted.end()].rstrip() + f" # {rest[2:].strip()}"
            return _Slip(quoted.end(), len(rest), text, "`//` begins no comment", "write ` # ` before it")
    return None


def _escape(line: str) -> _Slip | None:
    found = _ESCAPE.search(line)
    if not found:
        return None
    sign = line[found.start() : found.start() + 2]
    is_plain = sign[1:] in ("'", "`", "$", "*", ".")
    plain = sign[1:] if is_plain else f"\\{sign}"
    if not is_plain and line.count("\\") > 1:  # of `C:\docs\rules` none is meant as an escape
        text = re.sub(r"\\(?![\"\\])", r"\\\\", line)
        return _Slip(found.start(), 2, text, f"`{sign}` is no escape inside double quotes", r"write `\\` for each `\`")
    text = _ESCAPE.sub("" if is_plain else r"\\\\", line)
    return _Slip(found.start(), 2, text, f"`{sign}` is no escape inside double quotes", f"write `{plain}`")


LINES: tuple[Mended, ...] = tuple(
    _each(slip)
    for slip in (
        _odd_space,
        _end_of_document,
        _fence,
        _sign_at_end,
        _sign_between,
        _dash,
        _bullet,
        _dashes,
        _other_comment,
        _escape,
    )
)


def diff(lines: Lines, number: int) -> Iterator[Mend]:
    """Lines of a diff: what it takes away is not there, what it adds is."""
    first, last = number, number
    while first > 0 and lines[first - 1][:1] in ("+", "-"):
        first -= 1
    while last + 1 < len(lines) and lines[last + 1][:1] in ("+", "-"):
        last += 1
    run = range(first, last + 1)
    if lines[number][:1] not in ("+", "-") or not any(lines[n].startswith("+") for n in run):
        return
    taken = any(lines[n].startswith("-") for n in run)
    more = f", here and in the lines up to {last + 1}" if last > first else ""
    hint = "remove lines that begin with `-`, and the `+` of others" if taken else f"remove it{more}"
    for sign in ("", " "):
        texts = {n: sign + lines[n][1:] if lines[n].startswith("+") else "" for n in run}
        yield Mend(first, 0, 1, texts, f"`{lines[first][0]}` is of a diff", hint)


def tabs(lines: Lines, number: int) -> Iterator[Mend]:
    """Tabs at the beginning of lines, however many spaces each was meant to be."""

    def at(line: str) -> int | None:
        begin = line[: len(line) - len(line.lstrip(" \t"))]
        return begin.index("\t") if "\t" in begin and says(line) else None

    if found := re.match(r" *-(\t+)", lines[number]):
        text = f"{lines[number][: found.start(1)]} {lines[number][found.end() :].lstrip()}"
        yield Mend(number, found.start(1), 1, {number: text}, "", "", "ENG025")
    first = number
    if at(lines[number]) is None:
        return
    while first > 0 and at(lines[first - 1]) is not None:
        first -= 1
    last = number
    while last + 1 < len(lines) and at(lines[last + 1]) is not None:
        last += 1
    above, below = around(lines, first)[0], around(lines, last)[1]
    widths = (margin(below), margin(above), margin(above) + 2, 2, 4, 8)
    more = f", here and in the lines up to {last + 1}" if last > first else ""
    column = at(lines[first]) or 0
    for width in dict.fromkeys(width for width in widths if width):
        texts = {n: lines[n].replace("\t", " " * (width - (at(lines[n]) or 0) % width), 1).expandtabs(width)
                 for n in range(first, last + 1)}  # fmt: skip
        yield Mend(first, column, 1, texts, "", f"replace it with spaces{more}", "ENG025")


_HCL = re.compile(r"( *)(?:[\w-]+ +\"[\w-]+\" +)?\"?([\w-]+)\"? *=? *\{ *$")
_SET = re.compile(r"( *)\"?([\w-]+)\"? *= *(\S.*?),? *$")
_MOST_LINES = 60  # of one block


def block_of_hcl(lines: Lines, number: int) -> Iterator[Mend]:
    """`name {` or `name = {`, as Terraform writes it, with what is in it."""
    for begin in range(max(number - 12, 0), number + 1):
        found = _HCL.match(lines[begin])
        if not found:
            continue
        texts: dict[int, str] = {}
        open_ = 0
        for n in range(begin, min(begin + _MOST_LINES, len(lines))):
            line = lines[n]
            opens = _HCL.match(line)
            if opens:
                texts[n], open_ = f"{opens[1]}{opens[2]}:", open_ + 1
            elif line.strip() in ("}", "},"):
                texts[n], open_ = "", open_ - 1
            elif put := _SET.match(line):
                texts[n] = f"{put[1]}{put[2]}: {put[3]}"
            if not open_:
                break
        hint = f"write `{found[2]}:`, below it `name: value` in lines of their own, and no `}}`"
        said = lines[begin].strip()
        yield Mend(begin, len(found[1]), len(said), texts, f"`{said}` is written as in Terraform", hint)
        return


_SECTION = re.compile(r"( *)\[([\w.-]+)\] *$")


def section_of_toml(lines: Lines, number: int) -> Iterator[Mend]:
    """`[name]` above `name = value`."""
    for begin in range(max(number - 3, 0), number + 1):
        found = _SECTION.match(lines[begin])
        if not found or begin + 1 == len(lines) or not _SET.match(lines[begin + 1]):
            continue
        texts = {begin: f"{found[1]}{found[2]}:"}
        for n in range(begin + 1, len(lines)):
            if not (put := _SET.match(lines[n])):
                break
            texts[n] = f"{found[1]}  {put[2]}: {put[3]}"
        hint = f"write `{found[2]}:`, and below it, further in, `name: value`"
        reason = f"`[{found[2]}]` begins a section in TOML, and a list here"
        yield Mend(begin, len(found[1]), len(found[2]) + 2, texts, reason, hint)
        return


def is_name_and_value(line: str) -> bool:
    """`unmet pending`: two words where a name and its value belong."""
    return re.match(r" *:?[A-Za-z][\w-]*[;,.]? +[^\s:=-]", line) is not None and not is_keyed(line)
