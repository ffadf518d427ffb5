"""Who may do what to an issue or pull request, beside what its route asks: the author, or whoever has a level."""

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access

ISSUES = "issues:write"
PULLS = "pull_requests:write"
EITHER = f"{ISSUES};{PULLS}"  # for comments, labels and the like of a pull request, which is an issue, too
READ_ISSUES = "issues:read"
READ_EITHER = "issues:read;pull_requests:read"


def has(forge: Forge, viewer: Viewer, repository: Row, level: str, grant: str) -> bool:
    """Has the viewer this level there; an App: this grant?"""
    try:
        access.demand(forge, viewer, repository, level, grant)
    except ForgeError:
        return False
    return True


def shared(item: Row) -> str:
    """What an App must have been granted to change of an issue or pull request what both have."""
    return ISSUES if item["pull"] is None else EITHER


def demand(forge: Forge, viewer: Viewer, repository: Row, author: int | None, level: str, grant: str) -> None:
    """Refuse everybody but the author and those who have the level.

    Raises:
        ForgeError: 403; 404 for who may not see it.
    """
    own = author is not None and author == viewer.account
    access.demand(forge, viewer, repository, "read" if own else level, grant)
    writable(repository)


def writable(repository: Row) -> None:
    """Refuse any change of what is archived.

    Raises:
        ForgeError: 403.
    """
    if repository["archived"]:
        raise ForgeError(403, "Repository was archived so is read-only.")


def may_say(forge: Forge, viewer: Viewer, repository: Row, issue: Row, grant: str) -> None:
    """Refuse a comment or review where the conversation is locked and the viewer is no writer.

    Raises:
        ForgeError: 403; 404 for who may not see it.
    """
    access.demand(forge, viewer, repository, "read", grant)
    writable(repository)
    if issue["locked"] and not has(forge, viewer, repository, "write", grant):
        raise ForgeError(403, "Unable to create comment because issue is locked.")
