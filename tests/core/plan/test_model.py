"""Reading a plan: what is a change, and what is refused because nobody would judge it."""

import pytest

from engine.core.plan.model import changes, outputs
from engine.errors import EngineError
from tests.support.plans import a_change, a_plan


@pytest.mark.parametrize(
    ("actions", "verb"),
    [
        (["create"], "create"),
        (["update"], "update"),
        (["delete"], "delete"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
        (["read"], "read"),
        (["forget"], "forget"),
        (["create", "forget"], "replace"),
    ],
)
def test_actions_have_one_word(actions, verb):
    (change,) = changes(a_plan(a_change(actions, {}, {})))
    assert change.verb == verb


def test_what_stays_as_it_is_is_no_change():
    assert changes(a_plan(a_change("no-op", {"a": 1}, {"a": 1}))) == ()


def test_a_move_or_an_import_that_changes_nothing_is_a_change_of_the_state():
    moved = a_change("no-op", {}, {}, previous_address="aws_s3_bucket.old", address="a.b")
    imported = a_change("no-op", {}, {}, importing={"id": "x"}, address="c.d")
    assert [(c.previous_address, c.importing) for c in changes(a_plan(moved, imported))] == [
        ("aws_s3_bucket.old", None),
        (None, {"id": "x"}),
    ]


def test_changes_are_in_order_of_address():
    assert [
        c.address for c in changes(a_plan(a_change("create", address="b.b"), a_change("create", address="a.a")))
    ] == [
        "a.a",
        "b.b",
    ]


def test_a_plan_without_resources_has_no_changes():
    plan = a_plan()
    del plan["resource_changes"]
    assert changes(plan) == ()


def test_outputs_are_changes_too():
    plan = a_plan(output_changes={"x": a_change("create", None, 1)["change"], "y": a_change("no-op", 1, 1)["change"]})
    assert [(c.address, c.mode, c.type) for c in outputs(plan)] == [("output.x", "output", "")]


@pytest.mark.parametrize(
    ("why", "plan", "said"),
    [
        ("another format", a_plan(format_version="2.0"), "format_version"),
        ("no format at all", a_plan(format_version=None), "format_version"),
        ("planning failed half way", a_plan(errored=True), "not complete"),
        ("some changes were put off", a_plan(complete=False), "not complete"),
        ("changes were put off", a_plan(deferred_changes=[{}]), "deferred_changes"),
        ("it calls a provider's action", a_plan(action_invocations=[{}]), "action_invocations"),
        ("an action of a later Terraform", a_plan(a_change("teleport")), "teleport"),
        ("no action", a_plan(a_change([])), "[]"),
        ("a mode of a later Terraform", a_plan({**a_change("create"), "mode": "ephemeral"}), "mode"),
        ("no change inside", a_plan({**a_change("create"), "change": None}), "not an object"),
        ("not a list", a_plan(resource_changes={"a": 1}), "not a list"),
        ("a row that is no object", a_plan("a"), "not an object"),
        ("paths that are no paths", a_plan(a_change("create", replace_paths=["a"])), "replace_paths"),
    ],
)
def test_what_is_not_understood_is_refused(why, plan, said):
    with pytest.raises(EngineError) as caught:
        changes(plan)
    problem = caught.value.problems[0]
    assert (problem.code, said in problem.message) == ("ENG430", True), why
