"""A plan told to people."""

import json

import pytest

from engine.core import exact
from engine.core.plan.mask import secrets
from engine.core.plan.model import changes
from engine.core.plan.summary import Summary, diff, summarise
from engine.core.redact import Redactor
from tests.support.plans import a_change, a_plan


def shown(row):
    (change,) = changes(a_plan(row))
    return "\n".join(map(str, diff(change, Redactor(secrets(a_plan(row)))))).split("\n")


def test_counts():
    kinds = ["create", "create", "update", "delete", ["delete", "create"], "no-op", "forget"]
    rows = [a_change(kind, {}, {}, address=f"a.b{n}") for n, kind in enumerate(kinds)]
    read = {**a_change("read", None, {}, address="data.x"), "mode": "data"}
    assert summarise(a_plan(*rows, read)) == Summary(create=2, update=1, replace=1, delete=2)


@pytest.mark.parametrize(
    ("summary", "text"), [(Summary(), "no changes"), (Summary(create=2, delete=1), "2 to create, 1 to delete")]
)
def test_counts_in_words(summary, text):
    assert str(summary) == text


@pytest.mark.parametrize(
    ("why", "row", "lines"),
    [
        ("created: what is known, in order of name",
         a_change("create", None, {"b": 1, "a": ["x"], "none": None, "empty": {}}, unknown={"id": True, "arn": True}),
         ["+   a[0] = \"x\"", "+   b = 1", "+   empty = {}", "    # 2 more known after apply"]),
        ("changed: only what differs", a_change("update", {"a": 1, "b": 2}, {"a": 1, "b": 3}), ["~   b = 2 -> 3"]),
        ("deleted", a_change("delete", {"a": 1}, None), ["-   a = 1"]),
        ("a value that will be known later", a_change("update", {"a": 1}, {}, unknown={"a": True}),
         ["~   a = 1 -> (known after apply)"]),
        ("many values that one unknown replaces", a_change("update", {"a": {"x": 1, "y": 2}}, {}, unknown={"a": True}),
         ['~   a = {"x": 1, "y": 2} -> (known after apply)']),
        ("what forces a replacement is named",
         a_change(["delete", "create"], {"a": 1, "b": 1}, {"a": 2, "b": 2}, replace_paths=[["a"]]),
         ["~   a = 1 -> 2  # forces replacement", "~   b = 1 -> 2"]),
        ("a document is opened: the line that matters is a line",
         a_change("update", {"policy": json.dumps({"Action": "s3:Get"})}, {"policy": json.dumps({"Action": "s3:*"})}),
         ['~   policy.Action = "s3:Get" -> "s3:*"']),
        ("a key that needs quotes", a_change("create", None, {"tags": {"a b": 1}}), ['+   tags."a b" = 1']),
        ("ten items are in order of number", a_change("create", None, {"l": list(range(11))}),
         [f"+   l[{n}] = {n}" for n in range(11)]),
        ("lines of a text stay on one line", a_change("create", None, {"a": "x\n- y = 1"}), ['+   a = "x\\n- y = 1"']),
        ("terminal escapes do not come through, nor do they vanish",
         a_change("create", None, {"a": "\x1b[2Jx\u202ey"}), ['+   a = "\\u001b[2Jx\\u202ey"']),
        ("what nobody sees is a difference", a_change("update", {"a": "root"}, {"a": "ro\u200bot\xa0\U000e0041"}),
         ['~   a = "root" -> "ro\\u200bot\\u00a0\\udb40\\udc41"']),
        ("true is not 1", a_change("update", {"a": True, "b": 1}, {"a": 1, "b": 1}), ["~   a = true -> 1"]),
        ("a document that says a thing twice stays a text: who knows which one counts",
         a_change("update", {"p": '{"A": 1, "A": 2}'}, {"p": '{"A": 2}'}),
         ['-   p = "{\\"A\\": 1, \\"A\\": 2}"', "+   p.A = 2"]),
        ("a key with lines stays on one line", a_change("create", None, {"a\nb": 1}), ['+   "a\\nb" = 1']),
        ("a move is told", a_change("update", {"a": 1}, {"a": 2}, previous_address="a.old"),
         ["    # moved from a.old", "~   a = 1 -> 2"]),
        ("an import is told", a_change("update", {"a": 1}, {"a": 2}, importing={"id": "i"}),
         ['    # imported from "i"', "~   a = 1 -> 2"]),
        ("an import by identity is told", a_change("no-op", {}, {}, importing={"identity": {"arn": "x", "n": 1}}),
         ['    # imported from {"arn": "x", "n": 1}']),
        ("an import of what is not known yet", a_change("no-op", {}, {}, importing={"unknown": True}),
         ['    # imported from "what is not known yet"']),
        ("what a document gets is told, though it is empty",
         a_change("update", {"p": '{"a":["x"]}'}, {"p": '{"a":["x"],"never":[],"o":{},"n":null}'}),
         ["+   p.n = null", "+   p.never = []", "+   p.o = {}"]),
        ("what a document loses, too", a_change("update", {"p": '{"a":1,"n":null,"e":[]}'}, {"p": '{"a":1}'}),
         ["-   p.e = []", "-   p.n = null"]),
        ("from null to empty", a_change("update", {"tags": None, "a": []}, {"tags": {}, "a": None}),
         ["~   a = [] -> null", "~   tags = null -> {}"]),
        ("a document that becomes empty", a_change("update", {"p": '{"a":1}'}, {"p": "{}"}),
         ['+   p = "{}"', "-   p.a = 1"]),
        ("a block whose attributes are all null", a_change("update", {"r": []}, {"r": [{"a": None}]}),
         ["-   r = []", "+   r[0].a = null"]),
        ("a number beyond a float", a_change("update", exact.loads('{"a": 1.0}'),
         exact.loads('{"a": 1.0000000000000000001}')),
         ["~   a = 1.0 -> 1.0000000000000000001"]),
        ("such a number in a document",
         a_change("update", {"p": '{"a": 0.1}'}, {"p": '{"a": 0.1000000000000000000001}'}),
         ["~   p.a = 0.1 -> 0.1000000000000000000001"]),
        ("a large number", a_change("update", {"p": '{"a": 1e300}'}, {"p": '{"a": 100000000000000000001}'}),
         ["~   p.a = 1e+300 -> 100000000000000000001"]),
        ("an equal number in another form, and nothing else", a_change("update", {"p": '{"a": 1}'}, {"p": '{"a":1.0}'}),
         ["    # only how a document is written changes"]),
        ("nothing at all", a_change("update", {"a": 1}, {"a": 1}), ["    # no value changes"]),
        ("a value that is spelt like what hides one", a_change("update", {"a": "(sensitive)"},
         {"a": "(known after apply)"}),
         ['~   a = "(sensitive)" -> "(known after apply)"']),
        ("a replacement that keeps the old one", a_change(["forget", "create"], {"a": 1}, {"a": 2}),
         ["~   a = 1 -> 2"]),
        ("a text of brackets", a_change("create", None, {"a": "[" * 60 + "]" * 60}),
         [f'+   a = "{"[" * 60 + "]" * 60}"']),
    ],
)  # fmt: skip
def test_lines(why, row, lines):
    assert shown(row)[1:] == lines, why


