"""A pull request that has lived, and somebody who asks about it."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import pushes, web
from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Person, bare
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import comments, labels, pulls, reviewers, reviews, rows

PEOPLE = {"ann": "write", "bob": "write", "carol": "write", "alice": "write", "oscar": "read"}


class Life(NamedTuple):
    """A private repository of acme's, with `main` of one commit and whoever works there."""

    forge: Forge
    repository: Row
    ids: dict[str, Any]  # what a test may want to name

    @property
    def store(self) -> Bare:
        return bare(self.forge, self.repository["id"])

    @property
    def place(self) -> dict[str, str]:
        return {"owner": "acme", "name": self.repository["name"]}

    def account(self, login: str) -> int:
        return int(self.forge.kept.value("SELECT id FROM accounts WHERE login = ?", login))

    def viewer(self, login: str) -> Viewer:
        return Viewer("user", self.account(login))

    def commit(self, parent: str | None, files: Mapping[str, bytes | None], message: str, by: str = "alice") -> str:
        tree = parent or EMPTY_TREE
        for path, data in files.items():
            tree = self.store.with_file(tree, path, data)
        who = Person(by.title(), f"{by}@example.com", "2026-11-27T08:00:00Z")
        return self.store.write_commit(tree, [parent] if parent else [], message, who, who)

    def push(self, branch: str, sha: str, by: str = "alice") -> str:
        ref = f"refs/heads/{branch}"
        before = self.store.resolve(ref)
        assert self.store.update(ref, sha, before)
        pushes.moved(self.forge, self.repository, self.account(by), ref, before, sha)
        return sha

    def open(self, branch: str, base: str = "main", by: str = "alice", **more: Any) -> Row:
        number = pulls.open_pull(
            self.forge, self.viewer(by), self.repository, branch, base, more.get("title", branch), more.get("body")
        )
        return rows.item(self.forge, number)


def begin(forge: Forge, name: str) -> Life:
    acme = forge.kept.value("SELECT id FROM accounts WHERE login = 'acme'")
    made = create_repository(forge, acme, name)
    repository = forge.repository_of(made)
    assert repository is not None
    life = Life(forge, repository, {})
    for login, permission in PEOPLE.items():
        forge.kept.insert("collaborators", repository=made, account=life.account(login), permission=permission)
    first = life.commit(None, {"a.txt": b"a\n", "dir/b.bin": b"\0b"}, "first")
    life.push("main", first, "ann")
    life.push("dev", first, "ann")
    life.ids["first"] = first
    return life


@pytest.fixture(scope="module")
def life(forge: Forge) -> Life:
    """Everything that may happen to a pull request happens to this one, in an order that a test may rely on."""
    life = begin(forge, "life")
    alice, bob, carol, ann = (life.viewer(who) for who in ("alice", "bob", "carol", "ann"))
    old = life.push("topic", life.commit(life.ids["first"], {"x.txt": b"x\n"}, "Old"))
    pull = life.open("topic", title="First title", body="Words.")
    repository = life.repository
    pulls.edit(forge, alice, repository, pull, {"title": "Second title", "body": "Other words."})
    one = life.commit(life.ids["first"], {"x.txt": b"x\ny\n"}, "One\n\nWhy.\n\nCo-authored-by: Bob <BOB@example.com>")
    two = web.write(
        forge, life.store, life.store.with_file(one, "a.txt", None), [one], "Two", Person("Ann", "x@y.z", forge.now())
    )
    life.push("topic", two, "bob")
    pulls.edit(forge, alice, repository, pull, {"base": "dev"})
    labels.add_labels(forge, bob, repository, pull, ["opa-passed", "Bug"])
    labels.remove_label(forge, bob, repository, pull, "Bug")
    said = comments.comment(forge, bob, repository, pull, "said")
    comments.edit_comment(forge, carol, repository, comments.comment_of(forge, repository["id"], said), "changed")
    comments.minimize(forge, carol, repository, comments.comment_of(forge, repository["id"], said), "OUTDATED")
    pull = rows.item(forge, pull["id"])
    approved = reviews.submit(forge, ann, repository, pull, "APPROVE", "fine")
    reviews.submit(forge, ann, repository, pull, "COMMENT", "by the way")
    vetoed = reviews.submit(forge, bob, repository, pull, "REQUEST_CHANGES", "no")
    reviews.dismiss(forge, carol, repository, reviews.review_of(forge, bob, pull["id"], vetoed), "late")
    reviews.submit(forge, carol, repository, pull, None, "not yet said")
    pulls.set_draft(forge, alice, repository, pull, True)
    pulls.set_draft(forge, alice, repository, pull, False)
    reviewers.request(forge, alice, repository, pull, ["carol"], ["security"])
    suite = _check(life, two)
    life.ids.update(pull=pull["id"], number=pull["number"], old=old, one=one, two=two, suite=suite)
    life.ids.update(said=said, approved=approved, vetoed=vetoed)
    return life


def _check(life: Life, sha: str) -> int:
    kept, now, repository = life.forge.kept, life.forge.now(), life.repository["id"]
    app = kept.value("SELECT id FROM apps")
    suite = kept.insert(
        "check_suites",
        repository=repository,
        app=app,
        head_sha=sha,
        head_branch="topic",
        created_at=now,
        updated_at=now,
    )
    run = {"suite": suite, "repository": repository, "app": app, "head_sha": sha, "started_at": now}
    kept.insert("check_runs", **run, name="plan", status="completed", conclusion="failure")
    plan = kept.insert("check_runs", **run, name="plan", status="completed", conclusion="success", external_id="1:2:3")
    kept.insert("check_runs", **run, name="merge", status="in_progress")
    kept.insert(
        "annotations", run=plan, path="a.txt", start_line=1, end_line=2, level="warning", message="Hm.", title="T"
    )
    kept.insert(
        "statuses",
        repository=repository,
        sha=sha,
        state="success",
        context="ci",
        creator=life.account("ann"),
        created_at=now,
    )
    return suite


Say = Callable[..., Any]


@pytest.fixture
def say(as_: Any, forge: Forge) -> Say:
    """`say("ann", query, **variables)`: GraphQL's answer, status and all."""

    def asked(login: str | None, query: str, **variables: Any) -> Any:
        return as_(login)("POST", forge.urls.graphql, {"query": query, "variables": variables})

    return asked


@pytest.fixture
def told(say: Say) -> Say:
    """The same where nothing may go wrong: its data."""

    def asked(login: str | None, query: str, **variables: Any) -> Any:
        answer = say(login, query, **variables)
        assert (answer.status, answer.body.get("errors")) == (200, None)
        return answer.body["data"]

    return asked


@pytest.fixture
def post(forge: Forge) -> Say:
    """`post("ann", bytes)`: (status, body) of whatever is sent."""

    def sent(login: str, data: bytes) -> tuple[int, Any]:
        sql = "SELECT token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = ?"
        headers = {"Authorization": f"bearer {forge.kept.value(sql, login)}"}
        request = urllib.request.Request(forge.urls.graphql, data, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return sent
