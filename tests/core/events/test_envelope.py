import json
from typing import Any

import pytest

from engine.core.events.envelope import Event, read_event
from engine.core.events.kinds import BRANCH, REF, REPO, Subject
from engine.errors import EngineError
from tests.support.events import (
    GONE,
    HEAD,
    REPOSITORY,
    by_hand,
    check_run,
    comment,
    dispatch,
    pull_request,
    push,
    review,
    sent,
)

REPO_NAME = "acme/dev-deployment"
PULL = Subject("pull_request", REPO_NAME, 7)
NONE = Subject("none", REPO_NAME)
CONTROLLER = Subject("none", "acme/controller")
BRANCH_SUBJECT = Subject("ref", REPO_NAME, ref="refs/heads/feature")
FORK = {"number": 3, "base": {"repo": {"id": 99}}}
HERE = {"number": 7, "base": {"repo": {"id": REPOSITORY["id"]}}}


LOOK = {"version": 1, "source_repo": REPO_NAME, "event": "look"}


def read(value: object, name: str | None = None) -> Event:
    return read_event(json.dumps(value).encode(), name)


@pytest.mark.parametrize(
    ("why", "payload", "name", "action", "subject"),
    [
        ("opened", pull_request(), "pull_request", "opened", PULL),
        ("an action that GitHub may add tomorrow", pull_request("teleported"), "pull_request", "teleported", PULL),
        ("a review is about its pull request", review(), "pull_request_review", "submitted", PULL),
        ("so is a comment", comment(), "issue_comment", "created", PULL),
        ("a comment on an issue is about no pull request", comment(on_pull=False), "issue_comment", "created", NONE),
        ("a push is about its ref", push(), "push", None, BRANCH_SUBJECT),
        ("a deleted branch", push(after=GONE), "push", None, BRANCH_SUBJECT),
        ("a tag", push("refs/tags/v1"), "push", None, Subject("ref", REPO_NAME, ref="refs/tags/v1")),
        ("a check of one pull request", check_run(HERE), "check_run", "completed", PULL),
        ("GitHub lists pull requests of forks too", check_run(FORK, HERE), "check_run", "completed", PULL),
        ("a check of a fork: its branch", check_run(FORK), "check_run", "completed", BRANCH_SUBJECT),
        ("two pull requests of one head", check_run(HERE, {"number": 8}), "check_run", "completed", BRANCH_SUBJECT),
        ("a check of a commit without a branch", check_run(branch=None), "check_run", "completed", NONE),
        (
            "the merge queue",
            {"action": "checks_requested", "merge_group": {"head_sha": HEAD, "head_ref": "refs/heads/q/main/pr-7"}}
            | {"repository": REPOSITORY},
            "merge_group",
            "checks_requested",
            Subject("ref", REPO_NAME, ref="refs/heads/q/main/pr-7"),
        ),
        ("the clock", {"schedule": "*/10 * * * *"}, "schedule", None, Subject("none")),
        (
            "by hand",
            by_hand(None),
            "workflow_dispatch",
            None,
            NONE,
        ),
        (
            "by hand, for a pull request; inputs are text",
            by_hand({"source_repo": "acme/other", "pr_number": "12"}),
            "workflow_dispatch",
            None,
            Subject("pull_request", "acme/other", 12),
        ),
        (
            "what a sweep has found, in one input",
            by_hand({"contract": json.dumps({**LOOK, "pr_number": 7}), "source_repo": "acme/other", "pr_number": ""}),
            "repository_dispatch",
            "look",
            PULL,
        ),
        ("nothing in that input", by_hand({"contract": ""}), "workflow_dispatch", None, NONE),
        ("a dispatch stands for a pull request's event", dispatch(sent()), "pull_request", "opened", PULL),
        ("the contract's payload alone", sent(), "pull_request", "opened", PULL),
        (
            "somebody's own message",
            dispatch({"n": 1}),
            "repository_dispatch",
            "interlock",
            Subject("none", "acme/controller"),
        ),
        ("an empty one", dispatch(None), "repository_dispatch", "interlock", CONTROLLER),
    ],
)
def test_told_by_its_shape(why: str, payload: Any, name: str, action: str | None, subject: Subject) -> None:
    event = read(payload)
    assert (event.name, event.action, event.subject) == (name, action, subject), why
    assert event.source_repo == (subject.repo or None)


def without(payload: dict[str, Any], path: str) -> dict[str, Any]:
    return changed(payload, path, ...)


def pull(path: str, value: object) -> dict[str, Any]:
    return changed(pull_request(), path, value)


def changed(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(payload))
    *parents, last = path.split(".")
    inner: Any = copy
    for key in parents:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return copy


