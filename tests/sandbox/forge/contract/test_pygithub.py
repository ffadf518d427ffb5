"""PyGithub lives in the forge: a pull request from its branch to its merge, with every call that our adapter makes."""

from typing import Any

import pytest
from github import Auth, Github, GithubException, GithubIntegration, InputGitTreeElement

REPOSITORY = "acme/dev-deployment"
GATE = "interlock merge: dev"
FAST: dict[str, Any] = {"lazy": True, "per_page": 100, "timeout": 30, "retry": None, "api_version": "2022-11-28"} | {
    f"seconds_between_{what}": 0 for what in ("requests", "writes")
}


@pytest.fixture(scope="module")
def person(told, token):
    """`person("ann")` is PyGithub with her token."""
    return lambda login: Github(base_url=told["api_url"], auth=Auth.Token(token(login)), **FAST)


@pytest.fixture(scope="module")
def app(told):
    """PyGithub as the App's installation."""
    with open(told["app"]["private_key_file"], encoding="utf-8") as file:
        auth = Auth.AppAuth(told["app"]["id"], file.read())
    return Github(base_url=told["api_url"], auth=auth.get_installation_auth(told["app"]["installation"]), **FAST)


@pytest.fixture
def branch(person, request):
    """A branch of alice's with one commit more than `dev`, made by the API alone; its name and the commit."""
    repo = person("alice").get_repo(REPOSITORY)
    name = f"topic/{request.node.name.replace('[', '-').rstrip(']')}"
    base = repo.get_git_ref("heads/dev").object.sha
    tree = repo.create_git_tree(
        [InputGitTreeElement(f"{name.replace('/', '-')}.txt", "100644", "blob", content="hello\n")],
        base_tree=repo.get_git_commit(base).tree,
    )
    made = repo.create_git_commit("Say hello", tree, [repo.get_git_commit(base)])
    repo.create_git_ref(f"refs/heads/{name}", made.sha)
    return name, made.sha


def opened(person, branch, base="dev"):
    repo = person("alice").get_repo(REPOSITORY)
    return repo.create_pull(base=base, head=branch[0], title="Say hello", body="Please\n\n- [ ] a box")


def status(call, *arguments, **more) -> int:
    with pytest.raises(GithubException) as refused:
        call(*arguments, **more)
    return int(refused.value.status)


def test_a_pull_request_from_its_branch_to_its_merge(person, app, branch):
    name, sha = branch
    pull = opened(person, branch)
    repo = app.get_repo(REPOSITORY)
    (found,) = repo.get_pulls(state="open", head=f"acme:{name}", base="dev")
    assert (found.number, found.head.sha, found.user.login) == (pull.number, sha, "alice")
    assert [file.filename for file in found.get_files()] == [f"{name.replace('/', '-')}.txt"]
    assert [commit.sha for commit in found.get_commits()] == [sha]

    check = repo.create_check_run("interlock plan: dev", sha, status="in_progress", external_id="1")
    check.edit(conclusion="success", output={"title": "Passed", "summary": "*fine*"})
    gate = repo.create_check_run(GATE, sha, status="in_progress")
    comment = repo.get_issue(pull.number).create_comment("**planned**")
    repo.get_issue(pull.number).add_to_labels("opa-passed")
    assert (comment.user.type, comment.user.login) == ("Bot", "interlock[bot]")
    assert comment.raw_data["performed_via_github_app"]["slug"] == "interlock"

    theirs = person("ann").get_repo(REPOSITORY).get_pull(pull.number)
    assert status(theirs.merge, merge_method="squash") == 405, "the gate has not passed"
    review = theirs.create_review(body="good", event="APPROVE")
    assert (review.state, review.commit_id) == ("APPROVED", sha)
    assert [r.user.login for r in found.get_reviews()] == ["ann"]
    gate.edit(conclusion="success")
    runs = {run.name: run.conclusion for run in repo.get_commit(sha).get_check_runs()}
    assert runs == {"interlock plan: dev": "success", GATE: "success"}

    assert status(found.merge, sha="0" * 40, merge_method="squash") == 409, "the head has moved"
    merged = found.merge(commit_title="Say hello (#1)", commit_message="why", merge_method="squash", sha=sha)
    assert merged.merged
    after = repo.get_pull(pull.number).complete()
    assert (after.merged, after.merge_commit_sha, after.merged_by.login) == (True, merged.sha, "interlock[bot]")
    tip = repo.get_branch("dev").commit
    assert (tip.sha, tip.commit.message) == (merged.sha, "Say hello (#1)\n\nwhy")
    assert [parent.sha for parent in tip.parents] == [after.base.sha]
    assert status(after.merge, merge_method="squash") == 405, "once is enough"
    events = {event.event for event in repo.get_issue(pull.number).get_timeline()}
    assert {"labeled", "reviewed", "commented", "merged", "closed", "committed"} <= events


