"""What was written there and by which version (`.engine/vendored.json`), and what another version makes of it."""

import difflib
import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

from engine import __version__
from engine.core import schema
from engine.core.canonical import canonical, digest_bytes
from engine.core.source import load_json
from engine.errors import EngineError, failure
from engine.setup import place
from engine.setup.answers import Kind
from engine.setup.repository import BINDING

FILE = f"{place.ENGINE}/vendored.json"
How: TypeAlias = Literal["new", "replaced", "removed", "yours", "kept"]


class Written(NamedTuple):
    """One file, as it was written."""

    digest: str
    blob: str  # git's name of the same bytes

    @staticmethod
    def of(data: bytes) -> "Written":
        """What is written now."""
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        return Written(digest_bytes(data), blob)


class Change(NamedTuple):
    """What an update does to one file, or leaves to a person."""

    path: str
    how: How  # new, replaced, removed: it is done; yours: somebody has changed it; kept: not ours any more, and changed
    before: bytes | None  # what is there
    after: bytes | None  # what the engine would write

    @property
    def binds(self) -> bool:
        """Does a verdict name its digest?"""
        return self.path.startswith(BINDING)

    @property
    def is_done(self) -> bool:
        """Does an update do it?"""
        return self.how in ("new", "replaced", "removed")


def manifest(kind: Kind, files: Mapping[str, Written]) -> bytes:
    """`.engine/vendored.json`."""
    told = {path: row._asdict() for path, row in files.items()}
    return canonical({"version": 1, "kind": kind, "engine": __version__, "files": told}) + b"\n"


def read(top: str, kind: Kind) -> Mapping[str, Written] | None:
    """What it says was written there; None where it is not.

    Raises:
        EngineError: ENG933, it is not believed; ENG938, it is of the other kind, and nothing there would be left.
    """
    data = place.read(top, FILE)
    if data is None:
        return None
    try:
        document = load_json(data, FILE)
        schema.validate("vendored", document)
    except EngineError as error:
        raise failure("ENG933", file=FILE, reason=error.problems[0].message) from error
    if document.data["kind"] != kind:
        raise failure("ENG938", kind=document.data["kind"], other=kind)
    rows: Mapping[str, Mapping[str, str]] = document.data["files"]
    for path in rows:
        if not place.is_inside(path):
            raise failure("ENG933", file=FILE, reason=f"`{path}` is no file of the repository")
    return {path: Written(row["digest"], row["blob"]) for path, row in rows.items()}


def changes(top: str, made: Mapping[str, bytes], was: Mapping[str, Written]) -> list[Change]:
    """What differs between what is there and what the engine makes, what binds verdicts first.

    What somebody has deleted stays away. What somebody has changed is said only where the engine has another one, too.
    """
    return sorted(_changes(top, made, was), key=lambda change: (not change.binds, change.path))


def _changes(top: str, made: Mapping[str, bytes], was: Mapping[str, Written]) -> Iterator[Change]:
    for path in {**made, **was}:
        here, after, then = place.read(top, path), made.get(path), was.get(path)
        if here == after:
            continue
        if then is None:
            yield Change(path, "new" if here is None else "yours", here, after)
        elif here is None:
            continue
        elif digest_bytes(here) == then.digest:
            yield Change(path, "removed" if after is None else "replaced", here, after)
        elif after is None:
            yield Change(path, "kept", here, None)
        elif digest_bytes(after) != then.digest:
            yield Change(path, "yours", here, after)


def kept(made: Mapping[str, bytes], was: Mapping[str, Written], found: Collection[Change]) -> dict[str, Written]:
    """What is ours after an update: of what is a person's own, what was written when it was ours."""
    theirs = {change.path for change in found if not change.is_done}
    rows = {path: Written.of(data) for path, data in made.items() if path not in theirs}
    return rows | {path: was[path] for path in theirs if path in was}


def told(change: Change, base: Callable[[], bytes | None]) -> str:
    """The change as a diff; what somebody has changed, too, as two: from what was written to theirs, and to ours."""
    if change.how != "yours":
        return _diff(change.path, change.before, change.after, "here", "engine")
    then = base()
    if then is None:  # never committed
        return _diff(change.path, change.before, change.after, "yours", "engine")
    yours = _diff(change.path, then, change.before, "written", "yours")
    return yours + _diff(change.path, then, change.after, "written", "engine")


def _diff(path: str, before: bytes | None, after: bytes | None, old: str, new: str) -> str:
    had, has = ((data or b"").decode("utf-8", "replace").splitlines() for data in (before, after))
    lines = difflib.unified_diff(had, has, f"{old}/{path}", f"{new}/{path}", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def committed(top: str, blob: str, path: str) -> bytes | None:
    """Bytes by git's name, if they were ever committed there, or staged."""
    from engine.adapters.git.repository import Repository

    if not os.path.lexists(os.path.join(top, place.GIT)):
        return None
    try:
        git = Repository(top, path=path)
        try:
            return git.blobs([blob]).read.get(blob)
        finally:
            git.close()
    except EngineError:  # no git here, or nothing of that name: the diff is of two then, and not of three
        return None
