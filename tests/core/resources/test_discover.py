"""Discovery, case by case: tests/cases/discovery.yaml says why, what the files are and what comes of them."""

import json

import pytest
from jsonschema import Draft202012Validator

from engine.core.resources import services
from engine.core.resources.discover import Discovery, discover
from tests.support.cases import cases
from tests.support.resources import contents, rules, source

TABLE = cases("discovery")
with open("schemas/facts.schema.json", "rb") as _file:
    _SCHEMA = json.load(_file)
FACT = Draft202012Validator(
    {
        "$ref": "#/properties/facts/properties/resources",
        **{k: v for k, v in _SCHEMA.items() if k in ("properties", "$defs")},
    }
)
SERVICES = services.read({name: text.encode() for name, text in TABLE["module"].items()})


def _find(case: dict) -> Discovery:
    return discover(
        contents(case.get("base", {}), case.get("head", {}), everything=case.get("all", False)),
        SERVICES,
        rules(),
        source(*case.get("owns", ())),
        allow_destroy=case.get("allow-destroy", ()),
        allow_move=case.get("allow-move", ()),
    )


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["why"])
def test_case(case):
    found = _find(case)
    assert [f"{p.place}: {p.code}" for p in found.refused] == case.get("refused", [])
    assert [f"{r.path} {r.change} {r.state_key}" for r in found.resources] == case.get("resources", [])
    if "environment" in case:
        assert found.environment == case["environment"]
    for path, expected in case.get("variables", {}).items():
        (resource,) = [r for r in found.resources if r.path == path]
        assert resource.variables == expected
    warned = [f"{p.place}: {p.code}" for resource in found.resources for p in resource.warned]
    assert warned == case.get("warned", [])
    for text in case.get("says", ()):
        assert any(text in p.text() for p in found.refused), [p.text() for p in found.refused]
    json.dumps(found.to_json()).encode()  # every name can be written down
    if not case.get("all"):
        FACT.validate(found.fact())
    assert all(p.place and p.hint for p in found.refused), "each refusal has a place and a way out"


def test_the_inline_policies_of_a_role_are_counted_together():
    trust = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}'
    policy = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::%s"}}'
    role = """environment = "development"
iam_roles = { r = {
  assume_role_policy_file = "trust.json"
  inline_policies_file    = { a = "a.json", b = "b.json" }
} }
"""
    files = {"r.tfvars": role, "trust.json": trust, "a.json": policy % ("x" * 6000)}
    good, bad = ({**files, "b.json": policy % ("x" * size)} for size in (3000, 6000))
    assert _find({"head": {f"IAM/r/{name}": text for name, text in good.items()}}).refused == ()
    (problem,) = _find({"head": {f"IAM/r/{name}": text for name, text in bad.items()}}).refused
    assert f"{problem.place} {problem.code}" == "IAM/r/r.tfvars:4:29 ENG393"
    assert "counts all inline policies of a role together" in problem.hint


def test_every_refusal_of_discovery_has_a_case():
    from engine.errors import TABLE as ROWS

    codes = {code for code in ROWS if "ENG300" <= code < "ENG350"} - {
        "ENG309",
        "ENG326",
        "ENG347",
        "ENG348",
        "ENG349",
    }  # size, see test_tfvars; the controller's own module; numbers, see test_limits; globs, see rules/test_ownership
    assert codes == {refusal.split(": ")[1] for case in TABLE["cases"] for refusal in case.get("refused", [])} & codes


@pytest.mark.parametrize(
    ("why", "spoilt"),
    [
        ("git has told nothing of the file", None),
        ("something that no reader takes", 5),
        ("deeper than every reader", b"[" * 100_000),
    ],
)
def test_one_resource_that_breaks_a_reader_is_refused_alone(why, spoilt):
    head = {f"S3/{name}.tfvars": f'environment = "development"\ns3_buckets = {{ {name} = {{}} }}\n' for name in "ab"}
    found = contents({}, head)
    blobs = {i: data for i, data in found.blobs.items() if data != head["S3/b.tfvars"].encode()}
    (gone,) = found.blobs.keys() - blobs.keys()
    told = discover(
        found._replace(blobs=blobs if spoilt is None else {**blobs, gone: spoilt}), SERVICES, rules(), source()
    )
    assert [r.path for r in told.resources] == ["S3/a.tfvars"], why
    [refused] = told.refused
    assert str(refused.place).startswith("S3/b"), why
    assert refused.code in ("ENG563", "ENG309", "ENG320"), why
