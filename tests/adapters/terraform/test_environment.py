"""Terraform's environment for one account: its own profile, and then no keys that would be taken instead."""

import pytest

from engine.adapters.terraform.accounts import Profiles
from engine.core.rules.model import Profile

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
