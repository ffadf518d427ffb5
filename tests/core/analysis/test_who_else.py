"""`who_else`: who may say which command, what the clock and a freeze stop, and what the conditions call."""

import pytest

from engine.core.analysis.who import Question, who_can
from engine.core.analysis.who_else import Else, to_json, told, who_else
from engine.run.trusted import load_rules
from tests.support.decision import rules

SHIPPED = load_rules(".")
APPROVERS = "version: 1\ngroups: {peers: {users: [ann, bob]}, guards: {teams: [acme/guards]}}\n"
BODY = """
define: {{holidays: "seconds_since('2026-12-20T00:00:00Z') >= `0` && seconds_since('2027-01-03T00:00:00Z') < `0`"}}
events: [{{event: pull_request_review, run: join}}]
gates:
  seen: {{approvals: {{from: [peers]}}}}
  calm: {{reject: "{calm}"}}
commands: {{{commands}}}
pipelines:
  - {{pipeline: join, gates: [seen, calm], actions: [{{id: note, uses: note.make}}]}}
"""


def asked(calm: str = "pr.draft", commands: str = "") -> Else:
    """Of rules with this gate and these commands."""
    made = rules(BODY.format(calm=calm, commands=commands), APPROVERS)
    return who_else(made, who_can(made, Question("production")))


@pytest.mark.parametrize(
    ("why", "calm", "line"),
    [
        ("no clock", "pr.draft", "  at any hour of any day: no gate looks at the clock"),
        ("a window, by its name", "holidays()", "  calm looks at the clock (UTC): `holidays()`"),
        (
            "no freeze",
            "pr.draft",
            "  also in a freeze: no gate reads `freeze`, so `engine freeze on` stops nothing here",
        ),
        ("a freeze", "freeze.active", "  unless it is frozen: `engine freeze on` stops what calm guards"),
        ("how long", "pr.draft", "  for 7 days from its verdict on; then it has to be validated again"),
    ],
)
def test_what_happens_on_friday_night(why: str, calm: str, line: str) -> None:
    assert line in told(asked(calm)).split("\n"), why


@pytest.mark.parametrize(
    ("why", "commands", "line"),
    [
        ("one of a group", "apply: {from: [peers]}", "  apply: 1 person from peers"),
        (
            "alike ones together",
            "apply: {from: [peers]}, replan: {from: [peers]}",
            "  apply and replan: 1 person from peers",
        ),
        (
            "everybody who may write",
            "status: {from: [peers, guards], writers: true}",
            "  status: 1 person from peers or guards, or whoever may write to the repository",
        ),
        (
            "two of what takes two anyway",
            "unlock: {from: [peers]}",
            "  unlock: 2 people from peers, each in a comment of their own",
        ),
        ("who that is", "unlock: {from: [guards]}", "    guards: the members of acme/guards"),
    ],
)
def test_who_may_say_a_command(why: str, commands: str, line: str) -> None:
    lines = told(asked(commands=commands)).split("\n")
    assert line in lines, why
    assert any(one.endswith(": nobody") and "rollback" in one for one in lines)


def test_what_the_conditions_call_and_what_that_calls() -> None:
    said = who_else(SHIPPED, who_can(SHIPPED, Question("production")))
    assert list(said.definitions) == ["risky", "destroys"]
    assert asked("holidays()").definitions.keys() == {"holidays"}
    assert not asked().definitions


def test_the_same_for_machines() -> None:
    said = to_json(who_else(SHIPPED, who_can(SHIPPED, Question("production"))))
    commands = {row["name"]: row for row in said["commands"]}
    assert commands["unlock"] == {"name": "unlock", "from": ["security"], "writers": False, "count": 2}
    assert (said["by_the_clock"], said["by_freeze"], said["verdict_expires_s"]) == ([], ["not-frozen"], 7 * 86_400)
