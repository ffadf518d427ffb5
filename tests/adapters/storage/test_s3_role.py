"""A store whose role a job takes by its own identity."""

import os
from urllib.parse import parse_qs

import pytest

from engine.adapters.places import BucketPlace
from engine.adapters.storage.s3 import Bucket
from engine.errors import EngineError
from tests.support.identity import far

STORE_ROLE = "arn:aws:iam::999999999999:role/interlock-store-plan"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("AWS_", "ACTIONS_"))]:
        monkeypatch.delenv(name)


def test_a_store_takes_its_role_anew_before_the_keys_end(aws, monkeypatch):
    with far() as (server, identity):
        for name, value in {"AWS_ENDPOINT_URL": aws.url, "AWS_ENDPOINT_URL_STS": server.url}.items():
            monkeypatch.setenv(name, value)
        store = Bucket(BucketPlace(aws.bucket, "by-role/", aws.region, None, STORE_ROLE, identity))
        assert store.put_if_absent("begun/a", b"1")
        assert store.get("begun/a")
        bought = [parse_qs(one.body.decode()) for one in server.asked if one.method == "POST"]
        assert [(one["RoleArn"], one["DurationSeconds"]) for one in bought] == [([STORE_ROLE], ["3600"])]
        store._door._until = 0.0  # half of them has passed
        assert store.get("begun/a")
        assert store.get("begun/a")
    assert sum(one.method == "POST" for one in server.asked) == 2


def test_a_store_with_a_role_and_no_identity_is_not_used_as_somebody_else(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEMACHINE0000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-machine")
    with pytest.raises(EngineError, match="ENG944"):
        Bucket(BucketPlace("b", "", "us-east-1", None, STORE_ROLE)).get("begun/a")
