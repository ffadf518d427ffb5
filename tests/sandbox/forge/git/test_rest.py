"""REST of what git keeps; each request and answer is held against GitHub's description while it runs."""

import base64

import pytest

from engine.sandbox.forge.git.bare import EMPTY_TREE, bare
from tests.support.plain_git import commit, git, rule


@pytest.fixture
def api(forge, repo, as_):
    """`api("GET", "/branches", login="ann")`: below the repository."""

    def ask(verb, path, body=None, login="ann", **headers):
        return as_(login)(verb, f"/repos/acme/{repo['name']}{path}", body, **headers)

    return ask


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


NAMES = ["", ".", "..", "a/b", "a b", "x.git", "x.wiki", "a" * 101, "é", "a\x00b", "-\n", "../../etc", "%2e%2e"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_no_repository_has(as_, forge, name):
    before = forge.kept.value("SELECT count(*) FROM repositories")
    assert as_("olga")("POST", "/orgs/acme/repos", {"name": name}).status == 422
    assert forge.kept.value("SELECT count(*) FROM repositories") == before


@pytest.mark.parametrize("path", ["..%2f..", "%2e%2e/x", "acme/..", "acme/%2e%2e%2fetc", "acme/x%00"])
def test_paths_that_lead_nowhere(as_, path):
    assert as_("ann")("GET", f"/repos/{path}").status in (400, 404)


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
    assert api("GET", "/branches/main/protection").body["message"] == "Branch not protected"
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
    tip = store.commit(store.resolve("main"))
    answer = api("POST", "/git/refs", {"ref": ref, "sha": tip.tree if sha == "tree" else sha or tip.sha})
    assert answer.status == 422, why
    assert list(store.refs("")) == ["refs/heads/main"]


def test_commits(api, clone, forge, repo):
    for number in range(5):
        commit(clone, "a.txt" if number % 2 else "b.txt", f"version {number}\n")
    git(clone, "push", "-q", "origin", "main")
    page = api("GET", "/commits?per_page=2&page=2")
    assert [row["commit"]["message"] for row in page.body] == ["Write b.txt", "Write a.txt"]
    assert 'rel="next"' in page.headers["link"]
    assert "page=3&" in page.headers["link"] or "page=3>" in page.headers["link"]
    assert len(api("GET", "/commits?path=a.txt").body) == 3
    assert len(api("GET", "/commits?author=ann").body) == 6
    assert len(api("GET", "/commits?author=ann@example.com&since=2099-01-01T00:00:00Z").body) == 0
    assert api("GET", "/commits?committer=bob").body == []
    assert api("GET", "/commits?sha=nothing").status == 404
    one = api("GET", "/commits/main")
    assert (one.body["stats"], one.body["files"][0]["filename"]) == (
        {"total": 2, "additions": 1, "deletions": 1},
        "b.txt",
    )
    assert one.body["files"][0]["patch"] == "@@ -1 +1 @@\n-version 2\n+version 4"
    assert one.body["commit"]["verification"]["verified"] is False
    sha = one.body["sha"]
    assert api("GET", "/commits/main", Accept="application/vnd.github.sha").body == sha
    assert api("GET", f"/commits/{sha[:8]}").body["sha"] == sha
    assert "diff --git" in api("GET", "/commits/main", Accept="application/vnd.github.diff").body
    assert api("GET", "/commits/main", Accept="application/vnd.github.patch").body.startswith(f"From {sha}")
    assert api("GET", "/commits/nothing").status == 422
    assert api("GET", f"/git/commits/{sha}").body["tree"]["sha"] == one.body["commit"]["tree"]["sha"]
    assert api("GET", f"/git/commits/{'1' * 40}").status == 404


def test_an_empty_repository(api):
    assert api("GET", "/commits").status == 409
    assert api("GET", "/contents/").status == 404
    assert api("GET", "/git/trees/main").status == 409
    assert api("GET", "/branches").body == []


def test_compare(api, clone):
    git(clone, "checkout", "-q", "-b", "topic")
    commit(clone, "b.txt", "b\n")
    commit(clone, "c.txt", "c\n")
    git(clone, "checkout", "-q", "main")
    commit(clone, "d.txt", "d\n")
    git(clone, "push", "-q", "origin", "main", "topic")
    found = api("GET", "/compare/main...topic").body
    assert (found["status"], found["ahead_by"], found["behind_by"], found["total_commits"]) == ("diverged", 2, 1, 2)
    assert [row["commit"]["message"] for row in found["commits"]] == ["Write b.txt", "Write c.txt"]
    assert [row["filename"] for row in found["files"]] == ["b.txt", "c.txt"]
    assert api("GET", "/compare/main...main").body["status"] == "identical"
    assert api("GET", "/compare/topic...main~1").status == 404
    second = api("GET", "/compare/main...topic?per_page=1&page=2").body
    assert ([row["commit"]["message"] for row in second["commits"]], second["files"]) == (["Write c.txt"], [])
    assert api("GET", "/compare/main...topic", Accept="application/vnd.github.diff").body.count("diff --git") == 2
    assert api("GET", "/compare/main...acme:topic").body["ahead_by"] == 2
    assert api("GET", "/compare/main...nobody:topic").status == 404
    assert api("GET", "/compare/main").status == 404


def test_compare_has_at_most_300_files_and_250_commits(api, clone):
    git(clone, "checkout", "-q", "-b", "many")
    for number in range(301):
        (clone / f"{number:03}.txt").write_text("x\n")
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "many")
    git(clone, "push", "-q", "origin", "many")
    assert len(api("GET", "/compare/main...many").body["files"]) == 300
    page = api("GET", "/commits/many")
    assert (len(page.body["files"]), page.body["stats"]["total"]) == (300, 301)
    assert len(api("GET", "/commits/many?page=2").body["files"]) == 1


