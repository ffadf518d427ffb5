"""Writing to the sandbox's GitHub, as the App: once, whatever becomes of the answer; by as few requests as it takes."""

import os
import shutil
from contextlib import suppress
from typing import Any

import pytest

from engine.adapters.github import client as adapter
from engine.adapters.github import door, queries
from engine.adapters.github.failures import RefusedError, UnsureError
from engine.adapters.github.port import Deployed
from engine.errors import EngineError
from engine.sandbox.forge.checks import deployments
from engine.sandbox.forge.faults import Fault
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.tracker import comments, labels, merging, rows, states
from tests.support import forge_scene, github_schema

TITLE, MESSAGE = "Change (#1)", "What, and why.\n\nInterlock-Run: r-1\nPull-request: acme/dev-deployment#1"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(adapter, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))
    monkeypatch.setattr(adapter, "randbelow", lambda _: 0)


def refused(act, status):
    with pytest.raises(RefusedError) as caught:
        act()
    assert caught.value.status == status, caught.value
    return caught.value


def body(name="interlock plan: dev", sequence=1, result="passed", notes=0, **more):
    """Those of a check's requests, as `core/report/checks` makes them."""
    status = {"status": "in_progress"} if result == "running" else {"status": "completed", "conclusion": "success"}
    common = {"name": name, "external_id": f"1:{sequence}:{result}", **status, **more}
    rows = [
        {"path": "a.tfvars", "start_line": n, "end_line": n, "annotation_level": "notice", "title": "t", "message": "m"}
        for n in range(1, notes + 1)
    ]
    output = {"title": "T", "summary": "S"}
    batches = [rows[at : at + 50] for at in range(0, notes, 50)] or [[]]
    return [{**common, "output": {**output, "annotations": batch}} for batch in batches]


# What is written: how, where it is sent to, and what is there afterwards, of which there must never be two.


def _open_pull(scene, github):
    branch = f"{scene.branch}-b"
    if not scene.sql("SELECT id FROM activity WHERE ref = ?", f"refs/heads/{branch}"):
        scene.push(branch=branch)
    return github.open_pull(scene.repo, branch, "dev", "Title", "Body")


def _pulls(scene):
    return scene.sql("SELECT number FROM pulls WHERE head_ref = ?", f"{scene.branch}-b")


def _files(scene, commit):
    """Path → blob."""
    store = bare(scene.forge, scene.row["id"])
    found = store.commit(commit)
    assert found is not None
    return {entry.path: entry.sha for entry in store.entries(found.tree, recursive=True) if entry.mode == "100644"}


def _branch(scene, github, **files):
    head = scene.pull["head_sha"]
    asked = files or {"S3/again/again.tfvars": next(iter(_files(scene, head).values()))}
    return github.branch(scene.repo, f"rollback/{scene.branch}", head, asked, "Take back")


def _made(scene):
    return scene.sql("SELECT id FROM activity WHERE ref = ?", f"refs/heads/rollback/{scene.branch}")


def _bases(scene):
    sql = "SELECT json_extract(data_json, '$') FROM timeline WHERE issue = ? AND event = 'base_ref_changed'"
    return scene.sql(sql, scene.pull["id"])


def _worn(scene):
    return [row["name"] for row in labels.worn(scene.forge, scene.pull["id"])]


def _labelled(scene):
    return scene.sql("SELECT id FROM timeline WHERE issue = ? AND event = 'labeled'", scene.pull["id"])


def _comments(scene):
    return scene.sql("SELECT body FROM comments WHERE issue = ? AND app = 1", scene.pull["id"])


def _checks(scene):
    return scene.sql("SELECT id FROM check_runs WHERE head_sha = ?", scene.pull["head_sha"])


def _merges(scene):
    sql = "SELECT id FROM timeline WHERE issue = ? AND event = 'merged'"
    return scene.sql(sql, scene.pull["id"])


def _requests(scene):
    sql = "SELECT id FROM timeline WHERE issue = ? AND event = 'review_requested'"
    return scene.sql(sql, scene.pull["id"])


