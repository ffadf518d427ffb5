"""`Forge`: GitHub for one run, from what the settings say."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from engine.adapters import settings
from engine.adapters.github import auth
from engine.adapters.github.client import Client
from engine.adapters.github.look import Look
from engine.adapters.github.mirror import Mirrors
from engine.adapters.github.writes import Write


class GitHub(Look, Write):
    """Looks and writes, and knows where the mirrors are."""

    def __init__(self, client: Client, mirror: Callable[..., str], app: int | None = None) -> None:
        """`mirror(repo, shas, token)` is a directory, see `Forge.repository`; `app` the id of our App."""
        Look.__init__(self, client)
        Write.__init__(self, client, app)
        self._mirror = mirror

    @property
    def calls(self) -> int:
        """Requests that were sent, those for tokens too."""
        return self._client.calls

    def clock(self) -> float | None:
        """What time it is at GitHub."""
        return self._client.clock()

    def repository(self, repo: str, *shas: str) -> str:
        """A bare mirror that has these commits."""
        return self._mirror(repo, shas, self._client.token)


def opened(
    environ: Mapping[str, str],
    mirrors: str,
    path: str,
    repos: Sequence[str],
    permissions: Iterable[str],
    installation: int | None = None,
) -> GitHub:
    """GitHub as the App or the token of the settings, for repositories of one owner. Sends nothing yet.

    `mirrors` is the directory of mirrors, `path` where git is looked for.

    Raises:
        EngineError: ENG004, ENG206, ENG593; ENG001, ENG006, ENG009 of the key's file.
    """
    client = auth.client(environ, repos, permissions, installation)
    place = settings.forge(environ)
    found = Mirrors(mirrors, place.api_url, path=path, network=settings.network(environ))
    return GitHub(client, found, int(place.app) if place.app and place.app.isdecimal() else None)
