"""REST of branches, refs and what protects them."""

import pytest

from engine.sandbox.forge.git.bare import bare
from tests.support.plain_git import commit, git, rule


def test_branches(api, forge, repo, clone):
    git(clone, "push", "-q", "origin", "main:feature/x")
    rule(forge, repo, {"type": "deletion"})
    found = api("GET", "/branches").body
    assert [(row["name"], row["protected"]) for row in found] == [("feature/x", False), ("main", True)]
    assert [row["name"] for row in api("GET", "/branches?protected=true").body] == ["main"]
    assert [row["name"] for row in api("GET", "/branches?protected=false").body] == ["feature/x"]
    one = api("GET", "/branches/feature/x").body
    assert (one["name"], one["commit"]["sha"]) == ("feature/x", found[0]["commit"]["sha"])
    assert one["commit"]["author"]["login"] == "ann"
    assert api("GET", "/branches/nothing").status == 404
    assert api("GET", "/branches/main/protection").body["message"] == "Not Found"
    assert api("GET", "/branches/main/protection", login="olga").body["message"] == "Branch not protected"
    assert len(api("GET", "/branches?per_page=1").body) == 1


def test_refs(api, forge, repo, clone, told):
    first = git(clone, "rev-parse", "HEAD").strip()
    second = commit(clone, "b.txt", "b\n")
    git(clone, "push", "-q", "origin", "main")
    git(clone, "tag", "-a", "v1", "-m", "v1")
    git(clone, "push", "-q", "origin", "v1")
    told.clear()
    assert api("GET", "/git/ref/heads/main").body["object"]["sha"] == second
    assert api("GET", "/git/ref/tags/v1").body["object"]["type"] == "tag"
    assert api("GET", "/git/ref/heads/ma").status == 404
    made = api("POST", "/git/refs", {"ref": "refs/heads/topic/a", "sha": first})
    assert (made.status, made.body["ref"]) == (201, "refs/heads/topic/a")
    assert [row["ref"] for row in api("GET", "/git/matching-refs/heads/topic").body] == ["refs/heads/topic/a"]
    assert api("GET", "/git/matching-refs/heads/nothing").body == []
    assert api("PATCH", "/git/refs/heads/topic/a", {"sha": second}).body["object"]["sha"] == second
    back = {"sha": first}
    assert api("PATCH", "/git/refs/heads/topic/a", back).body["message"] == "Update is not a fast forward"
    assert api("PATCH", "/git/refs/heads/topic/a", back | {"force": True}).status == 200
    assert api("DELETE", "/git/refs/heads/topic/a").status == 204
    assert api("DELETE", "/git/refs/heads/topic/a").status == 422
    assert api("DELETE", "/git/refs/heads/main").status == 422
    assert [event for event, _, _ in told] == ["create", "push", "push", "push", "delete", "push"]
    assert [body["forced"] for event, _, body in told if event == "push"] == [False, False, True, False]


REFS = [
    ("no prefix", "main", None),
    ("one slash", "refs/main", None),
    ("dots", "refs/heads/a..b", None),
    ("a lock", "refs/heads/a.lock", None),
    ("a space", "refs/heads/a b", None),
    ("a reflog", "refs/heads/a@{1}", None),
    ("upwards", "refs/heads/../../config", None),
    ("a commit's id", "refs/heads/" + "a" * 40, None),
    ("an option", "refs/heads/-x", None),
    ("HEAD", "refs/heads/HEAD", None),
    ("a line end", "refs/heads/a\nrefs/heads/b", None),
    ("NUL", "refs/heads/a\0b", None),
    ("a pull request's", "refs/pull/1/head", None),
    ("one below another", "refs/heads/main/below", None),
    ("there already", "refs/heads/main", None),
    ("no such object", "refs/heads/new", "1" * 40),
    ("no id", "refs/heads/new", "main"),
    ("a tree", "refs/heads/new", "tree"),
]


@pytest.mark.parametrize(("why", "ref", "sha"), REFS, ids=[row[0] for row in REFS])
def test_refs_that_are_refused(api, forge, repo, clone, why, ref, sha):
    store = bare(forge, repo["id"])
    [tip] = store.log(store.refs()["refs/heads/main"])
    answer = api("POST", "/git/refs", {"ref": ref, "sha": tip.tree if sha == "tree" else sha or tip.sha})
    assert answer.status == 422, why
    assert list(store.refs("")) == ["refs/heads/main"]


