"""Terraform works by a profile of each environment, and in none of them by the store's."""

from contextlib import nullcontext

import pytest

from engine.adapters import settings
from engine.adapters.terraform.accounts import ByRoles
from engine.adapters.terraform.workspace import Job
from engine.core.rules.model import Profile, Roles
from engine.errors import EngineError
from engine.run.given import apart_from_the_store, setup
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


PLAN, APPLY = (f"arn:aws:iam::111111111111:role/{name}" for name in ("plan", "apply"))


def with_roles():
    environments = in_rules().environments
    one = environments["production"]._replace(roles=Roles(PLAN, APPLY))
    return rules()._replace(environments={**environments, "production": one})


@pytest.mark.parametrize("role", [PLAN, APPLY])
def test_never_as_the_stores_role(role):
    values = settings.read({"ENGINE_STORE": "s3:acme", "ENGINE_STORE_ROLE": role, "HOME": "/h"})
    apart_from_the_store(values, with_roles(), [job("development")])
    with pytest.raises(EngineError, match="ENG943"):
        apart_from_the_store(values, with_roles(), [job("development"), job("production")])


JOB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t", "GITHUB_ACTIONS": "true"}


@pytest.mark.parametrize(
    ("why", "environ", "by_roles"),
    [
        ("a job has an identity of its own", JOB, True),
        ("a setting is no other way in for a job", {**JOB, "ENGINE_AWS_PROFILE": "admin"}, True),
        ("nor for one that is given no identity", {"GITHUB_ACTIONS": "true", "ENGINE_AWS_PROFILE": "admin"}, True),
        ("a person says by which profile", {"ENGINE_AWS_PROFILE": "me-{environment}"}, False),
        ("keys that lie about are none of theirs", {"AWS_ACCESS_KEY_ID": "AKIA"}, True),
    ],
)
def test_who_works_by_the_roles_of_the_rules(why, environ, by_roles):
    made = setup(settings.read({**environ, "HOME": "/h"}), "module", with_roles())
    assert isinstance(made.accounts, ByRoles) == by_roles, why


def test_without_roles_nobody_is_asked_for_keys():
    assert not isinstance(setup(settings.read({**JOB, "HOME": "/h"}), "module", in_rules()).accounts, ByRoles)
