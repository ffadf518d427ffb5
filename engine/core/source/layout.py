"""Lines that stand further in or out than those they belong to, and lines that are no name and no item."""

import re
from collections.abc import Iterator

from engine.core.source.marks import is_name_and_value
from engine.core.source.mends import CLOSED, SHOWN, Lines, Mend, around, is_keyed, margin, says
from engine.names import plural

_NAME = re.compile(r" *([\w.-]+)\s*$")
_SET = re.compile(r" *(?:- +)?([\w.-]+): +([^\s#&|>].*?)\s*$")
_ITEM = re.compile(r" *- .*$")
_VALUE = re.compile(r"^ *:?[\w-]+[;,.]? +(?:[\w-]+|[\"'\[{].*)$")  # a name, and a word, a quote or a bracket
_BLOCK = re.compile(r": *[|>][+-]?\s*$")
_TITLE = re.compile(r" *[A-Za-z][\w ,.'-]*: \S")
_PROSE = re.compile(r" *[A-Z][\w'-]* \S+ \S")  # no name of ours begins so
_SIGNED = re.compile(r" *([\w.-]+) *([;=,]|=>|->|:=) *$")
_ITEM_KEY = re.compile(r"( *)(- +)[\w.-]+:(?: |$)")
_OPENS = re.compile(r"( *)([\w.-]+):(?: *[|>][+-]?)?\s*$")
_NAMED = re.compile(r" *(?:- +)?[\w.-]+: ")


def holder(lines: Lines, number: int) -> Iterator[Mend]:
    """The line above a body that cannot hold one, a name without its colon, and an item among keys."""
    line, (_, below) = lines[number], around(lines, number)
    here = margin(line)
    if margin(below) > here and (name := _SIGNED.match(line)):
        reason = f"`{name[2]}` stands where `:` belongs, as more stands in `{name[1]}`"
        mend = _at(lines, number, f"{' ' * here}{name[1]}:", reason, f"write `{name[1]}:`")
        yield mend
    if margin(below) > here and (name := _NAME.match(line)):
        yield _at(lines, number, f"{line.rstrip()}:", f"a colon is missing after `{name[1]}`", f"write `{name[1]}:`")
    if _VALUE.search(line):
        yield from no_colon(lines, number)
    if _ITEM.match(line) and margin(below) == here and ":" in below and ":" not in line and not _ITEM.match(below):
        reason, hint = "an item of a list stands among keys", "write `name:`, or begin all of them with `-`"
        yield _at(lines, number, " " * here + "# ", reason, hint)._replace(sure=False)


def no_colon(lines: Lines, number: int) -> Iterator[Mend]:
    """`unmet pending`: a name and its value with nothing between them."""
    line, (above, below) = lines[number], around(lines, number)
    here = margin(line)
    belongs = here in (margin(above), margin(below)) or (margin(above) < here and above.rstrip().endswith(":"))
    if not is_name_and_value(line) or _PROSE.match(line) or not belongs or _BLOCK.search(above):
        return
    said, _, value = line.strip().partition(" ")
    name = said.strip(":;,.")
    mended = f"{' ' * here}{name}: {value.strip()}"
    hint = f"write `{mended.strip()[:SHOWN]}`"
    mend = _at(lines, number, mended, f"a colon is missing after `{name}`", hint)
    yield mend._replace(length=len(name))


def among(lines: Lines, number: int) -> Iterator[Mend]:
    """A key among items, and an item among keys that has a body."""
    line, (above, below) = lines[number], around(lines, number)
    here, is_item = margin(line), _ITEM.match(line) is not None
    if not says(line):
        return
    if is_keyed(line) and not is_item:
        yield from _first_item(lines, number)
        outside = next((one for one in lines[number + 1 :] if says(one) and margin(one) < here), "")
        if above.rstrip().endswith(":") and margin(above) < here >= 2 and outside.startswith(f"{' ' * (here - 2)}- "):
            said = line.strip()
            text = f"{' ' * (here - 2)}- {said}"
            hint = f"begin it with `-`, as the next item is: `- {said[:SHOWN]}`"
            yield _at(lines, number, text, "the item that begins here has no `-`", hint)
    beside = next((one for one in reversed(lines[:number]) if says(one) and margin(one) <= here), "")
    beside = beside if margin(beside) == here else below if margin(below) == here else ""
    if line.lstrip().startswith("{") and here > margin(above) and _ITEM.match(above):
        said = line.strip()
        text = f"{' ' * margin(above)}- {said}"
        yield _at(lines, number, text, "this stands among items, and is none", f"write `- {said[:SHOWN]}`")
    if not is_item and is_keyed(line) and (item := _ITEM_KEY.match(above)) and len(item[1]) == here:
        wanted = len(item[1]) + len(item[2])
        mend = _indent(lines, number, wanted, f"`{_name(line)}` stands beside the `-` of the item that it belongs to")
        yield from _with_those_below(lines, mend, wanted - here)
    if not is_item and _ITEM.match(beside):
        said = line.strip()
        text = f"{' ' * here}- {line[here:]}"
        mend = _at(lines, number, text, "this stands among items, and is none", f"write `- {said[:SHOWN]}`")
        yield from _with_those_below(lines, mend, 2)
    if is_item and beside and not _ITEM.match(beside) and re.search(r"- [\w.-]+:(?: |$)", line):
        name = line[here + 1 :].strip()
        text = " " * here + name
        mend = _at(lines, number, text, "an item stands among keys", f"leave the `-` out: `{name}`")
        yield mend._replace(length=1)


