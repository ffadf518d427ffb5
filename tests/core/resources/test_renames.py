"""Renamed files, as git pairs them."""

import os

import pytest

from engine.core.resources import renames
from engine.core.resources.tree import Entry
from tests.support.git import Clone

LINES = [f"line {i} of a file that has some of them\n" for i in range(40)]


def changed(n):
    return "".join(["other\n" * 1 if i < n else line for i, line in enumerate(LINES)])


CASES = {
    "the same": ("".join(LINES), "".join(LINES)),
    "nearly": ("".join(LINES), changed(2)),
    "just": ("".join(LINES), changed(4)),
    "not": ("".join(LINES), changed(6)),
    "one long line": ("x" * 5000, "x" * 5000 + "y" * 100),
    "one long line, moved": ("".join(map(str, range(1000))), "".join(map(str, range(5, 1000)))),
    "longer": ("".join(LINES), "".join(LINES) + "more\n" * 10),
    "much longer": ("".join(LINES), "".join(LINES) + "more\n" * 100),
    "other line ends": ("".join(LINES), "".join(LINES).replace("\n", "\r\n")),
    "empty": ("", ""),
    "empty and not": ("", "a"),
    "small": ("a = 1\n", "a = 2\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_pair_is_what_git_says(tmp_path, case):
    old, new = CASES[case]
    clone = Clone(tmp_path)
    clone.commit({"S3/old.tfvars": old, "README.md": "x"}, "base")
    clone.branch("feature")
    clone.commit({"S3/old.tfvars": None, "S3/new.tfvars": new})
    theirs = clone.git("diff-tree", "-r", "-M90%", "--name-status", "dev", "feature").split("\n")
    ours = clone.open().range("dev", "feature").changes
    assert [c.old_path is not None for c in ours] == [line[0] == "R" for line in theirs]


def test_of_several_the_most_alike_and_each_once():
    old = {"a": b"".join(b"%d\n" % i for i in range(100)), "b": b"".join(b"%d\n" % i for i in range(2, 100))}
    new = {"c": old["a"] + b"x\n", "d": old["b"] + b"y\n", "e": old["a"] + b"zz\n"}
    assert renames.alike(old, new) == {"c": "a", "d": "b"}


def test_equal_files_keep_their_names():
    entry, other = Entry("100644", "1" * 40), Entry("100644", "2" * 40)
    removed = {"x/a.tfvars": entry, "x/b.tfvars": entry, "x/c.tfvars": other}
    added = {"y/b.tfvars": entry, "y/d.tfvars": entry, "y/e.tfvars": entry, "y/link": Entry("120000", "2" * 40)}
    assert renames.equal(removed, added) == {"y/b.tfvars": "x/b.tfvars", "y/d.tfvars": "x/a.tfvars"}


@pytest.mark.parametrize(("why", "cap", "most"), [("too many files", "FILES", 2), ("too much to compare", "WORK", 10)])
def test_beyond_the_caps_only_equal_files_are_pairs(monkeypatch, why, cap, most):
    files = {str(n): os.urandom(50) + b"\n" * 50 for n in range(3)}
    assert renames.alike(files, files) == {n: n for n in files}
    monkeypatch.setattr(renames, cap, most)
    assert renames.alike(files, files) == {}, why
