"""Attacks on the judgement by policies that say nothing, and by plans that only one engine would read."""

import json

import pytest

from engine.adapters.policy.bundle import policy_set
from engine.adapters.policy.port import BY_NAME, Programs
from engine.core.findings import Effect
from engine.errors import EngineError
from tests.support.opa import executable
from tests.support.plans import a_change, a_plan
from tests.support.policy import judge, policies, rego


@pytest.fixture(scope="module", params=["rego", "opa"])
def engine(request, tmp_path_factory):
    programs = Programs(opa=executable(tmp_path_factory.mktemp("opa"))) if request.param == "opa" else BY_NAME
    return {"engine": request.param, "programs": programs}


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("a rule of an alias", "import input as p\na := p.resource_changes\ndeny contains 1 if a[_].chnage"),
        ("a comprehension in an argument", "deny contains 1 if count([r | r := input.resource_change[_]]) > 0"),
        ("behind with of something else", "deny contains 1 if input.resource_change[_] with data.x as 1"),
        ("both sides of an equality", "deny contains 1 if { x = input.resource_change; x[_] }"),
        ("in the head", 'deny contains input.resource_change if true'),
        ("in an object of the head", 'deny contains {"msg": input.plan.x} if true'),
        ("in an else", "f := 1 if input.errored else := 2 if input.complete\ndeny contains 1 if { f; input.pln }"),
        ("a rule with a suffix", "violation_a contains 1 if input.spec.template"),
        ("an exception", 'deny contains "x"\nexception contains ["x"] if input.metadata.name'),
        ("in a package of many parts", "deny contains 1 if data.main.helper\nhelper if input.resource_change"),
        ("a step through a list of actions", "deny contains 1 if input.resource_changes[_].change.actions.create"),
        ("in some, with a key", "deny contains 1 if { some i, r in input.resource_changes; i > 0; r.atfer }"),
        ("destructured", "deny contains 1 if { [r, _] := [input.resource_changes[0], 1]; r.atfer }"),
        ("data below data", "deny contains 1 if data.a.bukcet"),
        ("data through brackets", 'deny contains 1 if data["a"]["bukcet"]'),
        ("data through an alias", "import data.a as settings\ndeny contains 1 if settings.bukcet"),
    ],
)  # fmt: skip
def test_a_policy_that_would_be_silent(why, body, engine):
    with pytest.raises(EngineError) as caught:
        judge(policies(rego(body), data={"a": {"bucket": 1}}), **engine)
    assert {problem.code for problem in caught.value.problems} <= {"ENG526", "ENG507"}, why
    assert all(problem.place and problem.hint for problem in caught.value.problems), why


READS = rego("""
deny contains name if {
  some r in input.resource_changes
  json.is_valid(r.change.after.policy)
  json.unmarshal(r.change.after.policy).Action == "*"
  name := r.address
}""")


def nested(levels, inside="1"):
    return "[" * levels + inside + "]" * levels


def document(text):
    return f'{{"Action": "*", "x": {text}}}'


@pytest.mark.parametrize(
    ("why", "text", "rules"),
    [
        ("as deep as AWS could want", document(nested(98)), ["main.deny"]),
        ("deeper than one engine reads", document(nested(130)), ["DOC-001"]),
        ("deeper than Python reads", document(nested(20_000)), ["DOC-001"]),
        ("behind white space", "\n\t " + document(nested(130)), ["DOC-001"]),
        ("in a document's own text", json.dumps({"Action": "*", "x": nested(130)}), ["DOC-001"]),
        ("in that, with escapes", document('"' + nested(130).replace("[", "\\u005B") + '"'), ["DOC-001"]),
        ("prose with brackets is no document", "see " + nested(130), []),
        ("text that is broken is no document", nested(130)[:-1], []),
        ("a list that is long and not deep", document(f"[{'[1],' * 500}1]"), ["main.deny"]),
    ],
)  # fmt: skip
def test_a_document_that_one_engine_would_pass_over(why, text, rules, engine):
    """Denied where an attribute with rights has it; of any other, such as a description, it is said."""
    row = a_change("create", None, {"policy": text}, address="aws_iam_policy.a", name="a")
    found = judge(policies(READS), a_plan(row), **engine)
    assert [finding.rule for finding in found] == rules, why
    assert {(f.effect, f.address) for f in found if f.rule == "DOC-001"} <= {(Effect.DENY, "aws_iam_policy.a")}, why
    row["change"]["after"] = {"description": text}
    assert {finding.effect for finding in judge(policies(READS), a_plan(row), **engine)} <= {Effect.WARN}, why


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("brackets without end", "deny contains 1 if " + "[" * 5_000),
        ("a reference of many parts", "deny contains 1 if input" + ".a" * 200),
        ("a circle of values", "a := b\nb := a\ndeny contains a.c if true"),
        ("a variable that is itself", "deny contains x if { x = x.y }"),
        ("many from each other", f"deny contains 1 if {{ {'; '.join(f'v{n} := v{n + 1}.x' for n in range(300))} }}"),
        ("not of not", "deny contains 1 if not not input.a"),
        ("with of with", "deny contains 1 if input.a with input as input.b with input as input.c"),
        ("an import of nothing", "import input.\ndeny contains 1"),
    ],
)  # fmt: skip
def test_a_policy_that_breaks_the_guards(why, text, engine):
    """Whatever it is, it is an error with a code of policies, and not one of the guards' own."""
    with pytest.raises(EngineError) as caught:
        judge(policy_set({"m.rego": rego(text).encode()}), timeout_s=30, **engine)
    codes = {problem.code for problem in caught.value.problems}
    assert codes <= {"ENG502", "ENG505", "ENG508", "ENG510", "ENG512", "ENG526"}, why
