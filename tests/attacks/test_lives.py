"""Accidents in the middle of a pull request's life, against the forge: what is gone or late, what people do alone."""

from contextlib import suppress

import pytest

from engine.errors import EngineError
from engine.sandbox.forge.faults import Fault, Faults
from engine.sandbox.forge.serve import running
from tests.support.clone import bucket
from tests.support.hosted import REPO
from tests.support.page import Page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lives")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder)


def merges(page, number):
    """How many commits of `dev` say that they merge it."""
    rows = page.hosted.as_("alice", "GET", "/commits?sha=dev&per_page=100").body
    return sum(f"Merge pull request {number} into" in row["commit"]["message"] for row in rows)


def test_a_branch_that_was_deleted_after_its_approval_is_not_merged(page):
    number = page.ready("gone")
    assert page.hosted.as_("alice", "DELETE", "/git/refs/heads/gone").status == 204
    done = page.run("merge", number)
    assert "github.merge" not in done.ran or done.ran["github.merge"].problems
    assert (page.pull(number).merged, page.decision(number)) == (False, None)


def test_with_a_team_that_is_gone_nothing_is_merged(page):
    """Nobody can tell any more who belonged to it: the group is an error, and the answer is no."""
    number = page.ready("team")
    page.forge.kept.run("UPDATE teams SET slug = 'gone' WHERE slug = 'platform'")
    try:
        done = page.run("merge", number)
    finally:
        page.forge.kept.run("UPDATE teams SET slug = 'platform' WHERE slug = 'gone'")
    assert (done.outcome, page.pull(number).merged) == ("error", False)
    assert "cannot be judged: reviewed" in done.because


def test_a_token_that_expires_in_the_very_merge(page):
    number = page.ready("expires")
    page.forge.faults.order_answer(f"/repos/{REPO}/pulls/{number}/merge", "PUT", Fault(expired=True), 1)
    done = page.run("merge", number)
    assert done["github.merge"]["commit"] == page.pull(number).merge_commit
    assert merges(page, number) == 1


@pytest.mark.parametrize("validated", ["never", "failed", "stale"])
def test_a_merge_behind_our_back_is_told_with_what_did_not_hold(page, validated):
    branch = f"alone-{validated}"
    number = page.hosted.pull(branch)
    if validated != "never":
        page.run("fail" if validated == "failed" else "pass", number)
    if validated == "stale":
        page.hosted.push(branch, {f"S3/{branch}/{branch}.tfvars": bucket("acme-other")})
    page.run("tell", number)
    assert page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}).status == 200
    page.run("closed", number)
    assert page.decision(number) is None, "what we have not merged holds nothing, and is judged afresh"
    first = page.ours(number)[-1].body.splitlines()[0]
    assert first.startswith("Merged into dev, and not by us")
    assert "these did not hold" in first


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_whatever_github_answers_each_thing_is_done_once(page, seed):
    """Late, lost, cut, refused for a moment, out of tokens: some runs fail, and what is there is there once."""
    number = page.ready(f"chaos-{seed}")
    calm, page.forge.faults = page.forge.faults, Faults(seed)
    try:
        for pipeline in ("tell", "merge") * 4:
            with suppress(EngineError):  # a run may end in an error; what it leaves is what counts
                page.run(pipeline, number)
    finally:
        page.forge.faults = calm
    page.forge.clock.advance(3600)
    if page.pull(number).merged:
        page.run("closed", number)
    else:
        page.run("merge", number)
    assert (page.pull(number).merged, merges(page, number)) == (True, 1)
    assert page.decision(number).said["commit"] == page.pull(number).merge_commit
    assert len(page.ours(number)) == 1
    head = page.pull(number).head.sha
    runs = page.hosted.as_("alice", "GET", f"/commits/{head}/check-runs?filter=all").body["check_runs"]
    names = [run["name"] for run in runs]
    assert len(names) == len(set(names))


def test_a_head_branch_that_was_renamed_after_its_approval_is_not_merged(page):
    """GitHub closes it. The same commit under the new name is another pull request, with its own verdict or none."""
    number = page.ready("old-name")
    head = page.pull(number).head.sha
    assert page.hosted.as_("alice", "POST", "/git/refs", {"ref": "refs/heads/new-name", "sha": head}).status == 201
    assert page.hosted.as_("alice", "DELETE", "/git/refs/heads/old-name").status == 204
    done = page.run("merge", number)
    assert "github.merge" not in done.ran or done.ran["github.merge"].problems
    made = page.hosted.as_("alice", "POST", "/pulls", {"title": "It", "head": "new-name", "base": "dev"})
    page.hosted.review(made.body["number"], "ann")
    again = page.run("merge", made.body["number"])
    assert (again.outcome, page.pull(made.body["number"]).merged) == ("pending", False)
    assert (page.pull(number).merged, page.decision(number)) == (False, None)


def test_a_base_branch_that_was_renamed_after_its_approval_takes_nothing(page):
    """GitHub sends the pull request along: what was judged and approved for `dev` goes nowhere else."""
    number = page.ready("base-renamed")
    tip = page.hosted.as_("alice", "GET", "/git/ref/heads/dev").body["object"]["sha"]
    assert page.hosted.as_("alice", "POST", "/git/refs", {"ref": "refs/heads/develop", "sha": tip}).status == 201
    assert page.hosted.as_("alice", "PATCH", f"/pulls/{number}", {"base": "develop"}).status == 200
    done = page.run("merge", number)
    assert "github.merge" not in done.ran or done.ran["github.merge"].problems
    assert (page.pull(number).merged, page.decision(number)) == (False, None)
    assert page.hosted.as_("alice", "PATCH", f"/pulls/{number}", {"base": "dev"}).status == 200
    assert page.run("merge", number).outcome == "pending", "what was approved for another base was not this"
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    assert page.run("merge", number)["github.merge"]["commit"] == page.pull(number).merge_commit


def test_a_true_merge_commit_has_the_commits_of_its_branch(page):
    """Merged by hand, with a merge commit: who had a hand in it is found behind its second parent, and nobody else."""
    number = page.hosted.pull("true-merge")
    page.hosted.push("true-merge", {"S3/true-merge/more.md": "words\n"}, "carol")
    page.run("pass", number)
    assert page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": "merge"}).status == 200
    document, _ = page.hosted.facts(number, "commits", "pr")
    assert sorted(one["author"]["login"] for one in document.facts["commits"]) == ["alice", "carol"]


@pytest.mark.slow
def test_3500_files_hide_no_resource(page):
    """GitHub lists 3,000 of them at most; what is changed is told by git."""
    files = {f"S3/filler/{number:04}.md": "words\n" for number in range(3500)}
    number = page.hosted.pull("filler", files={**files, "S3/zz/zz.tfvars": bucket("acme-zz"), "zz.tf": "resource {}\n"})
    done = page.run("tell", number)
    [ours] = page.ours(number)
    assert (done.outcome, ours.body.splitlines()[0][:9]) == ("pass", "Refused: ")
    assert "zz.tf" in ours.body
