"""A repository with commits to say something about, two Apps that say it, and what webhooks were told."""

from typing import Any, NamedTuple

import pytest

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import EMPTY_TREE, Person, bare
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.people import apps
from tests.sandbox.forge.conftest import Client

ANN = Person("Ann", "ann@example.com", "2026-11-27T08:00:00Z")


class Place(NamedTuple):
    forge: Forge
    path: str  # /repos/acme/…
    repository: int
    one: str  # the first commit, on `main`
    two: str  # the second, on `feature/x`

    def commit(self, branch: str, parent: str, data: bytes = b"x") -> str:
        """A commit more, on a branch of its own or on one that is there."""
        store = bare(self.forge, self.repository)
        tree = store.with_file(parent, f"{branch.replace('/', '-')}.txt", data)
        sha = store.write_commit(tree, [parent], f"{branch}\n", ANN, ANN)
        assert store.update(f"refs/heads/{branch}", sha, store.resolve(f"refs/heads/{branch}"))
        return sha


@pytest.fixture(scope="module")
def place(forge: Forge, request: pytest.FixtureRequest) -> Place:
    acme = forge.kept.value("SELECT id FROM accounts WHERE login = 'acme'")
    name = request.module.__name__.rpartition(".")[2]
    number = create_repository(forge, acme, name)
    for login, level in (("ann", "write"), ("oscar", "read")):
        account = forge.kept.value("SELECT id FROM accounts WHERE login = ?", login)
        forge.kept.insert("collaborators", repository=number, account=account, permission=level)
    store = bare(forge, number)
    one = store.write_commit(store.with_file(EMPTY_TREE, "a.txt", b"1\n"), [], "one\n", ANN, ANN)
    assert store.update("refs/heads/main", one, None)
    place = Place(forge, f"/repos/acme/{name}", number, one, "")
    return place._replace(two=place.commit("feature/x", one))


@pytest.fixture(scope="module")
def other_app(forge: Forge) -> Client:
    """Another App that is installed at acme, with every permission; as its installation."""
    kept = forge.kept
    first = kept.row("SELECT * FROM apps") or {}
    bot = kept.insert("accounts", login="other[bot]", kind="Bot", created_at=forge.now())
    app = kept.insert("apps", **{**first, "id": None, "slug": "other", "name": "Other", "bot": bot})
    number = kept.insert("installations", app=app, account=first["owner"], created_at=forge.now())
    installation = kept.row("SELECT * FROM installations WHERE id = ?", number) or {}
    return Client(forge, apps.new_installation_token(forge, installation)["token"])


@pytest.fixture
def said(emitted: list[tuple[str, Any]]) -> Any:
    """`said()`: what webhooks have been told in this test, as `check_run.created` or `status`, with the body."""

    def told() -> list[tuple[str, Any]]:
        return [(".".join(filter(None, (event, body.get("action")))), body) for event, body in emitted]

    return told
