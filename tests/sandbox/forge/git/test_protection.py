"""Rulesets: what a push may not do, who may pass, and what git says."""

import pytest

from engine.sandbox.forge.git.bare import bare
from tests.support.plain_git import commit, git, installation, rule

CI = {"required_status_checks": [{"context": "ci"}]}
PROTECTED = [
    ("no pull request", "pull_request", {}, "main", "Changes must be made through a pull request."),
    ("no check", "required_status_checks", CI, "main", 'Required status check "ci" is expected.'),
    ("force", "non_fast_forward", {}, "+main~2:main", "Cannot force-push to this branch"),
    ("deletion", "deletion", {}, ":side", "Cannot delete this branch"),
    ("update", "update", {}, "main", "Cannot update this protected ref."),
    ("creation", "creation", {}, "main:new", "Cannot create ref due to creations being restricted."),
    ("a merge", "required_linear_history", {}, "merged:main", "This branch must not contain merge commits."),
]


@pytest.mark.parametrize(("why", "kind", "wants", "spec", "said"), PROTECTED, ids=[row[0] for row in PROTECTED])
def test_protected_branches(forge, repo, clone, told, why, kind, wants, spec, said):
    commit(clone, "f.txt", "f\n")
    git(clone, "push", "-q", "origin", "main", "main:side")
    commit(clone, "g.txt", "g\n")
    git(clone, "checkout", "-q", "-b", "merged", "origin/main")
    commit(clone, "h.txt", "h\n")
    git(clone, "merge", "-q", "--no-ff", "main")
    git(clone, "checkout", "-q", "main")
    rule(forge, repo, {"type": kind, "parameters": wants}, include=["~ALL"])
    told.clear()
    out = git(clone, "push", "origin", spec, code=1)
    assert f"remote: - {said}" in out, why
    assert "GH013: Repository rule violations found for refs/heads/" in out
    assert "! [remote rejected]" in out
    assert "(push declined due to repository rule violations)" in out
    assert told == []


def test_other_refs_of_a_refused_push_go(forge, repo, clone):
    rule(forge, repo, {"type": "pull_request"})
    tip = commit(clone, "f.txt", "f\n")
    git(clone, "push", "origin", "main", "main:free", code=1)
    assert bare(forge, repo["id"]).refs() == {
        "refs/heads/main": git(clone, "rev-parse", "main~1").strip(),
        "refs/heads/free": tip,
    }


def test_an_atomic_push_goes_as_one(forge, repo, clone, told):
    rule(forge, repo, {"type": "pull_request"})
    commit(clone, "f.txt", "f\n")
    out = git(clone, "push", "--atomic", "origin", "main", "main:free", code=1)
    assert "atomic push failure" in out
    assert list(bare(forge, repo["id"]).refs()) == ["refs/heads/main"]
    assert told == []
    git(clone, "push", "--atomic", "origin", "main:one", "main:two")


APP, ANN = "SELECT id FROM apps", "SELECT id FROM accounts WHERE login = 'ann'"
PLATFORM, SECURITY = (f"SELECT id FROM teams WHERE slug = '{slug}'" for slug in ("platform", "security"))
# why, who pushes, kind of actor, its number (or where that is), mode, goes
PASSING = [
    ("the App", "interlock[bot]", "Integration", APP, "always", True),
    ("the App, and nothing is said", "interlock[bot]", "Integration", APP, "exempt", True),
    ("another App", "interlock[bot]", "Integration", 999, "always", False),
    ("a person of the App's number", "ann", "Integration", APP, "always", False),
    ("a user", "ann", "User", ANN, "always", True),
    ("another user", "bob", "User", ANN, "always", False),
    ("an owner", "olga", "OrganizationAdmin", 1, "always", True),
    ("no owner", "ann", "OrganizationAdmin", 1, "always", False),
    ("a team", "ann", "Team", PLATFORM, "always", True),
    ("another team", "ann", "Team", SECURITY, "always", False),
    ("a role", "ann", "RepositoryRole", 4, "always", True),
    ("a higher role", "ann", "RepositoryRole", 5, "always", False),
    ("no such role", "ann", "RepositoryRole", 77, "always", False),
    ("pull requests only", "ann", "RepositoryRole", 4, "pull_request", False),
    ("a key", "ann", "DeployKey", None, "always", False),
]


@pytest.mark.parametrize(("why", "login", "kind", "number", "mode", "goes"), PASSING, ids=[row[0] for row in PASSING])
def test_who_may_pass_a_rule(forge, repo, clone, url, why, login, kind, number, mode, goes):
    number = forge.kept.value(number) if isinstance(number, str) else number
    rule(forge, repo, {"type": "pull_request"}, bypass=[{"actor_type": kind, "actor_id": number, "bypass_mode": mode}])
    commit(clone, "f.txt", "f\n")
    place = url(login)
    if login == "interlock[bot]":
        place = url(None).replace("//", f"//x-access-token:{installation(forge, contents='write')}@")
    out = git(clone, "push", place, "main", code=0 if goes else 1)
    assert ("Bypassed rule violations for refs/heads/main" in out) == (goes and mode == "always"), why


def test_a_check_of_another_app_is_none(forge, repo, clone):
    sha = commit(clone, "f.txt", "f\n")
    app = forge.kept.value("SELECT id FROM apps")
    wants = {"required_status_checks": [{"context": "ci", "integration_id": app}]}
    rule(forge, repo, {"type": "required_status_checks", "parameters": wants})
    run = {"repository": repo["id"], "head_sha": sha, "name": "ci", "status": "completed", "conclusion": "success"}
    forge.kept.insert("check_runs", suite=1, app=app + 1, **run)
    assert '"ci" is expected' in git(clone, "push", "origin", "main", code=1)
    forge.kept.insert("check_runs", suite=1, app=app, **(run | {"conclusion": "failure"}))
    assert '"ci" is failing' in git(clone, "push", "origin", "main", code=1)
    forge.kept.insert("check_runs", suite=1, app=app, **run)
    git(clone, "push", "origin", "main")