@pytest.mark.parametrize(
    ("why", "payload", "name", "code", "said"),
    [
        ("no event looks like this", {"zen": "Keep it logically awesome."}, None, "ENG155", "does not tell"),
        ("an empty object", {}, None, "ENG155", "does not tell"),
        ("a deployment carries a check run, but is none", {**check_run(), "deployment": {}}, None, "ENG155", ""),
        ("a review thread carries a pull request", {**pull_request(), "thread": {}}, None, "ENG155", ""),
        ("an unknown name", {}, "pull_requests", "ENG159", '"pull_requests"'),
        ("a name that would break the line", {}, "push\nroot", "ENG159", r"push\nroot"),
        ("GitHub's event, but not ours", {"forkee": {}}, "fork", "ENG159", '"fork"'),
        ("no number", without(pull_request(), "pull_request.number"), None, "ENG156", "number`: it is missing"),
        ("number 0", pull("pull_request.number", 0), None, "ENG156", "found `0`"),
        ("a number as text", pull("pull_request.number", "7"), None, "ENG156", 'found `"7"`'),
        ("true is no number", pull("pull_request.number", True), None, "ENG156", "true or false"),
        ("a short sha", pull("pull_request.head.sha", "abc1234"), None, "ENG156", "full commit sha"),
        ("an upper-case sha", pull("pull_request.head.sha", "A" * 40), None, "ENG156", "commit sha"),
        ("a sha and a line end", pull("pull_request.head.sha", HEAD + "\n"), None, "ENG156", "sha"),
        ("no head at all", pull("pull_request.head", None), None, "ENG156", "head.sha`: it is missing"),
        ("a branch that is an option", pull("pull_request.base.ref", "-x"), None, "ENG156", "branch"),
        ("a repository that is a path", pull("repository.full_name", "../x"), None, "ENG156", "owner/name"),
        ("an action with a line end", pull_request("opened\nforged"), None, "ENG156", "a word"),
        ("no action", without(pull_request(), "action"), "pull_request", "ENG156", "`action`"),
        ("a push of no ref", push("main"), None, "ENG156", "full ref"),
        ("deleted is not true or false", changed(push(), "deleted", "no"), None, "ENG156", "true or false"),
        ("inputs that are a list", by_hand([]), None, "ENG156", "a list"),
        ("a number without its repository", by_hand({"pr_number": "7"}), None, "ENG156", "source_repo and pr_number"),
        ("a repository without number", by_hand({"source_repo": "a/b", "pr_number": ""}), None, "ENG156", "together"),
        ("a number that is none", by_hand({"source_repo": "a/b", "pr_number": "7 "}), None, "ENG156", "together"),
    ],
)  # fmt: skip
def test_refused(why: str, payload: Any, name: str | None, code: str, said: str) -> None:
    with pytest.raises(EngineError) as caught:
        read(payload, name)
    (problem,) = caught.value.problems
    assert problem.code == code, f"{why}: {problem}"
    assert said in problem.message, why
    assert "\n" not in problem.message, why


def test_wrong_name_is_noticed() -> None:
    with pytest.raises(EngineError) as caught:
        read(push(), "pull_request")
    assert caught.value.problems[0].hint == "it looks like a `push` event: say --event-name push"


def test_near_miss_of_a_name() -> None:
    with pytest.raises(EngineError) as caught:
        read(push(), "pull-request")
    assert caught.value.problems[0].hint == "did you mean `pull_request`?"


def test_pull_request_target_is_the_same_event() -> None:
    assert read(pull_request(), "pull_request_target").name == "pull_request"


def test_same_bytes_have_the_same_delivery() -> None:
    data = json.dumps(push()).encode()
    assert read_event(data).delivery == read_event(data).delivery
    assert read_event(data).delivery != read_event(data + b"\n").delivery
    assert read_event(data, None, "72d3162e-cc78").delivery == "72d3162e-cc78"


def test_digest_is_of_what_was_understood() -> None:
    spaced = json.dumps(push(), indent=2).encode()
    assert read_event(spaced, delivery="1").digest == read_event(json.dumps(push()).encode(), delivery="1").digest
    assert read_event(spaced, delivery="1").digest != read_event(spaced, delivery="2").digest


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("main", True), ("feature/x", True), ("renovate/lock-1.x", True), ("ünïcode", True), ("a@b", True),
        ("", False), ("-x", False), ("/x", False), ("x/", False), ("x.", False), (".x", False), ("a..b", False),
        ("a//b", False), ("a/.b", False), ("x.lock", False), ("x.lock/y", False), ("a@{1}", False), ("a b", False),
        ("a\\b", False), ("a~1", False), ("a^", False), ("a:b", False), ("a?", False), ("a*", False), ("a[", False),
        ("a\n", False), ("a\x7f", False), ("x" * 256, False),
    ],
)  # fmt: skip
def test_branch_names(name: str, good: bool) -> None:
    assert BRANCH.holds(name) is good
    assert REF.holds(f"refs/heads/{name}") is (good and len(name) <= 255)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("acme/dev", True), ("a/b.c", True), ("a/.github", True), ("a-b/c_d", True), ("a", False), ("a/b/c", False),
        ("a/..", False), ("a/.", False), ("../a", False), ("-a/b", False), ("a/", False), ("/b", False),
        ("a/b\n", False), ("a b/c", False), ("ä/b", False),
    ],
)  # fmt: skip
def test_repository_names(name: str, good: bool) -> None:
    assert REPO.holds(name) is good


def test_sha256_repositories() -> None:
    assert read(pull("pull_request.head.sha", "c" * 64)).subject == PULL


@pytest.mark.parametrize(
    ("why", "path", "value", "at", "says"),
    [
        ("a number as text", "pull_request.number", "7", '7"', "correct it there"),
        ("a short sha", "pull_request.head.sha", "abc", "abc", "correct it there"),
    ],
)
def test_a_value_is_told_where_it_stands(why, path, value, at, says):
    text = json.dumps(pull(path, value), indent=1)
    with pytest.raises(EngineError) as caught:
        read_event(text.encode(), "pull_request", file="event.json")
    (told,) = caught.value.problems
    assert told.place
    assert told.place.excerpt[told.place.column - 1 :].startswith(at), told.text()
    assert says in told.hint, why


def test_a_payload_within_another_is_told_as_that():
    with pytest.raises(EngineError) as caught:
        read_event(json.dumps({"event": pull_request()}).encode(), "pull_request", file="event.json")
    assert caught.value.problems[0].hint == "hand over what stands in `event`, without what is around it"
