"""Values against what the module declares: documents where nobody says of which kind they are."""

# ruff: noqa: E501 - one line per case

import pytest

from engine.core.resources import services, tfvars
from engine.core.resources.values import fit
from engine.errors import EngineError

POLICY = r'"{\"Version\": \"2012-10-17\", \"Statement\": []}"'


@pytest.mark.parametrize(
    ("why", "declared", "value", "place"),
    [
        ("a variable of any type", "any", f"{{ policy_json = {POLICY} }}", "2:7"),
        ("a map of any", "map(any)", f"{{ a = {{ policy_json = {POLICY} }} }}", "2:13"),
        ("an attribute of any type", "map(object({ b = any }))", f"{{ a = {{ b = [{{ x_json = {POLICY} }}] }} }}", "2:20"),
        ("a tuple", "tuple([object({ policy_json = string })])", f"[{{ policy_json = {POLICY} }}]", "2:8"),
        ("in capitals", "any", f"{{ policy_JSON = {POLICY} }}", "2:7"),
        ("what is no text", "any", "{ policy_json = { Statement = [] } }", "2:7"),
    ],
)  # fmt: skip
def test_a_document_of_which_the_module_says_no_kind_is_refused(why, declared, value, place):
    module = services.read({"x.tf": f'variable "x" {{\n  type = {declared}\n}}'.encode()})
    file = tfvars.read(f'environment = "development"\nx = {value}\n'.encode(), "X/a/a.tfvars")
    with pytest.raises(EngineError) as caught:
        fit(file, "X", module, {})
    (problem,) = caught.value.problems
    assert f"{problem.code} {problem.place}" == f"ENG380 X/a/a.tfvars:{place}", why
    assert "# document: KIND" in problem.hint


def test_any_value_may_hold_whatever_is_no_document():
    module = services.read({"x.tf": b'variable "x" {}'})
    file = tfvars.read(b'x = { json = "{", a = [1, { json_a = true }] }\n', "X/a/a.tfvars")
    assert fit(file, "X", module, {}).variables == {"x": {"json": "{", "a": [1, {"json_a": True}]}}
