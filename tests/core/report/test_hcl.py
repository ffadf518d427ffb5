"""Examples as people write them in Terraform."""

import pytest

from engine.core.report.hcl import hcl


@pytest.mark.parametrize(
    ("why", "example", "lines"),
    [
        (
            "plain values",
            {"aws_x": {"a": 1, "b": True, "c": None, "d": 'q"'}},
            ["a = 1", "b = true", "c = null", 'd = "q\\""'],
        ),
        ("a list of texts", {"aws_x": {"a": ["b", "c"]}}, ['a = ["b", "c"]']),
        ("a map", {"aws_x": {"a": {"b c": 1}}}, ["a = {", '  "b c" = 1', "}"]),
        ("nothing in it", {"aws_x": {"a": {}, "b": []}}, ["a = {}", "b = []"]),
        (
            "blocks",
            {"aws_x": {"a": [{"b": 1}, {"c": [{"d": 2}]}]}},
            ["a {", "  b = 1", "}", "a {", "  c {", "    d = 2", "  }", "}"],
        ),
        ("a policy document", {"aws_x": {"p": {"Statement": []}}}, ["p = jsonencode({", "  Statement = []", "})"]),
        ("what Terraform would fill in", {"aws_x": {"a": "${aws:username}"}}, ['a = "$${aws:username}"']),
        ("known later", {"aws_x": {"_unknown": ["a"]}}, ["a = (known only after apply)"]),
        ("a reference", {"aws_x": {"_refers": {"a": "local.b"}}}, ["a = local.b"]),
        (
            "a reference known later",
            {"aws_x": {"_refers": {"a": "local.b"}, "_unknown": ["a"]}},
            ["a = local.b # (known only after apply)"],
        ),
        ("known later in part", {"aws_x": {"_unknown": {"a": {"b": True}}}}, ["a = (known only after apply) # in b"]),
    ],
)
def test_what_stands_in_a_block(why, example, lines):
    assert hcl(example).splitlines() == ['resource "aws_x" "example" {', *(f"  {line}" for line in lines), "}"], why


def test_what_no_configuration_says_stands_in_comments():
    example = {
        "settings": {"tags": {"required": ["Team"]}},
        "variables": {"account": None, "region": "mars-1"},
        "aws_x": [{"_actions": ["delete", "create"], "_before": {"a": 1}}, {}],
    }
    assert hcl(example).splitlines() == [
        '# policies/data.json: {"settings": {"tags": {"required": ["Team"]}}}',
        "# without the variable account",
        '# var.region = "mars-1"',
        "# delete and create",
        '# before: {"a": 1}',
        'resource "aws_x" "example" {',
        "}",
        'resource "aws_x" "example1" {',
        "}",
    ]
