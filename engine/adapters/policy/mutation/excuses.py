"""Comments that say why no test can tell a change from the policy: `# mutant: 1000 → 1001 – no service has as many`.

One stands at the end of its line, or alone on a line above; it names the change as the report does.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from engine.adapters.policy.mutation.operators import Mutant, Text
from engine.adapters.policy.syntax import Module
from engine.errors import Errors, Place
from engine.names import closest

_MARK = re.compile(rb"#[ \t]*mutants?[ \t]*:[ \t]*(?P<said>[^\r\n]*)")
_DASH = re.compile(r"\s(?:–|—|--)\s")


class Excuse(NamedTuple):
    """One comment."""

    place: Place
    line: int  # of the change
    name: str
    reason: str


class Comment(NamedTuple):
    """One as it is written."""

    place: Place
    line: int  # that is meant
    said: str


def comments(module: Module) -> Iterator[Comment]:
    """Those of a module."""
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
        yield Comment(place, line, match["said"].decode().strip())


def excuses(found: Iterable[Comment], changes: Iterable[Mutant]) -> tuple[Excuse, ...]:
    """What the comments excuse.

    Raises:
        EngineError: ENG536, a comment that is malformed, or about no change of its line.
    """
    names: dict[tuple[str, int], list[str]] = {}
    for mutant in changes:
        names.setdefault((mutant.file, mutant.place.line), []).append(mutant.name)
    errors = Errors()
    read = []
    for place, line, said in found:
        name, *reason = map(str.strip, _DASH.split(said, maxsplit=1))
        known = list(dict.fromkeys(names.get((place.file, line), [])))
        if not (name and any(reason)):
            errors.add("ENG536", place, what="says no change and reason", mend=_FORM)
        elif name not in known:
            near = closest(name, known)
            mend = f"the changes there are: {'; '.join(known) or 'none'}"
            errors.add("ENG536", place, hint=near, what=f"names no change of line {line}", mend=mend)
        else:
            read.append(Excuse(place, line, name, reason[0]))
    errors.check()
    return tuple(read)


_FORM = "write `# mutant: CHANGE – REASON`, with the change as `engine policy test --mutate` names it"


def _in_comment(source: bytes, first: int, start: int, strings: Sequence[tuple[int, int]]) -> bool:
    marks = (at for at in range(first, start) if source[at : at + 1] == b"#")
    return any(not any(begin <= at < end for begin, end in strings) for at in marks)


def _is_code(line: bytes) -> bool:
    return bool(line.strip()) and not line.strip().startswith(b"#")
