"""What comes back of a change: by the plan of the way back, and by what its types hold."""

import re
from pathlib import Path

import pytest

from engine import data
from engine.core.plan.loss import Comes, is_known, way_back, worst
from engine.core.plan.model import changes
from tests.support.plans import a_change, a_plan

WHOLE, DATA, GONE = Comes.WHOLE, Comes.WITHOUT_DATA, Comes.NOT_AT_ALL
REPLACE = ["delete", "create"]


def found(*rows):
    return way_back(changes(a_plan(*rows)))


@pytest.mark.parametrize(
    ("why", "kind", "actions", "comes", "says"),
    [
        ("changed in place", "aws_s3_bucket", "update", WHOLE, ""),
        ("a key is changed in place", "aws_kms_key", "update", WHOLE, ""),
        ("a setting is made again", "aws_s3_bucket_policy", "create", WHOLE, ""),
        ("a setting that was added goes", "aws_s3_bucket_policy", "delete", WHOLE, ""),
        ("a bucket is made again, and empty", "aws_s3_bucket", "create", DATA, "objects"),
        ("a bucket that was added goes, with what was put into it", "aws_s3_bucket", "delete", DATA, "objects"),
        ("a queue is replaced", "aws_sqs_queue", REPLACE, DATA, "messages"),
        ("a queue is replaced the other way round", "aws_sqs_queue", ["create", "delete"], DATA, "messages"),
        ("a role is another principal", "aws_iam_role", "create", DATA, "unique id"),
        ("a key is another key", "aws_kms_key", "create", GONE, "no other key"),
        ("a key that was added goes, and what it has encrypted", "aws_kms_key", "delete", GONE, "no other key"),
        ("nobody manages it any more", "aws_s3_bucket_policy", "forget", GONE, "nobody manages it"),
        ("replaced, and the old one stays", "aws_s3_bucket_policy", ["create", "forget"], GONE, "nobody manages it"),
        ("a type that nobody has looked at", "aws_quantum_thing", "create", GONE, "not known here"),
        ("... which is only changed", "aws_quantum_thing", "update", WHOLE, ""),
    ],
)
def test_how_much_comes_back(why, kind, actions, comes, says):
    (one,) = found(a_change(actions, {}, {}, address=f"{kind}.this", type=kind))
    assert one.comes is comes, why
    assert says in one.why, why
    assert bool(one.why) == (comes is not WHOLE)


def test_the_worst_of_them_counts_and_data_sources_do_not():
    data_source = {**a_change("read", None, {}, address="data.aws_new.a", type="aws_new"), "mode": "data"}
    bucket = a_change("update", {}, {}, address="aws_s3_bucket.a", type="aws_s3_bucket")
    rows = [bucket, a_change("create", {}, {}, address="aws_kms_key.a", type="aws_kms_key"), data_source]
    assert [one.address for one in found(*rows)] == ["aws_kms_key.a", "aws_s3_bucket.a"]
    assert worst(found(*rows)) is GONE
    assert worst(()) is WHOLE


def test_every_type_of_the_shipped_module_stands_in_a_table():
    files = Path(data.ROOT, "terraform").glob("*.tf")
    kinds = {kind for file in files for kind in re.findall(r'^resource "(\w+)"', file.read_text(), re.MULTILINE)}
    assert kinds
    assert [kind for kind in sorted(kinds) if not is_known(kind)] == []