def _deployed(scene, state="in_progress", pr=1):
    return Deployed(scene.repo, scene.pull["head_sha"], "development", pr, state, "Merged into dev: applying", "")


def _deployments(scene):
    return scene.sql("SELECT id FROM deployments WHERE sha = ?", scene.pull["head_sha"])


def _statuses(scene):
    sql = """SELECT s.state FROM deployment_statuses s JOIN deployments d ON d.id = s.deployment
      WHERE d.sha = ? ORDER BY s.id"""
    return scene.sql(sql, scene.pull["head_sha"])


def _merge(scene, github, message=MESSAGE):
    head = scene.pull["head_sha"]
    return github.merge(scene.repo, scene.number, head=head, title=TITLE, message=message)


WRITES = {
    "open_pull": ("/repos/{o}/{r}/pulls", "POST", _open_pull, _pulls, 1),
    "branch": ("/repos/{o}/{r}/git/refs", "POST", _branch, _made, 5),
    "retarget": (
        "/repos/{o}/{r}/pulls/{n}", "PATCH", lambda s, g: g.retarget(s.repo, s.number, "stage"), _bases, 1,
    ),
    "label": (
        "/repos/{o}/{r}/issues/{n}/labels", "POST",
        lambda s, g: g.label(s.repo, s.number, add=["ready"], remove=[]), _labelled, 1,
    ),
    "comment": (
        "/repos/{o}/{r}/issues/{n}/comments", "POST",
        lambda s, g: g.comment(s.repo, s.number, "Passed", instead_of=None), _comments, 2,
    ),
    "check": (
        "/repos/{o}/{r}/check-runs", "POST",
        lambda s, g: g.check(s.repo, s.pull["head_sha"], body()), _checks, 2,
    ),
    "merge": ("/repos/{o}/{r}/pulls/{n}/merge", "PUT", _merge, _merges, 1),
    "deployment": (
        "/repos/{o}/{r}/deployments", "POST", lambda s, g: g.deployment(_deployed(s)), _deployments, 4,
    ),
    "deployment's status": (
        "/repos/{o}/{r}/deployments/{d}/statuses", "POST", lambda s, g: g.deployment(_deployed(s)), _statuses, 4,
    ),
    "request_reviews": (
        "/repos/{o}/{r}/pulls/{n}/requested_reviewers", "POST",
        lambda s, g: g.request_reviews(s.repo, s.number, users=["ann"], teams=[]), _requests, 1,
    ),
}  # fmt: skip
FAULTS: dict[str, Any] = {
    "500": {"status": 500},
    "500, and it was done": {"status": 500, "after_effect": True},
    "502": {"status": 502},
    "502, and it was done": {"status": 502, "after_effect": True},
    "403": {"status": 403, "message": "Resource not accessible by integration"},
    "403, and it was done": {"status": 403, "message": "No", "after_effect": True},
    "404": {"status": 404, "message": "Not Found"},
    "409": {"status": 409, "message": "Conflict"},
    "422": {"status": 422, "message": "Validation Failed"},
    "429": {"status": 429, "message": "Slow down", "headers": {"Retry-After": "0"}},
    "a secondary limit": {"status": 403, "message": "a secondary rate limit", "headers": {"Retry-After": "0"}},
    "a token that has expired": {"expired": True},
    "half of the answer": {"cut": True},
}  # fmt: skip
# After these it was certainly not done, and may be asked again at once.
_AGAIN = ("429", "a secondary limit", "a token that has expired")
_FOUND = ("500, and it was done", "502, and it was done", "half of the answer")


def _pairs():
    """Each write with each fault; quickly, each of the two at least once."""
    for n, name in enumerate(WRITES):
        for m, fault in enumerate(FAULTS):
            quick = n == m % len(WRITES) or m == n % len(FAULTS)
            yield pytest.param(name, fault, marks=() if quick else pytest.mark.slow)


