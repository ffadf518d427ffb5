"""Answers to commands: the exact words, and nothing that somebody else has written."""

from typing import Any

import pytest

from engine.core.command import Command
from engine.core.decision.commands import Answer
from engine.core.decision.explain import Judgement, Missing
from engine.core.outcome import Outcome
from engine.core.report import replies
from engine.core.report.model import Gate
from engine.core.report.state import State
from engine.core.rules.model import CommandRule
from engine.errors import Place, problem
from tests.support.reports import hostile, page

RULES = {
    name: CommandRule(name, groups, writers, need, Place("x"))
    for name, groups, writers, need in (
        ("help", ("reviewers", "security"), True, 1),
        ("destroy", ("reviewers",), False, 1),
        ("unlock", ("security",), False, 2),
    )
}
STATE = State("Waiting behind #5")
WAIT = Gate("reviewed", Outcome.PENDING, "0 of 1", (Missing("1 more approval from reviewers", ("ann", "bob")),))
GATES = [Gate("open", Outcome.PASS, "it is open"), WAIT]


def answer(
    outcome: Outcome = Outcome.FAIL, because: str = "ann may not say `/engine destroy PATH`", who: Any = ("bob",)
) -> Answer:
    missing = (Missing("said by", who),) if who else ()
    return Answer(Command("destroy", "S3/x"), Judgement(outcome, because, (), missing), "ann", True)


def test_why_not_and_who_may() -> None:
    assert replies.refusal(answer()) == "Not done: ann may not say `/engine destroy PATH`.\n- said by, from bob\n"
    assert replies.refusal(answer(Outcome.PENDING, "cid asked for it, 1 of 2", ())).startswith("Waiting: cid asked")


def test_nobody_is_answered_who_must_not_be() -> None:
    with pytest.raises(AssertionError):
        replies.refusal(answer()._replace(speaks=False))


def test_help() -> None:
    told = page(replies.help_(RULES))
    assert told.cells[1:] == [
        ["/engine help", "which commands there are, and who may say them",
         "reviewers, security or anybody with write access"],
        ["/engine destroy PATH",
         "ask that the resource of that path be destroyed; holds for the present head alone", "reviewers"],
        ["/engine unlock KEY [LOCK]",
         "give up what was merged and not applied, so that others may go on; or take away Terraform's lock of that id",
         "2 people of security"],
    ]  # fmt: skip


def test_status_and_why() -> None:
    status = replies.status(STATE, GATES)
    assert status.startswith("Waiting behind #5\n")
    assert "1 more approval from reviewers, from ann and bob" in status
    assert "open" not in status, "what holds is not missing"
    assert "it is open" in replies.why(STATE, GATES)
    assert "it is open" not in replies.why(STATE, GATES, "reviewed")


@pytest.mark.parametrize(("why", "text"), hostile())
def test_what_was_asked_is_not_quoted(why: str, text: str) -> None:
    """A gate that there is not, a command that there is not: the answer names those that there are."""
    told = replies.why(STATE, GATES, text or "x")
    assert told == "No gate of that name is asked here. There are: `open`, `reviewed`.\n", why
    assert "S3/x" not in replies.refusal(answer())


@pytest.mark.parametrize(("why", "text"), hostile())
def test_hostile_reasons(why: str, text: str) -> None:
    gates = [WAIT._replace(because=text, missing=(Missing(text, (text,) * 100),))]
    for told in (replies.status(STATE, gates), replies.why(STATE, gates), replies.refusal(answer(because=text))):
        assert set(page(told).elements) <= {"p", "ul", "li", "code"}, why
        assert "@" not in told.replace("\u200b@\u200b", "")


def test_a_thousand_gates_are_short() -> None:
    gates = [WAIT._replace(name=f"gate-{number}") for number in range(1000)]
    for told in (replies.status(STATE, gates), replies.why(STATE, gates)):
        assert len(told) < 10_000


@pytest.mark.parametrize(
    ("why", "body", "to"),
    [
        ("an answer of another run", replies.marked("done", 7, "run-0"), 7),
        ("one of this run, which would find itself answered", replies.marked("done", 7, "run-1"), None),
        (
            "with other line ends, and blank lines behind it",
            replies.marked("a\nb", 7, "r").replace("\n", "\r\n") + "\n",
            7,
        ),
        ("a run whose id would end the mark", replies.marked("done", 7, "--> x"), 7),
        ("something behind the mark", replies.marked("done", 7, "run-0") + "\nmore", None),
        ("no number", "x\n<!-- interlock reply seven a -->", None),
        ("a number without end", f"x\n<!-- interlock reply {'9' * 5000} a -->", None),
        ("nothing", "", None),
    ],
)
def test_what_an_answer_is_to(why: str, body: str, to: int | None) -> None:
    assert replies.answered(body, "run-1") == to, why


STATE_OF = {"lineage": "l-1", "serial": 7, "digest": "sha256:0"}
MENDED = {"key": "S3/dev/x/terraform.tfstate", "entry": 3, "state": STATE_OF}


@pytest.mark.parametrize(
    ("word", "outputs", "says"),
    [
        ("unlock", {"begun": False}, ["Given up: `S3/dev/x/terraform.tfstate`", "number 3"]),
        ("unlock", {"begun": True}, ["nobody knows what it came to"]),
        (
            "unlock",
            {"lock": "ann@laptop has it, lock 5f2a"},
            ["Taken away", "laptop has it", "lock 5f2a"],
        ),
        ("adopt", {"state": None}, ["Done before"]),
        (
            "adopt",
            {"commit": "c" * 40, "addresses": ["a.b", "a.c"]},
            ["lineage `l-1`, serial 7", "`a.b`, `a.c`", "cccccccccccc"],
        ),
        ("adopt", {"commit": "c" * 40, "addresses": [f"a.n{n}" for n in range(20)]}, ["and 8 more"]),
        (
            "restore",
            {"backup": 2, "kept": 4, "plan": {"problem": None, "addresses": []}},
            ["is backup 2", "What was there is backup 4", "would change nothing", "void"],
        ),
        ("restore", {"backup": 2, "kept": None, "plan": {"problem": "ENG411", "addresses": []}}, ["ENG411"]),
    ],
)
def test_what_two_people_have_had_done(word: str, outputs: dict[str, Any], says: list[str]) -> None:
    body = replies.mended(word, {**MENDED, **outputs})
    assert [text for text in says if text not in body] == []
    assert ("What was there" in body) == (outputs.get("kept") is not None)


def test_what_is_at_work_elsewhere_is_asked_for_again_by_people() -> None:
    """No sweep carries a comment out, and this one is answered."""
    body = replies.failed([problem("ENG742", what="S3/dev/lake", who="ann on build-7", since="2026-11-23T22:00:00Z")])
    assert "write it again in a new comment" in body
    assert "nothing has to be done" not in body


def test_what_could_not_be_done_is_told_and_is_nothing_but_text() -> None:
    why = problem("ENG776", key="<img src=x> @acme/security", reason="#1")
    body = replies.failed([why])
    assert body.startswith("Not done (ENG776): ")
    assert "img" not in page(body).elements
