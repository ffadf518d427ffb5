"""Asking GitHub: reads again until they are answered, writes once, lists whole or not at all.

A read that is lost, cut off or answered 5xx is asked again, a little later each time. A write is not: nobody knows
whether it was done. It is asked again only where it was certainly not (no connection, a limit, a token that had
expired); otherwise it ends as `UnsureError`, and `once` looks what is there.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from secrets import randbelow
from threading import Lock
from typing import Any, TypeAlias, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from engine.adapters.github import limits
from engine.adapters.github.door import PAGE, Credentials, Door, LostError, Reply
from engine.adapters.github.failures import (
    LONGEST,
    RefusedError,
    UnsureError,
    denied,
    limited,
    not_whole,
    unanswered,
    unknown,
)
from engine.adapters.pauses import pauses
from engine.printable import in_line

Json: TypeAlias = dict[str, Any]
Found = TypeVar("Found")

MOST_PAGES = 100  # of one list

_TRIES = 4
_PAUSES = (0.5, 8.0)  # seconds: the first, the longest
_PATIENCE_S = 90.0  # that one request waits for limits, altogether
_LOOKS = 3  # after a write of which nobody knows

# Errors of GraphQL, by their type. What has none, or one that is not here, is a question that GitHub does not take.
_DENIED = frozenset({"NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES"})
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_BROKEN = frozenset({"INTERNAL", "SERVICE_UNAVAILABLE", "TIMEOUT"})
_WENT_WRONG = "something went wrong"  # has no type; it is what GitHub says when a query takes too long


class Client:
    """GitHub's API, as one identity. Safe with threads."""

    def __init__(self, api_url: str, credentials: Credentials, behind: "Client | None" = None) -> None:
        """Sends nothing yet. `behind`: asks for the tokens, which count too.

        Raises:
            EngineError: ENG206, PyGithub is not installed.
        """
        self._credentials, self._behind = credentials, behind
        self._door = Door(api_url, credentials)
        self._lock = Lock()
        self._not_before = 0.0  # no request of any thread until then
        self._began: float | None = None  # by GitHub's clock, when our monotonic one began

    @property
    def calls(self) -> int:
        """Requests that were sent, also those that were lost and those for a token."""
        return self._door.calls + (self._behind.calls if self._behind else 0)

    def clock(self) -> float | None:
        """What time it is at GitHub, in seconds since 1970 and never too late; None before an answer has said so."""
        return None if self._began is None else self._began + time.monotonic()

    def token(self) -> str:
        """What it asks with, for git: handed over by its environment, never in arguments or on the disk.

        Raises:
            EngineError: ENG593 to ENG596, there is none.
        """
        return self._credentials.token()

    def get(self, path: str, **query: str) -> Any:
        """What stands there.

        Raises:
            EngineError: ENG593 to ENG597; ENG594 also where nothing does.
        """
        return self._value("GET", path, self._ask("GET", path, query, None, is_read=True))

    def find(self, path: str, **query: str) -> Any:
        """What stands there; None where GitHub says 404. For what may be missing, never for what permits something:
        what we may not see is 404 as well.
        """
        reply = self._ask("GET", path, query, None, is_read=True)
        return None if reply.status == 404 else self._value("GET", path, reply)

    def pages(self, path: str, rows: str = "", **query: str) -> list[Json]:
        """All rows of a list; `rows` names the key that has them where an answer is more than the list.

        Raises:
            EngineError: ENG597, not all of them can be had; and as `get`.
        """
        for _ in range(3):
            found = list(self._rows(path, rows, query))
            ids = [row["id"] for row in found if "id" in row]
            if len(set(ids)) == len(ids):  # else it has changed while we read, and one may have slipped through
                return found
        raise not_whole(f"GET {path}", "it changes faster than it can be read")

    def rows(self, path: str, **query: str) -> Iterator[Json]:
        """Rows of a list, asked for as far as they are taken: for the beginning of one. It may change meanwhile.

        Raises:
            EngineError: as `pages`.
        """
        return self._rows(path, "", query)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None, missing: Collection[str] = ()) -> Json:
        """The data that a query asks for, without any error; null is what stands under a name in `missing` and is not
        there.

        Raises:
            EngineError: as `get`.
        """
        return self._data(query, variables or {}, missing, is_read=True)

    def mutate(self, mutation: str, variables: Mapping[str, Any] | None = None) -> Json:
        """As `send`, by GraphQL."""
        return self._data(mutation, variables or {}, (), is_read=False)

    def fetch(self, verb: str, path: str, body: Any) -> Reply:
        """As `send`, for what does no harm when it is done twice: asked until it is answered."""
        reply = self._ask(verb, path, {}, body, is_read=True)
        self._value(verb, path, reply)
        return reply

    def send(self, verb: str, path: str, body: Any = None) -> Any:
        """Does it once, and says what GitHub says.

        Raises:
            RefusedError: it was not done, and `status` and `said` have the reason.
            UnsureError: nobody knows.
            EngineError: ENG593 to ENG596, it was not done.
        """
        return self._value(verb, path, self._ask(verb, path, {}, body, is_read=False))

    def _rows(self, path: str, rows: str, query: Mapping[str, str]) -> Iterator[Json]:
        what, asked, count, total = f"GET {path}", {**query, "per_page": str(PAGE)}, 0, None
        for _ in range(MOST_PAGES):
            reply = self._ask("GET", path, asked, None, is_read=True)
            value = self._value("GET", path, reply)
            if rows:
                total = value.get("total_count") if isinstance(value, dict) else None
                value = value.get(rows) if isinstance(value, dict) else None
            if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
                raise not_whole(what, "it is no list")
            yield from value
            count += len(value)
            following = _next(reply.headers.get("link", ""))
            if following is None:
                if rows and total != count:
                    raise not_whole(what, f"GitHub counts {total}, and has given {count}")
                return
            asked = {**asked, **following}
        raise not_whole(what, f"it has more than {MOST_PAGES * PAGE} rows")

    def _data(self, query: str, variables: Mapping[str, Any], missing: Collection[str], *, is_read: bool) -> Json:
        what = f"GraphQL {query.split(None, 2)[1].partition('(')[0]}"
        body = {"query": query, "variables": dict(variables)}
        reply = self._ask("POST", "graphql", {}, body, is_read=is_read)
        value = self._value("POST", "graphql", reply)
        errors = [error for error in _errors(reply) if not _is_missing(error, missing)]
        if errors:
            said = _shown(reply)
            if _types(errors) & _DENIED:
                raise denied(what, reply.status, said, reply.headers)
            if not is_read:
                raise RefusedError(what, reply.status, said)
            raise not_whole(what, said)
        is_odd = not isinstance(value, dict) or not isinstance(value.get("errors", []), list)
        if is_odd or not isinstance(value.get("data"), dict):
            raise not_whole(what, "it has no data")
        data: Json = value["data"]
        return data

    def _ask(self, verb: str, path: str, query: Mapping[str, str], body: Any, *, is_read: bool) -> Reply:
        """An answer that is neither lost nor about a limit."""
        what = f"{verb} {path}"
        tries = pauses(_TRIES, *_PAUSES)
        patience, may_renew = _PATIENCE_S, True
        while True:
            self._wait()
            try:
                reply = self._door.ask(verb, path, query, body)
                if (why := _broken(reply)) is not None:
                    raise LostError(why)
                self._set_clock(reply.headers)
            except LostError as lost:
                if lost.sent and not is_read:
                    raise UnsureError(what, str(lost)) from None
                pause = next(tries, None)
                if pause is None:
                    raise unanswered(what, str(lost)) from None
                time.sleep(pause)
                continue
            seconds = limits.wait(*_limit(reply))
            if seconds is not None:
                patience -= max(seconds, 1.0)
                if patience < 0:
                    raise limited(what, seconds)
                self._hold(seconds)
            elif reply.status == 401 and may_renew and self._credentials.renew(reply.used, reply.headers):
                may_renew = False
            else:
                return reply

    def _value(self, verb: str, path: str, reply: Reply) -> Any:
        """What an answer of 2xx has."""
        if 200 <= reply.status < 300:
            return reply.value
        what, said = f"{verb} {path}", _shown(reply)
        if reply.status == 401:
            raise unknown(f"{what}: {said} (status 401)")
        if reply.status in (403, 404):
            raise denied(what, reply.status, said, reply.headers)
        raise RefusedError(what, reply.status, said)

    def _set_clock(self, headers: Mapping[str, str]) -> None:
        """An answer was dated before it came, so the latest of all is the nearest to the truth."""
        said = limits.dated(headers)
        if said is not None:
            began = said - time.monotonic()
            with self._lock:
                self._began = began if self._began is None else max(self._began, began)

    def _hold(self, seconds: float) -> None:
        """Nobody asks before then; and not all at once."""
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds + randbelow(1000) / 1000)

    def _wait(self) -> None:
        left = self._not_before - time.monotonic()
        if left > 0:
            time.sleep(left)


