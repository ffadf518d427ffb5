"""REST of trees, blobs and files."""

import base64

import pytest

from engine.sandbox.forge.git import rest_objects
from engine.sandbox.forge.git.bare import EMPTY_TREE, bare
from tests.support.plain_git import commit, git


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


def test_the_uppermost_directory_by_both_of_its_addresses(api, clone):
    for path in ("/contents", "/contents/"):
        assert [row["path"] for row in api("GET", path).body] == ["a.txt"], path
    assert api("PUT", "/contents", {"message": "m", "content": ""}).status == 422
