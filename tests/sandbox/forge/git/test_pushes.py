"""What a push does: activity, webhooks, and several at once."""

import subprocess
import threading
from pathlib import Path

from engine.sandbox.forge.git.bare import bare
from tests.support.plain_git import ENV, activity, commit, git


def test_a_push_is_told_of(forge, repo, clone, told):
    first = git(clone, "rev-parse", "HEAD").strip()
    second = commit(clone, "b.txt", "b\n")
    git(clone, "push", "origin", "main")
    ((event, action, body),) = told
    assert (event, action, body["ref"], body["before"], body["after"]) == (
        "push",
        None,
        "refs/heads/main",
        first,
        second,
    )
    assert (body["created"], body["deleted"], body["forced"]) == (False, False, False)
    assert [c["id"] for c in body["commits"]] == [second] == [body["head_commit"]["id"]]
    assert body["commits"][0]["added"] == ["b.txt"]
    assert body["commits"][0]["author"]["username"] == "ann"
    assert body["pusher"]["name"] == "ann"
    assert activity(forge, repo) == [("branch_creation", "refs/heads/main"), ("push", "refs/heads/main")]
    assert forge.repository_of(repo["id"])["pushed_at"]


def test_branches_come_and_go(forge, repo, clone, told):
    git(clone, "push", "origin", "HEAD:feature/x")
    tip = commit(clone, "c.txt", "c\n")
    git(clone, "push", "origin", "HEAD:feature/x")
    git(clone, "commit", "-q", "--amend", "-m", "other")
    assert "rejected" in git(clone, "push", "origin", "HEAD:feature/x", code=1)
    git(clone, "push", "--force", "origin", "HEAD:feature/x")
    git(clone, "push", "origin", ":feature/x")
    assert [event for event, _, _ in told] == ["create", "push", "push", "push", "delete", "push"]
    created, stepped, forced, deleted = [body for event, _, body in told if event == "push"]
    assert (created["created"], created["commits"], created["before"]) == (True, [], "0" * 40)
    assert (stepped["after"], stepped["forced"]) == (tip, False)
    assert (forced["before"], forced["forced"]) == (tip, True)
    assert (deleted["deleted"], deleted["after"], deleted["head_commit"]) == (True, "0" * 40, None)
    assert [kind for kind, ref in activity(forge, repo) if ref == "refs/heads/feature/x"] == [
        "branch_creation", "push", "force_push", "branch_deletion",
    ]  # fmt: skip


def test_tags(forge, repo, clone, told):
    git(clone, "tag", "-a", "v1", "-m", "one")
    git(clone, "tag", "v2")
    git(clone, "push", "origin", "v1", "v2")
    found = [(event, body.get("ref_type"), body["ref"]) for event, _, body in told]
    assert found == [
        ("create", "tag", "v1"),
        ("push", None, "refs/tags/v1"),
        ("create", "tag", "v2"),
        ("push", None, "refs/tags/v2"),
    ]


def test_the_first_branch_of_all_is_the_default_one(forge, repo, url, tmp_path):
    git(tmp_path, "clone", "-q", url("ann"), "clone")
    commit(tmp_path / "clone", "a.txt", "1\n")
    git(tmp_path / "clone", "push", "-q", "origin", "HEAD:trunk")
    git(tmp_path / "clone", "push", "-q", "origin", "HEAD:other")
    assert forge.repository_of(repo["id"])["default_branch"] == "trunk"
    git(tmp_path, "clone", "-q", url("ann"), "again")
    assert git(tmp_path / "again", "symbolic-ref", "--short", "HEAD").strip() == "trunk"


def test_commits_that_another_branch_has_are_not_distinct(forge, repo, clone, told):
    git(clone, "push", "-q", "origin", "HEAD:side")
    known = commit(clone, "b.txt", "b\n")
    git(clone, "push", "-q", "origin", "HEAD:main")
    new = commit(clone, "c.txt", "c\n")
    told.clear()
    git(clone, "push", "-q", "origin", "HEAD:side")
    assert [(row["id"], row["distinct"]) for row in told[0][2]["commits"]] == [(known, False), (new, True)]


def test_one_of_two_pushes_at_once_wins(forge, repo, clone, url, tmp_path):
    clones = []
    for number in range(6):
        folder = tmp_path / f"c{number}"
        git(tmp_path, "clone", "-q", url("ann"), str(folder))
        commit(folder, f"{number}.txt", f"{number}\n")
        clones.append(folder)
    outcomes: list[int] = []

    def push(folder: Path) -> None:
        done = subprocess.run(
            ["git", "push", "origin", "main"], cwd=folder, env=ENV, capture_output=True, timeout=120, check=False
        )
        outcomes.append(done.returncode)

    threads = [threading.Thread(target=push, args=(folder,)) for folder in clones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(0) == 1
    assert len([1 for kind, ref in activity(forge, repo) if kind == "push"]) == 1


def test_pushes_to_several_branches_at_once_all_go(forge, repo, clone, url):
    tip = commit(clone, "f.txt", "f\n")
    places = [f"HEAD:b{number}" for number in range(6)]
    threads = [threading.Thread(target=git, args=(clone, "push", url("ann"), place)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bare(forge, repo["id"]).refs("refs/heads/b")) == [f"refs/heads/b{number}" for number in range(6)]
    assert set(bare(forge, repo["id"]).refs("refs/heads/b").values()) == {tip}


def test_a_new_branch_is_told_where_its_pull_request_is_opened(forge, repo, clone):
    page = forge.urls.page("acme", repo["name"])
    out = git(clone, "push", "origin", "HEAD:feature/x")
    assert "Create a pull request for 'feature/x' on GitHub by visiting:" in out
    assert f"{page}/compare/main...feature/x" in out
    commit(clone, "b.txt", "b\n")
    for again in ("HEAD:feature/x", "HEAD:main", "HEAD:refs/tags/v1", ":feature/x"):
        assert "Create a pull request" not in git(clone, "push", "origin", again), again


def test_options_of_a_push_mean_nothing(forge, repo, clone):
    commit(clone, "b.txt", "b\n")
    git(clone, "push", "-o", "ci.skip", "-o", "x" * 1000, "origin", "HEAD:side")
    assert activity(forge, repo)[-1] == ("branch_creation", "refs/heads/side")
