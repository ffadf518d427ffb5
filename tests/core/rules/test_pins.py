"""Logins that are pinned to accounts: the file stays as it was, letter by letter, but for them."""

import pytest

from engine.core.rules import pins
from engine.core.rules.draft import APPROVERS, SPECIAL
from engine.core.rules.load import load
from engine.errors import EngineError
from engine.run.catalog import catalog
from tests.support.rules import small

FILE = b"""\
# who may
version: 1
groups:
  reviewers: {users: [ann, "bob", 'carol'], teams: [acme/platform]} # them
  ciso:
    users:
      - ann # twice
      - {login: dave, id: 7}
      - "123"
"""


def test_every_login_that_is_pinned_to_nobody() -> None:
    assert pins.bare(FILE, APPROVERS) == ("ann", "bob", "carol", "123")


def test_only_they_are_written() -> None:
    found = pins.pinned(FILE, APPROVERS, {"ann": 4, "bob": 5, "123": 9})
    assert found.decode() == FILE.decode().replace("[ann,", "[{login: ann, id: 4},").replace(
        '"bob"', '{login: "bob", id: 5}'
    ).replace("- ann", "- {login: ann, id: 4}").replace('"123"', '{login: "123", id: 9}')
    assert pins.bare(found, APPROVERS) == ("carol",)
    assert pins.pinned(found, APPROVERS, {"ann": 400}) == found, "what is pinned stays pinned"


def test_special_approvers_are_pinned_too_and_teams_are_not() -> None:
    file = b"- dave # the boss\n- acme/security\n- {login: ann, id: 4}\n- 'eve'\n"
    assert pins.bare(file, SPECIAL) == ("dave", "eve")
    found = pins.pinned(file, SPECIAL, {"dave": 7, "ann": 400})
    assert found == file.replace(b"- dave", b"- {login: dave, id: 7}")
    group = load({**small(), "special-approvers.yaml": found}, catalog()).groups["special_approvers"]
    assert (group.users, group.teams, dict(group.ids)) == (
        ("dave", "ann", "eve"), ("acme/security",), {"dave": 7, "ann": 4},
    )  # fmt: skip


def test_rules_know_logins_and_the_accounts_that_they_are_of() -> None:
    approvers = b"version: 1\ngroups: {reviewers: {users: [ann, {login: bob, id: 5}, carol]}}\n"
    group = load({**small(), "approvers-config.yaml": approvers}, catalog()).groups["reviewers"]
    assert (group.users, dict(group.ids)) == (("ann", "bob", "carol"), {"bob": 5})


@pytest.mark.parametrize(
    "user", ["{login: bob}", "{id: 5}", "{login: bob, id: 0}", "{login: bob, id: '5'}", "{login: b b, id: 5}", "5"]
)
def test_what_is_no_user(user: str) -> None:
    approvers = f"version: 1\ngroups: {{reviewers: {{users: [{user}]}}}}\n".encode()
    for file in ({"approvers-config.yaml": approvers}, {"special-approvers.yaml": f"[{user}]\n".encode()}):
        with pytest.raises(EngineError):
            load({**small(), **file}, catalog())
