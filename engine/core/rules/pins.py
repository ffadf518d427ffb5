"""`users:` of the approvers' file: a login that may be another's tomorrow, or one that is pinned to an account."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.rules.draft import APPROVERS
from engine.core.schema import validate
from engine.core.source import load_yaml


def logins(users: Iterable[Any]) -> tuple[str, ...]:
    """Those of `users:`, in its order."""
    return tuple(user["login"] if isinstance(user, dict) else str(user) for user in users)


def ids(users: Iterable[Any]) -> dict[str, int]:
    """Login → the account that it is pinned to."""
    return {user["login"]: user["id"] for user in users if isinstance(user, dict) and "id" in user}


def bare(data: bytes) -> tuple[str, ...]:
    """The logins in `approvers-config.yaml` that are pinned to nobody, each once.

    Raises:
        EngineError: the file is not right.
    """
    return tuple(dict.fromkeys(login for _, _, login in _places(data)))


def pinned(data: bytes, known: Mapping[str, int]) -> bytes:
    """The file with each of these logins pinned; everything else in it stays, letter by letter."""
    lines = data.decode().split("\n")
    for line, column, login in sorted(_places(data), reverse=True):  # from behind, so that places stay right
        if login not in known:
            continue
        text = lines[line - 1]
        first, last = column - 1, column - 1 + len(login)
        if text[first - 1 : first] in ("'", '"'):  # the place is that of the text within
            first, last = first - 1, last + 1
        lines[line - 1] = f"{text[:first]}{{login: {text[first:last]}, id: {known[login]}}}{text[last:]}"
    return "\n".join(lines).encode()


def _places(data: bytes) -> list[tuple[int, int, str]]:
    document = load_yaml(data, APPROVERS)
    validate("approvers-config", document)
    found = []
    for name, group in document.data["groups"].items():
        for index, user in enumerate(group.get("users", ())):
            if isinstance(user, str):
                place = document.place("groups", name, "users", index)
                found.append((place.line, place.column, user))
    return found
