"""No secret of a plan is shown: neither where Terraform marks it nor where it marks nothing."""

import json

import pytest

from engine.core.plan.mask import hidden, marks, secrets
from engine.core.plan.model import changes
from engine.core.plan.summary import diff
from engine.core.redact import HIDDEN, Redactor
from tests.support.plans import a_change, a_plan

SECRET = "correct horse battery"


def marked(value, mark=True):
    return a_change("create", None, {"password": value}, after_sensitive={"password": mark})


def shown(change, plan):
    """Both sides of a change as they may be told."""
    hide = Redactor(secrets(plan))
    return [hidden(value, marks(change), hide) for value in (change.before, change.after)]


def declared(**variables):
    return {"root_module": {"variables": variables}}


HIDING = [
    ("a marked attribute", a_plan(marked(SECRET))),
    ("a marked attribute before", a_plan(a_change("delete", {"p": SECRET}, None, before_sensitive={"p": True}))),
    ("a resource marked as a whole", a_plan(a_change("create", None, {"p": {"q": [SECRET]}}, after_sensitive=True))),
    ("an item of a list", a_plan(a_change("create", None, {"p": ["x", SECRET]}, after_sensitive={"p": [False, True]}))),
    ("a marked output", a_plan(output_changes={"o": {**marked(SECRET)["change"]}})),
    ("a variable that the configuration declares sensitive, which has no mark in the plan",
     a_plan(variables={"p": {"value": {"deep": [SECRET]}}}, configuration=declared(p={"sensitive": True}))),
    ("the default of a sensitive variable", a_plan(configuration=declared(p={"sensitive": True, "default": SECRET}))),
    ("variables whose declarations are not there", a_plan(variables={"p": {"value": SECRET}}, configuration={})),
    ("a drifted resource", a_plan(resource_drift=[marked(SECRET)])),
    ("a planned value", a_plan(planned_values={"root_module": {"resources": [
        {"values": {"p": SECRET}, "sensitive_values": {"p": True}}]}})),
    ("a prior value in a child module", a_plan(prior_state={"values": {"root_module": {"child_modules": [
        {"resources": [{"values": {"p": SECRET}, "sensitive_values": {"p": True}}]}]}}})),
    ("a planned output", a_plan(planned_values={"outputs": {"o": {"sensitive": True, "value": SECRET}}})),
    ("the same value in an attribute without a mark",
     a_plan(marked(SECRET), a_change("create", None, {"description": f"use {SECRET}!"}, address="a.b"))),
    ("the same value in a JSON document",
     a_plan(marked(SECRET + '"\n'), a_change("create", None, {"d": json.dumps({"p": SECRET + '"\n'})}, address="a.b"))),
    ("the same value in a document in a document", a_plan(marked(SECRET + '"é'),
     a_change("create", None, {"d": json.dumps({"p": json.dumps({"q": SECRET + '"é'})})}, address="a.b"))),
    ("the same value as Terraform's jsonencode writes it", a_plan(marked(SECRET + "<&>"),
     a_change("create", None, {"d": '{"p":"' + SECRET + '\\u003c\\u0026\\u003e"}'}, address="a.b"))),
    ("a part of a secret document",
     a_plan(marked(json.dumps({"p": SECRET})), a_change("create", None, {"d": SECRET}, address="a.b"))),
    ("the same value in base64", a_plan(marked(SECRET),
     a_change("create", None, {"d": "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"}, address="a.b"))),
    ("a part of a secret document that is too deep to be read",
     a_plan(marked("[" * 300 + json.dumps(SECRET) + "]" * 300), a_change("create", None, {"d": SECRET},
     address="a.b"))),
    ("a text that is too deep to be read", a_plan(marked(SECRET),
     a_change("create", None, {"d": "[" * 600 + json.dumps(SECRET) + "]" * 600}, address="a.b"))),
    ("what a resource is imported by", a_plan(marked(SECRET), a_change("create", None, {}, address="a.b",
     importing={"identity": {"name": SECRET}}))),
    ("an attribute that is called like one of Terraform's words",
     a_plan(a_change("create", None, {"type": SECRET, "name": SECRET}, after_sensitive={"type": True}))),
    ("an expression that is called so", a_plan(marked(SECRET), configuration={"root_module": {"resources": [
        {"expressions": {"type": {"constant_value": SECRET}, "name": [{"address": {"constant_value": SECRET}}]}}]}})),
    ("an output that is called so", a_plan(marked(SECRET), output_changes={"type": a_change("create", None,
     SECRET)["change"]},
     planned_values={"outputs": {"name": {"sensitive": False, "type": "string", "value": SECRET}}})),
    ("what a check says", a_plan(marked(SECRET), checks=[{"address": {"kind": "check"}, "status": "fail", "instances": [
        {"problems": [{"message": f"it is {SECRET}"}]}]}])),
    ("the same value in the configuration", a_plan(marked(SECRET), configuration={
        "provider_config": {"aws": {"expressions": {"secret_key": {"constant_value": SECRET}}}}})),
]  # fmt: skip


