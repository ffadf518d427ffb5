"""Reading a plan: what is a change, and what is refused because nobody would judge it."""

import json
from typing import Any

import pytest

from engine.core.plan.digest import change_set_digest
from engine.core.plan.form import read
from engine.core.plan.mask import secrets
from engine.core.plan.model import changes, check, outputs
from engine.core.plan.summary import diff
from engine.core.redact import Redactor
from engine.errors import EngineError, failure
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


NO_CHANGES: dict[str, Any] = {"resource_changes": []}
HERE = {"address": "a.b", "mode": "managed", "values": {}}


@pytest.mark.parametrize(
    ("why", "plan", "said", "mend"),
    [
        ("another format", a_plan(format_version="2.0"), "format_version", "1.10 to 1.17"),
        ("no format at all", a_plan(format_version=None), "format_version", "terraform show -json"),
        ("an empty object", {}, "no plan", "terraform show -json"),
        ("a state, as `show` says it without a plan file",
         {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {}}}, "a state",
         "show -json PLAN"),
        ("an empty state", {"format_version": "1.0"}, "no plan", "show -json PLAN"),
        ("a state file", {"version": 4, "serial": 1, "lineage": "x", "resources": []}, "a state", "show -json PLAN"),
        ("a state in which somebody wrote changes", a_plan(values={}), "a state", "show -json PLAN"),
        ("the schemas of a provider", {"format_version": "1.0", "provider_schemas": {}}, "no plan", "show -json PLAN"),
        ("planning failed half way", a_plan(errored=True), "not complete", "plan again"),
        ("an error that is no boolean", a_plan(errored="true"), "not complete", "plan again"),
        ("some changes were put off", a_plan(complete=False), "not complete", "-target"),
        ("nobody says whether it is complete", a_plan(complete=None), "not complete", "-target"),
        ("changes were put off", a_plan(deferred_changes=[{}]), "an experiment since 1.9", "-allow-deferral"),
        ("actions were put off", a_plan(deferred_action_invocations=[{}]), "Terraform 1.14", "-allow-deferral"),
        ("it calls a provider's action", a_plan(action_invocations=[{}]), "since Terraform 1.14", "action_trigger"),
        ("rows of a later Terraform", a_plan(stack_changes=[{"change": {}}]), "stack_changes", "1.10 to 1.17"),
        ("such rows by name", a_plan(stack_changes={"a": {"actions": []}}), "stack_changes", "1.10 to 1.17"),
        ("planned values without changes",
         a_plan(**NO_CHANGES, planned_values={"root_module": {"resources": [HERE]}}), "plans values of a.b", "show"),
        ("the same in a module", a_plan(**NO_CHANGES, planned_values={"root_module": {"child_modules": [
            {"child_modules": [{"resources": [HERE]}]}]}}), "plans values of a.b", "show"),
        ("only the state would be refreshed", a_plan(**NO_CHANGES, applyable=True), "no change", "-refresh-only"),
        ("an action of a later Terraform", a_plan(a_change("teleport")), "teleport", "1.10 to 1.17"),
        ("known actions in an order that nobody knows", a_plan(a_change(["update", "delete"])), "update",
         "1.10 to 1.17"),
        ("no action", a_plan(a_change([])), "[]", "show"),
        ("a mode of a later Terraform", a_plan({**a_change("create"), "mode": "ephemeral"}), "mode", "show"),
        ("no mode", a_plan({k: v for k, v in a_change("create").items() if k != "mode"}), "mode", "show"),
        ("no change", a_plan({k: v for k, v in a_change("create").items() if k != "change"}), "not an object", "show"),
        ("no change inside", a_plan({**a_change("create"), "change": None}), "not an object", "show"),
        ("a row with a key of a later Terraform", a_plan({**a_change("create"), "also": ["x"]}), "`also`",
         "1.10 to 1.17"),
        ("one that belongs to what is put off", a_plan({**a_change("create"), "index_unknown": True}),
         "index_unknown", "1.17"),
        ("a change with one", a_plan({**a_change("create"), "change": {**a_change("create")["change"], "and": 1}}),
         "`and`", "1.17"),
        ("an import that is no object", a_plan(a_change("no-op", importing="x")), "not an object", "show"),
        ("the same address twice", a_plan(a_change("create"), a_change("delete")), "two changes", "show"),
        ("not a list", a_plan(resource_changes={"a": 1}), "not a list", "show"),
        ("null for a list", a_plan(resource_changes=None), "not a list", "show"),
        ("outputs that are no object", a_plan(output_changes=[1]), "not an object", "show"),
        ("an output with an unknown action", a_plan(output_changes={"o": a_change("teleport")["change"]}),
         "teleport", "1.17"),
        ("a row that is no object", a_plan("a"), "not an object", "show"),
        ("paths that are no paths", a_plan(a_change("create", replace_paths=["a"])), "replace_paths", "show"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(why, plan, said, mend):
    with pytest.raises(EngineError) as caught:
        check(plan)
    problem = caught.value.problems[0]
    assert (problem.code, said in problem.message, mend in problem.hint) == ("ENG430", True, True), (why, problem)


@pytest.mark.parametrize(
    ("why", "plan", "acting"),
    [
        ("Terraform 1.12: an import by identity", a_plan(a_change("no-op", {}, {},
         importing={"identity": {"arn": "x"}})), 1),
        ("Terraform 1.12: the identity beside the values", a_plan({**a_change("create"), "change": {
            **a_change("create", None, {})["change"], "after_identity": {"arn": "x"}}}), 1),
        ("Terraform 1.16, OpenTofu 1.12: `destroy = false`", a_plan(a_change("forget", {}, None)), 1),
        ("the same, replaced", a_plan(a_change(["forget", "create"], {}, {})), 1),
        ("the same, replaced the other way round", a_plan(a_change(["create", "forget"], {}, {})), 1),
        ("configuration that was made for an import", a_plan({**a_change("create"), "change": {
            **a_change("create")["change"], "generated_config": "resource {}"}}), 1),
        ("nothing to do", a_plan(a_change("no-op", {}, {}), applyable=False,
                                 planned_values={"root_module": {"resources": [{**HERE}]}}), 0),
        ("only an output", a_plan(output_changes={"o": a_change("create", None, 1)["change"]}, applyable=True), 0),
        ("what was drift", a_plan(resource_drift=[a_change("update", {}, {})], checks=[{"status": "fail"}],
                                  relevant_attributes=[{"resource": "a.b"}], timestamp="2026-01-31T10:00:00Z"), 0),
        ("an empty list of what is not supported", a_plan(action_invocations=[], deferred_changes=[], new_rows=[]), 0),
        ("a flag of a later Terraform beside the changes", a_plan(sparkling=True), 0),
    ],
)  # fmt: skip
def test_what_newer_releases_add_is_read(why, plan, acting):
    """From recorded forms: no binary newer than 1.11.4 is at hand; the names are those of Terraform's `jsonplan`."""
    check(plan)
    assert len(changes(plan)) == acting, why


def broken(reason):
    return failure("ENG515", resource="x", reason=reason)


@pytest.mark.parametrize(
    ("why", "data", "code", "said"),
    [
        ("no JSON", b"Plan: 1 to add", "ENG515", "not JSON"),
        ("half of it", b'{"a": ', "ENG515", "not JSON"),
        ("half a character", b'{"a": "\\ud800"}', "ENG515", "not JSON"),
        ("half a character, as bytes", b'{"a": "\xed\xa0\x80"}', "ENG515", "not JSON"),
        ("half a character, in UTF-16", '{"a": "\\ud800"}'.encode("utf-16"), "ENG515", "not JSON"),
        ("changes that are there twice", b'{"resource_changes": [{}], "resource_changes": []}', "ENG430", "twice"),
        ("a list", b"[]", "ENG515", "no JSON object"),
        ("deeper than Python's stack", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "ENG430", "deeper than 100"),
        ("deeper than what is walked", b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "ENG430", "deeper than 100"),
        ("a number that is none", b'{"a": NaN}', "ENG430", "NaN"),
        ("a number of more digits than can be written", b'{"a": 1e5000}', "ENG430", "1e5000"),
        ("a number of 5,000 digits", b'{"a": ' + b"9" * 5000 + b"}", "ENG430", "5000 digits"),
    ],
)
def test_what_cannot_be_read(why, data, code, said):
    with pytest.raises(EngineError) as caught:
        read(data, broken)
    problem = caught.value.problems[0]
    assert (problem.code, said in problem.message) == (code, True), (why, problem)


def test_a_plan_as_deep_as_is_allowed_goes_all_the_way():
    deep = json.loads("[" * 90 + '"hunter22"' + "]" * 90)
    plan = a_plan(
        a_change("update", {"p": "hunter22", "d": []}, {"p": "hunter22", "d": deep}, after_sensitive={"p": True})
    )
    plan = read(json.dumps(plan).encode(), broken)
    check(plan)
    hide = Redactor(secrets(plan))
    assert "hunter22" not in json.dumps(hide.json(plan))
    lines = diff(changes(plan)[0], hide)
    assert str(lines[-1]).endswith("= (sensitive)")
    assert change_set_digest(plan, b"k" * 32)
