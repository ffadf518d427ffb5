"""`engine error [CODE]`: what a code means and what to do, from the one table of errors, with an example of it."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from engine.cli.console import Console
from engine.errors import GONE, TABLE, ExitCode, failure
from engine.names import choice, closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HELP = "what an error code means and what to do about it"
_MOST_RELATED, _MOST_MEANT = 4, 6
_FILE = os.path.join(os.path.dirname(__file__), "error_examples.json")  # written by tools/error_examples.py
_LITTLE = frozenset(("and", "are", "but", "cannot", "for", "has", "have", "not", "than", "that", "the", "with"))


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
            for code, row in TABLE.items():
                console.out(f"{code}  {row.title}")
        return ExitCode.DONE
    code = options.code.upper()
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
        console.out("\n".join(_page(code, found)))
    return ExitCode.DONE


def _json(code: str) -> dict[str, object]:
    row = TABLE[code]
    return {"code": code, "title": row.title, "remedy": row.remedy, "exit": row.exit.value}


def _page(code: str, found: Example | Situation | None) -> Iterator[str]:
    row = TABLE[code]
    yield f"{code}: {row.title}\n"
    yield f"  Fix:        {row.remedy}\n  exit code:  {row.exit.value} ({row.exit.name.lower()})"
    if isinstance(found, Example):
        yield f"\n  for example, in {found.file}: {found.why}\n"
        yield from _indented(found.bad)
        yield f"      {found.message}: {found.hint}"
        if found.mended:
            yield "\n  mended\n"
            yield from _indented(found.mended)
    elif found:
        for head, lines in (("for example", found.when), ("what leads on", found.then)):
            if lines:
                yield f"\n  {head}"
                yield from (f"    {line}" for line in lines)
    if others := related(code):
        yield "\n  see also"
        yield from (f"    {other}  {TABLE[other].title}" for other in others)


def _indented(lines: str) -> Iterator[str]:
    return (f"    {line}" for line in lines.split("\n"))


def examples() -> "Mapping[str, Example | Situation]":
    """Code → its example, if a file of somebody's can bring it about; else when that happens."""
    import json

    with open(_FILE, encoding="utf-8") as file:
        return {code: (Example if "bad" in row else Situation)(**row) for code, row in json.load(file).items()}


def related(code: str) -> tuple[str, ...]:
    """Codes of the same hundred that speak of the same things, the nearest first."""
    mine, number = _words(code), int(code[3:])
    rest = [other for other in TABLE if other != code and other[:4] == code[:4]]
    shared = {other: len(mine & _words(other)) for other in rest}
    near = sorted(rest, key=lambda other: (-shared[other], abs(int(other[3:]) - number)))
    return tuple(other for other in near[:_MOST_RELATED] if shared[other])


def _words(code: str) -> frozenset[str]:
    text = "".join(letter if letter.isalpha() or letter in "{}" else " " for letter in TABLE[code].title)
    return frozenset(word for word in text.casefold().split() if "{" not in word and len(word) > 2) - _LITTLE


def _meant(code: str) -> str:
    """A guess by number: `76` and `ENG76` are ENG076, and `ENG98` may have lost any of its digits."""
    digits = "".join(filter(str.isdigit, code))[:9]
    known = [other for other in TABLE if len(other) == 6]
    alike = [f"ENG{int(digits):03}"] if digits else []
    alike += [other for other in known if digits and _lacks_one(other[3:], digits)]
    alike += [other for other in known if digits and sorted(other[3:]) == sorted(digits.zfill(3))]
    found = [other for other in dict.fromkeys(alike) if other in TABLE][:_MOST_MEANT]
    if not found:
        return closest(code, TABLE)
    return f"did you mean {choice([f'`{other}`' for other in found])}?"


def _lacks_one(whole: str, digits: str) -> bool:
    return len(digits) == len(whole) - 1 and any(whole[:n] + whole[n + 1 :] == digits for n in range(len(whole)))
