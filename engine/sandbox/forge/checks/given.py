"""What a request says, read or refused with GitHub's words: texts, choices, lists, times, addresses."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from engine.sandbox.forge.answer import ForgeError, invalid, missing
from engine.sandbox.forge.clock import moment
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.kept import Row

_Kind = TypeVar("_Kind")
_SHA = re.compile(r"[0-9a-f]{40}")


class Given:
    """The JSON object of a request about a `resource` (GitHub's word for its kind).

    Every method raises ForgeError (422) for what GitHub would not take, and gives None for what is not there.
    """

    def __init__(self, resource: str, body: Any) -> None:
        if not isinstance(body, Mapping):
            raise ForgeError(422, "Invalid request.\n\nAn item is not an object.")
        self.resource, self.body = resource, body

    def __contains__(self, name: str) -> bool:
        return self.body.get(name) is not None

    def text(self, name: str, *, required: bool = False, limit: int = 65535) -> str | None:
        """A text of at most `limit` characters, not empty where it is required."""
        value = self._of(name, str, required=required)
        if value is not None and len(value) > limit:
            raise ForgeError(
                422, f"Invalid request.\n\nOnly {limit} characters are allowed; {len(value)} were supplied."
            )
        if required and not value:
            raise invalid(self.resource, name, "missing_field")
        return value

    def choice(self, name: str, choices: Sequence[str], *, required: bool = False) -> str | None:
        """One of the choices."""
        value = self._of(name, str, required=required)
        if value is not None and value not in choices:
            raise ForgeError(422, f"Invalid request.\n\nNo subschema matched: {name} is none of {', '.join(choices)}.")
        return value

    def flag(self, name: str, otherwise: bool) -> bool:
        """true or false."""
        value = self._of(name, bool)
        return otherwise if value is None else bool(value)

    def whole(self, name: str, *, required: bool = False) -> int | None:
        """A whole number that a row can hold."""
        value = self._of(name, int, required=required)
        if value is not None and (isinstance(value, bool) or not 0 <= value < 2**31):
            raise invalid(self.resource, name)
        return value

    def time(self, name: str) -> str | None:
        """A moment, as GitHub writes it."""
        value = self._of(name, str)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
            return moment((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            raise invalid(self.resource, name) from None

    def url(self, name: str) -> str | None:
        """An address that a page can link to: of http or https, and nothing that runs."""
        value = self.text(name, limit=2048)
        if not value:
            return value
        try:
            scheme = urlsplit(value).scheme
        except ValueError:
            scheme = ""
        if scheme not in ("http", "https") or any(ord(letter) <= 32 for letter in value):
            raise invalid(self.resource, name, "custom", f"{name} must use http(s) scheme")
        return value

    def items(self, name: str, most: int, read: Callable[["Given"], Any]) -> list[Any]:
        """A list of objects, each read."""
        value = self._of(name, list) or []
        if len(value) > most:
            allowed = f"No more than {most} items are allowed; {len(value)} were supplied."
            raise ForgeError(422, f"Invalid request.\n\n{allowed}")
        return [read(Given(self.resource, item)) for item in value]

    def _of(self, name: str, kind: type[_Kind], *, required: bool = False) -> _Kind | None:
        value = self.body.get(name)
        if value is None:
            if required:
                raise invalid(self.resource, name, "missing_field")
            return None
        if not isinstance(value, kind):
            raise invalid(self.resource, name)
        return value


def commit_at(forge: Forge, repository: Row, name: str, *, status: int = 422) -> str:
    """The commit that a sha, branch or tag in a path means.

    Raises:
        ForgeError: `status`, none.
    """
    found = bare(forge, repository["id"]).resolve(name)
    if found is None:
        raise missing() if status == 404 else ForgeError(status, f"No commit found for SHA: {name}")
    return found


def commit_of(forge: Forge, repository: Row, sha: str | None) -> str:
    """A commit by its whole id.

    Raises:
        ForgeError: 422, there is none in the repository.
    """
    if sha is None or not _SHA.fullmatch(sha) or bare(forge, repository["id"]).commit(sha) is None:
        raise ForgeError(422, f"No commit found for SHA: {sha}")
    return sha
