"""Who we are to GitHub: an App, or whoever a token is of.

An App shows that it is one with a signed text (a JWT, valid for minutes) and gets a token for the repositories and
permissions that it names, for an hour. It asks for no more than the pipeline declares. The token is used in memory
alone, and exchanged before it ends: by the server's clock, as the answer that brought it has both its end and the time.
"""

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from engine.adapters import key_files, settings
from engine.adapters.github import limits
from engine.adapters.github.client import Client, at
from engine.adapters.github.failures import RefusedError, denied, unknown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_EARLY_S = 300.0  # before its end a token is exchanged: what is under way has still to arrive
_SKEW_S = 30.0  # that two clocks may differ by
_ORDER = ("read", "write", "admin")


class Token:
    """One token, for as long as it is valid."""

    def __init__(self, token: str) -> None:
        """Raises EngineError: ENG593, it cannot be one."""
        if not (token.isascii() and token.isprintable() and " " not in token):
            raise unknown("GITHUB_TOKEN has characters that no token has")
        self._token = token

    def token(self) -> str:
        """The token."""
        return self._token

    def renew(self, _used: str, _headers: Mapping[str, str], /) -> bool:
        """There is no other."""
        return False


class App:
    """A GitHub App itself, which may do little more than ask for tokens."""

    def __init__(self, app: str, key: bytes) -> None:
        """Raises EngineError: ENG593, the key is none of an App."""
        self._app, self._key = app, _private(key)
        self._skew = 0  # seconds that GitHub's clock is before ours

    def token(self) -> str:
        """A new JWT each time."""
        import jwt
        from github import Auth

        def signed(said: dict[str, Any]) -> str:
            shifted = {**said, "iat": said["iat"] + self._skew, "exp": said["exp"] + self._skew}
            return jwt.encode(shifted, self._key, algorithm="RS256")

        return Auth.AppAuth(self._app, sign_func=signed).token

    def renew(self, _used: str, headers: Mapping[str, str], /) -> bool:
        """Yes, if our clock is wrong, and was not seen to be before."""
        skew = round(limits.now(headers) - time.time())
        is_new = abs(skew - self._skew) > _SKEW_S
        if is_new:
            self._skew = skew
        return is_new


@lru_cache(maxsize=1)
def _private(key: bytes) -> "RSAPrivateKey":
    """The key in these bytes. To see that it is one takes longer than what it signs: a process does so once."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, RSAPrivateKey):
        raise unknown("the key of ENGINE_GITHUB_APP_KEY is no private RSA key in PEM")
    return found


class Installation:
    """A GitHub App where it is installed, limited to some repositories of one owner and some permissions."""

    def __init__(
        self, app: Client, repos: Iterable[str], permissions: Mapping[str, str], installation: int | None = None
    ) -> None:
        """Asks for nothing yet.

        Args:
            app: asks as the App itself.
            repos: `owner/name`, all of one owner, at least one.
            permissions: as `needed` returns them.
            installation: its id, where an event says it, which saves one request. It gives no right: GitHub compares.
        """
        self._app, self._repos, self._permissions = app, tuple(repos), dict(permissions)
        self._installation = installation
        self._lock = Lock()
        self._token, self._until = "", 0.0

    def token(self) -> str:
        """One that is valid for some minutes more."""
        with self._lock:
            if not self._token or time.monotonic() >= self._until:
                self._fetch()
            return self._token

    def renew(self, used: str, _headers: Mapping[str, str], /) -> bool:
        """Yes: what was taken back is fetched anew."""
        with self._lock:
            if self._token == used:  # else another thread has done so
                self._token = ""
        return True

    def _fetch(self) -> None:
        if self._installation is None:
            found = self._app.get(at(self._repos[0], "installation"))
            self._installation = found.get("id") if isinstance(found, dict) else None
            if not isinstance(self._installation, int):
                raise unknown("GitHub does not say where the App is installed")
        names = [repo.partition("/")[2] for repo in self._repos]
        body = {"repositories": names, "permissions": self._permissions}
        path = f"/app/installations/{self._installation}/access_tokens"
        try:
            reply = self._app.fetch("POST", path, body)
        except RefusedError as error:
            if error.status != 422:
                raise
            # Permissions that nobody has given to the installation, or a repository that it is not for.
            wanted = ", ".join(f"{name}: {level}" for name, level in sorted(self._permissions.items()))
            raise denied(
                f"a token for {', '.join(self._repos)}", 422, f"{error.said}; asked for {wanted}", {}
            ) from None
        self._token, self._until = _read(reply.value, limits.now(reply.headers), self._permissions)


def _read(value: Any, now: float, permissions: Mapping[str, str]) -> tuple[str, float]:
    """(token, moment of `time.monotonic` until when it is used)."""
    from datetime import datetime

    try:
        token, given = str(value["token"]), value["permissions"]
        lasts = datetime.fromisoformat(value["expires_at"]).timestamp() - now
        is_limited = value.get("repository_selection", "selected") == "selected"
        wider = sorted(name for name, given_ in given.items() if level(given_) > level(permissions.get(name)))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise unknown("GitHub's answer to an App is no token") from None
    wider = [name for name in wider if name != "metadata"]  # whoever may anything may read that
    if wider or not is_limited:
        raise unknown(f"GitHub gave a token for more than was asked for: {', '.join(wider) or 'all repositories'}")
    return token, time.monotonic() + max(lasts - _EARLY_S, lasts / 2)


def level(name: str | None) -> int:
    """How much a level of a permission is; less than any where there is none."""
    return _ORDER.index(name) if name else -1


def needed(permissions: Iterable[str]) -> dict[str, str]:
    """What the rows of actions declare (`contents:read`), together: of one permission the highest."""
    found: dict[str, str] = {}
    for permission in permissions:
        name, _, level = permission.partition(":")
        found[name] = max(found.get(name, level), level, key=_ORDER.index)
    return found


def client(
    environ: Mapping[str, str], repos: Iterable[str], permissions: Iterable[str], installation: int | None = None
) -> Client:
    """GitHub as whoever the environment says: the App, limited to `repos` and `permissions`, or the token's owner.

    Raises:
        EngineError: ENG004, ENG206, ENG593, ENG951; ENG001, ENG006, ENG009 of the key's file.
    """
    place, key, token = settings.forge(environ), key_files.app_key(environ), key_files.github_token(environ)
    if reader := key_files.reader(environ):
        app = Client(place.api_url, App(*reader))
        return Client(place.api_url, Installation(app, repos, needed(permissions)), behind=app)
    if place.app or key:
        if not (place.app and key):
            raise unknown(
                f"{'ENGINE_GITHUB_APP_KEY' if place.app else 'ENGINE_GITHUB_APP_ID'} is not set, the other is"
            )
        app = Client(place.api_url, App(place.app, key))
        return Client(place.api_url, Installation(app, repos, needed(permissions), installation), behind=app)
    if not token:
        raise unknown("there is neither an App nor a token")
    return Client(place.api_url, Token(token))