def _with_those_below(lines: Lines, mend: Mend, by: int) -> Iterator[Mend]:
    """A mend of a line together with the names below it, which stand `by` too far out with it; then without."""
    last, here = mend.line, margin(lines[mend.line])
    while last + 1 < len(lines) and is_keyed(lines[last + 1]) and margin(lines[last + 1]) >= here:
        if _ITEM.match(lines[last + 1]):
            break
        last += 1
    if last > mend.line:
        below = {n: " " * by + lines[n] for n in range(mend.line + 1, last + 1)}
        too = "" if mend.hint.startswith("indent") else "indent "
        hint = f"{mend.hint}, and {too}the lines up to {last + 1} by {by} more"
        yield mend._replace(lines={**mend.lines, **below}, hint=hint)
    yield mend


def _first_item(lines: Lines, number: int) -> Iterator[Mend]:
    """A `-` before the first name of a body, which those that follow stand beside without one."""
    here = margin(lines[number])
    first = next((n for n in range(number - 1, -1, -1) if says(lines[n]) and margin(lines[n]) <= here), number)
    item = _ITEM_KEY.match(lines[first])
    if item and margin(lines[first]) == here and margin(around(lines, first)[0]) < here:
        name = lines[first].strip()[2:].lstrip()
        mend = _at(lines, first, " " * here + name, "an item stands among keys", f"leave the `-` out: `{name}`")
        yield mend._replace(length=1)


_TWO = re.compile(  # `unmet: pending message: "…"`
    r" *(?:- +)?[\w.-]+: +(?:\"[^\"]*\"|'[^']*'|\[[^\]]*\]|\{[^{}]*\}|[^\s\"'\[{#|>&*!,]+),? +([a-z][\w.-]*): +(\S.*)$"
)


def two_in_line(lines: Lines, number: int) -> Iterator[Mend]:
    """A name with its value behind another one's, as other lines have it in front."""
    found = _TWO.match(lines[number])
    begin = found.start(1) if found else 0
    closed = lines[number][:begin].rstrip(", ")[-1:] in ("]", "}", '"')
    if found and (closed or any(one.lstrip().startswith(f"{found[1]}:") for one in lines)):
        text = f"{lines[number][:begin].rstrip(', ')} # {lines[number][begin:]}"
        said = f"{found[1]}: {found[2]}".strip()
        hint = f"write `{said if len(said) <= SHOWN else found[1] + ': …'}` in a line of its own"
        reason = f"`{found[1]}` stands behind the value of another name"
        sure = found[2][0] != "{"  # else it may be a name that others ask for
        yield Mend(number, begin, len(found[1]), {number: text}, reason, hint, sure=sure)


_STRAY = re.compile(r"([^\s:#\"'\[{-]{1,4})( {2,})[\w-]+:(?: |$)")


def stray(lines: Lines, number: int) -> Iterator[Mend]:
    """A letter that was typed into the margin, or the number of a line that was copied with it."""
    if found := _STRAY.match(lines[number]):
        for begin in (found.end(1), found.end(1) + 1):
            text = lines[number][begin:]
            reason = f"`{found[1]}` stands in front of the line"
            yield Mend(number, 0, len(found[1]), {number: text}, reason, "remove it")


def goes_on(lines: Lines, number: int) -> Iterator[Mend]:
    """`: ` in a text without quotes that goes on in this line: no name that other lines have."""
    line, before = lines[number], number - 1
    while before > 0 and not _SET.match(lines[before]) and margin(lines[before]) >= margin(line):
        before -= 1
    text = _SET.match(lines[before]) if before >= 0 else None
    name = line.strip().partition(": ")[0]
    if not text or not _TITLE.match(line) or " " not in text[2] or margin(line) <= margin(lines[before]):
        return
    if text[2][0] in "\"'[{" or any(n != number and f" {name}: " in f" {one}" for n, one in enumerate(lines)):
        return
    whole = " ".join(one.strip() for one in (text[2], *lines[before + 1 : number + 1]))
    quoted = "'" + whole.replace("'", "''") + "'"
    texts = {before: f"{lines[before][: text.start(2)]}{quoted}", **dict.fromkeys(range(before + 1, number + 1), "")}
    reason = f"`: ` in a text makes a key of what is before it, and this goes on with the text of `{text[1]}`"
    yield Mend(number, margin(line), len(name) + 1, texts, reason, "put the whole text in quotes")


