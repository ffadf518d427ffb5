"""A pull request's life with plain git and PyGithub, as people and Apps use them."""

import pytest
from github import Auth, Github, GithubException

from tests.support.plain_git import commit, git


@pytest.fixture
def hub(place, as_):
    """`hub("bob")`: PyGithub's repository, as this person."""

    def repository(login):
        token = as_(login).token
        client = Github(
            base_url=place.forge.urls.api,
            auth=Auth.Token(token),
            lazy=True,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        return client.get_repo(place.repository["full_name"])

    return repository


@pytest.fixture
def clone(place, as_, tmp_path):
    """alice's."""
    host = place.forge.urls.base.partition("://")[2]
    remote = f"http://x-access-token:{as_('alice').token}@{host}/{place.repository['full_name']}.git"
    git(tmp_path, "clone", "-q", remote, "clone")
    return tmp_path / "clone"


@pytest.fixture
def pushed(clone):
    """A commit on `feature`, pushed."""
    git(clone, "checkout", "-q", "-b", "feature")
    sha = commit(clone, "new.txt", "one\n")
    git(clone, "push", "-q", "origin", "feature")
    return sha


def test_opened_and_looked_at(hub, clone, pushed):
    alice, bob = hub("alice"), hub("bob")
    pull = alice.create_pull(base="main", head="feature", title="Add", body="please")
    assert pull.head.sha == pushed
    assert [each.number for each in bob.get_pulls(state="open", head="acme:feature", base="main")] == [pull.number]
    second = commit(clone, "more.txt", "two\n")
    git(clone, "push", "-q", "origin", "feature")
    seen = bob.get_pull(pull.number).complete()
    assert (seen.head.sha, seen.commits, seen.changed_files, seen.mergeable) == (second, 2, 2, None)
    assert bob.get_pull(pull.number).complete().mergeable is True
    assert [each.filename for each in seen.get_files()] == ["more.txt", "new.txt"]
    assert [each.sha for each in seen.get_commits()] == [pushed, second]


def test_talked_about(hub, pushed):
    alice, bob = hub("alice"), hub("bob")
    pull = alice.create_pull(base="main", head="feature", title="Add")
    issue = bob.get_issue(pull.number)
    issue.create_comment("hello").edit("hello again")
    assert [each.body for each in issue.get_comments()] == ["hello again"]
    bob.create_label("opa-passed", "00ff00")
    issue.add_to_labels("opa-passed", "made-on-the-fly")
    issue.remove_from_labels("made-on-the-fly")
    assert [label.name for label in issue.get_labels()] == ["opa-passed"]
    review = hub("carol").get_pull(pull.number).create_review(event="APPROVE")
    with pytest.raises(GithubException) as refused:
        alice.get_pull(pull.number).create_review(event="APPROVE")
    assert refused.value.status == 422
    review.dismiss("second thoughts")
    assert [each.state for each in bob.get_pull(pull.number).get_reviews()] == ["DISMISSED"]
    bob.get_pull(pull.number).create_review_request(reviewers=["ann"])
    assert [user.login for user in bob.get_pull(pull.number).get_review_requests()[0]] == ["ann"]
    assert [event.event for event in issue.get_timeline()] == [
        *["committed", "commented", "labeled", "labeled", "unlabeled"],
        *["reviewed", "review_dismissed", "review_requested"],
    ]


def test_retargeted_updated_and_merged(place, hub, clone, pushed):
    pull = hub("alice").create_pull(base="main", head="feature", title="Add")
    place.push("stage", place.tip("main"))
    pull.edit(base="stage")
    pull.edit(base="main", title="Add one")
    place.add("main", {"later.txt": "x\n"}, by="ann")
    assert pull.update_branch(expected_head_sha=pushed)
    head = place.tip("feature")
    seen = hub("bob").get_pull(pull.number)
    with pytest.raises(GithubException) as refused:
        seen.merge("message", "title", merge_method="squash", sha=pushed)
    assert refused.value.status == 409
    done = seen.merge("message", "title", merge_method="squash", sha=head)
    assert (done.merged, done.sha) == (True, place.tip("main"))
    assert seen.is_merged()
    assert [event.event for event in hub("bob").get_issue(pull.number).get_timeline()] == [
        *["committed", "base_ref_changed", "renamed", "base_ref_changed", "committed", "merged", "closed"],
    ]
    git(clone, "fetch", "-q", "origin", f"refs/pull/{pull.number}/head")
    assert git(clone, "rev-parse", "FETCH_HEAD").strip() == head
    git(clone, "push", "-q", "origin", "--delete", "feature")
    assert place.events(pull.number)[-1] == "head_ref_deleted"
