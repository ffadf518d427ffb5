"""Commits that only merge the base into a branch: what git makes of both parents, and nothing that anybody wrote."""

import pytest

from engine.adapters.git import updates
from tests.support import forged
from tests.support.git import Clone

LINES = "".join(f"line {n}\n" for n in range(9))
FIRST, LAST = LINES.replace("line 0", "line zero"), LINES.replace("line 8", "line eight")
BOTH = FIRST.replace("line 8", "line eight")
FILE, OTHER = "S3/a/a.tfvars", "README.md"


@pytest.fixture
def clone(tmp_path):
    """`dev`, where somebody changed the last line since `feature` began, which has changed the first."""
    clone = Clone(tmp_path / "clone")
    clone.commit({FILE: LINES, OTHER: "hello\n"}, "base")
    clone.branch("feature")
    clone.commit({FILE: FIRST}, "ours")
    clone.git("checkout", "-q", "dev")
    clone.commit({FILE: LAST}, "theirs")
    clone.git("checkout", "-q", "feature")
    return clone


def merge(clone, what="dev", *options):
    clone.git("merge", "-q", "--no-ff", "--no-edit", *options, what)
    return clone.git("rev-parse", "HEAD")


def found(clone, head="feature"):
    repository = clone.open()
    return repository.updates(repository.range("dev", head))


def made(clone, files, parents):
    """A commit on `feature` that holds these files and has these parents, whatever git would make of them."""
    clone.write(files)
    clone.git("add", "-A")
    options = [word for parent in parents for word in ("-p", clone.git("rev-parse", parent))]
    sha = clone.git("commit-tree", clone.git("write-tree"), *options, "-m", "made")
    clone.git("reset", "-q", "--hard", sha)
    return sha


def test_a_branch_without_merges_has_none(clone):
    assert found(clone) == frozenset()


def test_the_base_is_merged_into_the_branch(clone):
    assert {merge(clone)} == found(clone)


def test_and_again_after_more_work_on_both(clone):
    first = merge(clone)
    clone.commit({OTHER: "more\n"}, "more of ours")
    clone.git("checkout", "-q", "dev")
    clone.commit({"S3/b.tfvars": "b = 1\n"}, "more of theirs")
    clone.git("checkout", "-q", "feature")
    assert found(clone) == {first}
    assert {first, merge(clone)} == found(clone)


def test_an_old_commit_of_the_base_is_the_bases_too(clone):
    clone.git("checkout", "-q", "dev")
    clone.commit({"S3/b.tfvars": "b = 1\n"}, "more of theirs")
    clone.git("checkout", "-q", "feature")
    assert {merge(clone, "dev~1")} == found(clone)


@pytest.mark.parametrize(
    ("why", "files", "parents"),
    [
        ("it smuggles a line in", {FILE: BOTH + "line 9\n"}, ("feature", "dev")),
        ("it smuggles a file in", {FILE: BOTH, "S3/evil.tfvars": "x = 1\n"}, ("feature", "dev")),
        ("it leaves out what the base had done", {FILE: FIRST}, ("feature", "dev")),
        ("it leaves out what the branch had done", {FILE: LAST}, ("feature", "dev")),
        ("its parents are swapped", {FILE: BOTH}, ("dev", "feature")),
        ("it has three parents", {FILE: BOTH}, ("feature", "dev", "dev~1")),
        ("it has one", {FILE: BOTH}, ("feature",)),
    ],
)
def test_what_is_something_else(clone, why, files, parents):
    made(clone, files, parents)
    assert found(clone) == frozenset(), why


def test_a_conflict_that_somebody_resolved_is_their_work(clone):
    clone.git("checkout", "-q", "dev")
    clone.commit({FILE: LINES.replace("line 0", "line null")}, "the same line")
    clone.git("checkout", "-q", "feature")
    made(clone, {FILE: FIRST}, ("feature", "dev"))
    assert found(clone) == frozenset()


def test_an_executable_bit_is_a_change(clone):
    made(clone, {FILE: BOTH}, ("feature", "dev"))
    assert len(found(clone)) == 1
    clone.git("update-index", "--chmod=+x", OTHER)
    options = [word for parent in ("feature~1", "dev") for word in ("-p", clone.git("rev-parse", parent))]
    clone.git("reset", "-q", "--soft", clone.git("commit-tree", clone.git("write-tree"), *options, "-m", "made"))
    assert found(clone) == frozenset()


def test_a_branch_that_was_merged_into_the_base_is_not_the_base(clone):
    """Its tip is an ancestor of the base, but the base has never been at it."""
    clone.git("checkout", "-q", "-b", "side", "dev~1")
    clone.commit({"S3/side.tfvars": "s = 1\n"}, "theirs on a side")
    clone.git("checkout", "-q", "dev")
    merge(clone, "side")
    clone.git("checkout", "-q", "feature")
    merge(clone, "side")
    assert found(clone) == frozenset()


def test_another_branch_is_not_the_base(clone):
    clone.git("checkout", "-q", "-b", "evil", "dev")
    clone.commit({"S3/evil.tfvars": "x = 1\n"}, "not reviewed")
    clone.git("checkout", "-q", "feature")
    merge(clone, "evil")
    assert found(clone) == frozenset()


def test_a_merge_on_a_side_branch_is_somebodys_work(clone):
    clone.git("checkout", "-q", "-b", "side", "feature")
    on_the_side = merge(clone)
    clone.git("checkout", "-q", "feature")
    clone.commit({OTHER: "more\n"}, "more of ours")
    merge(clone, "side")
    assert on_the_side not in found(clone)
    assert found(clone) == frozenset()


def test_a_file_renamed_on_one_side_and_changed_on_the_other_is_somebodys_work(clone):
    """Which git follows by likeness, each version in its own way."""
    clone.git("mv", FILE, "S3/a/b.tfvars")
    clone.git("commit", "-q", "-m", "renamed")
    merge(clone)
    assert found(clone) == frozenset()


def test_no_attribute_of_the_clone_makes_a_merge(clone):
    clone.git("checkout", "-q", "dev")
    clone.commit({FILE: LINES.replace("line 0", "line null")}, "the same line")
    clone.git("checkout", "-q", "feature")
    clone.write({".git/info/attributes": "*.tfvars merge=union\n"})
    merge(clone)
    assert found(clone) == frozenset()


def test_a_lying_object_makes_no_merge(clone):
    """Git would make the smuggled tree of it, without hashing what it reads."""
    name = clone.git("rev-parse", "dev:S3/a/a.tfvars")
    made(clone, {FILE: BOTH.replace("line 4", "line four")}, ("feature", "dev"))
    forged.lie(clone, name, "blob", LAST.replace("line 4", "line four").encode())
    assert found(clone) == frozenset()


def test_a_branch_with_very_many_has_somebodys_commits_in_the_older_ones(clone):
    all_ = []
    for number in range(updates.AT_MOST + 2):
        clone.git("checkout", "-q", "dev")
        clone.commit({"S3/n.tfvars": f"n = {number}\n"}, "more of theirs")
        clone.git("checkout", "-q", "feature")
        all_.append(merge(clone))
    assert found(clone) == set(all_[2:])


def test_what_a_merge_costs_that_is_made_again_is_not_missing_elsewhere(clone):
    merge(clone)
    repository = clone.open()
    found = repository.range("dev", "feature")
    assert repository.updates(found)
    room = repository._objects._room, repository._trees._room
    repository.updates(found)
    assert (repository._objects._room, repository._trees._room) == room
