"""What several shapes share: who it was, what they are to the repository, and reactions (nobody reacts here)."""

from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.shapes import simple_user
from engine.sandbox.forge.urls import Urls

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def anybody(forge: Forge, urls: Urls, account: int | None) -> dict[str, Any] | None:
    """`nullable-simple-user`: null for nobody and for whoever is gone."""
    return simple_user(urls, forge.account(account))


def association(forge: Forge, repository: Row, account: int | None) -> str:
    """What the account is to the repository. It says nothing about what it may do."""
    kept = forge.kept
    if account is None:
        return "NONE"
    if account == repository["owner"]:
        return "OWNER"
    if kept.row("SELECT 1 FROM members WHERE organization = ? AND account = ?", repository["owner"], account):
        return "MEMBER"
    if kept.row("SELECT 1 FROM collaborators WHERE repository = ? AND account = ?", repository["id"], account):
        return "COLLABORATOR"
    merged = "SELECT 1 FROM pulls p JOIN issues i USING (id) WHERE p.repository = ? AND i.author = ? AND p.merged"
    return "CONTRIBUTOR" if kept.row(merged, repository["id"], account) else "NONE"


def reactions(url: str) -> dict[str, Any]:
    """`reaction-rollup`: counts."""
    return {"url": f"{url}/reactions", "total_count": 0} | dict.fromkeys(REACTIONS, 0)


def repository_of(forge: Forge, number: int) -> Row:
    """The repository of a row, which is there as long as the row is."""
    found = forge.repository_of(number)
    if found is None:
        raise LookupError(f"no repository {number}")
    return found
