"""Object Lock, with the emulator over HTTP: what has to stay is kept, and what was hidden is an error, never absent."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from engine.adapters.places import BucketPlace
from engine.adapters.storage import s3 as adapter
from engine.adapters.storage.s3 import Bucket
from engine.core.kept.keys import LASTING
from engine.errors import EngineError
from engine.run.kept import ledger, merges
from engine.run.kept.ledger import entries
from engine.run.mending import tidying
from tests.support.http import GONE, Answer, Asked, Far, passed_on
from tests.support.ledger import keys, tell
from tests.support.merges import KEY, REPO
from tests.support.merges import keys as merge_keys
from tests.support.merges import signed as merged


@pytest.fixture
def client(aws, s3) -> Any:
    return boto3.client("s3", endpoint_url=aws.url, region_name=aws.region)


@pytest.fixture
def locked(client, s3) -> BucketPlace:
    """A place in a bucket with Object Lock, and no retention of its own."""
    name = f"locked-{uuid4().hex}"
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return BucketPlace(name, "runs/", s3.region, None)


def _refused(code: str, act: Any) -> str:
    with pytest.raises(EngineError) as refused:
        act()
    (problem,) = refused.value.problems
    assert problem.code == code, problem.text()
    return problem.text()


def _head(client: Any, place: BucketPlace, key: str) -> Any:
    return client.head_object(Bucket=place.bucket, Key=place.prefix + key)


@pytest.mark.parametrize("prefix", LASTING)
def test_what_has_to_stay_is_retained(client, locked, prefix):
    store = Bucket(locked)
    version = store.put_if_absent(f"{prefix}a/1", b"x")
    assert version
    told = _head(client, locked, f"{prefix}a/1")
    assert told["ObjectLockMode"] == "GOVERNANCE"
    assert told["ObjectLockRetainUntilDate"] - datetime.now(UTC) > timedelta(days=399)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=locked.bucket, Key=f"{locked.prefix}{prefix}a/1", VersionId=told["VersionId"])
    assert store.replace(f"{prefix}a/1", b"y", version)
    assert _head(client, locked, f"{prefix}a/1")["ObjectLockMode"] == "GOVERNANCE", "nor is what replaces it lost"


def test_what_may_go_is_not_retained(client, locked):
    store = Bucket(locked)
    version = store.put_if_absent("claims/merge/a", b"x")
    assert version
    assert "ObjectLockMode" not in _head(client, locked, "claims/merge/a")
    assert store.delete("claims/merge/a", version)
    assert store.get("claims/merge/a") is None
    assert store.put_if_absent("claims/merge/a", b"y")


def test_a_retention_of_the_bucket_s_own_is_left_to_it(client, locked):
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 2}}
    client.put_object_lock_configuration(
        Bucket=locked.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    store = Bucket(locked)
    store.put_if_absent("ledger/a/1", b"x")
    assert _head(client, locked, "ledger/a/1")["ObjectLockMode"] == "COMPLIANCE"
    assert store.locking == "Object Lock keeps what has to stay for 730 days (compliance mode)"


def test_how_it_is_told(locked, s3):
    assert Bucket(locked).locking == "Object Lock keeps what has to stay for 400 days (governance mode)"
    assert Bucket(s3).locking == "without Object Lock, so what is deleted is gone"


# --- hidden


def _hide(client: Any, place: BucketPlace, key: str) -> None:
    client.delete_object(Bucket=place.bucket, Key=place.prefix + key)


def test_what_was_hidden_is_an_error_and_not_absent(client, locked):
    store = Bucket(locked)
    store.put_if_absent("merges/a/b/7", b"x")
    store.put_if_absent("merges/a/b/70", b"x")
    _hide(client, locked, "merges/a/b/7")
    assert "it was deleted, and its bucket keeps it" in _refused("ENG193", lambda: store.get("merges/a/b/7"))
    assert "delete marker" in _refused("ENG193", lambda: list(store.list("merges/")))
    assert store.get("merges/a/b/70") is not None
    assert store.get("merges/a/b/8") is None, "nothing ever stood there"
    for version in client.list_object_versions(Bucket=locked.bucket, Prefix=locked.prefix)["DeleteMarkers"]:
        client.delete_object(Bucket=locked.bucket, Key=version["Key"], VersionId=version["VersionId"])
    assert store.get("merges/a/b/7") is not None, "as the error says how to put it back"
    assert list(store.list("merges/")) == ["merges/a/b/7", "merges/a/b/70"]


def test_one_that_begins_like_a_hidden_one_is_not_hidden(client, locked):
    store = Bucket(locked)
    store.put_if_absent("merges/a/b/70", b"x")
    _hide(client, locked, "merges/a/b/70")
    assert store.get("merges/a/b/7") is None


def test_a_ledger_whose_end_was_cut_off_is_refused(client, locked):
    """What a directory, or a bucket without Object Lock, cannot tell."""
    store = Bucket(locked)
    tell(store, "applied", "partial", "stopped")
    places = sorted(store.list("ledger/"))
    for cut in (2, 1, 0):
        _hide(client, locked, places[cut])
        _refused("ENG193", lambda: entries(store, KEY, keys()))
        _refused("ENG193", lambda: list(ledger.every(store, keys())))
    _refused("ENG193", lambda: tell(store, "applied", run="r9"))


def test_a_merge_that_was_hidden_holds_on(client, locked):
    store = Bucket(locked)
    merges.put(store, "r1", merged(), merge_keys())
    _hide(client, locked, f"merges/{REPO}/7")
    _refused("ENG193", lambda: merges.get(store, REPO, 7, merge_keys()))


def test_whoever_writes_over_it_is_not_believed(client, locked):
    """A write without a condition makes a new version, and the old one stays."""
    store = Bucket(locked)
    tell(store, "applied")
    (place,) = store.list("ledger/")
    before = _head(client, locked, place)["VersionId"]
    client.put_object(Bucket=locked.bucket, Key=locked.prefix + place, Body=b"{}")
    _refused("ENG193", lambda: entries(store, KEY, keys()))
    client.delete_object(
        Bucket=locked.bucket, Key=locked.prefix + place, VersionId=_head(client, locked, place)["VersionId"]
    )
    assert _head(client, locked, place)["VersionId"] == before
    assert len(entries(store, KEY, keys())) == 1


def test_lists_of_many_pages_and_versions(client, locked, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 2)
    store = Bucket(locked)
    names = [f"ledger/{number:04}" for number in range(5)]
    for name in names:
        version = store.put_if_absent(name, b"1")
        assert version
        assert store.replace(name, b"2", version)
    assert list(store.list("ledger/")) == names
    assert list(store.list("ledger/", after=names[2])) == names[3:]
    _hide(client, locked, names[4])
    listed = store.list("ledger/")
    with pytest.raises(EngineError):
        list(listed)


# --- who may not ask, and what is cut off


@pytest.fixture
def between(aws, monkeypatch) -> Iterator[Any]:
    ended = []

    def start(answer: Any) -> Far:
        serving = Far(lambda asked: answer(asked, lambda: passed_on(asked, aws.url))).serving()
        ended.append(serving)
        far = serving.__enter__()
        monkeypatch.setenv("AWS_ENDPOINT_URL", far.url)
        return far

    yield start
    for serving in ended:
        serving.__exit__(None, None, None)


def _says(code: str, status: int) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message/></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


@pytest.mark.parametrize(
    ("why", "code", "status", "told"),
    [
        ("who may not ask for it", "AccessDenied", 403, "cannot be told"),
        ("a server that has none", "NotImplemented", 501, "without Object Lock"),
        ("a bucket that has none", "ObjectLockConfigurationNotFoundError", 404, "without Object Lock"),
    ],
)
def test_without_object_lock_it_is_a_store_all_the_same(locked, between, why, code, status, told):
    far = between(lambda asked, real: _says(code, status) if "object-lock" in asked.path else real())
    store = Bucket(locked)
    tell(store, "failed", "applied")
    assert len(entries(store, KEY, keys())) == 2
    assert told in store.locking, why
    assert len([asked for asked in far.asked if "object-lock" in asked.path]) == 1, "asked for once"


def test_what_may_go_does_not_ask_for_it(locked, between):
    far = between(lambda asked, real: real())
    store = Bucket(locked)
    store.put_if_absent("claims/a", b"x")
    list(store.list("claims/"))
    assert not [asked for asked in far.asked if "object-lock" in asked.path]


def test_a_server_that_does_not_say_is_no_bucket_without_it(locked, between, monkeypatch):
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    between(lambda asked, real: _says("InternalError", 500) if "object-lock" in asked.path else real())
    _refused("ENG592", lambda: tell(Bucket(locked), "applied"))


def test_what_is_hidden_by_a_cut_off_answer_is_an_error(client, locked, between):
    store = Bucket(locked)
    store.put_if_absent("merges/a/b/7", b"x")
    _hide(client, locked, "merges/a/b/7")

    def answer(asked: Asked, real: Any) -> Answer:
        return Answer(body=b"<html/>") if "versions" in asked.path else real()

    between(answer)
    _refused("ENG592", lambda: Bucket(locked).get("merges/a/b/7"))


def test_an_entry_whose_answers_are_lost_or_throttled_is_there_once(locked, between, monkeypatch):
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    Bucket(locked).get("a")
    puts = 0

    def answer(asked: Asked, real: Callable[[], Answer]) -> Answer:
        nonlocal puts
        if asked.method != "PUT":
            return real()
        puts += 1
        if puts % 3 == 1:
            return _says("SlowDown", 503)
        said = real()
        return GONE if puts % 3 == 2 else said

    between(answer)
    store = Bucket(locked)
    tell(store, "failed", "applied")
    assert [one.outcome for one in entries(store, KEY, keys())] == ["failed", "applied"]
    assert puts > 6, "some were asked for again"


def test_no_backup_is_dropped_that_its_bucket_keeps(locked, s3):
    assert "Object Lock" in _refused("ENG876", lambda: tidying.check(Bucket(locked)))
    tidying.check(Bucket(s3))
    far = Bucket(s3)
    far._object_lock = (None,)
    assert "cannot be told" in _refused("ENG876", lambda: tidying.check(far))