def test_comments_and_labels(person, app, branch):
    pull = opened(person, branch)
    issue = app.get_repo(REPOSITORY).get_issue(pull.number)
    comment = issue.create_comment("one")
    comment.edit("two")
    assert [c.body for c in issue.get_comments()] == ["two"]
    assert issue.get_comment(comment.id).complete().body == "two"
    repo = app.get_repo(REPOSITORY)
    label = repo.create_label(f"label-{pull.number}", "00ff00", "what it means")
    issue.add_to_labels(label.name, "opa-failed")
    issue.remove_from_labels("opa-failed")
    assert [each.name for each in repo.get_pull(pull.number).get_labels()] == [label.name]
    theirs = person("ann").get_repo(REPOSITORY).get_issue(pull.number).get_comment(comment.id)
    theirs.edit("three")
    assert issue.get_comment(comment.id).complete().user.login == "interlock[bot]", "its author stays"
    theirs.delete()
    assert list(issue.get_comments()) == []
    assert status(person("oscar").get_repo(REPOSITORY).get_issue(pull.number).add_to_labels, "x") == 403
    assert status(issue.create_comment, "x" * 65537) == 422


def test_reviews(person, branch):
    pull = opened(person, branch)
    assert status(pull.create_review, event="APPROVE") == 422, "an author does not approve herself"
    outsider = person("oscar").get_repo(REPOSITORY).get_pull(pull.number)
    assert outsider.create_review(event="APPROVE").state == "APPROVED", "whoever may read may review"
    theirs = person("bob").get_repo(REPOSITORY).get_pull(pull.number)
    blocked = theirs.create_review(body="no", event="REQUEST_CHANGES")
    person("ann").get_repo(REPOSITORY).get_pull(pull.number).get_review(blocked.id).dismiss("it is fine")
    assert [r.state for r in pull.get_reviews()] == ["APPROVED", "DISMISSED"]
    pull.create_review_request(reviewers=["carol"], team_reviewers=["security"])
    people, teams = pull.get_review_requests()
    assert ([p.login for p in people], [t.slug for t in teams]) == (["carol"], ["security"])


def test_a_retarget_an_update_and_a_close(person, app, branch):
    repo = person("olga").get_repo(REPOSITORY)
    pull = opened(person, branch, base="stage")
    pull.edit(base="dev", title="Another title")
    assert (pull.base.ref, pull.title) == ("dev", "Another title")
    content = repo.get_contents("README.md", ref="dev")
    assert not isinstance(content, list)
    repo.update_file("README.md", "Go on", content.decoded_content + b"more\n", content.sha, branch="dev")
    behind = app.get_repo(REPOSITORY).compare("dev", branch[0])
    assert (behind.behind_by, behind.ahead_by, behind.status) == (1, 1, "diverged")
    assert pull.update_branch(expected_head_sha=branch[1]) is True
    assert app.get_repo(REPOSITORY).compare("dev", branch[0]).behind_by == 0
    pull.edit(state="closed")
    assert app.get_repo(REPOSITORY).get_pull(pull.number).complete().state == "closed"
    pull.edit(state="open")
    names = {event.event for event in app.get_repo(REPOSITORY).get_issue(pull.number).get_timeline()}
    assert {"renamed", "base_ref_changed", "closed", "reopened"} <= names


