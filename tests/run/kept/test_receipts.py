"""Receipts in a store: whatever stands in their place is mended or refused, and nobody trips over it."""

from pathlib import Path

import pytest

from engine.adapters.storage.directory import Directory
from engine.core.canonical import canonical, digest_bytes
from engine.core.kept import keys
from engine.core.receipts import Asked, Subject, encoded, take
from engine.errors import EngineError
from engine.run.kept import receipts

SAID = encoded(take([Asked("S3-1")], [Subject("S3/a"), Subject("S3/a", "aws_s3_bucket.a", "aws_s3_bucket")], []))
DIGEST = digest_bytes(canonical(SAID))


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(str(tmp_path / "store"), durable=True)


def test_they_are_found_by_their_digest(store: Directory) -> None:
    for _ in range(2):
        receipts.put(store, SAID)
    assert receipts.get(store, DIGEST) == SAID


def test_what_was_damaged_is_mended_by_whoever_finds_the_same_again(store: Directory) -> None:
    store.put_if_absent(keys.receipts(DIGEST), b"rubbish")
    with pytest.raises(EngineError, match="its digest is another"):
        receipts.get(store, DIGEST)
    receipts.put(store, SAID)
    assert receipts.get(store, DIGEST) == SAID


@pytest.mark.parametrize(
    ("why", "data", "code"),
    [
        ("no JSON", b"\xff", "ENG193"),
        ("deep brackets", b"[" * 100_000, "ENG193"),
        ("a list", b"[]", "ENG193"),
        ("no version", b"{}", "ENG193"),
        ("nothing else", b'{"version":1}', "ENG193"),
        ("a rule without rulings", canonical({**SAID, "rules": {"a": ""}}), "ENG193"),
        ("a ruling that is none", canonical({**SAID, "rules": {"a": "q2"}}), "ENG193"),
        ("a negative number of them", canonical({**SAID, "rules": {"a": "p-1 p3"}}), "ENG193"),
        ("rules that are none", canonical({**SAID, "rules": ["a"]}), "ENG193"),
        ("a resource that is none", canonical({**SAID, "subjects": [1, 2]}), "ENG193"),
        ("of a newer engine", canonical({"version": 2}), "ENG194"),
    ],
)
def test_what_is_none_under_its_own_digest(store: Directory, why: str, data: bytes, code: str) -> None:
    digest = digest_bytes(data)
    store.put_if_absent(keys.receipts(digest), data)
    with pytest.raises(EngineError) as refused:
        receipts.get(store, digest)
    assert refused.value.problems[0].code == code, why
