"""What a commit is to a branch: where it was itself, what only came in by a merge, and what a rebase has made anew."""

import pytest

from tests.support.git import Clone


@pytest.fixture
def clone(tmp_path):
    """`dev` has been at one, two, and at the merge of `side`."""
    made = Clone(tmp_path)
    made.commit({"a": "1"}, "one")
    made.branch("side")
    made.commit({"s": "1"}, "aside")
    made.git("checkout", "-q", "dev")
    made.commit({"a": "2"}, "two")
    made.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    return made


@pytest.mark.parametrize(
    ("commit", "is_trunk"),
    [("dev", True), ("dev~1", True), ("dev~2", True), ("side", False), ("later", False), ("elsewhere", False)],
)
def test_where_a_branch_was_itself(clone, commit, is_trunk):
    tip = clone.git("rev-parse", "dev")
    clone.branch("later")
    clone.commit({"a": "3"}, "not there yet")
    clone.git("checkout", "-q", "--orphan", "elsewhere")
    clone.commit({"x": "1"}, "has nothing in common")
    assert clone.open().is_trunk(tip, clone.git("rev-parse", commit)) is is_trunk


def test_a_commit_that_nobody_has_is_nowhere(clone):
    assert not clone.open().is_trunk(clone.git("rev-parse", "dev"), "f" * 40)


@pytest.mark.parametrize(
    ("how", "is_replay"),
    [("rebase", True), ("fast-forward", True), ("squash", False), ("merge", False)],
)
def test_what_a_rebase_has_made_anew(clone, how, is_replay):
    clone.branch("feature")
    own = [clone.commit({"f": str(number)}, f"step {number}") for number in range(2)]
    clone.git("checkout", "-q", "dev")
    if how != "fast-forward":
        clone.commit({"a": "9"}, "meanwhile")
    if how == "rebase":
        clone.git("cherry-pick", *own)
    elif how == "squash":
        clone.git("merge", "-q", "--squash", "feature")
        clone.commit(message="Feature (#7)")
    else:
        clone.git("merge", "-q", "--no-ff" if how == "merge" else "--ff-only", "feature")
    assert clone.open().is_replay(clone.git("rev-parse", "dev"), own) is is_replay