def test_what_else_is_written(person, app, branch):
    repo = app.get_repo(REPOSITORY)
    commit = repo.get_commit(branch[1])
    commit.create_status("success", "https://x.example", "fine", "ci")
    assert (commit.get_combined_status().state, commit.get_combined_status().statuses[0].context) == ("success", "ci")
    made = repo.create_deployment(branch[1], auto_merge=False, required_contexts=[], environment="dev")
    made.create_status("success", environment_url="https://x.example")
    assert [s.state for s in repo.get_deployment(made.id).get_statuses()] == ["success"]
    assert [d.id for d in repo.get_deployments(sha=branch[1])] == [made.id]
    assert repo.create_repository_dispatch("go", {"a": 1}) is True
    assert repo.create_repository_dispatch("x" * 101, {}) is False, "PyGithub says it so"
    issue = repo.create_issue("Something", body="is wrong", labels=["opa-failed"])
    assert repo.get_issue(issue.number).complete().title == "Something"
    many = [
        {"path": "README.md", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": str(i)}
        for i in range(50)
    ]
    check = repo.create_check_run("notes", branch[1], output={"title": "t", "summary": "s", "annotations": many})
    check.edit(output={"title": "t", "summary": "s", "annotations": many[:3]})
    assert check.get_annotations().totalCount == 53 or len(list(check.get_annotations())) == 53


def test_people(person, app, told):
    acme = app.get_organization("acme")
    team = acme.get_team_by_slug("platform")
    assert {member.login for member in team.get_members()} == {"ann", "bob"}
    assert team.get_team_membership("ann").state == "active"
    assert status(team.get_team_membership, "carol") == 404
    assert [t.slug for t in acme.get_teams()] == ["platform", "security"]
    ids = {user["login"]: user["id"] for user in told["users"]}
    assert app.get_user_by_id(ids["ann"]).login == "ann"
    repo = app.get_repo(REPOSITORY)
    words = {login: repo.get_collaborator_permission(login) for login in ("ann", "oscar", "olga")}
    assert words == {"ann": "write", "oscar": "read", "olga": "admin"}
    assert repo.has_in_collaborators("ann")
    assert {"ann", "olga"} <= {one.login for one in repo.get_collaborators()}
    assert acme.has_in_members(app.get_user("ann"))
    assert person("ann").get_user().login == "ann"
    assert status(lambda: app.get_user("nobody").complete()) == 404


def test_git_by_rest(app, branch):
    repo = app.get_repo(REPOSITORY)
    tree = repo.get_git_tree(branch[1], recursive=True)
    assert f"{branch[0].replace('/', '-')}.txt" in {entry.path for entry in tree.tree}
    assert {each.name for each in repo.get_branches()} >= {"dev", "stage", "prod", "main"}
    assert status(repo.get_branch, "none") == 404
    _, rules = repo.requester.requestJsonAndCheck("GET", f"/repos/{REPOSITORY}/rules/branches/dev")
    assert GATE in str(rules)


def test_the_app_finds_itself(told):
    with open(told["app"]["private_key_file"], encoding="utf-8") as file:
        integration = GithubIntegration(auth=Auth.AppAuth(told["app"]["id"], file.read()), base_url=told["api_url"])
    assert [each.id for each in integration.get_installations()] == [told["app"]["installation"]]
    assert integration.get_repo_installation("acme", "dev-deployment").id == told["app"]["installation"]
    token = integration.get_access_token(told["app"]["installation"], permissions={"contents": "read"})
    limited = Github(base_url=told["api_url"], auth=Auth.Token(token.token), **FAST)
    assert status(limited.get_repo(REPOSITORY).create_issue, "x") == 403
    assert limited.get_rate_limit().resources.core.limit == 5000


def test_what_has_not_changed(person):
    requester = person("ann").requester
    code, headers, _ = requester.requestJson("GET", f"/repos/{REPOSITORY}/pulls")
    again, _, body = requester.requestJson(
        "GET", f"/repos/{REPOSITORY}/pulls", headers={"If-None-Match": headers["etag"]}
    )
    assert (code, again, body) == (200, 304, "")
