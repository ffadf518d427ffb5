"""What stands in the body of every event, whatever else it says: where, whose, and who did it."""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.clock import seconds
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.shapes import credited, organization


def whole(
    forge: Forge, event: str, action: str | None, repository: Row, sender: int | None, body: Mapping[str, Any]
) -> dict[str, Any]:
    """The body of an event, but for the `installation` of whom it goes to."""
    said = {**({} if action is None else {"action": action}), **body, **common(forge, repository, sender)}
    if event == "push":
        said["repository"] = _of_push(said["repository"])
    return said


def common(forge: Forge, repository: Row, sender: int | None) -> dict[str, Any]:
    """`repository`, `organization` where it belongs to one, and `sender` (the ghost, for nobody)."""
    from engine.sandbox.forge.git import shapes

    owner = forge.account(repository["owner"])
    who = credited(forge, forge.urls, sender)
    found = {"repository": shapes.repository(forge, forge.urls, repository), "sender": who}
    if owner is not None and owner["kind"] == "Organization":
        found["organization"] = organization(forge.urls, owner)
    return found


def _of_push(repository: Mapping[str, Any]) -> dict[str, Any]:
    """The repository as `push` alone shows it: times as numbers, the owner with a name."""
    owner = repository["owner"]
    return {
        **repository,
        "created_at": int(seconds(repository["created_at"])),
        "pushed_at": int(seconds(repository["pushed_at"] or repository["created_at"])),
        "master_branch": repository["default_branch"],
        "organization": owner["login"],
        "stargazers": 0,
        "owner": {**owner, "name": owner["login"], "email": None},
    }


def installed(installation: int) -> dict[str, Any]:
    """What an App is told besides."""
    return {"installation": {"id": installation, "node_id": node_id("Installation", installation)}}