def test_trees_and_blobs(api, clone):
    (clone / "dir").mkdir()
    (clone / "dir" / "x.txt").write_text("x\n")
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "dir")
    git(clone, "push", "-q", "origin", "main")
    flat = api("GET", "/git/trees/main").body
    assert [(row["path"], row["type"]) for row in flat["tree"]] == [("a.txt", "blob"), ("dir", "tree")]
    deep = api("GET", f"/git/trees/{flat['sha']}?recursive=1").body
    assert ([row["path"] for row in deep["tree"]], deep["truncated"]) == (["a.txt", "dir", "dir/x.txt"], False)
    blob = api("GET", f"/git/blobs/{deep['tree'][0]['sha']}").body
    assert (base64.b64decode(blob["content"]), blob["size"]) == (b"1\n", 2)
    assert api("GET", f"/git/blobs/{flat['sha']}").status == 404
    assert api("GET", f"/git/trees/{deep['tree'][0]['sha']}").status == 404


def test_a_tree_that_is_too_large_says_so(api, clone, monkeypatch):
    from engine.sandbox.forge.git import rest_objects

    commit(clone, "b.txt", "b\n")
    git(clone, "push", "-q", "origin", "main")
    monkeypatch.setattr(rest_objects, "MOST_ENTRIES", 1)
    found = api("GET", "/git/trees/main?recursive=1").body
    assert (found["truncated"], len(found["tree"])) == (True, 1)


def test_a_commit_from_its_parts(api, clone, told):
    blob = api("POST", "/git/blobs", {"content": base64.b64encode(b"\0").decode(), "encoding": "base64"}).body["sha"]
    base = api("GET", "/commits/main").body
    rows = [
        {"path": "bin", "mode": "100644", "type": "blob", "sha": blob},
        {"path": "dir/text", "mode": "100755", "type": "blob", "content": "hello"},
        {"path": "a.txt", "mode": "100644", "type": "blob", "sha": None},
    ]
    tree = api("POST", "/git/trees", {"base_tree": base["commit"]["tree"]["sha"], "tree": rows})
    assert [row["path"] for row in tree.body["tree"]] == ["bin", "dir"]
    made = api("POST", "/git/commits", {"message": "m", "tree": tree.body["sha"], "parents": [base["sha"]]})
    assert (made.status, made.body["author"]["email"], made.body["parents"][0]["sha"]) == (
        201,
        "ann@example.com",
        base["sha"],
    )
    assert api("PATCH", "/git/refs/heads/main", {"sha": made.body["sha"]}).status == 200
    assert [event for event, _, _ in told if event == "push"]
    bad = [{"path": "../x", "mode": "100644", "type": "blob", "content": "x"}]
    assert api("POST", "/git/trees", {"tree": bad}).status == 422
    assert api("POST", "/git/commits", {"message": "m", "tree": "1" * 40}).status == 422
    assert api("POST", "/git/commits", {"message": "m", "tree": EMPTY_TREE, "parents": ["1" * 40]}).status == 422