def at(repo: str, *parts: object) -> str:
    """The path of something in a repository (`owner/name`), whatever characters its name has.

    Raises:
        ValueError: a part is empty, or a way up.
    """
    owner, _, name = repo.partition("/")
    names = [owner, name, *map(str, parts)]
    if not all(part.strip(".") for part in names):
        raise ValueError(f"no path: {names}")
    return "/repos/" + "/".join(quote(part, safe="") for part in names)


def once(look: Callable[[], Found | None], write: Callable[[], Found]) -> Found:
    """What `look` finds, after `write` where that was nothing. What nobody knows of is looked for, never done again.

    Raises:
        EngineError: it was not done; `UnsureError`, it cannot be found, and may still come.
    """
    found = look()
    return found if found is not None else surely(look, write)


def surely(look: Callable[[], Found | None], write: Callable[[], Found]) -> Found:
    """The same where somebody has looked just now."""
    try:
        return write()
    except UnsureError:
        for pause in (0.0, *pauses(_LOOKS, *_PAUSES)):
            time.sleep(pause)
            if (found := look()) is not None:
                return found
        raise


def _broken(reply: Reply) -> str | None:
    """Why an answer is as good as none: GitHub does not know itself."""
    if reply.status >= 500 or reply.status == 408:
        return f"status {reply.status}"
    errors = _errors(reply)
    if _types(errors) & _BROKEN or any(_WENT_WRONG in str(error.get("message")).lower() for error in errors):
        return "GitHub gave up"
    return None


