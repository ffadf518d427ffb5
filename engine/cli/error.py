"""`engine error [CODE]`: what a code means and what to do, from the one table of errors, with an example of it."""

import os
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from engine.cli.console import Console
from engine.columns import wrapped
from engine.errors import GONE, TABLE, ExitCode, failure
from engine.names import choice, closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HELP = "what an error code means and what to do about it"
_MOST_RELATED, _MOST_MEANT = 4, 6
_DEEPER = " " * 4
_SHARED, _NEAR = 0.03, 20  # at least; and of so many numbers away, half as much
_FILE = os.path.join(os.path.dirname(__file__), "error_examples.json")  # written by tools/error_examples.py
# fmt: off
_LITTLE = frozenset((
    "and", "any", "are", "been", "belongs", "but", "can", "cannot", "does", "for", "has", "have", "here", "its",
    "last", "made", "may", "more", "never", "nobody", "not", "now", "one", "only", "other", "others", "say", "says",
    "somebody", "speaks", "taken", "takes", "than", "that", "the", "there", "this", "told", "was", "what", "where",
    "which", "who", "whose", "with",
))
# fmt: on


class Situation(NamedTuple):
    """When something comes about that no file shows."""

    when: "Sequence[str]"  # as the tests say it
    then: "Sequence[str]"  # what to type, where the way out is a command


class Example(NamedTuple):
    """A mistake that is refused with the code, and how it is mended; lines of a file."""

    why: str
    file: str
    bad: str
    message: str
    hint: str
    mended: str  # empty: there is not the one way


def arguments(parser: ArgumentParser) -> None:
    """One optional code."""
    parser.add_argument("code", nargs="?", help="ENG001; none: list all")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: Console) -> int:
    """Print one page, or the list."""
    if options.code is None:
        if options.json:
            console.json({"version": 1, "errors": [_json(code) for code in TABLE]})
        else:
            width = console.width if console.is_watched else 0  # one line each for programs
            for code, row in TABLE.items():
                console.out("\n".join(wrapped(row.shown[0], width, f"{code}  ", " " * (len(code) + 2))))
        return ExitCode.DONE
    code = options.code.upper()
    code = f"ENG{code}" if code.isdecimal() and len(code) == 3 else code
    if code in GONE:
        gone = "of an earlier release; what it was about cannot happen any more"
        if options.json:
            console.json({"version": 1, "code": code, "title": gone})
        else:
            console.out(f"{code}: {gone}")
        return ExitCode.DONE
    if code not in TABLE:
        raise failure("ENG003", name=options.code, hint=_meant(code))
    found = examples().get(code)
    if options.json:
        shown = {
            "example": found._asdict() if isinstance(found, Example) else None,
            "situation": found._asdict() if isinstance(found, Situation) else None,
        }
        console.json({"version": 1, **_json(code), **shown, "related": list(related(code))})
    else:
        console.out("\n".join(_page(code, found, console.width)))
    return ExitCode.DONE


def _json(code: str) -> dict[str, object]:
    title, remedy = TABLE[code].shown
    return {"code": code, "title": title, "remedy": remedy, "exit": TABLE[code].exit.value}


def _page(code: str, found: Example | Situation | None, width: int) -> Iterator[str]:
    """Lines; those of a file as they are, all others in the columns that there are."""
    (title, remedy), leaves = TABLE[code].shown, TABLE[code].exit
    yield from wrapped(f"{code}: {title}", width, rest=_DEEPER)
    yield ""
    yield from wrapped(remedy, width, "  Fix:        ", " " * 14) if remedy else ()
    yield f"  exit code:  {leaves.value} ({leaves.name.lower()})"
    if isinstance(found, Example):
        yield ""
        yield from wrapped(f"for example, in {found.file}: {found.why}", width, "  ", _DEEPER)
        yield ""
        yield from _indented(found.bad)
        yield from wrapped(f"{found.message}: {found.hint}", width, " " * 6)
        if found.mended:
            yield "\n  mended\n"
            yield from _indented(found.mended)
    elif found:
        for head, lines in (("for example", found.when), ("what leads on", found.then)):
            if lines:
                yield f"\n  {head}"
                yield from (part for line in lines for part in wrapped(line, width, _DEEPER, " " * 6))
    if others := related(code):
        yield "\n  see also"
        for other in others:
            yield from wrapped(TABLE[other].shown[0], width, f"{_DEEPER}{other}  ", " " * (len(other) + 6))


def _indented(lines: str) -> Iterator[str]:
    return (_DEEPER + line for line in lines.split("\n"))


def examples() -> "Mapping[str, Example | Situation]":
    """Code → its example, if a file of somebody's can bring it about; else when that happens."""
    import json

    with open(_FILE, encoding="utf-8") as file:
        return {code: (Example if "bad" in row else Situation)(**row) for code, row in json.load(file).items()}


def related(code: str) -> tuple[str, ...]:
    """Codes of the same hundred that speak of the same things: of what few speak of and of what is near, first."""
    words = {other: _words(other) for other in TABLE}
    usual = Counter(word for found in words.values() for word in found)
    shared = {
        other: sum(1 / usual[word] for word in words[code] & words[other])
        / (1 + abs(int(other[3:]) - int(code[3:])) / _NEAR)
        for other in TABLE
        if other != code and other[:4] == code[:4]
    }
    near = sorted(shared, key=lambda other: -shared[other])
    return tuple(other for other in near[:_MOST_RELATED] if shared[other] >= _SHARED)


def _words(code: str) -> frozenset[str]:
    text = "".join(letter if letter.isalpha() or letter in "{}" else " " for letter in TABLE[code].title)
    return frozenset(word for word in text.casefold().split() if "{" not in word and len(word) > 2) - _LITTLE


def _meant(code: str) -> str:
    """A guess by number: `76` and `ENG76` are ENG076, and `ENG98` may have lost any of its digits."""
    digits = "".join(filter(str.isdigit, code))[:9]
    known = [other for other in TABLE if len(other) == 6]
    if len(digits) == 3 and (whole := f"ENG{digits}") in TABLE:
        return f"did you mean `{whole}`?"
    alike = [f"ENG{int(digits):03}"] if digits else []
    alike += [other for other in known if digits and _lacks_one(other[3:], digits)]
    alike += [other for other in known if digits and sorted(other[3:]) == sorted(digits.zfill(3))]
    found = [other for other in dict.fromkeys(alike) if other in TABLE][:_MOST_MEANT]
    if not found:
        return closest(code, TABLE)
    return f"did you mean {choice([f'`{other}`' for other in found])}?"


def _lacks_one(whole: str, digits: str) -> bool:
    return len(digits) == len(whole) - 1 and any(whole[:n] + whole[n + 1 :] == digits for n in range(len(whole)))