def test_contents(api, clone, told):
    content = base64.b64encode(b"new\n").decode()
    made = api("PUT", "/contents/dir/new.txt", {"message": "Add", "content": content})
    assert (made.status, made.body["content"]["path"]) == (201, "dir/new.txt")
    assert made.body["commit"]["verification"] | {"payload": "", "signature": "", "verified_at": ""} == {
        "verified": True, "reason": "valid", "payload": "", "signature": "", "verified_at": "",
    }  # fmt: skip
    full = api("GET", f"/commits/{made.body['commit']['sha']}").body
    assert (full["author"]["login"], full["committer"]["login"]) == ("ann", "web-flow")
    assert api("PUT", "/contents/dir/new.txt", {"message": "x", "content": content}).status == 422
    old = {"message": "x", "content": content, "sha": "1" * 40}
    assert api("PUT", "/contents/dir/new.txt", old).status == 409
    assert api("PUT", "/contents/dir/new.txt", old | {"sha": made.body["content"]["sha"]}).status == 200
    found = api("GET", "/contents/dir/new.txt").body
    assert (base64.b64decode(found["content"]), found["type"]) == (b"new\n", "file")
    assert api("GET", "/contents/dir/new.txt", Accept="application/vnd.github.raw+json").body == "new\n"
    assert [row["path"] for row in api("GET", "/contents/dir").body] == ["dir/new.txt"]
    assert [row["name"] for row in api("GET", "/contents/").body] == ["a.txt", "dir"]
    assert api("GET", "/contents/dir", Accept="application/vnd.github.object+json").body["entries"]
    assert api("GET", "/contents/nothing").status == 404
    assert api("GET", "/contents/a.txt?ref=nothing").status == 404
    gone = api("DELETE", "/contents/dir/new.txt", {"message": "x", "sha": found["sha"]})
    assert (gone.status, gone.body["content"]) == (200, None)
    assert api("GET", "/contents/dir").status == 404
    assert [event for event, _, _ in told] == ["push"] * 3


@pytest.mark.parametrize("path", ["..%2fx", "a/../b", ".git/config", "a.txt/below", "dir%00", "a//b", ".GIT/x"])
def test_paths_that_are_not_written(api, forge, repo, clone, path):
    before = bare(forge, repo["id"]).refs()
    assert api("PUT", f"/contents/{path}", {"message": "x", "content": ""}).status in (404, 422)
    assert api("GET", f"/contents/{path}").status == 404
    assert bare(forge, repo["id"]).refs() == before


def test_links_are_followed_inside_only(api, clone):
    for name, target in (("in", "a.txt"), ("out", "/etc/passwd"), ("up", "../../../etc/passwd"), ("loop", "loop")):
        (clone / name).symlink_to(target)
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "links")
    git(clone, "push", "-q", "origin", "main")
    assert base64.b64decode(api("GET", "/contents/in").body["content"]) == b"1\n"
    for name, target in (("out", "/etc/passwd"), ("up", "../../../etc/passwd"), ("loop", "loop")):
        found = api("GET", f"/contents/{name}").body
        assert (found["type"], found["target"]) == ("symlink", target)


def test_a_commit_that_only_says_it_is_github_s_is_not_signed(api, clone):
    git(
        clone,
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
        GIT_COMMITTER_NAME="GitHub",
        GIT_COMMITTER_EMAIL="noreply@github.com",
    )
    git(clone, "push", "-q", "origin", "main")
    found = api("GET", "/commits/main").body
    assert (found["committer"]["login"], found["commit"]["verification"]["reason"]) == ("web-flow", "unsigned")


PEOPLE = [
    ("linked", "ann@example.com", "ann"),
    ("in capitals", "Ann@Example.com", "ann"),
    ("nobody's", "stranger@example.com", None),
    ("without a number", "ann@users.noreply.github.com", None),
    ("with the number", "{id}+whatever@users.noreply.github.com", "ann"),
]


@pytest.mark.parametrize(("why", "email", "login"), PEOPLE, ids=[row[0] for row in PEOPLE])
def test_whose_commit_it_is(api, forge, clone, why, email, login):
    number = forge.kept.value("SELECT id FROM accounts WHERE login = 'ann'")
    git(clone, "commit", "-q", "--allow-empty", "-m", "x", GIT_AUTHOR_EMAIL=email.format(id=number))
    git(clone, "push", "-q", "origin", "main")
    author = api("GET", "/commits/main").body["author"]
    assert (author and author["login"]) == login, why


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
    assert "bypass_actors" not in api("GET", f"/rulesets/{number}", login="oscar").body
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
    seen, path = [], "/activity?per_page=2"
    while path:
        page = api("GET", path)
        seen += page.body
        links = dict(reversed(part.strip().split("; ")) for part in page.headers.get("link", "").split(",") if part)
        following = links.get('rel="next"')
        assert "page=" not in (following or "").replace("per_page=", "")
        path = following and "/activity" + following.strip("<>").rpartition("/activity")[2]
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
