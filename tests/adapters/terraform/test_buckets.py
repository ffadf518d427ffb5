"""Buckets that a plan would delete are looked into first, on the emulator, as whoever Terraform is there."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from engine.adapters.terraform import buckets_worker
from engine.adapters.terraform.buckets import check_empty
from engine.errors import EngineError
from tests.support.emulator import ask
from tests.support.plans import a_change, a_plan

JOB: Any = SimpleNamespace(path="S3/lake", nowhere=False, region="us-east-1", environment="development", account="1")


def a_bucket(actions, name, address="aws_s3_bucket.this"):
    return a_change(actions, {"bucket": name}, None, address=address, type="aws_s3_bucket")


@pytest.fixture(scope="module")
def buckets(aws):
    for name in ("bk-empty", "bk-full", "bk-marked"):
        assert ask(aws, "PUT", f"/{name}").status == 200
    assert ask(aws, "PUT", "/bk-full/a.txt", b"x").status == 200
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert ask(aws, "PUT", "/bk-marked?versioning", versioning).status == 200
    assert ask(aws, "PUT", "/bk-marked/a.txt", b"x").status == 200
    assert ask(aws, "DELETE", "/bk-marked/a.txt").status == 204
    return aws


def code(aws, plan, tmp_path, **env):
    """Why nothing is deleted; empty: nothing speaks against it."""
    given = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **aws.credentials, **env}
    workspace: Any = SimpleNamespace(scratch=str(tmp_path), env=lambda _job, _place: given)
    try:
        check_empty(JOB, workspace, plan)
    except EngineError as error:
        return error.problems[0].code, error.problems[0].message
    return "", ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("why", "row", "expected"),
    [
        ("an empty one may go", a_bucket("delete", "bk-empty"), ""),
        ("one that is gone already, too", a_bucket("delete", "bk-nowhere"), ""),
        ("one that holds an object", a_bucket("delete", "bk-full"), "ENG840"),
        ("one of which only older versions are left", a_bucket("delete", "bk-marked"), "ENG840"),
        ("one that would be replaced", a_bucket(["delete", "create"], "bk-full"), "ENG840"),
        ("the other way round", a_bucket(["create", "delete"], "bk-full"), "ENG840"),
        ("one that is only changed", a_bucket("update", "bk-full"), ""),
        ("one that is forgotten stays as it is", a_bucket("forget", "bk-full"), ""),
        ("what is no bucket", a_change("delete", {"bucket": "bk-full"}, None, address="aws_s3_bucket_policy.this",
                                       type="aws_s3_bucket_policy"), ""),
    ],
)  # fmt: skip
def test_what_holds_something_is_not_deleted(buckets, tmp_path, why, row, expected):
    assert code(buckets, a_plan(row), tmp_path)[0] == expected, why


def test_a_bucket_that_holds_something_stops_all_of_it(buckets, tmp_path):
    rows = [a_bucket("delete", "bk-empty"), a_bucket("delete", "bk-full", "aws_s3_bucket.other")]
    found = code(buckets, a_plan(*rows), tmp_path)
    assert (found[0], "aws_s3_bucket.other" in found[1]) == ("ENG840", True)


@pytest.mark.slow
def test_where_nobody_can_tell_nothing_is_deleted(buckets, tmp_path):
    found = code(buckets, a_plan(a_bucket("delete", "bk-empty")), tmp_path, AWS_PROFILE="nobody")
    assert found[0] == "ENG841"
    assert "ProfileNotFound" in found[1]


def test_no_text_of_the_library_is_repeated(monkeypatch, capsys):
    monkeypatch.setattr(json, "load", lambda _: {"region": "not a region", "buckets": ["AKIAIOSFODNN7"]})
    buckets_worker.main()
    (said,) = json.loads(capsys.readouterr().out).values()
    assert said.isidentifier()
