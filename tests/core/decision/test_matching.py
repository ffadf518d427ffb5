"""What a run on a clone makes of pipelines that have to do with GitHub alone, by the shipped rules."""

import json
from typing import Any

import pytest

from engine import data
from engine.core.decision.matching import facts_for, match, stands_for, without_github
from engine.core.events.envelope import read_event
from engine.core.rules.load import load
from engine.run.catalog import catalog
from engine.run.trusted import read_rules
from tests.support.decision import payload

RULES, ACTIONS = load(read_rules(data.ROOT), catalog()), catalog().actions
MOVED = {"base": {"ref": {"from": "x"}}, "body": {"from": "y"}}
PULL = {"comment": {"id": 1, "body": "/engine validate"}, "issue": {"number": 7, "pull_request": {}}}


@pytest.mark.parametrize(
    ("why", "pipeline", "here"),
    [
        ("the validation that follows", "target", "validate"),
        ("itself, without what is done on GitHub", "validate", "validate"),
        ("nobody merges from a clone", "merge", None),
        ("nobody is told", "tell", None),
        ("nothing follows on nothing", None, None),
    ],
)
def test_what_a_clone_has_to_do_of_a_pipeline(why: str, pipeline: str | None, here: str | None) -> None:
    assert stands_for(pipeline, RULES, ACTIONS) == here, why


@pytest.mark.parametrize(
    ("why", "name", "body", "pipelines"),
    [
        ("opened", "pull_request", payload(action="opened"), ("validate",)),
        ("reviewed", "pull_request_review", payload(), ()),
        ("retargeted and edited at once", "pull_request", payload(action="edited", changes=MOVED), ("validate",)),
        ("a command", "issue_comment", payload(action="created", **PULL), ("validate",)),
    ],
)  # fmt: skip
def test_what_an_event_starts_on_a_clone(why: str, name: str, body: Any, pipelines: tuple[str, ...]) -> None:
    matching = match(read_event(json.dumps(body).encode(), name), RULES, actions=ACTIONS)
    here = without_github(matching, RULES, ACTIONS)
    assert here.pipelines == pipelines, why
    assert here.needs >= facts_for(pipelines, RULES, ACTIONS), why
    assert here.commanded == matching.commanded, "a command is permitted on a clone as it is elsewhere"
    assert here.triggers == matching.triggers
