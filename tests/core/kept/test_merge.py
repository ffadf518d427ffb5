"""A merge decision says what can be, or it is none: each way to say something else, one row each."""

import json
from typing import Any

import pytest

from engine.core.canonical import canonical
from engine.core.kept.merge import is_about, read, statement
from engine.core.signature import sign
from engine.errors import EngineError
from tests.support.merges import KEY, REPO, TREE, finding, keys, override, said, signed
from tests.support.signing import LATER, signer, trusted


def code(envelope: bytes, trusted_keys: Any = None) -> str:
    with pytest.raises(EngineError) as refused:
        read(envelope, trusted_keys or keys())
    return refused.value.problems[0].code


def forged(change: Any) -> bytes:
    """Signed by a key of ours, whatever it says."""
    value = statement(said())
    change(value)
    return sign(canonical(value), signer())


def test_what_was_signed_is_read() -> None:
    merged = read(signed(), keys())
    assert merged.said == said()
    assert is_about(merged, REPO.upper(), 7)
    assert not is_about(merged, REPO, 8)
    assert not is_about(merged, "acme/other", 7)
    row = {"repo": REPO, "pr": 7, "commit": "c" * 40, "keys": [KEY], "time": "2026-11-23T21:00:00Z"}
    assert merged.to_row() == row


def test_its_subject_is_the_commit_and_every_tree() -> None:
    assert statement(said())["subject"] == [
        {"name": f"{REPO}#7", "digest": {"gitCommit": "c" * 40}},
        {"name": "S3/data-lake", "digest": {"sha256": TREE.removeprefix("sha256:")}},
    ]


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("a repository without a number", {"repository": {"id": 0, "name": REPO}}),
        ("no repository", {"repository": {"id": 1, "name": "x"}}),
        ("a number of nothing", {"pr": 0}),
        ("a base that is no branch", {"base": {"ref": "-x", "sha": "b" * 40}}),
        ("a base that is no commit", {"base": {"ref": "dev", "sha": "b" * 7}}),
        ("a head that is no branch", {"head": {"ref": "a..b", "sha": "a" * 40}}),
        ("a merge that is no commit", {"commit": "HEAD"}),
        ("no tree", {"trees": {}, "keys": []}),
        ("a tree that is no digest", {"trees": {"S3/data-lake": "tree-1"}}),
        ("another's state key", {"keys": ["S3/dev/logs/terraform.tfstate"]}),
        ("the state key of another branch", {"keys": ["S3/prod/data-lake/terraform.tfstate"]}),
        ("some of its state keys", {"trees": {"S3/data-lake": TREE, "S3/logs": TREE}}),
        ("the same key twice", {"keys": [KEY, KEY]}),
        ("a verdict that failed, and no override", {"verdict": {**said()["verdict"], "result": "failed"}}),
        ("a verdict that was an error", {"verdict": {**said()["verdict"], "result": "error"}}),
        ("a verdict without a number", {"verdict": {**said()["verdict"], "sequence": 0}}),
        ("an override that had expired", {"overrides": [override(expires_at=said()["merged_at"])]}),
        ("an override that expires at no moment", {"overrides": [override(expires_at="2026-02-31T00:00:00Z")]}),
        ("a moment that does not exist", {"merged_at": "2026-02-31T00:00:00Z"}),
        ("no run", {"run": ""}),
        ("rules that are no digest", {"rules": "x"}),
        ("a field more", {"more": 1}),
        ("somebody without an id", {"people": [{"gate": "reviewed", "login": "ann", "review": 5, "body": None}]}),
    ],
)
def test_what_cannot_be_is_not_signed_and_not_read(why: str, changes: dict[str, Any]) -> None:
    with pytest.raises(EngineError) as refused:
        statement(said(**changes))
    assert refused.value.problems[0].code == "ENG207", why
    assert code(forged(lambda value: value["predicate"].update(changes))) == "ENG207", why


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("an override of a verdict that failed",
         {"verdict": {**said()["verdict"], "result": "failed"}, "overrides": [override()]}),
        ("of findings without end", {"overrides": [override(findings=[finding(address=str(n)) for n in range(1000)])]}),
        ("no account: it holds nothing", {"keys": []}),
        ("several resources", {"trees": {"S3/b.tfvars": TREE, "S3/a": TREE},
                               "keys": ["S3/dev/a/terraform.tfstate", "S3/dev/b/terraform.tfstate"]}),
        ("nobody had to approve", {"people": []}),
    ],
)  # fmt: skip
def test_what_can_be(why: str, changes: dict[str, Any]) -> None:
    assert read(signed(**changes), keys()).said == said(**changes), why


@pytest.mark.parametrize(
    ("why", "envelope", "trusted_keys", "expected"),
    [
        ("a key of verdicts", signed(), trusted(), "ENG274"),
        ("a key of nobody", signed(), trusted(signer(2), purposes=("merge",)), "ENG271"),
        ("altered", signed().replace(b'"payload":"e', b'"payload":"f'), keys(), "ENG275"),
        ("its subject is another", forged(lambda v: v["subject"][0].update(name=f"{REPO}#8")), keys(), "ENG207"),
        ("a tree more in its subject", forged(lambda v: v["subject"].append(v["subject"][1])), keys(), "ENG207"),
        ("a verdict", forged(lambda v: v.update(predicateType="urn:interlock:verdict:2")), keys(), "ENG207"),
        ("of a newer form", forged(lambda v: v.update(predicateType="urn:interlock:merge:2")), keys(), "ENG207"),
        ("not canonical", sign(json.dumps(statement(said())).encode(), signer()), keys(), "ENG270"),
        ("no object", sign(b"[]", signer()), keys(), "ENG207"),
        ("no JSON", sign(b"\xff", signer()), keys(), "ENG270"),
    ],
)
def test_who_is_not_believed(why: str, envelope: bytes, trusted_keys: Any, expected: str) -> None:
    assert code(envelope, trusted_keys) == expected, why


def test_what_is_merged_stays_merged_when_its_key_is_withdrawn() -> None:
    """It holds its resources all the same: a thief can hold, and two people can give up, but nobody slips past."""
    assert said()["merged_at"] < LATER
    for changes in ({"expires": "2026-11-22T00:00:00Z"}, {"revoked": "2026-11-22T00:00:00Z"}):
        assert read(signed(), keys(**changes)).key_id == signer().id
