"""Operators: each small policy has exactly these changes. Whether tests notice them is for `test_run`."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.policy.mutation.operators import mutants
from engine.adapters.policy.syntax import Module
from engine.adapters.policy.worker import empty_engine
from tests.support.policy import rego


def changes(body):
    """Of a module whose first line of `body` is line 5."""
    return mutants(parsed(rego(body)))


def parsed(text):
    engine = empty_engine(coverage=False)
    engine.add_policy("m.rego", text)
    return Module("m.rego", text.encode(), json.loads(engine.get_ast_as_json())[0]["ast"])


BODY, INNER = "drop this definition of a", ["drop true", "true → false"]


def turned(sign, *others):
    return [f"input.x {sign} input.y → input.x {other} input.y" for other in others]


@pytest.mark.parametrize(
    ("why", "body", "names"),
    [
        ("a condition", "a if input.x", [BODY, "drop input.x"]),
        ("several conditions", "a if {\n  input.x\n  input.y\n}", [BODY, "drop input.x", "drop input.y"]),
        ("an assignment is no condition", "a := x if x := input.x", [BODY]),
        ("a unification is one", "a if input.x = 1", [BODY, "drop input.x = 1", "1 → 0", "1 → 2"]),
        ("a loop can be one", "a if some x in input.x", [BODY, "drop some x in input.x"]),
        ("a declaration is none", "a if {\n  some x\n  input[x]\n}", [BODY, "drop input[x]"]),
        ("a negation", "a if not input.x", [BODY, "drop not input.x", "not input.x → input.x"]),
        (
            "membership",
            "a if input.x in input.y",
            [BODY, "drop input.x in input.y", "input.x in input.y → not input.x in input.y"],
        ),
        (
            "not membership",
            'a if not "x" in input.y',
            [BODY, 'drop not "x" in input.y', 'not "x" in input.y → "x" in input.y'],
        ),
        (
            "==",
            'a if input.x == "y"',
            [BODY, 'drop input.x == "y"', 'input.x == "y" → input.x != "y"'],
        ),
        ("!=", 'a if "y" != input.x', [BODY, 'drop "y" != input.x', '"y" != input.x → "y" == input.x']),
        ("<", "a if input.x < input.y", [BODY, "drop input.x < input.y", *turned("<", "<=", ">=")]),
        ("<=", "a if input.x <= input.y", [BODY, "drop input.x <= input.y", *turned("<=", "<", ">")]),
        (">", "a if input.x > input.y", [BODY, "drop input.x > input.y", *turned(">", ">=", "<=")]),
        (">=", "a if input.x >= input.y", [BODY, "drop input.x >= input.y", *turned(">=", ">", "<")]),
        ("a comparison as a value", "a := input.x < input.y", [BODY, *turned("<", "<=", ">=")]),
        ("numbers", "a := 60", [BODY, "60 → 59", "60 → 61"]),
        ("numbers below zero", "a := -1", [BODY, "-1 → -2", "-1 → 0"]),
        ("booleans", "a := true", [BODY, "true → false"]),
        ("a default", "default a := false", ["false → true"]),
        ("texts are messages", 'a := "x"', [BODY]),
        (
            "anchors",
            'a := "^x$"',
            [BODY, '"^x$" → "^x"', '"^x$" → "x$"', '"^x$" → ".*"'],
        ),
        ("an escaped dollar is no anchor", "a := `x\\$`", [BODY]),
        ("a lone anchor is no pattern", 'a := "$"', [BODY]),
        (
            "a pattern without anchors",
            'a if regex.match("x", input)',
            [BODY, 'drop regex.match("x", input)', '"x" → ".*"'],
        ),
        ("members of a set", 'a := {"x", "y"}', [BODY, 'drop "x"', 'drop "y"']),
        ("members of an array", 'a := ["x", null, [true]]', [BODY, 'drop "x"', "drop null", "drop [true]", *INNER]),
        ("the only member", 'a := {"x"}', [BODY, 'drop "x"']),
        ("members that are no constants stay", 'a := [input.x, "y"]', [BODY, 'drop "y"']),
        ("entries of a table", 'a := {"x": "y", "z": "y"}', [BODY, 'drop "x": "y"', 'drop "z": "y"']),
        ("what a rule says", 'a := {"msg": "x", "id": "y"}', [BODY]),
        ("entries of what is no table", 'a := {"x": input.y, "z": "y"}', [BODY]),
        (
            "an else",
            "a if input.x else := null if input.y",
            [BODY, "drop input.x", "drop else := null if input.y", "drop input.y"],
        ),
        (
            "every",
            "a if every x in input.x {\n  x.y\n}",
            [
                BODY,
                "drop every x in input.x { x.y }",
                "every x in input.x { x.y } → { some x in input.x x.y }",
                "drop x.y",
            ],
        ),
        (
            "a comprehension",
            "a := [x | some x in input.x; x.y]",
            [BODY, "drop some x in input.x", "drop x.y"],
        ),
        ("functions", "a(x) if x.y", [BODY, "drop x.y"]),
        ("an effect", 'deny contains "x" if input.x', ["deny → warn", "drop input.x", "drop this definition of deny"]),
        ("another", 'warn_late contains "x"', ["drop this definition of warn_late", "warn → deny"]),
        ("a name that only begins so", "denying := input.x", ["drop this definition of denying"]),
    ],
)
def test_changes(why, body, names):
    found = [mutant.name for mutant in changes(body)]
    assert sorted(found) == sorted(names), why


@pytest.mark.parametrize(
    ("why", "body", "name", "after"),
    [
        ("quotes belong to a text", 'a if input.x == "y"', 'drop input.x == "y"', "a if true"),
        ("and to the first one", 'a if "y" == input.x', 'drop "y" == input.x', "a if true"),
        ("with what it is asked under", 'a if b with input as "x"', 'drop b with input as "x"', "a if true"),
        ("no braces", "a if input.x", BODY, "a if { false; input.x }"),
        ("braces", "a if { input.x }", BODY, "a if { false; input.x }"),
        ("every, without braces", "a if every x in y { x.z }", "every x in y { x.z } → { some x in y x.z }", None),
        ("not, with brackets", "a if not (input.x)", "not (input.x) → (input.x)", "a if (input.x)"),
        ("the first member", 'a := {"x", "y"}', 'drop "x"', 'a := {"y"}'),
        ("the last member", 'a := {"x", "y"}', 'drop "y"', 'a := {"x"}'),
        ("the only member of a set", 'a := {"x"}', 'drop "x"', "a := set()"),
        ("the only member of an array", 'a := ["x"]', 'drop "x"', "a := []"),
        ("the only entry", 'a := {"x": "y"}', 'drop "x": "y"', "a := {}"),
        ("characters of several bytes", 'a := {"é", "ö"}', 'drop "é"', 'a := {"ö"}'),
    ],
)
def test_what_stands_there_instead(why, body, name, after):
    module = parsed(rego(body))
    (mutant,) = [mutant for mutant in mutants(module) if mutant.name == name]
    shown = mutant.shown(module.source)
    assert shown[0] == body, why
    assert shown[1] == (after or "a if { some x in y\n x.z  }"), why
    assert mutant.applied(module.source).decode() == rego(shown[1]), why
    parsed(rego(shown[1]))


def test_a_change_is_where_it_is():
    mutant = {m.name: m for m in changes("a if {\n  input.x\n  input.y == {\n    1,\n    2,\n  }\n}")}
    assert mutant["drop input.x"].place[:3] == ("m.rego", 6, 3)
    assert mutant["drop 2"].place[:3] == ("m.rego", 9, 5)
    assert mutant["drop 2"].lines == (7, 10)
    assert mutant[BODY].place[:3] == ("m.rego", 5, 1)
    assert {m.rule for m in mutant.values()} == {"a"}


def test_a_long_literal_is_sampled():
    members = ", ".join(f'"m{number}"' for number in range(1000))
    found = changes(f"a := {{{members}}}")
    assert len(found) == 1 + 24
    assert found[0].name == BODY


NAMES = st.sampled_from(["input.x", "input.y.z", '"é"', "60", "true", "`^a$`", "[1, 2]", '{"x"}', "count(input.z)"])
CONDITIONS = st.one_of(
    NAMES,
    st.builds("not {}".format, NAMES),
    st.builds("{} {} {}".format, NAMES, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in"]), NAMES),
    st.builds("every v in {} {{ v != {} }}".format, NAMES, NAMES),
    st.builds("count([v | some v in {}; v == {}]) > 0".format, NAMES, NAMES),
)


@given(st.lists(CONDITIONS, min_size=1, max_size=4), st.booleans())
def test_every_change_is_one_and_can_be_read(conditions, alone):
    """Each differs from the policy and from every other, and is Rego."""
    alone = alone and not conditions[0].startswith("{")  # that would be a body
    body = f"a if {conditions[0]}" if alone else "a if {\n  " + "\n  ".join(conditions) + "\n}"
    module = parsed(rego(body))
    texts = [mutant.applied(module.source) for mutant in mutants(module)]
    assert module.source not in texts
    assert len(set(texts)) == len(texts)
    for text in texts:
        parsed(text.decode())
