"""REST of repositories and forks, and of who moved what."""

import pytest

from engine.sandbox.forge.git.bare import bare
from tests.support.plain_git import commit, git, installation


def test_a_repository(api, repo, clone):
    found = api("GET", "").body
    assert (found["full_name"], found["private"], found["default_branch"]) == (f"acme/{repo['name']}", True, "main")
    assert found["permissions"]["push"] is True
    assert found["permissions"]["admin"] is False
    assert api("GET", "", login=None).status == 404
    assert api("GET", "", login="oscar").body["permissions"]["push"] is False


def test_repositories_are_made_changed_and_deleted(as_, forge):
    olga = as_("olga")
    made = olga("POST", "/orgs/acme/repos", {"name": "new", "auto_init": True, "private": False})
    assert (made.status, made.body["private"]) == (201, False)
    assert olga("GET", "/repos/acme/new/contents/README.md").body["name"] == "README.md"
    assert olga("POST", "/orgs/acme/repos", {"name": "NEW"}).body["errors"][0]["message"] == (
        "name already exists on this account"
    )
    assert as_("oscar")("POST", "/orgs/acme/repos", {"name": "x"}).status == 403
    assert olga("PATCH", "/repos/acme/new", {"name": "newer", "description": "d"}).body["full_name"] == "acme/newer"
    assert olga("GET", "/repos/acme/new").status == 404
    assert as_("ann")("PATCH", "/repos/acme/newer", {"archived": True}).status == 403
    assert olga("PATCH", "/repos/acme/newer", {"default_branch": "nothing"}).status == 422
    allow = {f"allow_{way}": False for way in ("squash_merge", "rebase_merge", "merge_commit")}
    assert olga("PATCH", "/repos/acme/newer", allow).status == 422
    assert olga("PATCH", "/repos/acme/newer", {"allow_squash_merge": False}).body["allow_squash_merge"] is False
    assert "newer" in [row["name"] for row in olga("GET", "/orgs/acme/repos?per_page=100").body]
    assert "newer" in [row["name"] for row in as_(None)("GET", "/orgs/acme/repos?per_page=100").body]
    assert olga("DELETE", "/repos/acme/newer").status == 204
    assert olga("GET", "/repos/acme/newer").status == 404
    assert as_("ann")("POST", "/user/repos", {"name": "mine", "private": True}).status == 201
    assert "mine" in [row["name"] for row in as_("ann")("GET", "/user/repos?per_page=100").body]
    assert [row["name"] for row in as_("bob")("GET", "/users/ann/repos").body] == []


def test_an_app_makes_repositories_only_where_it_is_installed(forge, as_):
    app = as_("ann")._replace(token=installation(forge, administration="write"))
    assert app("POST", "/orgs/umbrella/repos", {"name": "x"}).status == 403
    assert app("POST", "/orgs/acme/repos", {"name": "by-app"}).status == 201
    weak = as_("ann")._replace(token=installation(forge, contents="write"))
    assert weak("POST", "/orgs/acme/repos", {"name": "y"}).status == 403


