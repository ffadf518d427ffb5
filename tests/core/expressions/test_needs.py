"""Facts and paths are read off the expression before anything is fetched, and explanations show them."""

from typing import Any

import pytest

from tests.support.expressions import condition, text, value


@pytest.mark.parametrize(
    ("why", "expression", "needs", "paths"),
    [
        ("paths", "pr.base.ref == verdict.branch", {"pr", "verdict"}, ["pr.base.ref", "verdict.branch"]),
        ("behind a short circuit", "pr.draft || freeze.active", {"pr", "freeze"}, ["pr.draft", "freeze.active"]),
        ("functions", "has_label('x')", {"labels"}, ["labels"]),
        (
            "functions of several facts",
            "locked_by_others() == ['x']",
            {"ledger", "merges", "pr", "verdict"},
            ["merges[*].keys", "ledger[*].outcome", "verdict.resources[*].state_key"],
        ),
        ("defines", "calm()", {"labels"}, ["labels"]),
        ("items", "labels[0] == 'x'", {"labels"}, ["labels[0]"]),
        ("projections", "verdict.resources[*].state_key == ['x']", {"verdict"}, ["verdict.resources[*].state_key"]),
        ("a whole list", "length(reviews) > `0`", {"reviews"}, ["reviews"]),
        ("filters", "length(reviews[?state == 'APPROVED']) > `0`", {"reviews"}, ["reviews[*].state"]),
        ("references", "sort_by(reviews, &submitted_at)[0].id == `1`", {"reviews"}, ["reviews[*].submitted_at"]),
        ("maps", "length(merge.trees.*) > `0`", {"merge"}, ["merge.trees.*"]),
        ("quoted names", "merge.trees.\"S3/x\" == '1'", {"merge"}, ['merge.trees."S3/x"']),
        ("pipes", "pr.head | sha == 'x'", {"pr"}, ["pr.head.sha"]),
        ("special forms", "default(freeze.reason, pr.title) == 'x'", {"freeze", "pr"}, ["freeze.reason", "pr.title"]),
        ("nothing", "always()", set(), []),
        ("once", "pr.draft || pr.draft", {"pr"}, ["pr.draft"]),
    ],
)
def test_needs(why: str, expression: str, needs: set[str], paths: list[str]) -> None:
    built = condition(expression)
    assert built.needs == needs, why
    assert list(built.paths) == paths, why


def test_a_text_needs_what_all_its_expressions_need() -> None:
    built = text("${pr.number} ${verdict.result} ${pr.number}")
    assert not isinstance(built, str)
    assert built.needs == {"pr", "verdict"}
    assert built.paths == ("pr.number", "verdict.result")
    trace = built.trace({"pr": {"number": 7}, "verdict": {"result": "passed"}})
    assert (trace.value, [c.value for c in trace.children]) == ("7 passed 7", [7, "passed", 7])


SCOPE: dict[str, Any] = {
    "pr": {"draft": False, "merged": True, "number": 7},
    "reviews": [{"state": "APPROVED", "user": None}, {"state": "COMMENTED", "user": {"login": "ann"}}],
}


def test_explanations_keep_short_circuits() -> None:
    trace = condition("pr.draft && freeze.active").trace(SCOPE)
    assert [c.text for c in trace.children] == ["pr.draft"]
    trace = condition("pr.merged || pr.draft").trace(SCOPE)
    assert [(c.text, c.value) for c in trace.children] == [("pr.merged", True)]


def test_explanations_show_what_was_seen() -> None:
    trace = condition("length(reviews[?state == 'APPROVED']) == `2`").trace(SCOPE)
    assert (trace.value, trace.facts) == (False, (("reviews[*].state", ["APPROVED", "COMMENTED"]),))
    trace = value("reviews[*].default(user.login, '?')").trace(SCOPE)
    assert (trace.value, trace.facts) == (["?", "ann"], (("reviews[*].user.login", ["ann"]),))


def test_explanations_of_errors_say_where() -> None:
    trace = condition("!(pr.merged && freeze.active)").trace(SCOPE)
    message = "the fact `freeze` is not there: not fetched, absent or failed"
    assert trace.error == trace.children[0].error == trace.children[0].children[1].error == message
    assert trace.children[0].children[0].facts == (("pr.merged", True),)
