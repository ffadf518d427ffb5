"""Terraform works by a profile of each environment, and in none of them by the store's."""

import pytest

from engine.adapters import settings
from engine.adapters.terraform.workspace import Job
from engine.errors import EngineError
from engine.run.actions.terraform import _apart_from_the_store

STORE = {"ENGINE_STORE": "s3:acme", "ENGINE_STORE_PROFILE": "plan-store", "HOME": "/h"}


def job(environment):
    return Job("S3/a", "dev/a", {}, environment, "111111111111", "us-east-1")


def test_each_environment_has_its_own():
    values = settings.read({**STORE, "ENGINE_AWS_PROFILE": "plan-{environment}"})
    _apart_from_the_store(values, [job("development"), job("production")])


def test_an_environment_that_is_called_as_the_store_is():
    values = settings.read({**STORE, "ENGINE_AWS_PROFILE": "plan-{environment}"})
    with pytest.raises(EngineError, match="never gets"):
        _apart_from_the_store(values, [job("development"), job("store")])


def test_no_profile_is_none_of_the_store():
    _apart_from_the_store(settings.read({"HOME": "/h"}), [job("store")])