def next_line(lines: Lines, number: int) -> Iterator[Mend]:
    """A value, or the rest of a text, in a line of its own that stands no further in than its name."""
    line, (above, _) = lines[number], around(lines, number)
    if not says(line) or _NAMED.match(line):
        return
    opens = _OPENS.match(above)
    if opens and margin(line) <= len(opens[1]):
        wanted, last = len(opens[1]) + 2, number
        while last + 1 < len(lines) and says(lines[last + 1]) and margin(lines[last + 1]) == margin(line):
            if is_keyed(lines[last + 1]):
                break
            last += 1
        reason = f"this is the value of `{opens[2]}`, and stands no further in than it"
        mend = _indent(lines, number, wanted, reason)
        texts = {n: " " * wanted + lines[n].lstrip(" ") for n in range(number, last + 1)}
        more = f", and the lines up to {last + 1}" if last > number else ""
        yield mend._replace(lines=texts, hint=mend.hint + more)
    text = _SET.match(above)
    if text and " " in text[2] and margin(line) <= margin(above) and not is_keyed(line) and not _ITEM.match(line):
        reason = f"this goes on with the text of `{text[1]}`, and stands no further in than it"
        yield _indent(lines, number, margin(above) + 2, reason)


def out_of_line(lines: Lines, number: int) -> Iterator[Mend]:
    """A name with a body that stands neither where the names after its body stand, nor in the body."""
    line = lines[number]
    after = [one for one in lines[number + 1 :] if says(one)]
    if not says(line) or not after:
        return
    here, inside = margin(line), margin(after[0])
    if not line.rstrip().endswith(":"):
        if is_keyed(line) and here < inside <= margin(around(lines, number)[0]):
            mend = _indent(lines, number, inside, f"`{_name(line)}` is indented by {here}, what follows it by {inside}")
            named = f"{' ' * inside}{_name(line)}:"
            known = any(one.startswith(named) for one in lines)
            yield from (mend,) if known else (*full(lines, number), mend)
        return
    wanted = next((margin(one) for one in after if margin(one) < inside), here)
    often = [sum(margin(one) == column for one in lines) for column in (here, wanted)]
    if abs(here - wanted) == 1 and often[0] > often[1]:
        return  # the other one is one column off
    if here != wanted and here < inside and wanted > 0:
        name = line.strip().rstrip(":")
        yield _indent(lines, number, wanted, f"`{name}` is indented by {here}, what follows it by {wanted}")


def stranger(lines: Lines, number: int) -> Iterator[Mend]:
    """A line that is neither a name nor an item: words of a shell, of a page, of another file."""
    line = lines[number]
    if says(line) and not is_keyed(line) and not _ITEM.match(line):
        hint = "remove it, or begin it with `#`"
        mend = _at(lines, number, "", "this is no name with a value, and no item", hint)
        yield mend._replace(sure=" " not in line.strip())  # whoever left a colon out meant something


def full(lines: Lines, number: int) -> Iterator[Mend]:
    """A name that has a value already, above a body of its own."""
    line, (above, below) = lines[number], around(lines, number)
    here = margin(line)
    is_one_of_many = _SET.match(above) is not None and margin(above) == here
    item = _ITEM_KEY.match(line)
    if item and (wanted := len(item[1]) + len(item[2])) < (inside := margin(below)):
        end = next((n for n in range(number + 1, len(lines)) if says(lines[n]) and margin(lines[n]) < inside), 0)
        last = max(n for n in range(number, end or len(lines)) if says(lines[n]))
        first = next(n for n in range(number + 1, last + 1) if says(lines[n]))
        reason = f"`{_name(lines[first])}` is indented by {inside}, the item that it belongs to by {wanted}"
        mend = _indent(lines, first, wanted, reason)
        texts = {n: lines[n].replace(" " * (inside - wanted), "", 1) for n in range(first, last + 1) if says(lines[n])}
        more = f", and the lines up to {last + 1} as much less" if last > first else ""
        yield mend._replace(lines=texts, hint=mend.hint + more)
    if margin(below) >= here + 2 and not is_one_of_many and (found := _SET.match(line)) and not _is_open(found[2]):
        reason = f"`{found[1]}` has the value `{found[2]}`, and more stands in it below"
        text = line[: found.start(2)].rstrip()
        yield Mend(number, found.start(2), len(found[2]), {number: text}, reason, "keep one of the two", sure=False)


