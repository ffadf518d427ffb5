"""Terraform's environment for one account: its own profile, and then no keys that would be taken instead."""

import pytest

from engine.adapters.terraform import environment

ENV = {
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_SESSION_TOKEN": "t",
    "AWS_PROFILE": "a",
    "PATH": "/",
}
CASES = [
    ("no profile is named: as it is", None, ENV),
    ("one for each environment", "{environment}", {"AWS_PROFILE": "production", "PATH": "/"}),
    ("one for each account", "acme-{account}", {"AWS_PROFILE": "acme-333333333333", "PATH": "/"}),
    ("one for all", "plan", {"AWS_PROFILE": "plan", "PATH": "/"}),
]


@pytest.mark.parametrize(("why", "profile", "expected"), CASES, ids=[row[0] for row in CASES])
def test_one_account(why, profile, expected):
    assert environment.of(ENV, profile, "production", "333333333333") == expected, why
