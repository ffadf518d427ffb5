"""`# engine: ignore ENG089 two of them are on leave`: a finding that somebody has looked at, at the end of its line.

Findings only: what keeps rules from loading is never passed over. A comment without a reason, and one that nothing is
found beside, are findings themselves.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from engine.errors import TABLE, ExitCode, Place, Problem, problem

_COMMENT = re.compile(r"(?:^|[ \t])# engine: ignore (ENG\d{3})\b[ \t]*(.*)$")


def passed_over(problems: Iterable[Problem], files: Mapping[str, bytes]) -> Iterator[Problem]:
    """The problems without those that comments pass over, and what is wrong with the comments."""
    comments = {
        (file, number): (found, line)
        for file, content in files.items()
        for number, line in enumerate(content.decode(errors="replace").split("\n"), 1)
        if (found := _COMMENT.search(line))
    }
    used: set[tuple[str, int]] = set()
    for one in problems:
        at = (one.place.file, one.place.line) if one.place else ("", 0)
        comment = comments.get(at)
        if comment and comment[0][1] == one.code and TABLE[one.code].exit is ExitCode.NEGATIVE:
            used.add(at)
        else:
            yield one
    for (file, number), (found, line) in comments.items():
        column = line.index("# engine:", found.start())
        place = Place(file, number, column + 1, len(line.rstrip()) - column, line)
        if (file, number) not in used:
            yield problem("ENG898", place, name=found[1])
        elif not found[2].strip():
            yield problem("ENG899", place, name=found[1])