def test_protected_branches_are_not_written_by_api(api, forge, repo, clone):
    rule(forge, repo, {"type": "pull_request"}, {"type": "deletion"}, include=["~ALL"])
    sha = git(clone, "rev-parse", "HEAD").strip()
    store = bare(forge, repo["id"])
    other = commit(clone, "b.txt", "b\n")
    store.git("fetch", "-q", str(clone), "HEAD")
    put = api("PUT", "/contents/x", {"message": "x", "content": ""})
    assert (put.status, "Changes must be made through a pull request." in put.body["message"]) == (409, True)
    patch = api("PATCH", "/git/refs/heads/main", {"sha": other})
    assert (patch.status, "pull request" in patch.body["message"]) == (422, True)
    assert api("POST", "/git/refs", {"ref": "refs/heads/side", "sha": sha}).status == 201
    assert api("DELETE", "/git/refs/heads/side").status == 422
    assert store.refs() == {"refs/heads/main": sha, "refs/heads/side": sha}


def test_readers_write_nothing(api, clone):
    sha = git(clone, "rev-parse", "HEAD").strip()
    asked = [
        ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": sha}),
        ("DELETE", "/git/refs/heads/main", None),
        ("PUT", "/contents/x", {"message": "x", "content": ""}),
        ("POST", "/git/blobs", {"content": "x"}),
        ("DELETE", "", None),
    ]
    assert {api(verb, path, body, login="oscar").status for verb, path, body in asked} == {403}


def test_rules_and_rulesets(api, forge, repo):
    body = {
        "name": "Protect",
        "enforcement": "active",
        "target": "branch",
        "conditions": {"ref_name": {"include": ["refs/heads/release/*"], "exclude": ["refs/heads/release/x"]}},
        "rules": [
            {"type": "deletion"},
            {"type": "required_status_checks", "parameters": {
                "required_status_checks": [{"context": "ci", "integration_id": 1}],
                "strict_required_status_checks_policy": True}},
        ],
        "bypass_actors": [{"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"}],
    }  # fmt: skip
    assert api("POST", "/rulesets", body).status == 403
    made = api("POST", "/rulesets", body, login="olga")
    assert (made.status, made.body["current_user_can_bypass"]) == (201, "always")
    number = made.body["id"]
    assert api("GET", f"/rulesets/{number}").body["current_user_can_bypass"] == "never"
    for login in ("oscar", "ann"):  # who may write may not change rules
        assert "bypass_actors" not in api("GET", f"/rulesets/{number}", login=login).body
    assert [rule["type"] for rule in api("GET", "/rules/branches/release/1").body] == [
        "deletion",
        "required_status_checks",
    ]
    assert api("GET", "/rules/branches/release/x").body == []
    assert api("GET", "/rules/branches/release/1/2").body == []
    assert [row["id"] for row in api("GET", "/rulesets").body] == [number]
    assert (
        api("PUT", f"/rulesets/{number}", {"enforcement": "disabled"}, login="olga").body["enforcement"] == "disabled"
    )
    assert api("GET", "/rules/branches/release/1").body == []
    assert api("DELETE", f"/rulesets/{number}", login="olga").status == 204
    assert api("GET", f"/rulesets/{number}").status == 404


BAD_RULES = [
    {"name": "x"},
    {"enforcement": "active"},
    {"name": "x", "enforcement": "perhaps"},
    {"name": "x", "enforcement": "active", "target": "push"},
    {"name": "x", "enforcement": "active", "rules": [{"type": "nothing"}]},
    {"name": "x", "enforcement": "active", "rules": "deletion"},
    {"name": "x", "enforcement": "active", "conditions": {"ref_name": {"include": [7]}}},
    {"name": "x", "enforcement": "active", "bypass_actors": [{"actor_type": "Ghost"}]},
    {"name": "x", "enforcement": "active", "rules": [{"type": "pull_request", "parameters": {
        "required_approving_review_count": -1}}]},
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_RULES)
def test_rulesets_that_are_none(api, body):
    assert api("POST", "/rulesets", body, login="olga").status == 422
