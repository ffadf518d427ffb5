"""Logins in the approvers' files: one that may be another's tomorrow, or one that is pinned to an account."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.core.rules.draft import SPECIAL
from engine.core.schema import validate
from engine.core.source import Document, load_yaml


def logins(users: Iterable[Any]) -> tuple[str, ...]:
    """Those of `users:`, in its order."""
    return tuple(user["login"] if isinstance(user, dict) else str(user) for user in users)


def ids(users: Iterable[Any]) -> dict[str, int]:
    """Login → the account that it is pinned to."""
    return {user["login"]: user["id"] for user in users if isinstance(user, dict) and "id" in user}


def bare(data: bytes, file: str) -> tuple[str, ...]:
    """The logins in a file (APPROVERS or SPECIAL) that are pinned to nobody, each once.

    Raises:
        EngineError: the file is not right.
    """
    return tuple(dict.fromkeys(login for _, _, login in _places(data, file)))


def pinned(data: bytes, file: str, known: Mapping[str, int]) -> bytes:
    """The file with each of these logins pinned; everything else in it stays, letter by letter."""
    lines = data.decode().split("\n")
    for line, column, login in sorted(_places(data, file), reverse=True):  # from behind, so that places stay right
        if login not in known:
            continue
        text = lines[line - 1]
        first, last = column - 1, column - 1 + len(login)
        if text[first - 1 : first] in ("'", '"'):  # the place is that of the text within
            first, last = first - 1, last + 1
        lines[line - 1] = f"{text[:first]}{{login: {text[first:last]}, id: {known[login]}}}{text[last:]}"
    return "\n".join(lines).encode()


def _places(data: bytes, file: str) -> list[tuple[int, int, str]]:
    document = load_yaml(data, file)
    found = []
    for path in _listed(document, file):
        user = document.data
        for step in path:
            user = user[step]
        if isinstance(user, str) and "/" not in user:
            place = document.place(*path)
            found.append((place.line, place.column, user))
    return found


def _listed(document: Document, file: str) -> Iterator[tuple[str | int, ...]]:
    """Where each member stands, users among them."""
    if file == SPECIAL:
        validate("special-approvers", document)
        yield from ((index,) for index in range(len(document.data)))
        return
    validate("approvers-config", document)
    for name, group in document.data["groups"].items():
        yield from (("groups", name, "users", index) for index in range(len(group.get("users", ()))))
