"""A plan told to people."""

import json

import pytest

from engine.core.plan.model import changes
from engine.core.plan.summary import Summary, diff, summarise
from tests.support.plans import a_change, a_plan


def shown(row):
    (change,) = changes(a_plan(row))
    return diff(change).splitlines()


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
         ["+   a[0] = \"x\"", "+   b = 1", "    # 2 more known after apply"]),
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
    ],
)  # fmt: skip
def test_lines(why, row, lines):
    assert shown(row)[1:] == lines, why


def test_the_first_line_says_what_happens():
    assert shown(a_change(["delete", "create"], {}, {})) == [
        '-/+ aws_s3_bucket.this["a"] will be REPLACED (deleted and created again)'
    ]
