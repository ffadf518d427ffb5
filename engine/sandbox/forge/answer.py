"""How REST is written here: a table of routes; each has a function from a Call to an Answer, or a refusal.

A route says its path as GitHub's OpenAPI description spells it, who may use it and what an App must have been granted.
The tests look every route up in that description and hold each request and answer against it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.urls import Urls

DOCS = "https://docs.github.com/rest"
PAGE = 30
MOST = 100


class ForgeError(Exception):
    """What GitHub answers instead; `errors` as its validation errors have them: `{resource, field, code, message}`."""

    def __init__(
        self, status: int, message: str, errors: Sequence[object] = (), headers: Mapping[str, str] | None = None
    ):
        super().__init__(message)
        self.status, self.message, self.errors, self.headers = status, message, list(errors), dict(headers or {})

    def body(self) -> dict[str, Any]:
        """GitHub's JSON of an error."""
        found = {"message": self.message, "documentation_url": DOCS, "status": str(self.status)}
        return found | ({"errors": self.errors} if self.errors else {})


def missing(what: str = "Not Found") -> ForgeError:
    """404: it is not there, or not for this viewer."""
    return ForgeError(404, what)


def invalid(resource: str, field: str, code: str = "invalid", message: str = "") -> ForgeError:
    """422 of one field."""
    error = {"resource": resource, "field": field, "code": code} | ({"message": message} if message else {})
    return ForgeError(422, "Validation Failed", [error])


class Viewer(NamedTuple):
    """Who asks."""

    kind: str = "anonymous"  # user, installation, app, anonymous
    account: int | None = None  # of an installation: the App's bot
    app: int | None = None
    installation: int | None = None
    grants: Mapping[str, str] | None = None  # an installation's permissions: {"contents": "write"}
    repositories: frozenset[int] | None = None  # None: every one

    @property
    def payer(self) -> tuple[str, int | None]:
        """Whose requests are counted together, as `Limits` wants it."""
        number = {"user": self.account, "installation": self.installation, "app": self.app}.get(self.kind)
        return (self.kind, number)


class Call(NamedTuple):
    """One request, read."""

    forge: Forge
    viewer: Viewer
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any  # an object, {} where there is none; a list only where the route takes `lists`
    urls: Urls
    repo: Row  # of paths below /repos/{owner}/{repo}; else an empty mapping
    url: str  # of this request, without its query
    token: str | None = None  # as it was sent
    accept: str = ""  # the media types that are asked for


class Answer(NamedTuple):
    """JSON (or `raw` text) to send back."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}
    raw: bytes | None = None


class Route(NamedTuple):
    """One operation of REST."""

    verb: str
    path: str  # /repos/{owner}/{repo}/pulls/{pull_number}
    handle: Callable[[Call], Answer]
    access: str = "read"  # of the repository in the path (access.LEVELS); "" where the function decides
    grant: str = ""  # what an App needs: pull_requests:write; "" metadata:read, which every App has
    slashes: str = ""  # the parameter that may contain slashes
    who: str = "any"  # any (to read; else signed-in), signed-in, user, app (a JWT), open (whoever has the path)
    counted: bool = True  # by the rate limit
    lists: bool = False  # the body may be a list; everywhere else it is an object


def paged(call: Call, items: Sequence[Any], shape: Callable[[Any], Any], key: str = "") -> Answer:
    """One page of `items`, each through `shape`, with GitHub's `Link`; `key` is the name of a list in an object."""
    size = min(MOST, max(1, number(call.query.get("per_page"), PAGE)))
    page = max(1, number(call.query.get("page"), 1))
    shown = [shape(item) for item in items[(page - 1) * size : page * size]]
    last = max(1, -(-len(items) // size))
    links = []
    if page > 1:
        links += [("prev", page - 1), ("first", 1)]
    if page < last:
        links += [("next", page + 1), ("last", last)]
    header = ", ".join(f'<{call.url}?{urlencode({**call.query, "page": at})}>; rel="{name}"' for name, at in links)
    return Answer({"total_count": len(items), key: shown} if key else shown, headers={"Link": header} if header else {})


def number(text: str | None, otherwise: int) -> int:
    """A whole number in a query; anything else is what is assumed without it."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def text(call: Call, name: str, resource: str, *, required: bool = False, limit: int = 65536) -> str | None:
    """A text of the body; None if it is not there.

    Raises:
        ForgeError: 422, where it is missing though required, too long, or no text.
    """
    value = call.body.get(name)
    if value is None:
        if required:
            raise invalid(resource, name, "missing_field")
        return None
    if not isinstance(value, str):
        raise invalid(resource, name)
    if len(value) > limit:
        raise invalid(resource, name, "custom", f"{name} is too long (maximum is {limit} characters)")
    return value


def dump(value: Any) -> str:
    """JSON for a `…_json` column."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
