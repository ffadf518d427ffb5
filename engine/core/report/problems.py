"""Problems for people: where, what is wrong, the line with a mark under it, and the way out; said once, however often.

`file:line:column: error ENG052 …` is what editors and terminals follow. The words are the ones of the table of errors.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from engine.columns import NARROWEST, excerpt, wide, wrapped
from engine.errors import TABLE, ExitCode, Place, Problem
from engine.names import plural
from engine.printable import harmless, in_line, printable

Paint = Callable[[str, str], str]  # (text, colour) → text
WAY_OUT = "Fix"  # what stands before it, wherever one is told
_HUES = {"error": "red", "warning": "yellow"}
_UNWRAPPED = 120  # columns of a line of source where nobody's terminal says how many there are
_TWICE = 2  # of the same problem all are shown in full; of more the first, and where the others are
_LISTED = 20  # places
_DOCS = "docs/reference/errors.md"


def severity(problem: Problem) -> str:
    """Of what was found in rules: an error keeps them from loading, a warning does not."""
    return "warning" if TABLE[problem.code].exit is ExitCode.NEGATIVE else "error"


def error(_: Problem) -> str:
    """Of what has ended a command."""
    return "error"


def row(problem: Problem, label: str) -> dict[str, Any]:
    """For machines: as in a report, and besides how bad it is, where it ends (one after), and where more is said."""
    length = problem.place.length if problem.place and problem.place.column else 0
    told = problem.to_json()
    end = {"end_line": told["line"], "end_column": told["column"] + length}
    return {**told, "severity": label, **end, "page": page(problem.code)}


def page(code: str) -> str:
    """Where the documentation says more of a code."""
    return f"{_DOCS}#{code.lower()}"


def failed(problems: Iterable[Problem], exit_code: int) -> dict[str, Any]:
    """What a command prints instead of its answer, where JSON was asked for."""
    told = [row(problem, error(problem)) for problem in problems]
    return {"version": 1, "status": "error", "exit_code": int(exit_code), "problems": told}


def plain(text: str, _: str) -> str:
    """No colours."""
    return text


def render(
    problems: Iterable[Problem], width: int = 0, paint: Paint = plain, label: Callable[[Problem], str] = error
) -> list[str]:
    """Lines of at most `width` columns (0: as they come), in order of the problems; `label` says what each one is."""
    shown, width = tuple(problems), width and max(width, NARROWEST)
    places = dict[Problem, list[Place | None]]()
    for one in shown:
        places.setdefault(one._replace(place=None), []).append(one.place)
    lines, said = list[str](), set[Problem]()
    for one in shown:
        what = one._replace(place=None)
        if what in said:
            continue
        lines += _one(one, label(one), width, paint)
        if len(places[what]) > _TWICE:
            lines += _elsewhere(places[what][1:], width)
            said.add(what)
    return [harmless(line, coloured=True) for line in lines]


def way_out(hint: str, width: int, indent: str, paint: Paint = plain) -> Iterator[str]:
    """`Fix: …`, or nothing where there is none."""
    lead, deeper = f"{indent}{WAY_OUT}: ", indent + " " * len(f"{WAY_OUT}: ")
    for number, line in enumerate(_lines(hint) if hint else ()):
        first, *rest = wrapped(line, width, deeper if number else lead, deeper)
        yield first.replace(f"{WAY_OUT}:", paint(f"{WAY_OUT}:", "green"), 1) if not number else first
        yield from rest


def _one(problem: Problem, label: str, width: int, paint: Paint) -> Iterator[str]:
    place, hue = problem.place, _HUES[label]
    where, what = f"{place}: " if place else "", in_line(f"{label} {problem.code}")
    first, *more = _lines(problem.message)
    line, *rest = wrapped(first, width, f"{where}{what} ", "  ")
    if width and wide(line) > width:  # where it is fills the line
        line, rest = where + what, wrapped(first, width, "  ")
    yield (paint(where, "bold") if where else "") + paint(what, hue) + line[len(where) + len(what) :]
    yield from rest
    for line in more:
        yield from wrapped(line, width, "  ")
    if place and place.excerpt:
        yield from _source(place, width or _UNWRAPPED, hue, paint)
    yield from way_out(problem.hint, width, "  ", paint)


def _lines(text: str) -> list[str]:
    return printable(text).replace("\t", "\\t").split("\n")


def _source(place: Place, width: int, hue: str, paint: Paint) -> Iterator[str]:
    gutter = f"{place.line:>4} | "
    line = excerpt(place.excerpt, max(place.column - 1, 0), place.length, width - len(gutter))
    yield paint(gutter, "dim") + line.text
    if place.column:
        empty = " " * (len(gutter) - 2) + "| "
        yield paint(empty, "dim") + " " * line.start + paint("^" * line.length, hue)


def _elsewhere(places: Sequence[Place | None], width: int) -> list[str]:
    known = [str(place) for place in places if place]
    more = len(places) - len(known[:_LISTED])
    left = f" and {plural(more, 'more place')}" if more else ""
    return wrapped(", ".join(known[:_LISTED]) + left, width, "  also at ", "    ")
