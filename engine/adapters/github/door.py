"""One request to GitHub and its answer: PyGithub's requester, set up so that nothing happens behind our back.

PyGithub 2.10 by itself repeats POST, PUT and DELETE after any 5xx, without a pause; waits a quarter of a second between
requests, everywhere, and a whole one before each POST, though a GraphQL query is one that only reads; follows who sends
it on; and asks for no version of the API. Here it sends once and says what came. Its pool of connections is safe with
threads.
"""

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from engine.errors import failure

if TYPE_CHECKING:
    from github.Requester import Requester
    from requests import RequestException

VERSION = "2022-11-28"  # of the API: later ones leave out what we read (`merge_commit_sha` of a pull request)
PAGE = 100  # rows of one answer, the most that GitHub gives

_TIMEOUT_S = 15  # to connect, and between two pieces of an answer
_CONNECTIONS = 10
_BETWEEN_WRITES_S = 1.0  # GitHub asks for this; a server of one's own has limits of its own, if any


class Credentials(Protocol):
    """Who we are to GitHub. Safe with threads."""

    def token(self) -> str:
        """What stands behind `Bearer` in the next request.

        Raises:
            EngineError: there is none.
        """

    def renew(self, used: str, headers: Mapping[str, str], /) -> bool:
        """The token `used` was answered 401, with those headers. Is there another to try?"""


class Reply(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    value: Any  # JSON; None: no body
    used: str  # the token that it was asked with


class LostError(Exception):
    """No answer, or half of one. Its text says of what kind."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent  # may GitHub have seen the request?


class Door:
    """Sends requests as one identity. Safe with threads; `calls` counts what was sent."""

    def __init__(self, api_url: str, credentials: Credentials) -> None:
        """Sends nothing yet.

        Raises:
            EngineError: ENG206, PyGithub is not installed.
        """
        self.calls = 0
        self._lock = Lock()
        self._requester = _requester(api_url, credentials)
        is_github = str(urlsplit(api_url).hostname).endswith(("github.com", "ghe.com"))
        self._between_s = _BETWEEN_WRITES_S if is_github else 0.0
        self._next_write = 0.0

    def ask(self, verb: str, path: str, query: Mapping[str, str], body: Any) -> Reply:
        """Sends one request, once. `path` is one of the REST API, or `graphql`.

        Raises:
            LostError: no answer came, or none that can be read.
            EngineError: there are no credentials.
        """
        from requests import RequestException

        headers: dict[str, str] = {}
        place = self._requester.graphql_url if path == "graphql" else path
        if self._between_s and is_write(verb, path, body):
            self._pace()
        with self._lock:
            self.calls += 1
        try:
            status, said, text = self._requester.requestJson(verb, place, dict(query), headers, body)
        except RequestException as error:
            raise _lost(error) from None
        try:
            value = json.loads(text) if text else None
        except (ValueError, RecursionError):
            if status < 300:
                raise LostError("its answer is no JSON") from None
            value = None  # a proxy's page about an error says nothing that we need
        return Reply(status, said, value, headers.get("Authorization", "").partition(" ")[2])

    def _pace(self) -> None:
        """Wait for a turn to write; each thread has its own."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_write)
            self._next_write = turn + self._between_s
        time.sleep(turn - now)


def is_write(verb: str, path: str, body: Any) -> bool:
    """Does it change anything, so that GitHub wants a pause before the next? A GraphQL query is a POST that reads."""
    return verb != "GET" and not (path == "graphql" and str(body["query"]).startswith(("query ", "{")))


def _lost(error: "RequestException") -> LostError:
    """What it means. Where there was no connection yet, or GitHub has sent us on, nothing was done."""
    from requests.exceptions import ConnectTimeout, InvalidHeader, ProxyError, RetryError, SSLError
    from urllib3.exceptions import NewConnectionError

    reasons = [getattr(cause, "reason", None) for cause in error.args]
    if isinstance(error, RetryError):
        return LostError("; ".join(map(str, reasons)), sent=False)
    is_nowhere = isinstance(error, ConnectTimeout | InvalidHeader | ProxyError | SSLError)
    is_refused = any(isinstance(reason, NewConnectionError) for reason in reasons)
    return LostError(type(error).__name__, sent=not (is_nowhere or is_refused))


def _requester(api_url: str, credentials: Credentials) -> "Requester":
    try:
        from github import Auth, Github
    except ImportError:
        raise failure("ENG206", what="a run of GitHub's events", library="PyGithub", extra="github") from None

    class Header(Auth.Auth):
        @property
        def token_type(self) -> str:
            return "Bearer"

        @property
        def token(self) -> str:
            return credentials.token()

    from urllib3 import Retry

    class Never(Retry):
        """No retry of anything. PyGithub follows a 301 without its query, and a GET that is answered 202 it asks again
        for as long as it takes: both end here, as if they were to be retried once more.
        """

        def is_retry(self, method: str, status_code: int, _has_retry_after: bool = False) -> bool:
            is_early = method == "GET" and status_code == HTTPStatus.ACCEPTED
            return is_early or status_code == HTTPStatus.MOVED_PERMANENTLY

    return Github(
        base_url=api_url,
        auth=Header(),
        lazy=True,
        per_page=PAGE,
        timeout=_TIMEOUT_S,
        pool_size=_CONNECTIONS,
        retry=Never(0, read=False),
        seconds_between_requests=0,
        seconds_between_writes=0,
        api_version=VERSION,
        user_agent="interlock-engine",
    ).requester
