"""Plain git and nothing else on one side: clone, push, a pull request's refs, and the branch as merged by REST."""

import pytest

from tests.support.plain_git import commit, git


@pytest.fixture
def clone(told, token, tmp_path):
    """`clone("alice")`: a clone of hers, as a newcomer makes it: with the address and the token of the ready line."""

    def made(login, *options):
        address = told["git_url"].replace("://", f"://x-access-token:{token(login)}@")
        git(tmp_path, "clone", "-q", *options, f"{address}/acme/dev-deployment.git", login)
        return tmp_path / login

    return made


def test_from_a_clone_to_a_merge(clone, as_, as_installation):
    work = clone("alice", "-b", "dev")
    git(work, "switch", "-q", "-c", "topic/plain")
    sha = commit(work, "plain.txt", "hello\n")
    assert "refused" in git(work, "push", "origin", "HEAD:dev", code=1).replace("rejected", "refused")
    git(work, "push", "-q", "origin", "HEAD")
    body = {"title": "Plain", "head": "topic/plain", "base": "dev"}
    pull = as_("alice")("POST", "/repos/acme/dev-deployment/pulls", body).body
    assert pull["head"]["sha"] == sha

    theirs = clone("ann")
    git(theirs, "fetch", "-q", "origin", f"refs/pull/{pull['number']}/head")
    assert git(theirs, "rev-parse", "FETCH_HEAD").strip() == sha
    more = commit(work, "plain.txt", "hello again\n")
    git(work, "push", "-q", "origin", "HEAD")
    path = f"/repos/acme/dev-deployment/pulls/{pull['number']}"
    assert as_("ann")("GET", path).body["head"]["sha"] == more
    merge = {"merge_method": "squash", "sha": more}
    merged = as_installation()("PUT", f"{path}/merge", merge)
    assert merged.status == 200
    git(work, "switch", "-q", "dev")
    git(work, "pull", "-q", "--ff-only")
    assert git(work, "rev-parse", "HEAD").strip() == merged.body["sha"]
    assert (work / "plain.txt").read_text() == "hello again\n"
    assert "GitHub" in git(work, "log", "-1", "--format=%cn")
    git(work, "push", "-q", "origin", "--delete", "topic/plain")
    assert as_("ann")("GET", "/repos/acme/dev-deployment/branches/topic%2Fplain").status == 404


def test_a_shallow_clone(clone, as_):
    work = clone("bob", "--depth", "1", "-b", "main")
    assert git(work, "rev-list", "--count", "HEAD").strip() == "1"
    tip = as_("bob")("GET", "/repos/acme/dev-deployment/git/ref/heads/main").body["object"]["sha"]
    assert git(work, "rev-parse", "HEAD").strip() == tip


def test_a_tree_of_plain_git_is_the_tree_of_rest(clone, as_):
    work = clone("carol", "-b", "prod")
    plain = set(git(work, "ls-tree", "-r", "--name-only", "HEAD").splitlines())
    told = as_("carol")("GET", "/repos/acme/dev-deployment/git/trees/prod?recursive=1").body
    assert plain == {entry["path"] for entry in told["tree"] if entry["type"] == "blob"}


def test_who_may_only_read_pushes_nothing(clone):
    work = clone("oscar")
    git(work, "switch", "-q", "-c", "mine")
    commit(work, "mine.txt", "x")
    git(work, "push", "origin", "HEAD", code=1)
