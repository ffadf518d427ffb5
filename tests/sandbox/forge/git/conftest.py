"""Bare repositories with something in them."""

from pathlib import Path
from typing import Any

import pytest

from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Person
from engine.sandbox.forge.git.storage import make
from tests.support import plain_git

ANN = Person("Ann", "ann@example.com", "2026-11-27T08:00:00Z")


class Written(Bare):
    """With one line to make a commit in."""

    def add(self, branch: str, files: dict[str, bytes | None], *, onto: str | None = None, message: str = "x") -> str:
        """A commit on `branch` (made where it is not there), on top of it or of `onto`; its id."""
        ref = f"refs/heads/{branch}"
        tip = self.resolve(ref)
        parent = onto or tip
        tree = parent or EMPTY_TREE
        for path, data in files.items():
            tree = self.with_file(tree, path, data)
        made = self.write_commit(tree, [parent] if parent else [], message, ANN, ANN)
        assert self.update(ref, made, tip)
        return made


@pytest.fixture
def repository(tmp_path: Path) -> Written:
    """`main` with a file, on which `feature` has another."""
    path = str(tmp_path / "one.git")
    make(path, path + "/objects")
    found = Written(path)
    first = found.add("main", {"a.txt": b"1\n2\n3\n", "dir/b.txt": b"b\n"}, message="first")
    found.add("feature", {"dir/c.txt": b"c\n"}, onto=first, message="second\n\nwith a body\n")
    return found


@pytest.fixture
def repo(forge):
    """A private repository of acme; ann and bob write, oscar reads."""
    return plain_git.repository(forge)


@pytest.fixture
def url(forge, repo):
    """`url("ann")`: where ann clones from."""
    return lambda login: plain_git.address(forge, repo, login)


@pytest.fixture
def clone(tmp_path, url):
    """ann's clone, whose first commit is pushed."""
    return plain_git.begun(tmp_path, url("ann"))


@pytest.fixture
def told(forge, monkeypatch):
    """Every event of the test: (event, action, body)."""
    events: list[tuple[str, str | None, Any]] = []
    emit = forge.emit

    def listen(event: str, action: str | None, *rest: Any) -> None:
        events.append((event, action, rest[2]))
        emit(event, action, *rest)

    monkeypatch.setattr(forge, "emit", listen)
    return events


@pytest.fixture
def api(forge, repo, as_):
    """`api("GET", "/branches", login="ann")`: below the repository."""

    def ask(verb, path, body=None, login="ann", **headers):
        return as_(login)(verb, f"/repos/acme/{repo['name']}{path}", body, **headers)

    return ask
