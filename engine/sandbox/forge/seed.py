"""The people and repositories of a new sandbox: those of the shipped rules, an author, an outsider, and an owner."""

import os
from collections.abc import Mapping

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import new_token

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
EVENTS = ("push", "pull_request", "pull_request_review", "issue_comment", "check_run", "check_suite")
REPOSITORIES = (("acme/dev-deployment", "source"), ("acme/controller", "controller"))


def people(forge: Forge) -> None:
    """Accounts, two organisations, teams, tokens, and the App with its bot, key and installation. Once."""
    kept, now = forge.kept, forge.now()
    with kept.change():
        if kept.value("SELECT count(*) FROM accounts"):
            return
        for login in ("ghost", "web-flow"):  # who GitHub shows for nobody, and who signs what is made in the browser
            _account(forge, login, "User")
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


def _account(forge: Forge, login: str, kind: str) -> int:
    email = f"{login}@example.com" if kind == "User" else None
    name = login.title() if kind == "User" else None
    return forge.kept.insert("accounts", login=login, kind=kind, name=name, email=email, created_at=forge.now())


def _app(forge: Forge, owner: int) -> None:
    """The App `interlock`: its private key goes to a file of mode 0600 beside the rows, the public half into them."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    from engine.sandbox.forge.answer import dump

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path = os.path.join(forge.folder, "app-key.pem")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(private)
    now = forge.now()
    app = forge.kept.insert(
        "apps",
        slug="interlock",
        name="Interlock",
        owner=owner,
        bot=_account(forge, "interlock[bot]", "Bot"),
        public_key=public.decode(),
        permissions_json=dump(GRANTS),
        events_json=dump(EVENTS),
        created_at=now,
    )
    forge.kept.insert("installations", app=app, account=owner, created_at=now)