@pytest.mark.parametrize(("name", "fault"), list(_pairs()))
def test_never_twice_and_never_lost_without_a_word(scene, name, fault):
    path, method, write, there, _ = WRITES[name]
    scene.fault(path, method, **FAULTS[fault])
    try:
        first = write(scene, scene.github())
    except EngineError:
        assert fault not in (*_AGAIN, *_FOUND)
        assert len(there(scene)) == (fault == "403, and it was done")
    else:
        assert len(there(scene)) == 1
    scene.forge.faults.order_answer(path, method, Fault(), 0)
    second = write(scene, scene.github())  # whoever goes on
    assert len(there(scene)) == 1
    if fault in (*_AGAIN, *_FOUND):
        assert first == second


@pytest.mark.parametrize("name", [*WRITES][:2] + [pytest.param(name, marks=pytest.mark.slow) for name in [*WRITES][2:]])
def test_a_slow_answer(scene, name):
    path, method, write, there, _ = WRITES[name]
    scene.fault(path, method, delay_s=1.3)
    with pytest.MonkeyPatch.context() as patch, suppress(EngineError):  # it may still come
        patch.setattr(door, "_TIMEOUT_S", 1)
        write(scene, scene.github())
    write(scene, scene.github())
    assert len(there(scene)) == 1


@pytest.mark.parametrize("name", WRITES)
def test_as_few_requests_as_it_takes(scene, name):
    """Beside two for a token."""
    _, _, write, _, most = WRITES[name]
    github = scene.github()
    write(scene, github)
    assert github.calls == 2 + most


@pytest.mark.parametrize("name", WRITES)
def test_nothing_to_do(scene, name):
    """A second time from the same process."""
    _, _, write, there, _ = WRITES[name]
    github = scene.github()
    first = write(scene, github)
    assert write(scene, github) == first
    assert len(there(scene)) == 1


def test_a_pull_request_is_opened_again_after_a_closed_one(scene):
    github = scene.github()
    first = _open_pull(scene, github)
    row = scene.forge.kept.row("SELECT * FROM pulls WHERE number = ?", first)
    states.close(scene.forge, scene.as_("alice"), scene.row, rows.item(scene.forge, row["id"]))
    assert _open_pull(scene, github) != first
    refused(lambda: github.open_pull(scene.repo, "nowhere", "dev", "T", "B"), 422)
    refused(lambda: github.open_pull(scene.repo, scene.branch, "nowhere", "T", "B"), 422)


def test_a_branch_has_these_files_and_no_others(scene):
    head, tip = scene.pull["head_sha"], _branch(scene, scene.github())
    before, after = _files(scene, head), _files(scene, tip)
    assert after.keys() - before.keys() == {"S3/again/again.tfvars"}
    assert before.items() <= after.items()
    made: Any = bare(scene.forge, scene.row["id"]).commit(tip)
    assert (list(made.parents), made.message.strip()) == ([head], "Take back")
    with pytest.raises(EngineError) as caught:  # somebody else has made one of that name
        _branch(scene, scene.github(), **{f"{scene.branch}.txt": None})
    assert caught.value.problems[0].code == "ENG837"


def test_a_retarget_that_another_pull_request_is_in_the_way_of(scene):
    github = scene.github()
    other = github.open_pull(scene.repo, scene.branch, "stage", "T", "B")
    error = refused(lambda: github.retarget(scene.repo, scene.number, "stage"), 422)
    assert "already exists" in error.said
    assert [one.number for one in github.pulls(scene.repo, head=scene.branch) if one.base.ref == "stage"] == [other]


def test_a_deployment_goes_on_and_retires_no_other(scene):
    """One of each pull request; what somebody else has made is left alone, whatever it says."""
    deployments.create_deployment(scene.forge, scene.as_("alice"), scene.row, {
        "ref": scene.pull["head_sha"], "environment": "development", "auto_merge": False, "required_contexts": [],
        "payload": {"interlock": 1},
    })  # fmt: skip
    github = scene.github()
    first = github.deployment(_deployed(scene))
    assert github.deployment(_deployed(scene, "failure")) == first
    assert github.deployment(_deployed(scene, "success")) == first
    other = github.deployment(_deployed(scene, "success", pr=2))
    assert other != first
    assert _statuses(scene) == ["in_progress", "failure", "success", "success"]
    assert len(_deployments(scene)) == 3


