"""What a text that people review may hold: nothing that reads differently from what it does, in whatever spelling.

The text is looked at as it is written, and its values as they are read: `\\u202e` turns an ARN round just as well.
Keys, names, ARNs and commands hold nothing at all that is not seen; prose may, where its script needs it, and is warned
of where it does not.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from engine import unseen
from engine.errors import MOST_PROBLEMS, Errors, Place, Problem, problem

Path: TypeAlias = tuple[str | int, ...]

_PROSE = ("comment", "description", "message", "reason", "title", "why")  # how keys of texts for people end
_ALL_PROSE = "tags"


class Hidden(NamedTuple):
    """A key or a value that may not be, and the character that is why."""

    path: Path
    is_key: bool
    character: str


def check_text(text: str, at: Callable[[int], Place]) -> tuple[Problem, ...]:
    """What is warned of in a text (ENG039); `at` tells the place of a position in it.

    Raises:
        EngineError: ENG023, all that may not be in it. Of very many the first: that is often enough.
    """
    if unseen.is_plain(text):
        return ()
    errors, warned = Errors(), []
    for found in islice(unseen.unseen(text), MOST_PROBLEMS):
        if found.forbidden:
            errors.add("ENG023", at(found.at), character=unseen.name(found.character))
        else:
            warned.append(problem("ENG039", at(found.at), character=unseen.name(found.character)))
    errors.check()
    return tuple(warned)


def check_values(value: Any, of: Callable[[Hidden], Place], errors: Errors) -> None:
    """Refuse (ENG023) what may not be in the keys and values of a document."""
    for hidden in islice(as_read(value), MOST_PROBLEMS):
        place, code = of(hidden), ord(hidden.character)
        spelt = (hidden.character, f"\\x{code:02x}", f"\\u{code:04x}", f"\\u{code:08x}")
        written = place.excerpt.lower()
        found = (written.find(one.lower(), place.column - 1) for one in spelt)
        at = next((one for one in found if one >= 0), place.column - 1)
        place = place._replace(column=at + 1, length=1 if at >= place.column else place.length)
        errors.add("ENG023", place, character=unseen.name(hidden.character))


def as_read(value: Any) -> Iterator[Hidden]:
    """Keys and values that hold what they may not; without recursion, in the order of the file."""
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack:
        path, found = stack.pop()
        if isinstance(found, str):
            if not unseen.is_plain(found) and (character := _refused(found, _is_prose(path, found))):
                yield Hidden(path, False, character)
            continue
        items = list(found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ())
        for key, _ in items:
            if isinstance(key, str) and not unseen.is_plain(key) and (character := _refused(key, False)):
                yield Hidden((*path, key), True, character)
        stack += [((*path, key), item) for key, item in reversed(items)]


def _refused(text: str, prose: bool) -> str:
    """The first character that may not be here; empty when there is none."""
    found = unseen.forbidden(text) if prose else unseen.unseen(text, ordinary=False)
    return next((one.character for one in found), "")


def _is_prose(path: Path, text: str) -> bool:
    """Is it for people? What tags hold is, and what is under a key such as `description`; but never an ARN."""
    names = [step.casefold() for step in path if isinstance(step, str)]
    return bool(names) and not text.startswith("arn:") and (names[-1].endswith(_PROSE) or _ALL_PROSE in names[:-1])
