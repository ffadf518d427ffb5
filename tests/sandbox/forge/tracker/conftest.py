"""A repository with branches, who works in it, and what the forge tells of that."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import pushes
from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Person, bare
from engine.sandbox.forge.git.repositories import create_repository, fork
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import rows, timeline

_COUNT = itertools.count(1)
ROLES = {"ann": "write", "bob": "write", "alice": "write", "carol": "write", "tom": "triage", "oscar": "read"}


class Told(NamedTuple):
    """One webhook, without what every one has."""

    event: str
    action: str | None
    repository: int
    sender: int | None
    body: Mapping[str, Any]


class Place(NamedTuple):
    """One repository of acme's, private, with `main` of one commit."""

    forge: Forge
    repository: Row
    told: list[Told]

    @property
    def api(self) -> str:
        return f"/repos/{self.repository['full_name']}"

    @property
    def store(self) -> Bare:
        return bare(self.forge, self.repository["id"])

    def account(self, login: str) -> int:
        found = self.forge.kept.value("SELECT id FROM accounts WHERE login = ?", login)
        return int(found)

    def viewer(self, login: str) -> Viewer:
        return Viewer("user", self.account(login))

    def tip(self, branch: str) -> str | None:
        return self.store.resolve(f"refs/heads/{branch}")

    def write(
        self, parent: str | None, files: Mapping[str, str | None], message: str = "a change", by: str = "alice"
    ) -> str:
        """A commit on top of `parent`, on no branch; its id."""
        who = Person(by.title(), f"{by}@example.com", self.forge.now())
        blobs: dict[str, tuple[str | None, str] | None] = {
            path: None if data is None else (None, self.store.write_blob(data.encode())) for path, data in files.items()
        }
        tree = self.store.with_files(parent or EMPTY_TREE, blobs)
        return self.store.write_commit(tree, [parent] if parent else [], message, who, who)

    def push(self, branch: str, sha: str | None, by: str = "alice") -> None:
        """Let the branch be at `sha`, as a push by this person would."""
        before, ref = self.tip(branch), f"refs/heads/{branch}"
        assert self.store.update(ref, sha, before)
        pushes.moved(self.forge, self.repository, self.account(by), ref, before, sha)

    def add(
        self,
        branch: str,
        files: Mapping[str, str | None],
        *,
        onto: str | None = None,
        message: str = "a change",
        by: str = "alice",
    ) -> str:
        """A commit on the branch (or `onto` another commit), pushed; its id."""
        sha = self.write(onto or self.tip(branch) or self.tip("main"), files, message, by)
        self.push(branch, sha, by)
        return sha

    def row(self, number: int) -> Row:
        return rows.issue_of(self.forge, self.repository["id"], number)

    def events(self, number: int) -> list[str]:
        return [row["event"] for row in timeline.of(self.forge, self.row(number)["id"])]

    def heard(self, event: str) -> list[str | None]:
        """The actions that were told of it, in order."""
        return [each.action for each in self.told if each.event == event]


@pytest.fixture
def place(forge: Forge) -> Iterator[Place]:
    told: list[Told] = []
    number = next(_COUNT)
    kept = forge.kept
    acme = kept.value("SELECT id FROM accounts WHERE login = 'acme'")
    if not kept.row("SELECT 1 FROM accounts WHERE login = 'tom'"):
        tom = kept.insert("accounts", login="tom", kind="User", email="tom@example.com", created_at=forge.now())
        kept.insert("tokens", token="ghp_tom", account=tom, kind="personal")
    made = create_repository(forge, acme, f"place-{number}")
    for login, permission in ROLES.items():
        account = kept.value("SELECT id FROM accounts WHERE login = ?", login)
        kept.insert("collaborators", repository=made, account=account, permission=permission)
    repository = forge.repository_of(made)
    assert repository is not None
    found = Place(forge, repository, told)
    found.push("main", found.write(None, {"a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n", "b.txt": "b\n"}, "first"), "ann")
    plain = forge.emit

    def emit(*said: Any) -> None:
        told.append(Told(*said))
        plain(*said)

    forge.emit = emit
    yield found
    forge.emit = plain


@pytest.fixture
def open_(place: Place, as_: Any) -> Any:
    """`open_("feature")`: a branch with one commit, and the pull request of it into `main`, by alice; its number."""

    def opened(branch: str, files: Mapping[str, str | None] | None = None, base: str = "main", **more: object) -> int:
        if place.tip(branch) is None:
            place.add(branch, {f"{branch}.txt": f"{branch}\n"} if files is None else files, onto=place.tip(base))
        body = {"title": f"Add {branch}", "head": branch, "base": base, **more}
        answer = as_("alice")("POST", f"{place.api}/pulls", body)
        assert answer.status == 201, answer.body
        return int(answer.body["number"])

    return opened


@pytest.fixture
def forked(place: Place) -> Place:
    """The fork of it that oscar has, whom its pull requests come from."""
    made = fork(place.forge, place.repository, place.account("oscar"), place.account("oscar"))
    repository = place.forge.repository_of(made)
    assert repository is not None
    return Place(place.forge, repository, place.told)