NAMES = ["", ".", "..", "a/b", "a b", "x.git", "x.wiki", "a" * 101, "é", "a\x00b", "-\n", "../../etc", "%2e%2e"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_no_repository_has(as_, forge, name):
    before = forge.kept.value("SELECT count(*) FROM repositories")
    assert as_("olga")("POST", "/orgs/acme/repos", {"name": name}).status == 422
    assert forge.kept.value("SELECT count(*) FROM repositories") == before


@pytest.mark.parametrize("name", NAMES)
def test_names_that_no_repository_is_given(as_, repo, name):
    olga, path = as_("olga"), f"/repos/acme/{repo['name']}"
    assert olga("PATCH", path, {"name": name}).status == 422
    assert olga("GET", path).status == 200


@pytest.mark.off_contract
def test_a_word_that_nobody_knows_makes_nothing_public(as_, repo):
    olga, path = as_("olga"), f"/repos/acme/{repo['name']}"
    for word in ("secret", "Private", None, True, "internal"):
        assert olga("PATCH", path, {"visibility": word}).status == 422, word
        assert olga("POST", "/orgs/acme/repos", {"name": "worded", "visibility": word}).status == 422, word
    assert olga("GET", path).body["private"] is True
    assert olga("PATCH", path, {"visibility": "public"}).body["visibility"] == "public"
    assert olga("PATCH", path, {"visibility": "private"}).body["private"] is True


@pytest.mark.parametrize("path", ["..%2f..", "%2e%2e/x", "acme/..", "acme/%2e%2e%2fetc", "acme/x%00"])
def test_paths_that_lead_nowhere(as_, path):
    assert as_("ann")("GET", f"/repos/{path}").status in (400, 404)


def test_activity(api, clone):
    for number in range(3):
        commit(clone, f"{number}.txt", "x\n")
        git(clone, "push", "-q", "origin", "main")
    git(clone, "push", "-q", "origin", "main:side")
    rows = api("GET", "/activity").body
    assert [(row["activity_type"], row["ref"]) for row in rows][:2] == [
        ("branch_creation", "refs/heads/side"), ("push", "refs/heads/main"),
    ]  # fmt: skip
    assert {row["actor"]["login"] for row in rows} == {"ann"}
    assert len(api("GET", "/activity?ref=main&activity_type=push").body) == 3
    assert len(api("GET", "/activity?ref=refs/heads/side&actor=ann&time_period=day").body) == 1
    assert api("GET", "/activity?actor=bob").body == []
    assert api("GET", "/activity?activity_type=nothing").status == 422
    assert api("GET", "/activity?after=nothing").status == 422
    seen, path, links = [], "/activity?per_page=2", {}
    while path:
        page = api("GET", path)
        seen += page.body
        links = dict(reversed(part.strip().split("; ")) for part in page.headers.get("link", "").split(",") if part)
        following = links.get('rel="next"')
        assert "page=" not in (following or "").replace("per_page=", "")
        path = "/activity" + following.strip("<>").rpartition("/activity")[2] if following else ""
    assert seen == rows
    back = links['rel="prev"'].strip("<>").rpartition("/activity")[2]
    assert api("GET", f"/activity{back}").body == rows[2:4]


def test_forks(as_, api, forge, repo, clone, url, tmp_path, told):
    oscar = as_("oscar")
    assert as_("ann")("POST", f"/repos/acme/{repo['name']}/forks").status == 202
    made = oscar("POST", f"/repos/acme/{repo['name']}/forks", {"name": "copy"})
    assert (made.status, made.body["full_name"], made.body["fork"]) == (202, "oscar/copy", True)
    assert made.body["parent"]["full_name"] == f"acme/{repo['name']}"
    assert [event for event, _, _ in told] == ["fork", "fork"]
    assert oscar("POST", f"/repos/acme/{repo['name']}/forks").body["full_name"] == "oscar/copy", "there is one"
    assert {row["full_name"] for row in oscar("GET", f"/repos/acme/{repo['name']}/forks").body} == {"oscar/copy"}
    place = url("oscar").replace(f"acme/{repo['name']}", "oscar/copy")
    git(tmp_path, "clone", "-q", place, "copy")
    head = commit(tmp_path / "copy", "fork.txt", "f\n")
    git(tmp_path / "copy", "push", "-q", "origin", "HEAD:change")
    assert oscar("GET", f"/repos/acme/{repo['name']}/compare/main...oscar:change").body["ahead_by"] == 1
    assert api("GET", "/compare/main...oscar:change").status == 404, "bob may not see oscar's fork"
    assert bare(forge, repo["id"]).commit(head), "the objects are one network's"
    commit(clone, "up.txt", "u\n")
    git(clone, "push", "-q", "origin", "main")
    synced = oscar("POST", "/repos/oscar/copy/merge-upstream", {"branch": "main"})
    assert synced.body["merge_type"] == "fast-forward"
    assert oscar("POST", "/repos/oscar/copy/merge-upstream", {"branch": "main"}).body["merge_type"] == "none"
    assert oscar("DELETE", "/repos/oscar/copy").status == 204
    assert oscar("GET", f"/repos/acme/{repo['name']}/forks").body == []


def test_what_is_deleted_leaves_its_forks(as_, forge):
    olga = as_("olga")
    olga("POST", "/orgs/acme/repos", {"name": "above", "auto_init": True})
    olga("POST", "/repos/acme/above/forks", {})
    assert olga("DELETE", "/repos/acme/above").status == 204
    found = olga("GET", "/repos/olga/above").body
    assert (found["fork"], "parent" in found) == (False, False)
    assert olga("GET", "/repos/olga/above/contents/README.md").status == 200
