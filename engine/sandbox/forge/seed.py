"""The people and repositories of a new sandbox: those of the shipped rules, an author, an outsider, and an owner."""

import os
from collections.abc import Mapping

from engine import data
from engine.sandbox.forge.answer import dump
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import protection, storage, web
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.ids import new_token
from engine.sandbox.forge.people import apps

ORGANIZATION = "acme"
# login → teams, and what they may do in the organisation's repositories beside what teams give
PEOPLE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "ann": (("platform",), "write"),
    "bob": (("platform",), "write"),
    "carol": (("security",), "write"),
    "dave": (("security",), "write"),
    "erin": (("security",), "write"),
    "alice": ((), "write"),  # writes changes; in no group
    "oscar": ((), "read"),  # an outsider: may read, and so may review
    "olga": ((), "admin"),  # owns the organisation and may pass branch protection
}
BRANCHES = ("dev", "stage", "prod", "main")
GRANTS = {
    "actions": "read",
    "checks": "write",
    "contents": "write",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
EVENTS = (
    "push",
    "pull_request",
    "pull_request_review",
    "issue_comment",
    "check_run",
    "check_suite",
    "repository_dispatch",
)
_NO_RULES = ("examples", "tests/specs")
# name → kind, branches (the first is the default), and the shipped files it begins with
REPOSITORIES: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "dev-deployment": ("source", ("main", "dev", "stage", "prod"), ("examples/dev-deployment",)),
    "controller": ("controller", ("main",), tuple(name for name in data.NAMES if name not in _NO_RULES)),
}
WEB_FLOW = 19864447  # GitHub's own number of the account that commits what is made in its pages


def people(forge: Forge) -> None:
    """Accounts, two organisations, teams, tokens, and the App with its bot, key and installation. Once."""
    kept, now = forge.kept, forge.now()
    with kept.change():
        if kept.value("SELECT count(*) FROM accounts"):
            return
        _account(forge, "ghost", "User")  # who GitHub shows for nobody
        owner = _account(forge, ORGANIZATION, "Organization")
        other = _account(forge, "umbrella", "Organization")
        teams = {
            slug: kept.insert("teams", organization=owner, slug=slug, name=slug.title(), created_at=now)
            for slug in ("platform", "security")
        }
        for login, (member_of, role) in PEOPLE.items():
            account = _account(forge, login, "User")
            kept.insert("tokens", token=new_token("ghp"), account=account, kind="personal")
            if role == "admin":
                kept.insert("members", organization=owner, account=account, role="admin")
                kept.insert("members", organization=other, account=account, role="admin")
            elif role != "read":
                kept.insert("members", organization=owner, account=account, role="member")
            for slug in member_of:
                kept.insert("team_members", team=teams[slug], account=account)
        _app(forge, owner)
        kept.insert("accounts", id=WEB_FLOW, login="web-flow", kind="User", email=web.EMAIL, created_at=now)


def repositories(forge: Forge) -> None:
    """The source repository, whose branches are protected, and the controller's. Once."""
    kept = forge.kept
    owner = kept.value("SELECT id FROM accounts WHERE login = ?", ORGANIZATION)
    olga = kept.row("SELECT * FROM accounts WHERE login = 'olga'")
    assert olga is not None
    for name, (kind, branches, files) in REPOSITORIES.items():
        there = forge.repository(ORGANIZATION, name)
        if there is not None and there["pushed_at"] is not None:
            continue
        if there is not None:  # we were killed while it was being filled
            kept.update("repositories", there["id"], deleted=1)
        made = create_repository(forge, owner, name, kind=kind, default_branch=branches[0])
        author = web.person(olga, forge.now())
        storage.fill(bare(forge, made), branches, files, author, "Begin")
        with kept.change():
            kept.update("repositories", made, pushed_at=forge.now())
            for login, (_, role) in PEOPLE.items():
                if role != "admin":
                    account = kept.value("SELECT id FROM accounts WHERE login = ?", login)
                    kept.insert("collaborators", repository=made, account=account, permission=role)
            for team in kept.rows("SELECT id FROM teams WHERE organization = ?", owner):
                kept.insert("team_repositories", team=team["id"], repository=made, permission="write")
            if kind == "source":
                _protect(forge, made)


def _protect(forge: Forge, repository: int) -> None:
    """A pull request and the App's check for each branch; the App and the owners may pass."""
    app = forge.kept.value("SELECT id FROM apps")
    bypass = [
        {"actor_id": app, "actor_type": "Integration", "bypass_mode": "always"},
        {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"},
    ]
    for branch in BRANCHES:
        checks = [{"context": f"interlock merge: {branch}", "integration_id": app}]
        wanted = protection.DEFAULTS["required_status_checks"] | {"required_status_checks": checks}
        rules = [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": protection.DEFAULTS["pull_request"]},
            {"type": "required_status_checks", "parameters": wanted},
        ]
        forge.kept.insert(
            "rulesets",
            repository=repository,
            name=f"Protect {branch}",
            include_json=dump([f"refs/heads/{branch}"]),
            rules_json=dump(rules),
            bypass_json=dump(bypass),
            created_at=forge.now(),
            updated_at=forge.now(),
        )


def _account(forge: Forge, login: str, kind: str) -> int:
    email = f"{login}@example.com" if kind == "User" else None
    name = login.title() if kind == "User" else None
    return forge.kept.insert("accounts", login=login, kind=kind, name=name, email=email, created_at=forge.now())


def _app(forge: Forge, owner: int) -> None:
    """The App `interlock`: its private key goes to a file of mode 0600 beside the rows, the public half into them."""
    app, private = apps.create(forge, owner, "Interlock", GRANTS, EVENTS)
    path = os.path.join(forge.folder, "app-key.pem")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(private)
    forge.kept.insert("installations", app=app, account=owner, created_at=forge.now())