def _limit(reply: Reply) -> tuple[int, Mapping[str, str], str]:
    is_limit = bool(_types(_errors(reply)) & _LIMITED)
    return 429 if is_limit else reply.status, reply.headers, _message(reply)


def _errors(reply: Reply) -> list[Json]:
    """Those of a GraphQL answer."""
    errors = reply.value.get("errors") if reply.status == 200 and isinstance(reply.value, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _is_missing(error: Json, missing: Collection[str]) -> bool:
    """At the top, or of the repository."""
    path = error.get("path")
    if error.get("type") != "NOT_FOUND" or not isinstance(path, list):
        return False
    return (path[1:] if path[:1] == ["repository"] else path) in ([name] for name in missing)


def _types(errors: list[Json]) -> set[str]:
    return {str(error.get("type")) for error in errors}


def _message(reply: Reply) -> str:
    """What an answer says went wrong, its details included: a 422 has its reason there."""
    if not isinstance(reply.value, dict):
        return ""
    errors = reply.value.get("errors")
    said = [str(reply.value.get("message") or "")]
    for error in errors if isinstance(errors, list) else []:
        words = error if isinstance(error, dict) else {"message": error}
        said.append(str(words.get("message") or " ".join(str(words.get(key)) for key in ("resource", "field", "code"))))
    return "; ".join(filter(None, said))


def _shown(reply: Reply) -> str:
    """The same for people: in one line, without the token."""
    from engine.core.redact import Redactor

    return in_line(Redactor((reply.used,)).text(_message(reply)))[:LONGEST]


def _next(link: str) -> dict[str, str] | None:
    """The query of the next page. Where GitHub says it is does not matter: it is asked for where the first one was."""
    for part in link.split(","):
        url, _, words = part.partition(";")
        if 'rel="next"' in words:
            return dict(parse_qsl(urlsplit(url.strip(" <>")).query))
    return None
