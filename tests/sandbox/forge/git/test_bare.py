"""What git says of a bare repository, and what it can be made to hold."""

import pytest

from engine.sandbox.forge.git.bare import EMPTY_TREE, Entry, Person

ANN = Person("Ann", "ann@example.com", "2026-11-27T08:00:00Z")

NAMES = [
    ("a branch", "feature", True),
    ("a full ref", "refs/heads/feature", True),
    ("a part of a ref", "heads/feature", True),
    ("no such branch", "nothing", False),
    ("git's own arithmetic", "feature~1", False),
    ("a range", "main..feature", False),
    ("a path in a commit", "feature:dir", False),
    ("an option", "--all", False),
    ("another line", "x\nrefs/heads/feature", False),
    ("a reflog", "feature@{0}", False),
    ("a file beside the refs", "../config", False),
    ("nothing at all", "", False),
]


@pytest.mark.parametrize(("why", "name", "found"), NAMES, ids=[row[0] for row in NAMES])
def test_resolve(repository, why, name, found):
    tip = repository.refs()["refs/heads/feature"]
    assert repository.resolve(name) == (tip if found else None), why


def test_resolve_of_commits(repository):
    tip = repository.refs()["refs/heads/feature"]
    tree = repository.commit(tip).tree
    assert repository.resolve(tip) == repository.resolve(tip[:9]) == tip
    assert repository.resolve(tree) is None, "a tree is no commit"
    assert repository.resolve("1" * 40) is None


def test_commit_and_log(repository):
    newest, oldest = repository.log(repository.resolve("feature"))
    assert (newest.message, oldest.message) == ("second\n\nwith a body", "first")
    assert newest.parents == (oldest.sha,)
    assert newest.author == newest.committer == ANN
    assert repository.commit(newest.sha) == newest
    assert [commit.sha for commit in repository.log(newest.sha, oldest.sha)] == [newest.sha]
    assert [commit.sha for commit in repository.log(newest.sha, path="a.txt")] == [oldest.sha]
    assert repository.count(oldest.sha, newest.sha) == 1
    assert repository.merge_base(oldest.sha, newest.sha) == oldest.sha
    assert repository.is_ancestor(oldest.sha, newest.sha)
    assert not repository.is_ancestor(newest.sha, oldest.sha)


def test_a_commit_that_comes_later_is_found(repository):
    tree = repository.commit(repository.resolve("main")).tree
    absent = "1" * 40
    assert repository.commit(absent) is None
    assert repository.commit(tree) is None
    assert repository.commit(repository.write_commit(tree, [], "new", ANN, ANN)) is not None


def test_update_is_compare_and_swap(repository):
    one, two = repository.resolve("main"), repository.resolve("feature")
    assert not repository.update("refs/heads/main", two, two), "it is at another commit"
    assert repository.resolve("main") == one
    assert repository.update("refs/heads/main", two, one)
    assert not repository.update("refs/heads/main", one, None), "it is there"
    assert repository.update("refs/heads/main", None, two)
    assert repository.update("refs/heads/main", one, None)
    assert not repository.update("refs/heads/main/below", one, None), "a branch stands in the way"
    assert not repository.update("refs/heads/of a space", one, None)
    assert not repository.update("refs/heads/two\0lines", one, None)
    assert not repository.update("refs/heads/new", "2" * 40, None), "no such commit"


def test_changed(repository):
    base = repository.resolve("main")
    head = repository.add(
        "change", {"a.txt": b"1\n2\nthree\n", "dir/b.txt": None, "moved.txt": b"b\n", "bin": b"\0\1"}, onto=base
    )
    found = {change.path: change for change in repository.changed(base, head)}
    assert list(found) == ["a.txt", "bin", "moved.txt"]
    assert found["a.txt"][:5] == ("a.txt", None, "modified", 1, 1)
    assert found["a.txt"].patch == "@@ -1,3 +1,3 @@\n 1\n 2\n-3\n+three"
    assert found["bin"][:6] == ("bin", None, "added", 0, 0, None)
    assert found["moved.txt"][:6] == ("moved.txt", "dir/b.txt", "renamed", 0, 0, None)
    assert repository.changed(head, base)[1]._replace(blob="") == ("bin", None, "removed", 0, 0, None, "", "100644")
    assert {change.status for change in repository.changed(EMPTY_TREE, head)} == {"added"}


def test_changed_of_what_looks_like_a_diff(repository):
    base = repository.resolve("main")
    text = b"diff --git a/x b/x\n@@ -1 +1 @@\n"
    head = repository.add("change", {"a.txt": text, "x\ndiff --git a/y b/y": b"y\n"}, onto=base)
    first, second = repository.changed(base, head)
    assert (first.path, first.additions, second.path, second.additions) == ("a.txt", 2, "x\ndiff --git a/y b/y", 1)
    assert "+diff --git a/x b/x\n+@@ -1 +1 @@" in first.patch
    assert second.patch == "@@ -0,0 +1 @@\n+y"


