"""What REST requests of this part bring: lists of names, times, one page of what."""

from collections.abc import Mapping, Sequence

from engine.sandbox.forge.answer import Call, ForgeError, invalid
from engine.sandbox.forge.clock import moment, seconds
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.tracker import rights, rows

_DIRECTIONS = {"asc": "ASC", "desc": "DESC"}


def issue(call: Call) -> Row:
    """The issue or pull request in the path.

    Raises:
        ForgeError: 404; 403, an App may not read such.
    """
    return readable(call, rows.issue_of(call.forge, call.repo["id"], call.path["issue_number"]))


def readable(call: Call, item: Row) -> Row:
    """The same, if an App that asks may read issues; for a pull request the right to read those will do.

    Raises:
        ForgeError: 403.
    """
    grant = rights.READ_ISSUES if item["pull"] is None else rights.READ_EITHER
    access.demand(call.forge, call.viewer, call.repo, "read", grant)
    return item


def pull(call: Call) -> Row:
    """The pull request in the path.

    Raises:
        ForgeError: 404.
    """
    return rows.pull_of(call.forge, call.repo["id"], call.path["pull_number"])


def names(value: object, resource: str, field: str) -> list[str]:
    """A list of names, each a text or an object with a `name`.

    Raises:
        ForgeError: 422.
    """
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise invalid(resource, field)
    found = [each.get("name") if isinstance(each, Mapping) else each for each in value]
    if not all(isinstance(each, str) for each in found):
        raise invalid(resource, field)
    return [str(each) for each in found]


def optional(value: object, resource: str, field: str) -> str | None:
    """A text, or none.

    Raises:
        ForgeError: 422.
    """
    if value is not None and not isinstance(value, str):
        raise invalid(resource, field)
    return value


def since(call: Call) -> str:
    """The `since` of a query, as the forge writes times; "" without one.

    Raises:
        ForgeError: 422, no time.
    """
    text = call.query.get("since", "")
    if not text:
        return ""
    try:
        return moment(seconds(text))
    except (ValueError, OverflowError):
        raise ForgeError(422, "Validation Failed", ["since must be a time"]) from None


def direction(call: Call, otherwise: str) -> str:
    """SQL's word for the `direction` of a query."""
    return _DIRECTIONS.get(call.query.get("direction", ""), otherwise)


def state(call: Call) -> tuple[str, tuple[str, ...]]:
    """SQL for the `state` of a query, and its values."""
    wanted = call.query.get("state", "open")
    return ("1", ()) if wanted == "all" else ("i.state = ?", (wanted if wanted in ("open", "closed") else "open",))