def _is_open(value: str) -> bool:
    """Does it begin a list or a map that goes on below?"""
    return value[0] in CLOSED and CLOSED[value[0]] not in value


def beside(lines: Lines, number: int) -> Iterator[Mend]:
    """The first line of a body that stands as far out as its own name."""
    line, (above, below) = lines[number], around(lines, number)
    here, wanted = margin(line), margin(below)
    is_list = _ITEM.match(line) is not None and margin(above) == here  # which may stand there
    if says(line) and above.rstrip().endswith(":") and wanted > margin(above) >= here and not is_list:
        name, holds = _name(line), above.strip(" -").rstrip(": ")
        yield _indent(lines, number, wanted, f"`{name}` stands beside `{holds}`, and not in it")


def slightly(lines: Lines, number: int) -> Iterator[Mend]:
    """A name that stands one column beside those it belongs to."""
    yield from (_indent(lines, number, wanted, reason) for wanted, reason in _likely(lines, number))


def together(lines: Lines, number: int) -> Iterator[Mend]:
    """Names below each other that do."""
    here, last = margin(lines[number]), number
    while last + 1 < len(lines) and is_keyed(lines[last + 1]) and margin(lines[last + 1]) == here:
        last += 1
    if last == number or margin(around(lines, number)[0]) == here:
        return
    for wanted, reason in _likely(lines, number):
        mend = _indent(lines, number, wanted, reason)
        texts = {n: " " * wanted + lines[n].lstrip(" ") for n in range(number, last + 1)}
        yield mend._replace(lines=texts, hint=f"{mend.hint}, and the lines up to {last + 1}")


def _likely(lines: Lines, number: int) -> Iterator[tuple[int, str]]:
    """The columns in which a name was probably meant to stand, with why; first where others of its name do."""
    line, (above, below) = lines[number], around(lines, number)
    if not is_keyed(line):
        return
    here, named = margin(line), f"{_name(line)}:"
    columns = {column for one in lines[max(number - _NEAR, 0) : number] for column in _columns(one)}
    elsewhere = {margin(one) for n, one in enumerate(lines) if n != number and one.lstrip().startswith(named)}
    likely = {here - 1, here + 1} | (elsewhere & {margin(above), margin(below)} - {here})

    def doubt(wanted: int) -> tuple[bool, bool, bool]:
        return wanted not in elsewhere, wanted != margin(below), wanted != margin(above)

    for wanted in sorted(columns & likely, key=doubt):
        yield wanted, f"`{_name(line)}` is indented by {here}, what it belongs to by {wanted}"


_NEAR = 60  # lines


def _columns(line: str) -> set[int]:
    """Where names may stand that belong to what is in a line: where it begins, and where its item does."""
    item = _ITEM_KEY.match(line)
    return {margin(line), *([len(item[1]) + len(item[2])] if item else ())} if says(line) else set()


def indented(lines: Lines, number: int) -> Iterator[Mend]:
    """A line that stands further in or out than those it belongs to."""
    line, (above, _) = lines[number], around(lines, number)
    text = _SET.match(above)
    is_word = text is not None and " " not in text[2]  # that nothing goes on with
    if not says(line) or not above or (is_word and not is_keyed(line) and not _ITEM.match(line)):
        return
    name, here, wanted = _name(line), margin(line), margin(above)
    if wanted != here:
        yield _indent(lines, number, wanted, f"`{name}` is indented by {here}, the line above by {wanted}")
    for wanted in sorted({margin(one) for one in lines[:number] if says(one)}, key=lambda one: abs(one - here)):
        if wanted != here and abs(wanted - here) <= 3:
            reason = f"`{name}` is indented by {here}, as no line that it could belong to"
            yield _indent(lines, number, wanted, reason)


def _name(line: str) -> str:
    """What a line is called: its name, or how its item begins."""
    said = line.strip()
    return said[:SHOWN] if said.startswith("-") else said.split(":")[0]


def _indent(lines: Lines, number: int, wanted: int, reason: str) -> Mend:
    line = lines[number]
    return _at(lines, number, " " * wanted + line.lstrip(" "), reason, f"indent it by {plural(wanted, 'space')}")


def _at(lines: Lines, number: int, text: str, reason: str, hint: str) -> Mend:
    """A line that should be another one: told of all that it says."""
    line = lines[number]
    return Mend(number, margin(line), len(line.strip()), {number: text}, reason, hint)
