"""Apps, where they are installed, and the tokens they act with: one hour, never more than the installation has."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.sandbox.forge.answer import ForgeError, dump, missing
from engine.sandbox.forge.clock import moment
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import new_token
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LIFETIME_S = 3600


def create(
    forge: Forge, owner: int, name: str, permissions: Mapping[str, str], events: Sequence[str]
) -> tuple[int, str]:
    """A new App with its bot: its id, and its private key, of which only the public half is kept here."""
    from cryptography.hazmat.primitives import serialization

    key = _new_key()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    slug, now = name.lower().replace(" ", "-"), forge.now()
    app = forge.kept.insert(
        "apps",
        slug=slug,
        name=name,
        owner=owner,
        bot=forge.kept.insert("accounts", login=f"{slug}[bot]", kind="Bot", created_at=now),
        public_key=public.decode(),
        permissions_json=dump(permissions),
        events_json=dump(events),
        created_at=now,
    )
    return app, private.decode()


def _new_key() -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def installations(forge: Forge, app: int) -> list[Row]:
    """Every installation of an App."""
    return forge.kept.rows("SELECT * FROM installations WHERE app = ? ORDER BY id", app)


def installed_for(forge: Forge, app: int, account: int) -> Row | None:
    """The installation of an App at an account."""
    return forge.kept.row("SELECT * FROM installations WHERE app = ? AND account = ?", app, account)


def installed_on(forge: Forge, app: int, repository: Row) -> Row | None:
    """The App's installation that includes a repository."""
    row = installed_for(forge, app, repository["owner"])
    return row if row is not None and repository["id"] in reachable(forge, row) else None


def reachable(forge: Forge, installation: Row) -> frozenset[int]:
    """The repositories of an installation: all of its account, or those that were selected."""
    owned = forge.kept.rows("SELECT id FROM repositories WHERE owner = ? AND NOT deleted", installation["account"])
    found = frozenset(row["id"] for row in owned)
    if installation["selection"] == "all":
        return found
    sql = "SELECT repository FROM installation_repositories WHERE installation = ?"
    return found & {row["repository"] for row in forge.kept.rows(sql, installation["id"])}


def grants(forge: Forge, installation: Row) -> Mapping[str, str]:
    """What an installation may: `{"contents": "write", …}`."""
    found: Mapping[str, str] = json.loads(
        forge.kept.value("SELECT permissions_json FROM apps WHERE id = ?", installation["app"])
    )
    return found


def new_installation_token(
    forge: Forge,
    installation: Row,
    *,
    repositories: Collection[int] | None = None,
    permissions: Mapping[str, str] | None = None,
) -> Row:
    """A token for one hour of the forge's clock, limited to repositories and permissions where they are given.

    Raises:
        ForgeError: 403, the installation is suspended; 422, more was asked for than it has.
    """
    if installation["suspended_at"]:
        raise ForgeError(403, "This installation has been suspended")
    if repositories is not None and not (repositories and reachable(forge, installation).issuperset(repositories)):
        raise ForgeError(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    given = grants(forge, installation)
    asked = {"metadata": "read", **permissions} if permissions else given  # PyGithub says {} where it means all
    if not all(level in access.LEVELS[1:] and _has(given, name, level) for name, level in asked.items()):
        raise ForgeError(422, "The permissions requested are not granted to this installation.")
    token = new_token("ghs")
    forge.kept.insert(
        "tokens",
        token=token,
        account=forge.kept.value("SELECT bot FROM apps WHERE id = ?", installation["app"]),
        kind="installation",
        installation=installation["id"],
        permissions_json=dump(asked),
        repositories_json=None if repositories is None else dump(sorted(set(repositories))),
        expires_at=moment(forge.clock.seconds() + LIFETIME_S),
    )
    return forge.kept.row("SELECT * FROM tokens WHERE token = ?", token) or {}


def named(forge: Forge, installation: Row, names: Sequence[str]) -> list[int]:
    """Numbers of repositories by their names at the installation's account; 0 for one that is not there."""
    owner = (forge.account(installation["account"]) or {})["login"]
    return [(forge.repository(owner, name) or {"id": 0})["id"] for name in names]


def of_app(forge: Forge, app: int | None, number: int) -> Row:
    """An installation by its number.

    Raises:
        ForgeError: 404, there is none, or it is another App's.
    """
    row = forge.kept.row("SELECT * FROM installations WHERE id = ? AND app = ?", number, app)
    if row is None:
        raise missing()
    return row


def _has(given: Mapping[str, str], name: str, level: str) -> bool:
    return access.at_least({"metadata": "read", **given}.get(name, "none"), level)


def granted_to(token: Row) -> Mapping[str, str]:
    """The permissions of a token."""
    found: Mapping[str, str] = json.loads(token["permissions_json"])
    return found
