"""Merging once, over real HTTP and git."""

from tests.support.hosted import REPO


def test_it_is_merged_and_accounted_for(page):
    number = page.ready("first")
    done = page.run("merge", number, "r1")
    pull = page.pull(number)
    decision = page.decision(number)
    assert pull.merged
    assert done["github.merge"]["commit"] == pull.merge_commit == decision.said["commit"]
    assert [one["login"] for one in decision.said["people"]] == ["ann"]
    assert [one.body.splitlines()[0] for one in page.ours(number)] == ["Merged into dev"]
    assert done.calls <= 12