def _label(scene):
    found = labels.find(scene.forge, scene.row["id"], "opa-override")
    assert found is not None
    return found


def test_labels_of_others_stay_and_ours_are_made_once(scene):
    github = scene.github()
    labels.add_labels(scene.forge, scene.as_("ann"), scene.row, scene.pull, ["theirs", "opa-failed"])
    github.label(scene.repo, scene.number, add=["opa-override", "opa-passed"], remove=["opa-failed"])
    assert _worn(scene) == ["opa-override", "opa-passed", "theirs"]
    made = _label(scene)
    assert (made["color"], made["description"]) == (
        "bf8700",
        "Merged by an override: its findings are still to be settled",
    )
    labels.edit(scene.forge, scene.as_("ann"), scene.row, made, color="123456", description="ours now")
    github.label(scene.repo, scene.number, add=[], remove=["opa-override", "opa-failed", "not-there"])
    github.label(scene.repo, scene.number, add=["opa-override"], remove=[])
    made = _label(scene)
    assert (made["color"], made["description"]) == ("123456", "ours now")


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", "é ☃", "a?b#c", "..x", "a\u202eb"])
def test_odd_names_of_labels(scene, name):
    github = scene.github()
    github.label(scene.repo, scene.number, add=[name, "other"], remove=[])
    assert _worn(scene) == sorted([name, "other"])
    github.label(scene.repo, scene.number, add=[], remove=[name])
    assert _worn(scene) == ["other"]


@pytest.mark.parametrize("text", ["😀 é \u202ex", "a\r\nb\n", "  spaces  \n\n", "<!-- x -->\n|a|\n|-|", "`" * 100])
def test_odd_texts_of_comments(scene, text):
    github = scene.github()
    first = github.comment(scene.repo, scene.number, text, instead_of=None)
    assert _comments(scene) == [text]
    before = github.calls
    assert github.comment(scene.repo, scene.number, text, instead_of=first) == first
    assert github.calls == before + 1  # it says so already
    assert scene.github().comment(scene.repo, scene.number, text, instead_of=None) == first


@pytest.mark.parametrize("fault", FAULTS)
def test_taking_a_label_off_is_safe_too(scene, fault):
    labels.add_labels(scene.forge, scene.as_("ann"), scene.row, scene.pull, ["opa-failed", "theirs"])
    scene.fault("/repos/{o}/{r}/issues/{n}/labels/opa-failed", "DELETE", **FAULTS[fault])
    try:
        scene.github().label(scene.repo, scene.number, add=[], remove=["opa-failed"])
    except EngineError:
        assert fault not in (*_AGAIN, *_FOUND, "500", "502")
    else:
        assert _worn(scene) == ["theirs"]
    scene.github().label(scene.repo, scene.number, add=[], remove=["opa-failed"])
    assert _worn(scene) == ["theirs"]


def test_a_label_that_may_not_be_taken_off_is_an_error(scene):
    labels.add_labels(scene.forge, scene.as_("ann"), scene.row, scene.pull, ["opa-failed"])
    github = scene.github("contents:read", "pull_requests:read", "issues:read")
    with pytest.raises(EngineError, match="ENG594"):
        github.label(scene.repo, scene.number, add=[], remove=["opa-failed"])
    github.label(scene.repo, scene.number, add=[], remove=["not-there"])


