"""Everything that webhooks tell of: the life of a pull request with plain git and REST, as the App's receiver gets it.

Each event that any test of the forge makes is held against GitHub's description (`conftest.py`); this one says that
none of ours is left out, and that what arrives is what was described.
"""

import pytest

from engine.sandbox.forge.hooks.sending import waiting
from tests.support import github_webhooks
from tests.support.npm import UNREACHABLE, needs_npm, or_skip
from tests.support.plain_git import commit, git, installation
from tests.support.receiver import until

pytestmark = [*needs_npm, pytest.mark.slow]
REPO = "/repos/acme/dev-deployment"
EVENTS = {
    *("push", "create", "delete", "fork", "ping", "status", "repository_dispatch.deploy", "deployment.created"),
    *("deployment_status.created", "check_run.created", "check_run.completed"),
    *("check_suite.completed", "label.created", "label.edited", "label.deleted"),
    *("issues.opened", "issues.edited", "issues.labeled", "issues.unlabeled", "issues.closed", "issues.reopened"),
    *("issue_comment.created", "issue_comment.edited", "issue_comment.deleted"),
    *("pull_request.opened", "pull_request.edited", "pull_request.synchronize", "pull_request.closed"),
    *("pull_request.reopened", "pull_request.labeled", "pull_request.unlabeled", "pull_request.review_requested"),
    *("pull_request.review_request_removed",),
    *("pull_request_review.submitted", "pull_request_review.edited", "pull_request_review.dismissed"),
    *("pull_request_review_comment.created", "pull_request_review_comment.edited"),
    "pull_request_review_comment.deleted",
}


@pytest.fixture
def life(forge, as_, tmp_path):
    """`life("alice", "POST", "/pulls", {…})`: somebody does something that succeeds; `life.clone` is alice's."""

    class Life:
        clone = tmp_path / "clone"
        app = installation(forge, checks="write", statuses="write", deployments="write")

        def __call__(self, login, verb, path, body=None):
            who = as_(None)._replace(token=self.app) if login == "app" else as_(login)
            answer = who(verb, REPO + path, body)
            assert answer.status < 300, (verb, path, answer)
            return answer.body

    url = f"{forge.urls.base}/acme/dev-deployment.git"
    git(tmp_path, "clone", "-q", url.replace("://", f"://x-access-token:{as_('alice').token}@"), str(Life.clone))
    git(Life.clone, "switch", "-q", "-c", "change")
    return Life()


def pushed(life, name):
    sha = commit(life.clone, name, "one\ntwo\n")
    git(life.clone, "push", "-q", "origin", "change")
    return sha


def proposed(life):
    """A pull request that was renamed, retargeted, pushed to, closed and opened again; its number and its head."""
    pushed(life, "a.txt")
    pull = life("alice", "POST", "/pulls", {"title": "A change", "head": "change", "base": "dev", "body": "x"})[
        "number"
    ]
    sha = pushed(life, "b.txt")
    for change in ({"title": "Another"}, {"base": "main"}, {"base": "dev"}, {"state": "closed"}, {"state": "open"}):
        life("alice", "PATCH", f"/pulls/{pull}", change)
    life("alice", "POST", f"/pulls/{pull}/requested_reviewers", {"reviewers": ["bob", "carol"]})
    life("alice", "DELETE", f"/pulls/{pull}/requested_reviewers", {"reviewers": ["carol"]})
    return pull, sha


def talked_about(life, pull):
    issue = life("alice", "POST", "/issues", {"title": "An issue"})["number"]
    for change in ({"body": "more"}, {"state": "closed"}, {"state": "open"}):
        life("alice", "PATCH", f"/issues/{issue}", change)
    life("alice", "POST", "/labels", {"name": "good", "color": "ffffff"})
    life("alice", "PATCH", "/labels/good", {"description": "very"})
    for number in (pull, issue):
        life("alice", "POST", f"/issues/{number}/labels", {"labels": ["good"]})
        life("alice", "DELETE", f"/issues/{number}/labels/good")
        comment = life("bob", "POST", f"/issues/{number}/comments", {"body": "A comment"})["id"]
        life("bob", "PATCH", f"/issues/comments/{comment}", {"body": "Another"})
        life("bob", "DELETE", f"/issues/comments/{comment}")
    life("olga", "DELETE", "/labels/good")


def reviewed(life, pull):
    line = {"path": "a.txt", "line": 1, "side": "RIGHT", "body": "Why?"}
    review = {"event": "APPROVE", "body": "fine", "comments": [line]}
    number = life("bob", "POST", f"/pulls/{pull}/reviews", review)["id"]
    life("bob", "PUT", f"/pulls/{pull}/reviews/{number}", {"body": "good"})
    comment = life("bob", "GET", f"/pulls/{pull}/comments")[0]["id"]
    life("bob", "PATCH", f"/pulls/comments/{comment}", {"body": "Why not?"})
    life("bob", "DELETE", f"/pulls/comments/{comment}")
    life("olga", "PUT", f"/pulls/{pull}/reviews/{number}/dismissals", {"message": "no", "event": "DISMISS"})


def checked_and_deployed(life, sha):
    run = life("app", "POST", "/check-runs", {"name": "interlock merge: dev", "head_sha": sha})["id"]
    life("app", "PATCH", f"/check-runs/{run}", {"conclusion": "success", "status": "completed"})
    life("app", "POST", f"/statuses/{sha}", {"state": "success", "context": "ci"})
    deployed = {"ref": sha, "environment": "development", "auto_merge": False, "required_contexts": []}
    number = life("app", "POST", "/deployments", deployed)["id"]
    life("app", "POST", f"/deployments/{number}/statuses", {"state": "success"})


def test_everything_is_told_as_github_tells_it(forge, life, receiver):
    try:
        github_webhooks.description()
    except UNREACHABLE as error:
        or_skip(github_webhooks.PACKAGE, error)
    forge.kept.run("UPDATE hooks SET url = ?, events_json = '[\"*\"]' WHERE app IS NOT NULL", receiver.url)
    life("olga", "POST", "/hooks", {"config": {"url": f"{receiver.url}/2", "content_type": "json"}, "events": []})
    pull, sha = proposed(life)
    talked_about(life, pull)
    reviewed(life, pull)
    checked_and_deployed(life, sha)
    life("olga", "POST", "/dispatches", {"event_type": "deploy", "client_payload": {"why": "now"}})
    life("olga", "POST", "/forks", {"organization": "umbrella"})
    life("olga", "PUT", f"/pulls/{pull}/merge", {"merge_method": "squash", "sha": sha})
    git(life.clone, "push", "-q", "origin", ":change")
    until(lambda: not waiting(forge))

    told = [(got.headers["x-github-event"], got.body) for got in receiver.got]
    names = {".".join(filter(None, (event, body.get("action")))) for event, body in told}
    assert EVENTS - names == set(), "what we tell of"
    assert [(event, found) for event, body in told for found in github_webhooks.problems(event, body)] == []
    secret = forge.kept.value("SELECT secret FROM hooks WHERE app IS NOT NULL")
    of_app = [got for got in receiver.got if got.headers["x-github-hook-installation-target-type"] == "integration"]
    assert all(got.signed_with(secret) for got in of_app)
    merged = [body for event, body in told if event == "pull_request" and body["action"] == "closed"][-1]
    assert (merged["pull_request"]["merged"], merged["sender"]["login"]) == (True, "olga")
