"""As whom we would ask GitHub, and what that one may do: for `engine doctor`."""

from collections.abc import Mapping
from typing import NamedTuple

from engine.adapters import key_files, settings
from engine.adapters.github.auth import App, Token, level
from engine.adapters.github.client import Client
from engine.adapters.github.failures import unknown
from engine.adapters.github.whole import Understood


class Standing(NamedTuple):
    """Who we are there."""

    who: str
    granted: Mapping[str, Mapping[str, str]] | None  # account → permission → level; None: nobody says so of a token

    def lacks(self, needed: Mapping[str, str]) -> dict[str, list[str]]:
        """Of each account where the App is installed, what it was not given there."""
        found = {
            account: [f"{name}:{high}" for name, high in sorted(needed.items()) if level(given.get(name)) < level(high)]
            for account, given in (self.granted or {}).items()
        }
        return {account: missing for account, missing in found.items() if missing}


def standing(environ: Mapping[str, str]) -> Standing | None:
    """Asks GitHub, twice at most; None where the settings name nobody.

    Raises:
        EngineError: ENG593 to ENG597, it does not know us or does not answer; as `auth.client`.
    """
    place, key, token = settings.forge(environ), key_files.app_key(environ), key_files.github_token(environ)
    if place.app and key:
        client = Client(place.api_url, App(place.app, key))
        with Understood("the App"):
            slug = client.get("/app")["slug"]
            rows = client.pages("/app/installations")
            return Standing(f"the App {slug}", {row["account"]["login"]: row["permissions"] for row in rows})
    if place.app or key:
        raise unknown("of ENGINE_GITHUB_APP_ID and ENGINE_GITHUB_APP_KEY only one is set")
    if not token:
        return None
    with Understood("the token"):
        login = Client(place.api_url, Token(token)).graphql("query Me { viewer { login } }")["viewer"]["login"]
    return Standing(str(login), None)
