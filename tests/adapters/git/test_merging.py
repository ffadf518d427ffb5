"""Merging without a work tree: what comes of it is what git makes of it, where that follows from both sides."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.resources.tree import LARGEST_FILE
from engine.errors import EngineError
from tests.support import forged
from tests.support.git import Clone

LINES = "".join(f"line {n}\n" for n in range(9))
BASE = {"S3/a/a.tfvars": LINES, "S3/b.tfvars": "b = 1\n", "README.md": "hello\n"}
FIRST, LAST = LINES.replace("line 0", "line zero"), LINES.replace("line 8", "line eight")
TOO_LARGE = "".join(f"line {n} of many\n" for n in range(LARGEST_FILE // 10))
BOTH = FIRST.replace("line 8", "line eight")


def pair(directory, theirs, ours, base=BASE):
    """`dev`, where somebody committed `theirs` after `feature` began, which has `ours`."""
    clone = Clone(directory)
    clone.commit(base, "base")
    clone.branch("feature")
    clone.commit(ours, "ours")
    clone.git("checkout", "-q", "dev")
    clone.commit(theirs, "theirs")
    return clone


def merged(clone):
    """What the merge brings to `dev`; the conflicts, if there are some."""
    repository = clone.open()
    merge = repository.merge(repository.range("dev", "feature"))
    ids = {c.path: c.new.id if c.new else None for c in merge.changes}
    return merge.conflicts or {path: name and clone.git("cat-file", "blob", name) + "\n" for path, name in ids.items()}


@pytest.mark.parametrize(
    ("why", "theirs", "ours", "brings"),
    [
        ("nobody else did anything", {}, {"S3/a/a.tfvars": FIRST}, {"S3/a/a.tfvars": FIRST}),
        ("others changed another file", {"README.md": "other\n"}, {"S3/a/a.tfvars": FIRST}, {"S3/a/a.tfvars": FIRST}),
        ("both did the same", {"S3/a/a.tfvars": FIRST}, {"S3/a/a.tfvars": FIRST}, {}),
        ("both removed it", {"S3/b.tfvars": None}, {"S3/b.tfvars": None, "S3/c.tfvars": "c\n"}, {"S3/c.tfvars": "c\n"}),
        ("a file is removed", {"README.md": "other\n"}, {"S3/b.tfvars": None}, {"S3/b.tfvars": None}),
        ("one line for two", {"S3/b.tfvars": "b = 2\n"}, {"S3/b.tfvars": "b = 3\n"}, ("S3/b.tfvars",)),
        ("removed here, changed there", {"S3/b.tfvars": "b = 2\n"}, {"S3/b.tfvars": None}, ("S3/b.tfvars",)),
        ("both added it", {"S3/c.tfvars": "1\n"}, {"S3/c.tfvars": "2\n"}, ("S3/c.tfvars",)),
        ("a file here, a directory there", {"S3/c": "1\n"}, {"S3/c/c.tfvars": "2\n"}, ("S3/c",)),
        (
            "a name that is no UTF-8",
            {os.fsdecode(b"S3/\xff"): "1\n"},
            {os.fsdecode(b"S3/\xff"): "2\n"},
            (os.fsdecode(b"S3/\xff"),),
        ),
    ],
)
def test_what_a_merge_brings(tmp_path, why, theirs, ours, brings):
    found = merged(pair(tmp_path, theirs, ours))
    if found and brings == ("S3/c",):
        assert all(path.startswith("S3/c") for path in found), why  # git calls the file S3/c~dev, or so
    else:
        assert found == brings, why


def test_lines_that_do_not_touch_are_merged(tmp_path):
    clone = pair(tmp_path, {"S3/a/a.tfvars": LAST}, {"S3/a/a.tfvars": FIRST})
    repository = clone.open()
    merge = repository.merge(repository.range("dev", "feature"))
    [change] = merge.changes
    assert repository.blobs([change.new.id]).read == {change.new.id: BOTH.encode()}
    assert merge.directories["S3/a"]["a.tfvars"] == change.new


@pytest.mark.parametrize(
    ("why", "theirs", "ours"),
    [
        ("renamed here", {"S3/a/a.tfvars": LAST}, {"S3/a/a.tfvars": None, "S3/new/new.tfvars": LINES}),
        ("renamed there", {"S3/a/a.tfvars": None, "S3/new/new.tfvars": LINES}, {"S3/a/a.tfvars": FIRST}),
    ],
)
def test_a_renamed_file_that_was_changed_elsewhere_is_a_conflict(tmp_path, why, theirs, ours):
    """Git follows it by likeness. A directory is a resource: which state the change belongs to, nobody has said."""
    assert "S3/new/new.tfvars" in merged(pair(tmp_path, theirs, ours)), why


def test_the_clone_stays_as_it_was(tmp_path):
    clone = pair(tmp_path, {"S3/a/a.tfvars": LAST}, {"S3/a/a.tfvars": FIRST})
    before = sorted(os.walk(clone.directory))
    assert not merged_conflicts(clone)
    assert sorted(os.walk(clone.directory)) == before


def merged_conflicts(clone):
    repository = clone.open()
    return repository.merge(repository.range("dev", "feature")).conflicts


def test_no_attribute_or_setting_of_the_clone_merges_anything(tmp_path):
    """`merge=union` would take both lines, a driver would start a program."""
    driver = f"touch {tmp_path}/started; exit 0"
    clone = pair(tmp_path / "clone", {"S3/b.tfvars": "b = 2\n"}, {"S3/b.tfvars": "b = 3\n"})
    for attribute in ("union", "own"):
        clone.write({".git/info/attributes": f"*.tfvars merge={attribute}\n"})
        clone.git("config", "merge.own.driver", driver)
        assert merged(clone) == ("S3/b.tfvars",)
    assert not os.path.exists(tmp_path / "started")


def test_a_lying_object_is_not_merged(tmp_path):
    """Git merges what lies under a name without hashing it."""
    clone = pair(tmp_path, {"S3/a/a.tfvars": LAST}, {"S3/a/a.tfvars": FIRST})
    name = clone.git("rev-parse", "dev:S3/a/a.tfvars")
    forged.lie(clone, name, "blob", LAST.replace("line 4", "line four").encode())
    with pytest.raises(EngineError, match=f"ENG360.*{name}"):
        merged_conflicts(clone)


@pytest.mark.parametrize(
    ("why", "theirs", "conflicts"),
    [
        ("what is made is small, and planned", LINES, ("S3/a/a.tfvars",)),
        ("what is made is too large for anybody", LAST + TOO_LARGE, ()),
    ],
)
def test_what_is_too_large_to_be_hashed_is_not_merged_into_what_is_read(tmp_path, why, theirs, conflicts):
    base = {"S3/a/a.tfvars": LINES + TOO_LARGE}
    ours = FIRST + TOO_LARGE
    clone = pair(tmp_path, {"S3/a/a.tfvars": theirs}, {"S3/a/a.tfvars": ours}, base)
    repository = clone.open()
    assert repository.merge(repository.range("dev", "feature")).conflicts == conflicts, why


def test_a_merge_commit_and_a_squashed_one_changed_what_the_head_did(tmp_path):
    clone = pair(tmp_path, {"README.md": "other\n"}, {"S3/a/a.tfvars": FIRST})
    for how in ("--no-ff", "--squash"):
        clone.git("checkout", "-q", "-B", "to", "dev")
        clone.git("merge", "-q", how, "feature")
        clone.git("commit", "-q", "--allow-empty", "--amend" if how == "--no-ff" else "--no-edit", "-m", "merged")
        landed = clone.open().landed("to")
        assert [c.path for c in landed.changes] == ["S3/a/a.tfvars"], how


SIDES = st.dictionaries(
    st.sampled_from(["S3/a/a.tfvars", "S3/b.tfvars", "S3/c/c.tfvars", "README.md"]),
    st.none() | st.sampled_from([LINES, FIRST, LAST, BOTH, "b = 1\n", "b = 2\n"]),
    max_size=4,
)


@settings(max_examples=40)  # each makes two branches of one repository, and merges them twice
@given(theirs=SIDES, ours=SIDES)
def test_a_clean_merge_is_the_one_that_git_makes_in_a_work_tree(tmp_path_factory, theirs, ours):
    theirs, ours = ({p: t for p, t in side.items() if t is not None or p in BASE} for side in (theirs, ours))
    clone = pair(tmp_path_factory.mktemp("law"), theirs, ours)
    repository = clone.open()
    merge = repository.merge(repository.range("dev", "feature"))
    if merge.conflicts:
        return  # what else is one than in git, has a test of its own: renamed files
    clone.git("merge", "-q", "--no-edit", "feature")
    real = clone.open()
    changed = real.landed("dev").changes if clone.git("rev-list", "--count", "--merges", "dev") != "0" else ()
    assert {c.path: c.new for c in merge.changes} == {c.path: c.new for c in changed}
