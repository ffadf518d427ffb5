"""Bare repositories with something in them."""

from pathlib import Path
from typing import Any

import pytest

from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Person
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.git.storage import make
from tests.support.plain_git import commit, git

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
    """A private repository of acme with one commit on `main`; ann, bob write, oscar reads."""
    kept = forge.kept
    owner = kept.value("SELECT id FROM accounts WHERE login = 'acme'")
    name = f"r{kept.value('SELECT count(*) FROM repositories')}"
    made = create_repository(forge, owner, name)
    for login, level in (("ann", "write"), ("bob", "write"), ("oscar", "read")):
        account = kept.value("SELECT id FROM accounts WHERE login = ?", login)
        kept.insert("collaborators", repository=made, account=account, permission=level)
    return forge.repository("acme", name)


@pytest.fixture
def url(forge, repo):
    """`url("ann")`: where ann clones from."""

    def of(login: str | None, name: str = "") -> str:
        sql = "SELECT token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = ? AND t.kind = 'personal'"
        token = str(forge.kept.value(sql, login))
        who = f"x-access-token:{token}@" if login else ""
        return str(forge.urls.base).replace("//", f"//{who}") + f"/acme/{name or repo['name']}.git"

    return of


@pytest.fixture
def clone(tmp_path, url):
    """ann's clone, whose first commit is pushed."""
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "-q", url("ann"), str(folder))
    commit(folder, "a.txt", "1\n")
    git(folder, "push", "-q", "origin", "main")
    return folder


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
