"""What the rules of its base still want of a pull request, and of whom."""

import pytest

from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.git import protection
from engine.sandbox.forge.tracker import pulls, rows
from tests.support.plain_git import commit, git, rule

ONE = {"required_approving_review_count": 1}
LACKS = "At least 1 approving review is required by reviewers with write access."
CHANGES = "Changes were requested by a reviewer with write access."
# why, what the rule says, who has said what; what is lacking, and how GitHub sums it up
REVIEWS = [
    ("nobody has said anything", ONE, [], [LACKS], "REVIEW_REQUIRED"),
    ("a writer has approved", ONE, [("bob", "APPROVED")], [], "APPROVED"),
    ("a reader's word does not count", ONE, [("oscar", "APPROVED")], [LACKS], "REVIEW_REQUIRED"),
    ("nor does a reader's veto", ONE, [("bob", "APPROVED"), ("oscar", "CHANGES_REQUESTED")], [], "APPROVED"),
    ("a writer's veto does", ONE, [("bob", "CHANGES_REQUESTED"), ("olga", "APPROVED")], [CHANGES], "CHANGES_REQUESTED"),
    ("until it is taken back", ONE, [("bob", "CHANGES_REQUESTED"), ("bob", "APPROVED")], [], "APPROVED"),
    ("or dismissed", ONE, [("bob", "DISMISSED"), ("olga", "APPROVED")], [], "APPROVED"),
    ("a comment takes nothing back", ONE, [("bob", "APPROVED"), ("bob", "COMMENTED")], [], "APPROVED"),
    ("a dismissed approval is none", ONE, [("bob", "DISMISSED")], [LACKS], "REVIEW_REQUIRED"),
    ("none is wanted", {"required_approving_review_count": 0}, [("bob", "CHANGES_REQUESTED")], [], "CHANGES_REQUESTED"),
    ("none is wanted, and nobody has said anything", {}, [], [], None),
    ("none is wanted, and a reader has", {}, [("oscar", "APPROVED")], [], None),
    ("none is wanted, and a writer has", {}, [("bob", "APPROVED")], [], "APPROVED"),
    ("two are wanted", {"required_approving_review_count": 2}, [("bob", "APPROVED")],
     ["At least 2 approving reviews are required by reviewers with write access."], "REVIEW_REQUIRED"),
    ("who pushed last approves nothing", ONE | {"require_last_push_approval": True}, [("ann", "APPROVED")], [LACKS],
     "REVIEW_REQUIRED"),
    ("somebody else does", ONE | {"require_last_push_approval": True}, [("bob", "APPROVED")], [], "APPROVED"),
]  # fmt: skip


def viewer(forge, login):
    return Viewer("user", forge.kept.value("SELECT id FROM accounts WHERE login = ?", login))


@pytest.fixture
def pull(forge, repo, clone):
    """One of bob's, whose branch ann has pushed."""
    git(clone, "checkout", "-q", "-b", "topic")
    commit(clone, "b.txt", "b\n")
    git(clone, "push", "-q", "origin", "topic")
    return rows.item(forge, pulls.open_pull(forge, viewer(forge, "bob"), repo, "topic", "main", "T", ""))


@pytest.mark.parametrize(("why", "wants", "reviews", "found", "decision"), REVIEWS, ids=[row[0] for row in REVIEWS])
def test_reviews(forge, repo, pull, why, wants, reviews, found, decision):
    rule(forge, repo, {"type": "pull_request", "parameters": wants})
    for login, state in reviews:
        author = viewer(forge, login).account
        forge.kept.insert("reviews", pull=pull["id"], author=author, state=state, commit_sha=pull["head_sha"])
    assert protection.unmet(forge, pull, viewer(forge, "ann")) == found, why
    assert protection.decision(forge, repo, pull) == decision, why


CHECKS = [
    ("none", [], "expected"),
    ("a success", [("completed", "success", 0)], None),
    ("neutral", [("completed", "neutral", 0)], None),
    ("skipped", [("completed", "skipped", 0)], None),
    ("a failure", [("completed", "failure", 0)], "failing"),
    ("cancelled", [("completed", "cancelled", 0)], "failing"),
    ("at work", [("in_progress", None, 0)], "in progress"),
    ("the newest counts", [("completed", "success", 0), ("completed", "failure", 0)], "failing"),
    ("a success that was begun anew", [("completed", "success", 0), ("queued", None, 0)], "queued"),
    ("another App's", [("completed", "success", 1)], "expected"),
]


@pytest.mark.parametrize(("why", "runs", "state"), CHECKS, ids=[row[0] for row in CHECKS])
def test_checks(forge, repo, pull, why, runs, state):
    app = forge.kept.value("SELECT id FROM apps")
    wants = {"required_status_checks": [{"context": "ci", "integration_id": app}]}
    rule(forge, repo, {"type": "required_status_checks", "parameters": wants})
    for status, conclusion, other in runs:
        forge.kept.insert(
            "check_runs", suite=1, repository=repo["id"], app=app + other, head_sha=pull["head_sha"], name="ci",
            status=status, conclusion=conclusion,
        )  # fmt: skip
    found = [] if state is None else [f'Required status check "ci" is {state}.']
    assert protection.unmet(forge, pull, viewer(forge, "ann")) == found, why


def test_a_status_of_that_name_will_do_where_no_app_is_named(forge, repo, pull):
    rule(forge, repo, {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "ci"}]}})
    status = {"repository": repo["id"], "sha": pull["head_sha"], "context": "ci", "created_at": forge.now()}
    for state, found in (("pending", ['Required status check "ci" is pending.']), ("success", [])):
        forge.kept.insert("statuses", state=state, **status)
        assert protection.unmet(forge, pull, viewer(forge, "ann")) == found


def test_a_strict_check_wants_the_newest_base(forge, repo, pull, clone):
    rule(forge, repo, {"type": "required_status_checks", "parameters": {"strict_required_status_checks_policy": True}})
    assert protection.unmet(forge, pull, None) == []
    git(clone, "checkout", "-q", "main")
    commit(clone, "c.txt", "c\n")
    git(clone, "push", "-q", "origin", "main")
    assert protection.unmet(forge, pull, None) == ["The head branch is not up to date with the base branch."]


def test_who_may_pass_in_a_pull_request_only(forge, repo, pull):
    row = {"actor_type": "RepositoryRole", "actor_id": 4, "bypass_mode": "pull_request"}
    rule(forge, repo, {"type": "pull_request", "parameters": ONE}, bypass=[row])
    assert protection.unmet(forge, pull, viewer(forge, "ann")) == []
    assert protection.unmet(forge, pull, viewer(forge, "oscar")) == [LACKS]
    assert protection.unmet(forge, pull, None) == [LACKS]


def test_rulesets_that_are_not_active_or_of_another_branch_want_nothing(forge, repo, pull):
    other = rule(forge, repo, {"type": "pull_request", "parameters": ONE})
    forge.kept.update("rulesets", other, enforcement="evaluate")
    rule(forge, repo, {"type": "pull_request", "parameters": ONE}, include=["refs/heads/dev"])
    assert protection.unmet(forge, pull, None) == []


def test_which_ways_of_merging_are_left(forge, repo):
    assert protection.methods(forge, repo, "main") == ["merge", "squash", "rebase"]
    rule(forge, repo, {"type": "required_linear_history"})
    assert protection.methods(forge, repo, "main") == ["squash", "rebase"]
    rule(forge, repo, {"type": "pull_request", "parameters": {"allowed_merge_methods": ["merge", "squash"]}})
    assert protection.methods(forge, repo, "main") == ["squash"]