def test_a_file_that_becomes_a_link_is_one_change(repository):
    base = repository.resolve("main")
    tree = repository.with_files(base, {"a.txt": ("120000", repository.write_blob(b"dir/b.txt"))})
    head = repository.write_commit(tree, [base], "link", ANN, ANN)
    last = repository.add("change", {"z.txt": b"z\n"}, onto=head)
    link, other = repository.changed(base, last)
    assert (link.path, link.status, link.mode) == ("a.txt", "changed", "120000")
    assert link.patch.startswith("@@ -1,3 +0,0 @@")
    assert other.patch == "@@ -0,0 +1 @@\n+z"


def test_entries_and_blob(repository):
    tree = repository.commit(repository.resolve("feature")).tree
    found = repository.entries(tree, recursive=True)
    assert [(entry.path, entry.kind, entry.size) for entry in found] == [
        ("a.txt", "blob", 6),
        ("dir", "tree", None),
        ("dir/b.txt", "blob", 2),
        ("dir/c.txt", "blob", 2),
    ]
    assert [entry.path for entry in repository.entries(tree, recursive=False)] == ["a.txt", "dir"]
    assert repository.blob(found[0].sha) == b"1\n2\n3\n"
    assert repository.blob(tree) is None
    assert repository.blob("1" * 40) is None
    assert isinstance(found[0], Entry)


def test_merge_tree(repository):
    base = repository.add("main", {"a.txt": b"one\n2\n3\n"})
    head = repository.resolve("feature")
    tree = repository.merge_tree(base, head)
    assert {entry.path for entry in repository.entries(tree, recursive=True)} >= {"a.txt", "dir/c.txt"}
    other = repository.add("other", {"a.txt": b"uno\n2\n3\n"}, onto=head)
    assert repository.merge_tree(base, other) is None, "both changed one line"
    alone = repository.write_commit(EMPTY_TREE, [], "alone", ANN, ANN)
    assert repository.merge_tree(base, alone) is None, "nothing in common"


def test_pick(repository):
    base = repository.add("main", {"new.txt": b"n\n"})
    head = repository.resolve("feature")
    paths = {entry.path for entry in repository.entries(repository.pick(base, head), recursive=True)}
    assert paths == {"a.txt", "dir", "dir/b.txt", "dir/c.txt", "new.txt"}
    conflict = repository.add("other", {"dir/c.txt": b"another\n"}, onto=repository.resolve("main"))
    assert repository.pick(conflict, head) is None


def test_write_commit_of_hostile_people(repository):
    tree = repository.commit(repository.resolve("main")).tree
    evil = Person("E <x@y>\nparent " + "1" * 40, "a@b>\ntree", "2026-11-27T08:00:00Z")
    found = repository.commit(repository.write_commit(tree, [], "m\0essage\n", evil, Person("", "", ANN.date)))
    assert found.parents == ()
    assert found.author.email == "a@btree"
    assert found.committer.name == "unknown"
    assert found.message == "message"


PATHS = [
    "", "/a", "a/", "a//b", "../a", "a/../b", ".git/config", "a/.GIT/hooks/x", "a\0b", "a.txt/below", ".git", "git~1/x",
    "dir",    "\ud800", "a/.g\u200cit/config", ".git /x",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_paths_that_no_file_has(repository, path):
    tree = repository.commit(repository.resolve("main")).tree
    with pytest.raises(ValueError, match=r"no path|in the way"):
        repository.with_file(tree, path, b"x")


def test_with_file_keeps_the_mode(repository):
    tree = repository.commit(repository.resolve("main")).tree
    script = repository.with_files(tree, {"run": ("100755", repository.write_blob(b"1"))})
    after = repository.with_file(script, "run", b"2")
    assert {e.path: e.mode for e in repository.entries(after, recursive=False)}["run"] == "100755"
    assert repository.with_file(after, "run", None) == tree
    assert repository.with_file(tree, "-rf", b"") != tree


def test_what_a_repository_brings_starts_nothing(repository, tmp_path):
    proof = tmp_path / "ran"
    base = repository.resolve("main")
    text = f"* diff=evil filter=evil merge=evil\n# {proof}\n".encode()
    files = {".gitattributes": text, ".gitconfig": b"[diff]\nexternal=touch", "a.txt": b"\n"}
    head = repository.add("change", files, onto=base)
    assert repository.changed(base, head)
    assert repository.merge_tree(base, head)
    assert not proof.exists()


def test_a_patch_that_is_too_long_is_none(repository):
    base = repository.resolve("main")
    head = repository.add("change", {"a.txt": b"x\n" * 400_000, "z.txt": b"z\n"}, onto=base)
    assert [(each.additions, each.patch) for each in repository.changed(base, head)] == [
        (400_000, None),
        (1, "@@ -0,0 +1 @@\n+z"),
    ]
    assert repository.changed(base, head) == repository.changed(base, head)
