"""What a doctor has found about a set-up: right or wrong, how somebody would use it, and what mends it."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

Level: TypeAlias = Literal["error", "warning"]

UNSEEN = "what cannot be looked at may be the very hole that somebody uses"  # of what is not well because of that


class Finding(NamedTuple):
    """One thing that was looked at. What could not be looked at is none that is well."""

    subject: str  # what it is about: a repository, a branch of one, an App, a key
    ok: bool
    what: str
    attack: str = ""  # how somebody would use it, or what breaks: one sentence
    mend: str = ""  # the command, or the page of GitHub's and what to say there
    level: Level = "error"  # of one that is not well; a warning is nothing that has to be mended

    @property
    def is_wrong(self) -> bool:
        """Has it to be mended?"""
        return not self.ok and self.level == "error"

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {**self._asdict(), "level": "fine" if self.ok else self.level}


def fine(subject: str, what: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, True, what)


def document(found: Iterable[Finding]) -> dict[str, Any]:
    """All of them, for machines."""
    rows = list(found)
    return {"version": 1, "ok": not any(one.is_wrong for one in rows), "findings": [one.to_json() for one in rows]}
