"""A doctor's findings for people, in the look of problems: what is wrong first, then what is well."""

from collections.abc import Iterable, Iterator, Sequence

from engine.columns import NARROWEST, wrapped
from engine.core.doctor import Finding
from engine.core.report.problems import WAY_OUT, Paint, plain, way_out
from engine.printable import harmless, in_line

_ATTACK = "Attack"
_PROGRAMS = ("gh ", "engine ", "timedatectl ")  # a command is copied as it stands


def findings(found: Iterable[Finding], width: int = 0, paint: Paint = plain) -> list[str]:
    """Lines of at most `width` columns (0: as they come), but for commands."""
    rows, width = list(found), width and max(width, NARROWEST)
    order = sorted(rows, key=lambda one: (one.ok, not one.is_wrong))
    return [harmless(line, coloured=True) for line in _all(order, width, paint)]


def _all(order: Sequence[Finding], width: int, paint: Paint) -> Iterator[str]:
    """What mends several things at once is said with the first."""
    last = ""
    for one in order:
        is_same, last = one.mend == last != "", one.mend
        yield from _one(one._replace(mend="the same as above") if is_same else one, width, paint)


def _one(finding: Finding, width: int, paint: Paint) -> Iterator[str]:
    said = in_line(f"{finding.subject}: {finding.what}")
    mark, hue = ("✓", "green") if finding.ok else (finding.level, "yellow" if finding.level == "warning" else "red")
    first, *rest = wrapped(said, width, f"{mark} ", "  ")
    yield paint(mark, hue) + first[len(mark) :]
    yield from rest
    if finding.attack:
        yield from wrapped(in_line(finding.attack), width, f"  {_ATTACK}: ", " " * (len(_ATTACK) + 4))
    if finding.mend.startswith(_PROGRAMS):
        for number, command in enumerate(finding.mend.split(" && ")):
            lead = f"{paint(WAY_OUT, 'green')}: " if not number else " " * (len(WAY_OUT) + 2)
            yield f"  {lead}{in_line(command)}"
    else:
        yield from way_out(in_line(finding.mend), width, "  ", paint)
