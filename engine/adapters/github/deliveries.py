"""What GitHub has tried to deliver to our App, and how that went. It keeps three days, and sends again when asked."""

from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from typing import NamedTuple

from engine.adapters import key_files, settings
from engine.adapters.github.auth import App
from engine.adapters.github.client import Client
from engine.adapters.github.failures import unknown
from engine.adapters.github.whole import Understood

_LIST = "/app/hook/deliveries"
_MOST = 9_000  # rows that are looked at; a list of 10,000 would be an error
_MOMENT = len("2026-01-01T00:00:00")  # what stands behind it are parts of a second, and the zone, always UTC


class Sent(NamedTuple):
    """One attempt."""

    id: int  # of the attempt
    delivery: str  # X-GitHub-Delivery: all attempts of a delivery have one
    at: str  # moment
    status: int  # of the answer; 0: there was none
    repo_id: int | None


def as_app(environ: Mapping[str, str]) -> Client:
    """Who may ask for that: the App itself.

    Raises:
        EngineError: ENG593, the settings name no App; as `auth.client`.
    """
    place, key = settings.forge(environ), key_files.app_key(environ)
    if not (place.app and key):
        raise unknown("deliveries are an App's: ENGINE_GITHUB_APP_ID and its key are not both set")
    return Client(place.api_url, App(place.app, key))


def sent(client: Client, since: str) -> list[Sent]:
    """The attempts since that moment, the newest first.

    Raises:
        EngineError: ENG593 to ENG597, GitHub does not answer, or not with a list of deliveries.
    """
    with Understood("the list of deliveries"):
        return list(takewhile(lambda one: one.at >= since, islice(_all(client), _MOST)))


def again(client: Client, attempt: int) -> None:
    """Have what was sent in that attempt sent once more, by the way by which all come.

    Raises:
        EngineError: as `Client.send`.
    """
    client.send("POST", f"{_LIST}/{attempt}/attempts")


def _all(client: Client) -> Iterator[Sent]:
    for row in client.rows(_LIST):
        repo_id = row["repository_id"]
        yield Sent(
            id=int(row["id"]),
            delivery=str(row["guid"]),
            at=str(row["delivered_at"])[:_MOMENT] + "Z",
            status=int(row["status_code"] or 0),
            repo_id=int(repo_id) if repo_id is not None else None,
        )
