"""What of a module only an account could answer, in both of Terraform's syntaxes."""

import pytest

from engine.core.resources.asks import asks

CHECK = b'check "c" {\n  data "http" "x" {}\n  assert {\n    condition = true\n    error_message = "x"\n  }\n}\n'


@pytest.mark.parametrize(
    ("why", "file", "text", "questions"),
    [
        ("a data source", "a.tf", b'data "aws_region" "x" {}\n', ("data.aws_region.x",)),
        ("that nobody counts", "a.tf", b'data "aws_region" "x" {\n  count = 0\n}\n', ("data.aws_region.x",)),
        ("with an unquoted label", "a.tf", b"data aws_region x {}\n", ("data.aws_region.x",)),
        ("of a check", "a.tf", CHECK, ("data.http.x",)),
        ("an ephemeral resource", "a.tf", b'ephemeral "e" "x" {}\n', ("ephemeral.e.x",)),
        ("an import", "a.tf", b'import {\n  to = a.b\n  id = "i"\n}\n', ("import",)),
        ("of a module below", "modules/m/a.tf", b'data "aws_region" "x" {}\n', ("data.aws_region.x",)),
        ("in OpenTofu's files", "a.tofu", b'data "aws_region" "x" {}\n', ("data.aws_region.x",)),
        ("in JSON", "a.tf.json", b'{"data": {"aws_region": {"x": {}}}}', ("data.aws_region",)),
        ("in a list of JSON", "a.tf.json", b'[{"data": [{"aws_region": {"x": {}}}]}]', ("data.aws_region",)),
        ("of a check in JSON", "a.tf.json", b'{"check": {"c": {"data": {"h": {"x": {}}}}}}', ("data.in a check",)),
        ("what does not parse", "a.tf", b'data "x', ("a file that cannot be read",)),
        ("nor does this", "a.tf.json", b"{", ("a file that cannot be read",)),
        ("what only says so", "a.tf", b'# data "x" "y" {}\nlocals {\n  x = "data \\"x\\""\n}\n', ()),
        ("an attribute", "a.tf", b'resource "a" "b" {\n  data = 1\n}\n', ()),
        ("what Terraform does not read", "a.md", b'data "aws_region" "x" {}\n', ()),
    ],
)
def test_questions(why, file, text, questions):
    found = asks({file: text}).questions
    assert [said.partition(" (")[0] for said in found] == list(questions), why
    assert all(file in said for said in found), why


@pytest.mark.parametrize(
    ("why", "file", "text", "providers"),
    [
        ("one", "a.tf", b'provider "aws" {\n  region = "x"\n}\n', [("aws", None)]),
        ("another name for it", "a.tf", b'provider "aws" {\n  alias = "b"\n}\n', [("aws", "b")]),
        ("in JSON", "a.tf.json", b'{"provider": {"aws": [{"alias": "b"}, {}]}}', [("aws", "b"), ("aws", None)]),
        ("of a module below, which is out of reach", "m/a.tf", b'provider "aws" {}\n', []),
    ],
)
def test_providers(why, file, text, providers):
    assert list(asks({file: text}).providers) == providers, why