def test_a_comment_is_edited_in_place(scene):
    github = scene.github()
    first = github.comment(scene.repo, scene.number, "one", instead_of=None)
    before = github.calls
    assert github.comment(scene.repo, scene.number, "two", instead_of=first) == first
    assert github.calls == before + 2
    assert github.comment(scene.repo, scene.number, "two", instead_of=first) == first
    assert github.calls == before + 3
    assert _comments(scene) == ["two"]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_edit_is_safe_too(scene, fault):
    github = scene.github()
    first = github.comment(scene.repo, scene.number, "one", instead_of=None)
    scene.fault("/repos/{o}/{r}/issues/comments/{id}", "PATCH", **FAULTS[fault])
    try:
        assert github.comment(scene.repo, scene.number, "two", instead_of=first) == first
    except EngineError:
        assert fault not in (*_AGAIN, *_FOUND, "500", "502")
    assert scene.github().comment(scene.repo, scene.number, "two", instead_of=first) == first
    assert _comments(scene) == ["two"]


def test_a_comment_that_somebody_edited_is_put_right(scene):
    github = scene.github()
    first = github.comment(scene.repo, scene.number, "ours", instead_of=None)
    row = comments.comment_of(scene.forge, scene.row["id"], first)
    comments.edit_comment(scene.forge, scene.as_("olga"), scene.row, row, "not ours")
    assert github.comment(scene.repo, scene.number, "ours", instead_of=first) == first
    assert _comments(scene) == ["ours"]


def test_a_comment_that_somebody_deleted_is_written_anew(scene):
    github = scene.github()
    first = github.comment(scene.repo, scene.number, "ours", instead_of=None)
    row = comments.comment_of(scene.forge, scene.row["id"], first)
    comments.delete_comment(scene.forge, scene.as_("olga"), scene.row, row)
    second = github.comment(scene.repo, scene.number, "ours", instead_of=first)
    assert (second != first, _comments(scene)) == (True, ["ours"])


@pytest.mark.parametrize("who", ["olga", "alice"])
def test_a_comment_of_somebody_else_is_never_edited_and_never_taken_for_ours(scene, who):
    theirs = comments.comment(scene.forge, scene.as_(who), scene.row, scene.pull, "ours")
    assert scene.github().comment(scene.repo, scene.number, "ours", instead_of=None) != theirs
    assert scene.github().comment(scene.repo, scene.number, "new", instead_of=theirs) != theirs
    kept = comments.comment_of(scene.forge, scene.row["id"], theirs)
    assert (kept["body"], _comments(scene)) == ("ours", ["ours", "new"])


def test_a_comment_behind_hundreds(scene):
    github = scene.github()
    first = github.comment(scene.repo, scene.number, "ours", instead_of=None)
    for number in range(250):
        scene.forge.kept.insert(
            "comments", issue=scene.pull["id"], author=forge_scene.account(scene.forge, "ann"), body=f"{number}",
            created_at=scene.forge.now(), updated_at=scene.forge.now(),
        )  # fmt: skip
    assert github.comment(scene.repo, scene.number, "anew", instead_of=first) == first
    assert _comments(scene) == ["anew"]


def test_a_comment_that_is_too_long_is_refused(scene):
    refused(lambda: scene.github().comment(scene.repo, scene.number, "x" * 65_537, instead_of=None), 422)
    assert _comments(scene) == []


def test_an_old_comment_is_minimised_once(scene):
    github = scene.github()
    github.comment(scene.repo, scene.number, "old", instead_of=None)
    theirs = comments.comment(scene.forge, scene.as_("ann"), scene.row, scene.pull, "theirs")
    nodes = {one.body: one for one in github.pull(scene.repo, scene.number, ["comments"]).comments}
    assert github.minimise(nodes["old"].node)
    assert not github.minimise(nodes["old"].node)
    assert not github.minimise(nodes["theirs"].node)
    assert not github.minimise("IC_nobody")
    shown = {one.id: one.minimised for one in github.pull(scene.repo, scene.number, ["comments"]).comments}
    assert shown == {nodes["old"].id: True, theirs: False}
    # The same text is written anew: what is hidden is not there for people.
    assert github.comment(scene.repo, scene.number, "old", instead_of=None) != nodes["old"].id


