"""What our App itself does starts nothing, except that a pull request was opened or closed."""

import json
from typing import Any

import pytest

from engine.core.events.envelope import read_event
from engine.core.events.own import starts_nothing

US, APP = 41898282, 15368
SENDER = {"sender": {"id": US, "login": "interlock[bot]", "type": "Bot"}}
HEAD = "a" * 40
REPOSITORY = {"repository": {"full_name": "acme/dev-deployment"}}
PULL = {**REPOSITORY, "pull_request": {"number": 7, "head": {"sha": HEAD, "ref": "f"}, "base": {"ref": "dev"}}}
COMMENT = {**REPOSITORY, "action": "created", "issue": {"number": 7, "pull_request": {}}, "comment": {"body": "x"}}
PUSH = {**REPOSITORY, "ref": "refs/heads/dev", "before": HEAD, "after": HEAD, "deleted": False}
CHECK = {**REPOSITORY, "action": "completed", "check_run": {"head_sha": HEAD, "app": {"id": APP}}}


def told(name: str, body: dict[str, Any], account: int | None = US, app: int | None = APP) -> bool:
    return starts_nothing(read_event(json.dumps(body).encode(), name), account, app)


@pytest.mark.parametrize(
    ("why", "name", "body"),
    [
        ("our label", "pull_request", {**PULL, "action": "labeled", **SENDER}),
        ("our retarget", "pull_request", {**PULL, "action": "edited", **SENDER}),
        ("whom we asked for a review", "pull_request", {**PULL, "action": "review_requested", **SENDER}),
        ("our comment", "issue_comment", {**COMMENT, **SENDER}),
        ("our comment, which we put right", "issue_comment", {**COMMENT, "action": "edited", **SENDER}),
        ("our merge reaches the branch", "push", {**PUSH, **SENDER}),
        ("our check, whoever has sent it", "check_run", CHECK),
        ("our check suite", "check_suite", {**CHECK, "check_suite": {"head_sha": HEAD, "app": {"id": APP}}}),
    ],
)
def test_ours(why: str, name: str, body: dict[str, Any]) -> None:
    assert told(name, body), why


@pytest.mark.parametrize(
    ("why", "name", "body"),
    [
        ("we have opened it", "pull_request", {**PULL, "action": "opened", **SENDER}),
        ("we have merged it", "pull_request", {**PULL, "action": "closed", **SENDER}),
        ("a person", "pull_request", {**PULL, "action": "labeled", "sender": {"id": 7, "login": "ann"}}),
        ("somebody with our name", "issue_comment", {**COMMENT, "sender": {"id": 7, "login": "interlock[bot]"}}),
        ("an id as a text", "issue_comment", {**COMMENT, "sender": {"id": str(US)}}),
        ("nobody is said", "issue_comment", COMMENT),
        ("our own words deleted by a person", "issue_comment", {**COMMENT, "action": "deleted", "sender": {"id": 7}}),
        ("the check of another App", "check_run", {**CHECK, "check_run": {"head_sha": HEAD, "app": {"id": 9}}}),
        ("the check of nobody", "check_run", {**CHECK, "check_run": {"head_sha": HEAD, "app": None}}),
    ],
)
def test_not_ours(why: str, name: str, body: dict[str, Any]) -> None:
    assert not told(name, body), why


def test_who_we_are_is_not_known() -> None:
    assert not told("issue_comment", {**COMMENT, **SENDER}, account=None)
    assert not told("check_run", CHECK, app=None)
    assert not told("issue_comment", {**COMMENT, "sender": {"id": None}}, account=None)
