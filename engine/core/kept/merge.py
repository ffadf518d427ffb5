"""The merge decision: what we have merged, by whose word, and what it holds until that is applied.

Signed once, after the merge, with a key of the purpose `merge`. People and overrides are in it by id and by the digest
of what they wrote, so that editing or deleting a comment afterwards changes nothing, and is seen.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from engine.core.canonical import canonical, digest_bytes
from engine.core.events.kinds import BRANCH, NUMBER, REPO, SHA
from engine.core.moment import later
from engine.core.repository import same_repository
from engine.core.schema import is_valid
from engine.core.signature import TrustedKeys, authentic
from engine.core.verdict.check import opened
from engine.core.verdict.derived import is_digest, placed
from engine.core.verdict.statement import TYPE, subjects
from engine.errors import Place, failure

PREDICATE = "urn:interlock:merge:1"

Json: TypeAlias = dict[str, Any]


class Merged(NamedTuple):
    """A merge decision that one of our keys has signed, and that says what can be."""

    said: Mapping[str, Any]  # the predicate, of the form of `schemas/merge.schema.json`
    key_id: str  # its key may have expired, or been revoked, since: what is merged stays merged
    digest: str  # of the statement

    def to_row(self) -> Json:
        """A row of the fact `merges`."""
        said = self.said
        return {
            "repo": said["repository"]["name"],
            "pr": said["pr"],
            "commit": said["commit"],
            "keys": said["keys"],
            "time": said["merged_at"],
        }


def statement(said: Mapping[str, Any]) -> Json:
    """The statement about a predicate; sign its `canonical` form.

    Raises:
        EngineError: ENG207, it says what cannot be.
    """
    written = {
        "_type": TYPE,
        "subject": subjects(f"{said['repository']['name']}#{said['pr']}", said["commit"], said["trees"]),
        "predicateType": PREDICATE,
        "predicate": dict(said),
    }
    for reason in _wrong(written):
        raise failure("ENG207", reason=reason)
    return written


def read(envelope: bytes, trusted: TrustedKeys, file: str = "merge decision") -> Merged:
    """A merge decision that a key has signed which is trusted for that, or was when it signed.

    Raises:
        EngineError: why it is not believed (ENG270, ENG271, ENG274, ENG275, ENG207).
    """
    payload, key = authentic(envelope, trusted, purpose="merge", file=file)
    value = opened(payload, file)
    for reason in _wrong(value):
        raise failure("ENG207", Place(file), reason=reason)
    return Merged(value["predicate"], key, digest_bytes(payload))


def _wrong(value: Any) -> Iterator[str]:
    """Why it is none; a signature makes nothing true."""
    if not is_valid("merge", value):
        yield "it does not have the form of version 1"
        return
    said = value["predicate"]
    yield from _impossible(said)
    name = f"{said['repository']['name']}#{said['pr']}"
    if canonical(value["subject"]) != canonical(subjects(name, said["commit"], said["trees"])):
        yield "its subject is another than what it is about"
    keys = sorted(placed(path, said["base"]["ref"]).state_key for path in said["trees"])
    if said["keys"] not in ([], keys):
        yield "it holds other state keys than those of its resources"
    if said["verdict"]["result"] == "failed" and not said["overrides"]:
        yield "its verdict has failed, and nobody has overridden that"


def _impossible(said: Mapping[str, Any]) -> Iterator[str]:
    base, head = said["base"], said["head"]
    for what, value, form in (
        ("repository", said["repository"]["name"], REPO),
        ("repository", said["repository"]["id"], NUMBER),
        ("pull request", said["pr"], NUMBER),
        ("base", base["ref"], BRANCH),
        ("base", base["sha"], SHA),
        ("head", head["ref"], BRANCH),
        ("head", head["sha"], SHA),
        ("merge commit", said["commit"], SHA),
        ("number of its verdict", said["verdict"]["sequence"], NUMBER),
    ):
        if not form.holds(value):
            yield f"its {what} is not {form.wanted}"
    if not said["trees"] or not all(path and is_digest(tree, "sha256") for path, tree in said["trees"].items()):
        yield "a tree of a resource is no digest, or there is none"
    if not said["run"]:
        yield "it names no run"
    for moment in (said["merged_at"], *(used["expires_at"] for used in said["overrides"])):
        try:
            later(moment, 0)
        except ValueError as error:
            yield f"{moment} is no moment: {error}"
    if any(said["merged_at"] >= used["expires_at"] for used in said["overrides"]):
        yield "an override had expired when it was merged"


def is_about(merged: Merged, repo: str, pr: int) -> bool:
    """Is it the decision of this pull request?"""
    return same_repository(merged.said["repository"]["name"], repo) and merged.said["pr"] == pr
