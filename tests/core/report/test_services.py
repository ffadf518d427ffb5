"""What a service takes, told from the module alone: nothing is left out, and what is proposed is accepted."""

import os

import pytest
from jsonschema import Draft202012Validator

from engine import data
from engine.core.report.services import example, schema, text, to_json, variables
from engine.core.resources import services, tfvars
from engine.core.resources.discover import discover
from engine.run.module import read_module
from tests.support.resources import contents, rules, source

KNOWN = services.read(read_module(data.path("terraform")))
TOP = os.path.join(data.path("examples"), "dev-deployment")
EXAMPLES = sorted(
    os.path.join(folder, name) for folder, _, names in os.walk(TOP) for name in names if name.endswith(".tfvars")
)
TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'  # noqa: E501
BOTH = {"policy_file": "a.json", "policy_json": "{}"}
SMALL = b"""
variable "things" {
  description = "Things by name, \\"quoted\\" too."
  type = map(object({
    name        = string                  # what it is called; in the console
    size        = optional(number, 1)     // of one
    key_arn     = optional(string)        # names: arn:aws:kms:REGION:ACCOUNT:{}; whose key
    whose_arns  = optional(list(string))  # unordered: who may
    other_arns  = optional(list(string))  # unordered
    rule_json   = string                  # document: json
    inner = optional(object({             # all in one
      deep = optional(map(string), { a = "b" })
    }))
  }))
  validation {
    condition     = true
    error_message = "A thing has a \\"name\\"."
  }
  validation {
    condition     = true
    error_message = "It is ${var.computed}."
  }
}
"""


def test_each_attribute_is_told_with_type_default_and_what_is_said_behind_it():
    [one] = variables(services.read({"thing.tf": SMALL}), "thing")
    assert (one.name, one.said) == ("things", ('Things by name, "quoted" too.', ('A thing has a "name".',)))
    assert [tuple(row) for row in one.rows] == [
        ("name", "a string", True, "", "what it is called; in the console"),
        ("size", "a number", False, "1", "of one"),
        ("key_arn", "a string", False, "", "whose key"),
        ("whose_arns", "a list of strings", False, "", "who may"),
        ("other_arns", "a list of strings", False, "", ""),
        ("rule_file", "a document (json)", True, "", ""),
        ("inner", "an object", False, "", "all in one"),
        ("inner.deep", "a map of strings", False, '{ a = "b" }', ""),
    ]


@pytest.mark.parametrize("service", sorted(KNOWN.names))
def test_its_example_is_accepted(service):
    head = {f"{service}/my-name.tfvars": example(KNOWN, service)}
    documents = {f"{service}/my-name.json": TRUST} if "my-name.json" in head[f"{service}/my-name.tfvars"] else {}
    found = discover(contents({}, {**head, **documents}), KNOWN, rules(), source())
    assert (found.refused, [one.name for one in found.resources]) == ((), ["my-name"])


@pytest.mark.parametrize("service", sorted(KNOWN.names))
def test_text_and_json_have_every_attribute(service):
    said, listed = text(KNOWN, service), to_json(KNOWN, service)
    for one in variables(KNOWN, service):
        for row in one.rows:  # each below what it belongs to, by its own name
            *above, name = row.path.split(".")
            assert f"\n{'  ' * (len(above) + 1)}{name} " in said
        assert all(limit in said for limit in one.said.limits)
    assert [len(one["attributes"]) for one in listed["variables"]] == [len(v.rows) for v in variables(KNOWN, service)]


@pytest.mark.parametrize("path", EXAMPLES, ids=[os.path.relpath(path, TOP) for path in EXAMPLES])
def test_the_schema_takes_what_is_right(path):
    service = os.path.relpath(path, TOP).split(os.sep)[0].lower()
    Draft202012Validator.check_schema(schema(KNOWN, service))
    with open(path, "rb") as file:
        values = tfvars.read(file.read(), path).values
    Draft202012Validator(schema(KNOWN, service)).validate(values)


@pytest.mark.parametrize(
    ("why", "service", "values"),
    [
        ("no environment", "s3", {"s3_buckets": {}}),
        ("a variable of another service", "s3", {"environment": "x", "iam_roles": {}}),
        ("a misspelt attribute", "s3", {"environment": "x", "s3_buckets": {"a": {"versionning": True}}}),
        ("a text for a number", "sqs", {"environment": "x", "sqs_queues": {"a": {"delay_seconds": "many"}}}),
        ("a document in both ways", "s3", {"environment": "x", "s3_buckets": {"a": BOTH}}),
        ("a required document missing", "iam", {"environment": "x", "iam_roles": {"a": {}}}),
        ("what the controller sets", "s3", {"environment": "x", "account": "1"}),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_discovery_refuses(why, service, values):
    assert not Draft202012Validator(schema(KNOWN, service)).is_valid(values), why


def test_null_is_as_good_as_nothing_where_nothing_is_asked_for():
    taken = Draft202012Validator(schema(KNOWN, "lambda"))
    needed = {"role_arn": "arn:aws:iam::111111111111:role/r", "code": {"image_uri": None}}
    assert taken.is_valid({"environment": "x", "lambda_functions": {"a": {**needed, "timeout": None}}})
    assert not taken.is_valid({"environment": "x", "lambda_functions": {"a": {**needed, "role_arn": None}}})