@pytest.mark.parametrize("fault", ["500", "500, and it was done", "half of the answer", "429"])
def test_minimising_is_safe_too(scene, fault):
    github = scene.github()
    github.comment(scene.repo, scene.number, "old", instead_of=None)
    node = github.pull(scene.repo, scene.number, ["comments"]).comments[0].node
    scene.forge.faults.order_answer("/api/graphql", "POST", Fault(delay_s=0.001), 1)  # the look before it
    scene.fault("/api/graphql", "POST", **FAULTS[fault])
    try:
        github.minimise(node)
    except UnsureError:
        assert fault == "500"
    scene.github().minimise(node)
    assert [one.minimised for one in github.pull(scene.repo, scene.number, ["comments"]).comments] == [True]


def runs(scene):
    sql = "SELECT * FROM check_runs WHERE head_sha = ? ORDER BY id"
    found = scene.forge.kept.rows(sql, scene.pull["head_sha"])
    count = "SELECT count(*) FROM annotations WHERE run = ?"
    return [(row["external_id"], row["conclusion"], scene.forge.kept.value(count, row["id"])) for row in found]


def test_a_check_begins_and_ends(scene):
    sha, github = scene.pull["head_sha"], scene.github()
    first = github.check(scene.repo, sha, body(sequence=0, result="running"))
    assert runs(scene) == [("1:0:running", None, 0)]
    before = github.calls
    assert github.check(scene.repo, sha, body(notes=120)) == first
    assert github.calls == before + 3  # 50 annotations each
    assert runs(scene) == [("1:1:passed", "success", 120)]
    assert github.check(scene.repo, sha, body(notes=120)) == first
    assert scene.github().check(scene.repo, sha, body(notes=120)) == first
    assert github.calls == before + 3
    assert runs(scene) == [("1:1:passed", "success", 120)]
    app = scene.sql("SELECT app FROM check_runs WHERE id = ?", first)
    assert app == [1]


def test_what_has_ended_begins_as_another_run(scene):
    sha, github = scene.pull["head_sha"], scene.github()
    first = github.check(scene.repo, sha, body(notes=1))
    second = github.check(scene.repo, sha, body(sequence=1, result="running"))
    third = github.check(scene.repo, sha, body(sequence=2, notes=2))
    assert (second > first, third) == (True, second)
    assert runs(scene) == [("1:1:passed", "success", 1), ("1:2:passed", "success", 2)]
    fourth = github.check(scene.repo, sha, body(sequence=3, notes=1))  # annotations of another verdict stay
    assert (fourth > third, len(runs(scene))) == (True, 3)


def test_names_and_pull_requests_have_runs_of_their_own(scene):
    sha, github = scene.pull["head_sha"], scene.github()
    one = github.check(scene.repo, sha, body())
    before = github.calls
    other = github.check(scene.repo, sha, body(name="interlock merge: dev"))
    assert github.calls == before + 2, "who makes one looks again: another process may have made it"
    of_another = github.check(scene.repo, sha, body(external_id="2:1:passed"))
    assert len({one, other, of_another}) == 3
    assert scene.github().check(scene.repo, sha, body()) == one


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("notes", [0, 30, 70])
def test_annotations_are_added_once(scene, fault, notes):
    sha, github = scene.pull["head_sha"], scene.github()
    first = github.check(scene.repo, sha, body(sequence=0, result="running"))
    scene.fault("/repos/{o}/{r}/check-runs/{id}", "PATCH", **FAULTS[fault])
    try:
        assert github.check(scene.repo, sha, body(notes=notes)) == first
    except EngineError:
        assert fault not in (*_AGAIN, *_FOUND)
    assert scene.github().check(scene.repo, sha, body(notes=notes)) == first
    assert runs(scene) == [("1:1:passed", "success", notes)]


def test_a_check_of_another_app_is_never_ours(scene):
    sha = scene.pull["head_sha"]
    ours = scene.github().check(scene.repo, sha, body(sequence=0, result="running"))
    scene.forge.kept.run("UPDATE check_runs SET app = 2 WHERE id = ?", ours)
    assert scene.github().check(scene.repo, sha, body()) > ours
    assert [row[:2] for row in runs(scene)] == [("1:0:running", None), ("1:1:passed", "success")]


