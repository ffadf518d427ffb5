"""Who may do what in a repository, as GitHub works it out: the most that anything gives."""

from engine.sandbox.forge.answer import ForgeError, Viewer, missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
FOLDED = {"maintain": "write", "triage": "read"}  # as `permission` says it beside `role_name`
# As teams, collaborators and `permissions` say it.
WORDS = {"none": "none", "read": "pull", "triage": "triage", "write": "push", "maintain": "maintain", "admin": "admin"}
LEVEL_OF = {word: level for level, word in WORDS.items() if level != "none"} | {"read": "read", "write": "write"}


def permission(forge: Forge, account: int | None, repository: Row) -> str:
    """A row of LEVELS: owner, organisation's owner, collaborator, teams (a parent's access is its children's too)."""
    found = ["none" if repository["private"] else "read"]
    who = forge.account(account)
    if who is None or who["deleted"]:
        return found[0]
    if account == repository["owner"]:
        return "admin"
    kept = forge.kept
    if (
        kept.value("SELECT role FROM members WHERE organization = ? AND account = ?", repository["owner"], account)
        == "admin"
    ):
        return "admin"
    found += [row["permission"] for row in kept.rows(_GIVEN, account, repository["id"], repository["id"], account)]
    return max(found, key=LEVELS.index)


_GIVEN = """WITH RECURSIVE mine (id) AS (
    SELECT team FROM team_members WHERE account = ?
    UNION SELECT t.parent FROM teams t JOIN mine ON t.id = mine.id WHERE t.parent IS NOT NULL)
  SELECT permission FROM team_repositories WHERE repository = ? AND team IN mine
  UNION SELECT permission FROM collaborators WHERE repository = ? AND account = ?"""


def flags(level: str) -> dict[str, bool]:
    """`permissions` of repositories, teams and collaborators: `{"pull": true, "push": false, …}`."""
    return {word: at_least(level, name) for name, word in WORDS.items() if name != "none"}


def at_least(level: str, wanted: str) -> bool:
    """Is `level` enough for `wanted`?"""
    return LEVELS.index(level) >= LEVELS.index(wanted)


def sees(forge: Forge, viewer: Viewer, repository: Row) -> bool:
    """May the viewer know that it exists?"""
    if viewer.kind == "installation":
        return not repository["private"] or _included(forge, viewer, repository)
    return permission(forge, viewer.account, repository) != "none"


_CHANGES = (":write", ":admin")


def demand(forge: Forge, viewer: Viewer, repository: Row, level: str, grant: str) -> None:
    """Refuse who may not: `level` for people, `grant` (`pull_requests:write`) for Apps.

    Raises:
        ForgeError: 404 where the viewer may not even see it, 403 else.
    """
    if not sees(forge, viewer, repository):
        raise missing()
    if viewer.kind == "installation":
        granted(viewer, grant)
        if grant.endswith(_CHANGES) and not _included(forge, viewer, repository):
            raise ForgeError(403, "Resource not accessible by integration")
    elif level and not at_least(permission(forge, viewer.account, repository), level):
        admin = "Must have admin rights to Repository."
        raise ForgeError(403, admin if level == "admin" else "Resource not accessible by personal access token")
    writes = level not in ("", "read") or (viewer.kind == "installation" and grant.endswith(_CHANGES))
    if repository["archived"] and writes:
        raise ForgeError(403, "Repository was archived so is read-only.")


def granted(viewer: Viewer, grant: str) -> None:
    """Refuse an App that was not granted what it takes; of several, between `;`, any will do.

    Raises:
        ForgeError: 403, as GitHub says it.
    """
    ways = [way.partition(":")[::2] for way in (grant or "metadata:read").split(";")]
    given = {"metadata": "read", **(viewer.grants or {})}
    if not any(at_least(given.get(name, "none"), level) for name, level in ways):
        wanted = {"X-Accepted-GitHub-Permissions": "; ".join(f"{name}={level}" for name, level in ways)}
        raise ForgeError(403, "Resource not accessible by integration", headers=wanted)


def _included(forge: Forge, viewer: Viewer, repository: Row) -> bool:
    installed = forge.kept.value("SELECT account FROM installations WHERE id = ?", viewer.installation)
    limited = viewer.repositories
    return bool(repository["owner"] == installed) and (limited is None or repository["id"] in limited)
