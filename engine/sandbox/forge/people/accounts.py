"""Accounts: found by name, number or address, renamed, deleted. A number is for ever, a name is whoever has it now."""

import re

from engine.sandbox.forge.answer import invalid, missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import new_token
from engine.sandbox.forge.kept import Row

NO_REPLY = "users.noreply.github.com"
GHOST = "ghost"
OWN = (GHOST, "web-flow")  # without them nobody could be shown for nobody, or sign what is made in the browser
_LOGIN = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}")
# What goes with an account. What it wrote stays, as ghost's.
_BELONGINGS = (
    "tokens",
    "sessions",
    "emails",
    "members",
    "team_members",
    "collaborators",
    "assignees",
    "review_requests",
)


def by_login(forge: Forge, login: str) -> Row | None:
    """Whoever has this login now, in any case; a deleted account has none any more."""
    return forge.kept.row("SELECT * FROM accounts WHERE lower(login) = lower(?) AND NOT deleted", login)


def by_email(forge: Forge, email: str) -> Row | None:
    """Whose an address is: linked, or `ID+LOGIN@users.noreply.github.com`, of which only the number counts."""
    name, _, host = email.strip().lower().rpartition("@")
    if host == NO_REPLY:
        number = name.partition("+")[0]
        found = forge.account(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
        return None if found is None or found["deleted"] or "+" not in name else found
    return forge.kept.row(
        "SELECT * FROM accounts WHERE NOT deleted AND (lower(email) = lower(?) OR id IN "
        "(SELECT account FROM emails WHERE lower(email) = lower(?))) ORDER BY id",
        email.strip(),
        email.strip(),
    )


def no_reply(account: Row) -> str:
    """The address that names an account without telling its mail."""
    return f"{account['id']}+{account['login']}@{NO_REPLY}"


def create(forge: Forge, login: str, kind: str = "User", *, name: str | None = None, email: str | None = None) -> int:
    """A new account; its number.

    Raises:
        ForgeError: 422, the login is taken or none that GitHub allows.
    """
    with forge.kept.change():
        _free(forge, login, bot=kind == "Bot")
        return forge.kept.insert("accounts", login=login, kind=kind, name=name, email=email, created_at=forge.now())


def personal_token(forge: Forge, account: int) -> str:
    """A token of this person's own."""
    token = new_token("ghp")
    forge.kept.insert("tokens", token=token, account=account, kind="personal")
    return token


def rename(forge: Forge, account: int, login: str) -> None:
    """Another login for the same number; the old one is free for anybody.

    Raises:
        ForgeError: 404, nobody; 422, the login is taken or none that GitHub allows.
    """
    with forge.kept.change():
        who = forge.account(account)
        if who is None or who["deleted"]:
            raise missing()
        _not_ours(who)
        _free(forge, login, bot=False, but=account)
        forge.kept.update("accounts", account, login=login)


def delete(forge: Forge, account: int) -> None:
    """Take away everything that lets it act or be asked, and its repositories. What it wrote is shown as `ghost`'s.

    Raises:
        ForgeError: 422, it is one of the forge's own.
    """
    from engine.sandbox.forge.git import repositories

    with forge.kept.change():
        _not_ours(forge.account(account) or {"login": ""})
        for row in forge.kept.rows("SELECT id FROM repositories WHERE owner = ? AND NOT deleted", account):
            repositories.delete(forge, forge.repository_of(row["id"]) or {})
        forge.kept.update("accounts", account, deleted=1, email=None, name=None)
        for table in _BELONGINGS:
            forge.kept.run(f"DELETE FROM {table} WHERE account = ?", account)  # noqa: S608 - names are ours


def _not_ours(account: Row) -> None:
    if account["login"] in OWN:
        raise invalid("User", "login", "custom", "this account is the forge's own")


def _free(forge: Forge, login: str, *, bot: bool, but: int | None = None) -> None:
    if not _LOGIN.fullmatch(login.removesuffix("[bot]") if bot else login):
        raise invalid("User", "login")
    holder = by_login(forge, login)
    if holder is not None and holder["id"] != but:
        raise invalid("User", "login", "already_exists")