KEYED = ("a key of a map that is sensitive as a whole", a_plan(marked({SECRET: 1})))  # by its mark alone


@pytest.mark.parametrize(("why", "plan"), HIDING)
def test_hidden_by_value_wherever_it_stands(why, plan):
    assert SECRET in json.dumps(plan), "the case holds the secret"
    told = json.dumps(Redactor(secrets(plan)).json(plan), ensure_ascii=False)
    assert SECRET not in told, why
    assert "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5" not in told


@pytest.mark.parametrize(("why", "plan"), [*HIDING, KEYED])
def test_hidden_in_the_diff(why, plan):
    hide = Redactor(secrets(plan))
    assert all(SECRET not in "\n".join(map(str, diff(change, hide))) for change in changes(plan)), why


def test_hidden_in_an_error_message():
    assert Redactor(secrets(a_plan(marked(SECRET)))).text(f"no {SECRET}!") == f"no {HIDDEN}!"


def test_a_number_is_hidden_by_mark_and_as_a_whole_value():
    plan = a_plan(marked(987654321), a_change("create", None, {"n": 987654321}, address="a.b"))
    assert [shown(change, plan)[1] for change in changes(plan)] == [{"n": HIDDEN}, {"password": HIDDEN}]


def test_a_short_secret_is_hidden_where_it_is_the_whole_value_and_nowhere_else():
    plan = a_plan(marked("abc"), a_change("create", None, {"same": "abc", "other": "abcde"}, address="a.b"))
    (other, _) = changes(plan)
    assert shown(other, plan)[1] == {"same": HIDDEN, "other": "abcde"}


def test_what_becomes_a_secret_was_one_before():
    row = a_change("update", {"p": "first-password", "l": ["x"]}, {"p": "second-password", "l": ["x"]})
    row["change"] |= {"before_sensitive": {"l": [False]}, "after_sensitive": {"p": True, "l": []}}
    plan = a_plan(row)
    (change,) = changes(plan)
    assert shown(change, plan)[0] == {"p": HIDDEN, "l": ["x"]}
    hide = Redactor(secrets(plan))
    assert hide.text("it was first-password") == f"it was {HIDDEN}"
    assert list(map(str, diff(change, hide)))[1:] == ["~   p = (sensitive) -> (sensitive, changed)"]


def test_a_secret_that_changes_says_so_and_one_that_stays_does_not():
    before, after = {"p": "old secret", "q": "same secret"}, {"p": "new secret", "q": "same secret"}
    marks = {"p": True, "q": True}
    plan = a_plan(a_change("update", before, after, before_sensitive=marks, after_sensitive=marks))
    (change,) = changes(plan)
    assert list(map(str, diff(change, Redactor(secrets(plan)))))[1:] == ["~   p = (sensitive) -> (sensitive, changed)"]


def test_null_is_no_secret():
    plan = a_plan(marked(None))
    assert shown(changes(plan)[0], plan) == [None, {"password": None}]


def test_what_is_not_secret_stays():
    plan = a_plan(a_change("create", None, {"a": 1, "b": ["c"]}, after_sensitive={"b": [False]}))
    assert (secrets(plan), shown(changes(plan)[0], plan)) == (frozenset(), [None, {"a": 1, "b": ["c"]}])