def test_whoever_does_not_know_which_app_it_is(scene):
    sha = scene.pull["head_sha"]
    theirs = scene.github().check(scene.repo, sha, body(sequence=0, result="running"))
    scene.forge.kept.run("UPDATE check_runs SET app = 2 WHERE id = ?", theirs)
    job = scene.as_job
    ours = scene.github(**job).check(scene.repo, sha, body())
    assert ours > theirs
    assert scene.github(**job).check(scene.repo, sha, body(sequence=2)) == ours


def test_a_merge_says_what_it_is(scene):
    sha = _merge(scene, scene.github())
    commit = scene.forge.kept.row("SELECT * FROM pulls WHERE id = ?", scene.pull["id"])
    assert (commit["merged"], commit["merge_commit_sha"]) == (1, sha)
    seen = scene.github().pull(scene.repo, scene.number, [])
    assert (seen.merged, seen.merge_commit, seen.merged_by.login, seen.merged_by.bot) == (True, sha, "interlock", True)
    assert _merge(scene, scene.github()) == sha
    other = refused(lambda: _merge(scene, scene.github(), MESSAGE.replace("r-1", "r-2")), 405)
    assert "merged already" in other.said


def test_a_merge_of_somebody_else_is_none_of_ours(scene):
    olga = scene.as_("olga")
    merging.merge(scene.forge, olga, scene.pull, method="squash", title=TITLE, message=MESSAGE)
    assert "by olga" in refused(lambda: _merge(scene, scene.github()), 405).said


def test_a_merge_of_another_head(scene):
    head = scene.pull["head_sha"]
    scene.push()
    github = scene.github()
    refused(lambda: github.merge(scene.repo, scene.number, head=head, title=TITLE, message=MESSAGE), 409)
    assert _merges(scene) == []


def test_a_merge_that_conflicts(scene):
    name = f"{scene.branch}.txt"
    scene.push({name: b"theirs\n"}, branch="dev", by="olga")
    assert "not mergeable" in refused(lambda: _merge(scene, scene.github()), 405).said


def test_a_draft_is_not_merged(scene):
    scene.forge.kept.update("pulls", scene.pull["id"], draft=1)
    assert "draft" in refused(lambda: _merge(scene, scene.github()), 405).said


def test_a_merge_that_a_rule_forbids(scene):
    """A token whose owner may not pass the rules of the branch: the check that they want is named."""
    error = refused(lambda: _merge(scene, scene.github(GITHUB_TOKEN=_token(scene, "ann"))), 405)
    assert "interlock merge: dev" in error.said


def _token(scene, login):
    sql = "SELECT t.token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = ? AND t.kind = 'personal'"
    return scene.forge.kept.value(sql, login)


def test_reviews_are_asked_of_those_who_can_give_them(scene):
    github = scene.github()
    assert github.request_reviews(scene.repo, scene.number, users=["ann", "alice"], teams=["security"]) == [
        "ann", "security",
    ]  # fmt: skip
    assert github.request_reviews(scene.repo, scene.number, users=["ann", "nobody"], teams=["nothing"]) == ["ann"]
    assert len(_requests(scene)) == 2
    assert github.request_reviews(scene.repo, scene.number, users=[], teams=[]) == []
    refused(lambda: github.request_reviews(scene.repo, scene.number, users=["alice"], teams=[]), 422)
    refused(lambda: github.request_reviews(scene.repo, scene.number, users=["alice", "nobody"], teams=[]), 422)


@pytest.mark.npm
@pytest.mark.skipif(os.environ.get("CI") != "true" and not shutil.which("npm"), reason="npm has GitHub's schema")
def test_github_takes_these_queries():
    from graphql import parse, validate

    schema = github_schema.public()
    for query in (queries.SAID, queries.SHOWN, queries.MINIMISE, queries.MERGED):
        assert validate(schema, parse(query)) == [], query
