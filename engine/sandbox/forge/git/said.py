"""What git says of commits, trees and differences, as values."""

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from engine.sandbox.forge.clock import moment, seconds

LOG = "--format=tformat:" + "%x00".join(("%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B"))
FIELDS = 10  # of LOG
PATCH = 1_000_000  # characters of one file's; GitHub gives a longer one no patch either
_YEAR_9999 = 253402300799
_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


class Person(NamedTuple):
    """Who wrote or committed, and when: `2026-11-27T08:00:00Z`."""

    name: str
    email: str
    date: str


class Commit(NamedTuple):
    """One commit."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


class Changed(NamedTuple):
    """One path of a difference; of a removed one `blob` and `mode` are those it had."""

    path: str
    previous: str | None  # of a renamed one
    status: str  # added, removed, modified, renamed, copied, changed
    additions: int
    deletions: int
    patch: str | None  # from the first @@ on; None: binary, too long, nothing but a mode or name, or not asked for
    blob: str
    mode: str


class Entry(NamedTuple):
    """One line of a tree."""

    path: str
    mode: str
    kind: str  # blob, tree, commit
    sha: str
    size: int | None


def split(data: bytes, fields: int = 1) -> list[str]:
    """Fields that end with NUL, a whole number of rows of them."""
    found = data.decode(errors="replace").split("\0")[:-1]
    if len(found) % fields:
        raise ValueError("git's answer is cut off")
    return found


def _moment(epoch: str) -> str:
    return moment(max(0, min(int(epoch or 0), _YEAR_9999)))


def read_commit(fields: Sequence[str]) -> Commit:
    """One row of LOG."""
    sha, tree, parents, name, email, at, committer, committer_email, committed, message = fields
    author = Person(name, email, _moment(at))
    return Commit(
        sha,
        tree,
        tuple(parents.split()),
        author,
        Person(committer, committer_email, _moment(committed)),
        message.rstrip("\n"),
    )


def signature(person: Person) -> str:
    """As it stands in a commit; whatever would end the line or begin another field is left out."""
    name, email = (
        "".join(letter for letter in text if letter not in "<>\n\r\0").strip(" .,:;\"'\\") for text in person[:2]
    )
    return f"{name or 'unknown'} <{email}> {int(seconds(person.date))} +0000"


def read_entry(line: str) -> Entry:
    """One row of `ls-tree -z -l`."""
    facts, _, path = line.partition("\t")
    mode, kind, sha, size = facts.split()
    return Entry(path, mode, kind, sha, int(size) if size.isdigit() else None)


def read_raw(fields: list[str]) -> tuple[list[Changed], dict[str, tuple[int, int]]]:
    """The rows of `--raw` and the counts of `--numstat`, both with -z."""
    found, counts, rest = [], {}, iter(fields)
    for field in rest:
        if field.startswith(":"):
            old_mode, mode, old, new, letter = field[1:].split(" ")
            path = next(rest)
            previous, path = (path, next(rest)) if letter[0] in "RC" else (None, path)
            gone = letter[0] == "D"
            status = _STATUS.get(letter[0], "changed")
            found.append(Changed(path, previous, status, 0, 0, None, old if gone else new, old_mode if gone else mode))
        else:
            added, removed, path = field.split("\t", 2)
            if not path:
                next(rest)
                path = next(rest)
            with contextlib.suppress(ValueError):  # "-": binary
                counts[path] = (int(added), int(removed))
    return found, counts


def read_patches(data: bytes) -> list[str | None]:
    """One text per `diff --git`, from its first hunk on: no line of a file can look like one of these headers."""
    found: list[str | None] = []
    for part in ("\n" + data.decode(errors="replace")).split("\ndiff --git ")[1:]:
        _, at, hunks = part.partition("\n@@ ")
        found.append("@@ " + hunks.rstrip("\n") if at and len(hunks) <= PATCH else None)
    return found
