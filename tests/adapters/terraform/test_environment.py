"""Terraform's environment for one account: its own profile, and then no keys that would be taken instead."""

import os

import pytest

from engine.adapters.job_identity import Keys
from engine.adapters.terraform.accounts import ByRoles, Profiles
from engine.core.rules.model import Environment, Profile, Roles
from engine.errors import Place

ENV = {
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_SESSION_TOKEN": "t",
    "AWS_ROLE_ARN": "arn:aws:iam::333333333333:role/ours",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_PROFILE": "a",
    "PATH": "/",
}
RULES = {"production": Profile("reader", "writer")}
OTHERS = {"development": Profile("reader", "writer")}
CASES = [
    ("no profile is named: as it is", Profiles(), "plan", ENV),
    ("one for each environment", Profiles("{environment}"), "plan", {"AWS_PROFILE": "production", "PATH": "/"}),
    ("one for each account", Profiles("acme-{account}"), "plan", {"AWS_PROFILE": "acme-333333333333", "PATH": "/"}),
    ("one for all", Profiles("plan"), "apply", {"AWS_PROFILE": "plan", "PATH": "/"}),
    ("the rules name one: it reads", Profiles("all", RULES), "plan", {"AWS_PROFILE": "reader", "PATH": "/"}),
    ("and another one writes", Profiles("all", RULES), "apply", {"AWS_PROFILE": "writer", "PATH": "/"}),
    ("they name none for this one", Profiles("all", OTHERS), "apply", {"AWS_PROFILE": "all", "PATH": "/"}),
    ("nobody names one for this one", Profiles(None, OTHERS), "apply", ENV),
]


@pytest.mark.parametrize(("why", "profiles", "role", "expected"), CASES, ids=[row[0] for row in CASES])
def test_one_account(why, profiles, role, expected):
    assert profiles.env(ENV, "production", "333333333333", role) == expected, why


def keys(role, region, seconds):
    """Keys that say what they are of."""
    return Keys(role, f"{region} {seconds}", "token")


TO = Environment("production", "prod", "333333333333", "eu-west-1", Place("x"), roles=Roles("reads", "writes", 7200))
GIVEN = {
    **ENV,
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://machine/",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t",
    "AWS_CONFIG_FILE": "/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/credentials",
    "AWS_ENDPOINT_URL": "http://x",
}
SHUT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://x",
    "PATH": "/",
}


@pytest.mark.parametrize(("role", "arn"), [("plan", "reads"), ("apply", "writes")])
def test_keys_of_its_own_role_and_no_other_way_in(role, arn):
    found = ByRoles({"production": TO}, keys, Profiles("all")).env(GIVEN, "production", "333333333333", role)
    said = {"AWS_ACCESS_KEY_ID": arn, "AWS_SECRET_ACCESS_KEY": "eu-west-1 7200", "AWS_SESSION_TOKEN": "token"}
    assert found == SHUT | said


def test_an_environment_without_roles_is_as_it_was():
    profiles = Profiles("all", OTHERS)
    roles = ByRoles({"production": TO}, keys, profiles)
    assert roles.env(GIVEN, "development", "1", "plan") == profiles.env(GIVEN, "development", "1", "plan")
