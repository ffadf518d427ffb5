"""A merge on its page: the comment about applying beside that of the validation, and its deployment."""

import pytest

from engine.adapters.github.forge import opened
from tests.support.hosted import REPO


def deployments(page, number):
    sha = page.pull(number).merge_commit
    return page.hosted.as_("alice", "GET", f"/deployments?sha={sha}").body


def statuses(page, one):
    found = page.hosted.as_("alice", "GET", f"/deployments/{one['id']}/statuses").body
    return [status["state"] for status in found]


def merge_as_us(page, number):
    """As our App, and not by a run."""
    needs = ["contents:write", "pull_requests:write"]
    hub = opened(page.environ, str(page.folder / "evil"), page.settings.path, [REPO], needs)
    hub.merge(REPO, number, head=page.pull(number).head.sha, title="It", message="Interlock-Run: none")


def merged(page, branch):
    number = page.ready(branch)
    assert page.run("merge", number)["github.merge"]["commit"]
    return number


@pytest.mark.slow
def test_one_deployment_for_each_merge_however_often_it_is_said(page):
    number = merged(page, "deployed")
    first = page.run("deploy", number)["github.deployment"]
    assert page.run("deploy", number)["github.deployment"] == first
    [one] = deployments(page, number)
    assert (one["id"], one["environment"], one["ref"]) == (first["id"], "development", page.pull(number).merge_commit)
    assert statuses(page, one) == ["in_progress"]


def test_nothing_is_deployed_of_what_is_not_merged(page):
    number = page.hosted.pull("not-merged")
    assert page.run("deploy", number).code("github.deployment") == "ENG556"


@pytest.mark.slow
def test_the_comment_about_applying_is_one_beside_that_of_the_validation(page):
    number = merged(page, "two-comments")
    first = page.run("apply-comment", number)["github.comment"]
    assert page.run("apply-comment", number)["github.comment"] == {"id": first["id"], "written": False}
    validation, applying = page.ours(number)
    assert validation.body.splitlines()[0] == "Merged into dev"
    assert applying.body.splitlines()[0].startswith("Merged into dev: ")
    assert applying.id == first["id"]
    page.run("tell", number)
    assert [one.id for one in page.ours(number)] == [validation.id, applying.id]


def test_one_that_was_edited_is_put_right_and_one_that_is_gone_is_written_anew(page):
    number = merged(page, "edited-apply")
    page.run("apply-comment", number)
    _, ours = page.ours(number)
    assert page.hosted.as_("olga", "PATCH", f"/issues/comments/{ours.id}", {"body": "applied"}).status == 200
    page.run("apply-comment", number)
    assert page.ours(number)[1].body == ours.body
    assert page.hosted.as_("olga", "DELETE", f"/issues/comments/{ours.id}").status == 204
    page.run("apply-comment", number)
    assert [one.body for one in page.ours(number)[1:]] == [ours.body]


def test_a_merge_of_ours_that_nothing_accounts_for_is_called_so(page):
    """Our App has merged it, by whatever hand: no merge decision stands, and no run had announced it."""
    number = page.ready("unaccounted-page")
    page.run("tell", number)
    merge_as_us(page, number)
    assert page.decision(number) is None
    page.run("closed", number)
    [ours] = page.ours(number)
    assert ours.body.splitlines()[0].startswith("Merged into dev, unaccounted")
    assert "judged afresh" in ours.body.splitlines()[0]


def test_of_what_is_not_merged_or_has_no_account_it_says_nothing(page):
    number = page.hosted.pull("not-merged-yet")
    assert page.run("apply-comment", number)["github.comment"]["id"] is None
    files = {"S3/elsewhere/elsewhere.tfvars": 'environment = "playground"\n\ns3_buckets = {\n  "acme-x" = {}\n}\n'}
    number = page.hosted.pull("no-account", base="main", files=files)
    assert page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}).status == 200
    assert page.run("apply-comment", number)["github.comment"]["id"] is None
    assert page.run("deploy", number)["github.deployment"] == {"id": None, "state": None}
    assert page.ours(number) == []
