"""Words that close issues: `Fixes #7` in a commit that comes to the default branch, or in what is merged into it."""

import re
from collections.abc import Iterable

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import rows, states

_WORDS = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+([\w.-]+/[\w.-]+)?#(\d{1,9})\b", re.IGNORECASE)


def named(text: str, full_name: str) -> list[int]:
    """The numbers of this repository's issues that the text closes, in order."""
    found = [int(m[2]) for m in _WORDS.finditer(text) if m[1] is None or m[1].lower() == full_name.lower()]
    return list(dict.fromkeys(found))


def by_pull(forge: Forge, repository: Row, pull: Row, actor: int | None, app: int | None) -> None:
    """Close what the body of a merged pull request names."""
    if pull["base_ref"] == repository["default_branch"]:
        close(forge, repository, [pull["body"] or ""], actor, app)


def close(forge: Forge, repository: Row, texts: Iterable[str], actor: int | None, app: int | None) -> None:
    """Close every open issue that one of the texts names; pull requests stay as they are."""
    for number in named("\n".join(texts), repository["full_name"]):
        for row in rows.items(forge, "i.repository = ? AND i.number = ?", (repository["id"], number)):
            if row["pull"] is None and row["state"] == "open":
                states.closed(forge, row["id"], actor, app)
