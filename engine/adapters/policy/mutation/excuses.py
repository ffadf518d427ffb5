"""Comments that say why no test can tell a change from the policy: `# mutant: 1000 → 1001 – no service has as many`.

One stands at the end of its line, or alone on a line above; it names the change as the report does.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.adapters.policy.mutation.operators import Mutant, Text
from engine.adapters.policy.syntax import Module
from engine.errors import Errors, Place
from engine.names import closest

_MARK = re.compile(rb"#[ \t]*mutants?[ \t]*:[ \t]*(?P<said>[^\r\n]*)")
_SAID = re.compile(r"(?P<name>\S.*?)\s+(?:–|—|--)\s+(?P<reason>\S.*)")


class Excuse(NamedTuple):
    """One comment."""

    place: Place
    line: int  # of the change
    name: str
    reason: str


def excuses(module: Module, changes: Sequence[Mutant], errors: Errors) -> tuple[Excuse, ...]:
    """The excuses of a module; one that is malformed, or about no change of its line, is reported (ENG536)."""
    found = []
    for place, line, said in _comments(module):
        match = _SAID.fullmatch(said)
        if not match:
            errors.add("ENG536", place, what="says no change and reason", mend=_FORM)
            continue
        names = [mutant.name for mutant in changes if mutant.place.line == line]
        if match["name"] not in names:
            near = closest(match["name"], names)
            known = f"the changes of line {line}: {'; '.join(dict.fromkeys(names)) or 'none'}"
            errors.add("ENG536", place, hint=near, what=f"names no change of line {line}", mend=known)
            continue
        found.append(Excuse(place, line, match["name"], match["reason"]))
    return tuple(found)


_FORM = "write `# mutant: CHANGE – REASON`, with the change as `engine policy test --mutate` names it"


def _comments(module: Module) -> Iterator[tuple[Place, int, str]]:
    """Place, number of the line that is meant, and what is said."""
    source, strings = module.source, Text(module).strings
    for match in _MARK.finditer(source):
        start = match.start()
        first = source.rfind(b"\n", 0, start) + 1
        if any(begin <= start < end for begin, end in strings) or _in_comment(source, first, start, strings):
            continue
        place = module.place({"start": start, "end": match.end()})
        line = place.line
        if not source[first:start].strip():  # alone: what follows is meant
            following = source[match.end() :].split(b"\n")[1:]
            line += 1 + next((n for n, text in enumerate(following) if _is_code(text)), 0)
        yield place, line, match["said"].decode().strip()


def _in_comment(source: bytes, first: int, start: int, strings: Sequence[tuple[int, int]]) -> bool:
    marks = (at for at in range(first, start) if source[at : at + 1] == b"#")
    return any(not any(begin <= at < end for begin, end in strings) for at in marks)


def _is_code(line: bytes) -> bool:
    return bool(line.strip()) and not line.strip().startswith(b"#")
