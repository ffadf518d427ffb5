"""Terraform works by a profile of each environment, and in none of them by the store's."""

from contextlib import nullcontext

import pytest

from engine.adapters import settings
from engine.adapters.terraform.workspace import Job
from engine.core.rules.model import Profile
from engine.errors import EngineError
from engine.run.actions.terraform import apart_from_the_store
from tests.support.resources import rules

STORE = {"ENGINE_STORE": "s3:acme", "ENGINE_STORE_PROFILE": "plan-store", "HOME": "/h"}
TO = {"development": None, "store": None, "production": None}


def in_rules(**profiles):
    environments = {
        name: rules().environments["development"]._replace(name=name, profile=profiles.get(name)) for name in TO
    }
    return rules()._replace(environments=environments)


def job(environment):
    return Job("S3/a", "dev/a", {}, environment, "111111111111", "us-east-1")


@pytest.mark.parametrize(
    ("why", "setting", "profiles", "of", "refused"),
    [
        ("each environment has its own", "plan-{environment}", {}, "production", False),
        ("an environment that is called as the store is", "plan-{environment}", {}, "store", True),
        ("no profile is none of the store", "", {}, "store", False),
        (
            "the rules say otherwise than the setting",
            "plan-{environment}",
            {"store": Profile("a", "b")},
            "store",
            False,
        ),
        ("the rules name the store's, which reads", "", {"production": Profile("plan-store", "b")}, "production", True),
        (
            "the rules name the store's, which writes",
            "",
            {"production": Profile("a", "plan-store")},
            "production",
            True,
        ),
        ("they do so elsewhere", "", {"production": Profile("a", "plan-store")}, "development", False),
    ],
)
def test_never_the_stores(why, setting, profiles, of, refused):
    values = settings.read({**STORE, "ENGINE_AWS_PROFILE": setting})
    expectation = pytest.raises(EngineError, match="ENG469") if refused else nullcontext()
    with expectation:
        apart_from_the_store(values, in_rules(**profiles), [job("development"), job(of)])