def test_the_first_line_says_what_happens():
    assert shown(a_change(["delete", "create"], {}, {})) == [
        '-/+ aws_s3_bucket.this["a"] will be REPLACED (deleted and created again)'
    ]


def test_a_replacement_that_forgets_the_old_one_says_so():
    for actions in (["create", "forget"], ["forget", "create"]):
        assert "nobody manages it" in shown(a_change(actions, {}, {}))[0]


SECRET, OTHER = "correct horse battery", "staple horse battery"


@pytest.mark.parametrize(
    ("why", "before", "after", "lines"),
    [
        ("one that changes", {"p": SECRET}, {"p": OTHER}, ["~   p = (sensitive) -> (sensitive, changed)"]),
        ("one that stays", {"p": SECRET, "a": 1}, {"p": SECRET, "a": 2}, ["~   a = 1 -> 2"]),
        ("one inside a text", {"p": SECRET, "q": OTHER, "t": f"x {SECRET}"}, {"p": SECRET, "q": OTHER,
         "t": f"x {OTHER}"},
         ['~   t = "x (sensitive)" -> (sensitive, changed)']),
        ("one inside a document", {"p": SECRET, "d": json.dumps({"k": SECRET})}, {"p": SECRET,
         "d": json.dumps({"k": "x"})},
         ['~   d.k = (sensitive) -> "x"']),
        ("one that becomes null", {"p": SECRET}, {"p": None}, ["~   p = (sensitive) -> null"]),
        ("a map that is one as a whole is one leaf", {"p": {"a": SECRET}}, {"p": {"a": SECRET, "b": "1"}},
         ["~   p = (sensitive) -> (sensitive, changed)"]),
        ("a key that is spelt like one stays", {"p": SECRET}, {"p": SECRET, SECRET: 1}, [f'+   "{SECRET}" = 1']),
    ],
)  # fmt: skip
def test_a_secret_is_hidden_and_its_change_is_told(why, before, after, lines):
    marks = {"p": True, "q": True}
    row = a_change("update", before, after, before_sensitive=marks, after_sensitive=marks)
    assert shown(row)[1:] == lines, why
