import json
from typing import Any

import jsonschema
import pytest

from engine import data
from engine.core.events.dispatch import EVENTS
from engine.core.events.envelope import read_event
from engine.errors import EngineError
from tests.support.events import GONE, HEAD, dispatch, sent

with open(f"{data.path('schemas')}/dispatch.schema.json", encoding="utf-8") as file:
    SCHEMA = jsonschema.Draft202012Validator(json.load(file))

PUSH = {
    "version": 1,
    "source_repo": "acme/dev-deployment",
    "event": "push",
    "ref": "refs/heads/feature",
    "head_sha": HEAD,
}
COMMENT = {"version": 1, "source_repo": "a/b", "event": "issue_comment", "action": "created", "pr_number": 7}

SWEEP = {"version": 1, "source_repo": "a/b", "event": "sweep"}


@pytest.mark.parametrize(
    ("why", "payload", "expected"),
    [
        ("opened", sent(), ["pull_request", "opened", {"pull_request": {"merged": False}}]),
        (
            "said in full",
            sent(event="pull_request", action="synchronize"),
            ["pull_request", "synchronize", {"number": 7}],
        ),
        ("closed", sent(action="closed", merged=True), ["pull_request", "closed", {"pull_request": {"merged": True}}]),
        (
            "retargeted",
            sent(action="edited", previous_base_ref="dev"),
            ["pull_request", "edited", {"changes": {"base": {"ref": {"from": "dev"}}}}],
        ),
        ("a review", sent(event="pull_request_review", action="submitted"), ["pull_request_review", "submitted", {}]),
        ("a comment", COMMENT, ["issue_comment", "created", {"issue": {"number": 7}}]),
        (
            "a check",
            {**COMMENT, "event": "check_run", "action": "completed", "head_sha": HEAD},
            ["check_run", "completed", {"check_run": {"head_sha": HEAD}}],
        ),
        ("a push", PUSH, ["push", None, {"after": HEAD, "deleted": False, "ref": "refs/heads/feature"}]),
        ("a deleted branch", {**PUSH, "head_sha": GONE}, ["push", None, {"deleted": True}]),
        ("a comment without its text", COMMENT, ["issue_comment", "created", {"comment": {"body": ""}}]),
        (
            "a comment that may be a command",
            {**COMMENT, "comment_id": 9, "comment_body": "/engine validate"},
            ["issue_comment", "created", {"comment": {"id": 9, "body": "/engine validate"}}],
        ),
        ("a look", {**SWEEP, "event": "look", "pr_number": 7}, ["repository_dispatch", "look", {"client_payload": {}}]),
        (
            "a look at a branch",
            {**SWEEP, "event": "look", "ref": "refs/heads/x"},
            ["repository_dispatch", "look", {"client_payload": {"ref": "refs/heads/x"}}],
        ),
        ("a sweep", SWEEP, ["repository_dispatch", "sweep", {}]),
    ],
)
def test_stands_for(why: str, payload: dict[str, Any], expected: list[Any]) -> None:
    event = read_event(json.dumps(dispatch(payload)).encode(), "repository_dispatch")
    assert [event.name, event.action] == expected[:2], why
    assert contains(event.payload, expected[2]), why
    assert event.source_repo == payload["source_repo"]
    assert SCHEMA.is_valid(payload), why


@pytest.mark.parametrize(
    ("why", "payload", "code", "said"),
    [
        ("another version", sent(version=2), "ENG157", "`version`: expected 1, found `2`"),
        ("no version", sent(version=None), "ENG157", "`version`: it is missing"),
        ("the version as text", sent(version="1"), "ENG157", "`version`"),
        ("no repository", sent(source_repo=None), "ENG157", "`source_repo`: it is missing"),
        ("`gh api -f` sends text", sent(pr_number="7"), "ENG157", 'a whole number from 1, found `"7"`'),
        ("no pull request", sent(pr_number=0), "ENG157", "`pr_number`"),
        ("no head", sent(head_sha=None), "ENG157", "`head_sha`"),
        ("an abbreviated head", sent(head_sha="abc1234"), "ENG157", "a full commit sha"),
        ("no base", sent(base_ref=None), "ENG157", "`base_ref`"),
        ("no action", sent(action=None), "ENG157", "`action`"),
        ("closed, and nobody says whether it was merged", sent(action="closed"), "ENG157", "`merged`"),
        ("merged as text", sent(action="closed", merged="true"), "ENG157", "true or false"),
        ("an event that nothing stands for", sent(event="fork"), "ENG157", '`"fork"` is none of'),
        ("an event that is no name", sent(event=["push"]), "ENG157", "a list is none of"),
        ("a misspelt key", sent(base_reff="main"), "ENG158", '`"base_reff"`'),
        ("a key of another event", {**PUSH, "pr_number": 7}, "ENG158", '`"pr_number"`'),
        ("a look at nothing", {**SWEEP, "event": "look"}, "ENG157", "one pull request, or at one `ref`"),
        (
            "a look at two",
            {**SWEEP, "event": "look", "pr_number": 7, "ref": "refs/heads/x"},
            "ENG157",
            "or at one `ref`",
        ),
        ("a look at a tag", {**SWEEP, "event": "look", "ref": "refs/tags/v1"}, "ENG157", "`ref`: expected a branch"),
        ("a comment of two lines", {**COMMENT, "comment_body": "a\nb"}, "ENG157", "the comment's first line"),
        ("a comment without end", {**COMMENT, "comment_body": "x" * 1001}, "ENG157", "the comment's first line"),
        ("a comment's id as text", {**COMMENT, "comment_id": "9"}, "ENG157", "`comment_id`"),
        ("a push without its ref", {k: v for k, v in PUSH.items() if k != "ref"}, "ENG157", "`ref`"),
    ],
)
def test_breaks_the_contract(why: str, payload: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_event(json.dumps(dispatch(payload)).encode())
    (problem,) = caught.value.problems
    assert (problem.code, said in problem.message) == (code, True), f"{why}: {problem.message}"
    assert not SCHEMA.is_valid(payload), f"the schema takes it: {why}"


def test_misspelt_key_is_suggested() -> None:
    with pytest.raises(EngineError) as caught:
        read_event(json.dumps(dispatch(sent(base_reff="main"))).encode())
    assert caught.value.problems[0].hint == "did you mean `base_ref`?"


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_github_takes_at_most_ten_keys(name: str) -> None:
    assert len({"event", *EVENTS[name].required, *EVENTS[name].optional}) <= 10


def contains(value: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(value, dict) and all(k in value and contains(value[k], v) for k, v in part.items())
    return bool(value == part)


@pytest.mark.parametrize(
    ("why", "payload", "subject"),
    [
        ("of the contract", {"version": 1, "source_repo": "a/b", "event": "look", "pr_number": 7}, "a/b#7"),
        (
            "a branch of the contract",
            {"version": 1, "source_repo": "a/b", "event": "look", "ref": "refs/heads/x"},
            "a/b@refs/heads/x",
        ),
        ("a whole source", SWEEP, "none"),
        ("another's message of that name, with a ref", {"ref": "../x"}, "none"),
        ("another's message of that name", {"number": 7}, "none"),
    ],
)
def test_what_a_look_is_about(why: str, payload: dict[str, Any], subject: str) -> None:
    body = {**dispatch(payload), "action": "look"}
    assert str(read_event(json.dumps(body).encode(), "repository_dispatch").subject) == subject, why
