"""What was meant by a path of the command line that is not there: one beside it, a few letters away, that is.

Only of what somebody has typed: a guess reads names of a directory, and other paths are nobody's to be shown.
"""

import os
import re
from collections.abc import Iterator, Sequence

from engine.core.rules.draft import ENTRY
from engine.errors import Problem
from engine.names import alike, nearly

_MISSING = frozenset({"ENG001", "ENG050"})


def told(problems: Sequence[Problem], words: Sequence[str]) -> Sequence[Problem]:
    """The problems; where one is of a path among `words` that is not there, with the one that was meant."""
    if not any(one.code in _MISSING for one in problems):
        return problems
    return [one._replace(hint=_hint(one, words) or one.hint) if one.code in _MISSING else one for one in problems]


def _hint(one: Problem, words: Sequence[str]) -> str:
    for before, word in zip(("", *words), words, strict=False):
        option, equals, value = word.partition("=") if word.startswith("-") else (before, "=", word)
        asked = re.sub(r":#?\d+$", "", value)
        said = os.path.basename(asked) if one.code == "ENG050" else asked
        if equals and said and one.message.startswith((f"{said} ", f"{value} ")):
            if value != asked and os.path.isfile(asked):
                return f"write `{asked}`, without `{value[len(asked) :]}`"
            found = _near(asked)
            if found and (option != "--rules" or os.path.isfile(found) or os.path.isfile(os.path.join(found, ENTRY))):
                return f"did you mean `{found}`?"
    return ""


def path(asked: str) -> str:
    """`did you mean …?`; empty where it is there, or nothing is near it."""
    found = _near(asked)
    return f"did you mean `{found}`?" if found else ""


def _near(asked: str) -> str:
    """The path itself with those of its parts exchanged that are not there; empty where that is no path either."""
    if not asked or "\0" in asked or os.path.lexists(asked):
        return ""
    found = os.sep if asked.startswith(os.sep) else ""
    for part in filter(None, asked.split(os.sep)):
        whole = os.path.join(found, part)
        near = part if os.path.lexists(whole) else _meant(part, [*_names(found)])
        if not near:
            return ""
        found = os.path.join(found, near)
    return found


def _meant(name: str, names: Sequence[str]) -> str:
    """The one that is called so with another ending, or nearly so: endings are alike where the names are not."""
    stem = os.path.splitext(name)[0]
    stems = [os.path.splitext(one)[0] for one in names]
    alone = [stem] if stem in stems else [one for one in alike(stem, stems) if nearly(stem, [one])]
    found = [one for one, its in zip(names, stems, strict=True) if its in alone]
    return found[0] if len(found) == 1 else ""


def _names(directory: str) -> Iterator[str]:
    try:
        with os.scandir(directory or os.curdir) as entries:
            yield from (entry.name for entry in entries if not entry.name.startswith("."))
    except OSError:  # it is no directory, or not for us to read
        return
