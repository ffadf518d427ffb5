"""The repositories of a new sandbox, and what a restart makes of one that was killed."""

import os

import pytest

from engine.core.rules.load import load
from engine.sandbox.forge import seed
from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.git import protection, pushes
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.people import access
from engine.sandbox.forge.serve import running
from engine.sandbox.forge.tracker import pulls, rows
from tests.support.plain_git import address, begun, commit, git, repository


@pytest.fixture
def source(forge):
    return forge.repository("acme", "dev-deployment")


def test_what_is_in_them(forge, source):
    store = bare(forge, source["id"])
    assert sorted(store.refs()) == [f"refs/heads/{name}" for name in ("dev", "main", "prod", "stage")]
    assert len(set(store.refs().values())) == 1
    paths = {entry.path for entry in store.entries(store.refs()["refs/heads/dev"], recursive=True)}
    assert {"S3/data-lake/data-lake.tfvars", "README.md"} <= paths
    assert (source["default_branch"], source["kind"]) == ("main", "source")
    controller = forge.repository("acme", "controller")
    files = bare(forge, controller["id"])
    names = {entry.path for entry in files.entries(files.refs()["refs/heads/main"], recursive=False)}
    assert {"deployment-rules.yaml", "approvers-config.yaml", "policies", "specs", "terraform"} <= names
    assert not any(name.endswith(".pyc") for name in names)


def test_who_may_do_what_there(forge, source):
    accounts = {row["login"]: row["id"] for row in forge.kept.rows("SELECT login, id FROM accounts")}
    for login, (_, role) in seed.PEOPLE.items():
        assert access.permission(forge, accounts[login], source) == role


def test_its_branches_are_protected(forge, source):
    app = forge.kept.value("SELECT id FROM apps")
    for branch in seed.BRANCHES:
        rules = {rule["type"]: rule.get("parameters", {}) for rule in protection.rules_of(forge, source, branch)}
        assert {"deletion", "non_fast_forward", "pull_request", "required_status_checks"} == set(rules)
        check = {"context": f"interlock merge: {branch}", "integration_id": app}
        assert rules["required_status_checks"]["required_status_checks"] == [check]
    accounts = {row["login"]: row["id"] for row in forge.kept.rows("SELECT login, id FROM accounts")}
    bot = accounts["interlock[bot]"]
    sha = bare(forge, source["id"]).refs()["refs/heads/dev"]

    def refused(account, by=None):
        return protection.refusal(forge, source, account, by, "refs/heads/dev", sha, None)

    assert (refused(accounts["olga"]), refused(bot, app)) == (None, None)
    assert refused(accounts["ann"]) == "Cannot delete this branch"
    assert protection.rules_of(forge, source, "any/other") == []


def test_people_of_the_shipped_rules_are_there(forge):
    numbers = {row["login"]: row["id"] for row in forge.kept.rows("SELECT login, id FROM accounts")}
    assert numbers["web-flow"] == seed.WEB_FLOW
    assert load is not None


def test_a_second_start_makes_nothing_anew(tmp_path):
    for _ in range(2):
        with running(str(tmp_path)) as forge:
            assert forge.kept.value("SELECT count(*) FROM repositories") == 2
            assert forge.kept.value("SELECT count(*) FROM rulesets") == 4
    assert sorted(os.listdir(tmp_path / "repositories")) == ["1.git", "2.git"]


def test_a_start_that_was_killed_is_made_up_for(tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("engine.sandbox.forge.git.storage.fill", killed)
        with pytest.raises(KeyboardInterrupt), running(str(tmp_path)):
            pass
    with running(str(tmp_path)) as forge:
        there = [forge.repository("acme", name) for name in seed.REPOSITORIES]
        assert all(row is not None and bare(forge, row["id"]).refs() for row in there)


def test_what_was_under_way_when_it_was_killed_is_gone(tmp_path):
    with running(str(tmp_path)) as forge:
        store = bare(forge, 1)
    for name in ("objects/incoming-x/pack", "index-x"):
        os.makedirs(os.path.join(store.path, name))
    with open(os.path.join(store.path, "refs/heads/dev.lock"), "w", encoding="ascii"):
        pass
    with running(str(tmp_path)) as forge:
        assert "incoming-x" not in os.listdir(os.path.join(store.path, "objects"))
        assert "index-x" not in os.listdir(store.path)
        tip = store.refs()["refs/heads/dev"]
        assert bare(forge, 1).update("refs/heads/dev", None, tip)


def test_what_was_killed_while_it_was_made_is_not_there(forge, monkeypatch):
    before = forge.kept.rows("SELECT id FROM repositories")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.sandbox.forge.git.storage.make", killed)
    with pytest.raises(KeyboardInterrupt):
        create_repository(forge, 2, "half")
    assert forge.kept.rows("SELECT id FROM repositories") == before


@pytest.mark.parametrize("behind", ["update", "moved"])
def test_a_push_behind_which_it_was_killed_is_told_of_after_the_restart(tmp_path, monkeypatch, behind):
    ann = 0
    with running(str(tmp_path / "forge")) as forge:
        ann = forge.kept.value("SELECT id FROM accounts WHERE login = 'ann'")
        repo = repository(forge)
        clone = begun(tmp_path, address(forge, repo, "ann"))
        git(clone, "checkout", "-q", "-b", "topic")
        commit(clone, "b.txt", "b\n")
        git(clone, "push", "-q", "origin", "topic")
        issue = pulls.open_pull(forge, Viewer("user", ann), repo, "topic", "main", "T", "")
        before = rows.item(forge, issue)["head_sha"]
        after = commit(clone, "c.txt", "c\n")

        def killed(*_, **__):
            raise RuntimeError("as if by kill -9")

        where = "moved" if behind == "update" else "pulls.branch_moved"
        with monkeypatch.context() as patch:
            patch.setattr(f"engine.sandbox.forge.git.pushes.{where}", killed)
            git(clone, "push", "-q", "origin", "topic", code=1)
        assert bare(forge, repo["id"]).refs()["refs/heads/topic"] == after
        assert rows.item(forge, issue)["head_sha"] == before
    with running(str(tmp_path / "forge")) as forge:
        assert rows.item(forge, issue)["head_sha"] == after
        told = forge.kept.rows("SELECT * FROM activity WHERE repository = ? AND after = ?", repo["id"], after)
        assert [(row["kind"], row["actor"], row["before"]) for row in told] == [("push", ann, before)]
        assert forge.kept.rows("SELECT * FROM moves") == []
    with running(str(tmp_path / "forge")) as forge:
        pushes.recover(forge)
        assert len(forge.kept.rows("SELECT * FROM activity WHERE after = ?", after)) == 1
