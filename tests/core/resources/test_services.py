"""What is read from the controller's module."""

import pytest

from engine import data
from engine.core.resources import services
from engine.core.resources.types import Many, Primitive, Record, Whatever, describe
from engine.errors import EngineError
from engine.run.module import read_module

STRING = Primitive("string")


def test_the_shipped_module():
    found = services.read(read_module(data.path("terraform")))
    assert found.names == {"s3", "kms", "iam", "lambda", "sqs", "sns"}
    assert {"account", "region", "emulator"} <= found.reserved
    assert "environment" not in found.reserved
    for variables in found.variables.values():
        for type_ in variables.values():
            assert isinstance(type_, Many), type_
            assert isinstance(type_.item, Record)


def test_a_new_service_is_one_new_file():
    module = read_module(data.path("terraform"))
    table = b'variable "dynamodb_tables" {\n  type = map(object({ hash_key = string }))\n}\n'
    found = services.read({**module, "dynamodb.tf": table})
    assert found.names - services.read(module).names == {"dynamodb"}
    assert found.owner("dynamodb_tables") == "dynamodb"


@pytest.mark.parametrize(
    ("text", "type_", "words"),
    [
        ("string", STRING, "a string"),
        ("bool", Primitive("bool"), "true or false"),
        ("any", Whatever(), "a value"),
        ("list(number)", Many("list", Primitive("number")), "a list of numbers"),
        ("set(map(string))", Many("set", Many("map", STRING)), "a list of maps"),
        ("map(object({}))", Many("map", Record({})), "a map of objects"),
        ("tuple([string, number])", Many("list", Whatever()), "a list of values"),
        ("list(list(bool))", Many("list", Many("list", Primitive("bool"))), "a list of lists"),
        ("map(any)", Many("map", Whatever()), "a map of values"),
    ],
)
def test_types(text, type_, words):
    found = services.read({"x.tf": f'variable "x" {{\n  default = 1\n  type = {text} # why\n}}'.encode()})
    assert found.variables["x"]["x"] == type_
    assert describe(type_) == words


def test_a_document_says_its_kind_at_the_end_of_its_line():
    text = """variable "x" {
      type = map(object({
        policy_json   = optional(string) # document: kms-key-policy; and what else there is to say
        inline_json   = optional(map(string), {}), // document:role-policy
        "filter_json" = list(string) # document: json
        policy        = string # not a document: a name
      }))
    }"""
    type_ = services.read({"x.tf": text.encode()}).variables["x"]["x"]
    assert isinstance(type_, Many)
    assert isinstance(type_.item, Record)
    kinds = {name: attribute.document for name, attribute in type_.item.attributes.items()}
    assert kinds == {"policy_json": "kms-key-policy", "inline_json": "role-policy", "filter_json": "json", "policy": ""}


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("no kind", "policy_json = string"),
        ("an unknown kind", "policy_json = string # document: s3-policy"),
        ("a kind without a name", "policy_json = string # document:"),
        ("another comment", "policy_json = string # documents: json"),
        ("a comment on the next line", "policy_json = string\n# document: json"),
        ("of another attribute", "policy_json = string, tags = string # document: json"),
        ("within other words", "policy_json = string # a document: json"),
        ("a document that is no text", "policy_json = any # document: json"),
        ("no kind, in capitals", "policy_JSON = string"),
        ("a document in a number", "policy_json = optional(number) # document: json"),
        ("a kind of what takes no document", "policy = string # document: json"),
    ],
)
def test_a_document_of_no_known_kind_is_refused(why, line):
    with pytest.raises(EngineError) as caught:
        services.read({"x.tf": f'variable "x" {{\n  type = map(object({{\n{line}\n}}))\n}}'.encode()})
    (problem,) = caught.value.problems
    assert f"{problem.code} {problem.place}".startswith("ENG380 terraform/x.tf:3:"), why
    assert "kms-key-policy" in problem.hint


def test_a_variable_without_a_type_takes_anything():
    assert services.read({"x.tf": b'variable "x" {}'}).variables["x"] == {"x": Whatever()}


@pytest.mark.parametrize(
    "module",
    [
        {},
        {"variables.tf": b'variable "environment" {}'},
        {"x.tf": b'variable "x" {'},
        {"x.tf": b'variable "x" { type = strnig }'},
        {"x.tf": b'variable "x" { type = list() }'},
        {"x.tf": b'variable "x" { type = optional(string) }'},
        {"x.tf": b'variable "policy_json" { type = string }'},
        {"notes.md": b'variable "x" {}'},
    ],
)
def test_a_module_that_says_nothing_sure_is_refused(module):
    with pytest.raises(EngineError) as caught:
        services.read(module)
    assert [p.code for p in caught.value.problems] == ["ENG326"]


def test_a_module_that_reads_differently_from_what_it_does_is_refused():
    with pytest.raises(EngineError) as caught:
        services.read({"x.tf": 'variable "x" {} # \u202e\n'.encode()})
    assert [(p.code, str(p.place)) for p in caught.value.problems] == [("ENG023", "terraform/x.tf:1:19")]
