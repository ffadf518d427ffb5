"""Receipts of judgements: users' policies and the shipped ones, alike on both Rego engines, and Checkov's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.policy.annotations import annotations
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate, judge
from engine.adapters.policy.port import BY_NAME, Plan, Programs, Terms
from engine.core.receipts import by_rule, rows, tally
from tests.support.opa import executable
from tests.support.policy import policies, rego

ROOT = Path(__file__).parents[3]
PLANS = ROOT / "tests/policies/plans"
NOW = "2026-11-26T12:00:00Z"
ANNOTATED = """# METADATA
# custom: {id: X-1, resources: [aws_s3_bucket]}
deny contains {"msg": "m", "id": "X-1", "address": address} if {
	some r in input.resource_changes
	r.change.after.bad
	address := r.address
}
"""


def change(address: str, **after: Any) -> dict[str, Any]:
    told = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}
    return {"address": address, "type": address.partition(".")[0], "mode": "managed", "change": told}


PLAN = Plan(
    "S3/x",
    {
        "format_version": "1.2",
        "resource_changes": [
            change("aws_s3_bucket.bad", bad=True),
            change("aws_s3_bucket.good"),
            change("aws_kms_key.k"),
        ],
    },
)


@pytest.fixture(scope="module", params=["rego", "opa"])
def engine(request, tmp_path_factory):
    opa = Programs(opa=executable(tmp_path_factory.mktemp("opa"))) if request.param == "opa" else BY_NAME
    return lambda plans, chosen: judge(plans, chosen, request.param, Terms(opa), now=NOW).receipts


ALL = {"passed": 4}
WHOLE = {"denied": 4}  # three resources, and the plan


@pytest.mark.parametrize(
    ("why", "module", "data", "expected"),
    [
        (
            "an annotated rule judges its types",
            ANNOTATED,
            None,
            {"X-1": {"denied": 1, "passed": 1, "not_applicable": 2}},
        ),
        (
            "one without annotation everything, under its own name",
            'deny contains "m" if false',
            None,
            {"main.deny": ALL},
        ),
        ("a text alone may mean each resource", 'deny contains "m"', None, {"main.deny": WHOLE}),
        (
            "also where it names an id of its own",
            'deny contains {"msg": "m", "id": "MY-1"}',
            None,
            {"main.deny": WHOLE},
        ),
        (
            "warnings are told apart",
            'warn_soon contains "m" if true\ndeny contains "n" if false',
            None,
            {"main.warn_soon": {"warned": 4}, "main.deny": ALL},
        ),
        (
            "a definition without annotation beside one that has one",
            f'{ANNOTATED}\ndeny contains "m" if false',
            None,
            {"X-1": {"denied": 1, "passed": 1, "not_applicable": 2}, "main.deny": ALL},
        ),
        (
            "annotated without types: all resources",
            ANNOTATED.replace(", resources: [aws_s3_bucket]", ""),
            None,
            {"X-1": {"denied": 1, "passed": 2, "not_applicable": 1}},
        ),
        (
            "excused by the policy itself",
            'deny_x contains "m"\nexception contains rules if {\n\trules := ["x"]\n}',
            None,
            {"main.deny_x": {"excepted": 4}},
        ),
        (
            "excused by a setting",
            ANNOTATED,
            {"expires": "2026-12-31"},
            {"X-1": {"excepted": 1, "passed": 1, "not_applicable": 2}, "EXC-001": {"passed": 1, "not_applicable": 3}},
        ),
        (
            "by one that ran out",
            ANNOTATED,
            {"expires": "2026-11-25"},
            {"X-1": {"denied": 1, "passed": 1, "not_applicable": 2}, "EXC-001": {"warned": 1, "not_applicable": 3}},
        ),
        (
            "a package that is not asked is none",
            f"helper := 1\n{ANNOTATED}".replace("deny", "denied") + 'deny contains "m" if false',
            None,
            {"main.deny": ALL},
        ),
    ],
)
def test_what_each_rule_came_to(why, module, data, expected, engine):
    excuse = {"rule": "X-1", "resource": "*", "reason": "r", "owner": "o", **(data or {})}
    settings = {"settings": {"exceptions": [excuse]}} if data else None
    assert by_rule(engine([PLAN], policies(rego(module), data=settings))) == expected, why


def test_a_namespace_that_is_not_asked_has_no_receipts(engine):
    chosen = policies(rego(ANNOTATED), rego('deny contains "m"', "other"), namespaces=("main",))
    assert engine([PLAN], chosen).rules == ("X-1",)


def test_rows_name_resource_and_address(engine):
    told = {(row.resource, row.address): row.ruling.value for row in rows(engine([PLAN], policies(rego(ANNOTATED))))}
    assert told == {
        ("S3/x", ""): "not_applicable",
        ("S3/x", "aws_kms_key.k"): "not_applicable",
        ("S3/x", "aws_s3_bucket.bad"): "denied",
        ("S3/x", "aws_s3_bucket.good"): "passed",
    }


SHIPPED = policy_set(read_directory(str(ROOT / "policies")))


def recorded(name: str) -> Plan:
    return Plan(f"A/{name}", json.loads((PLANS / f"{name}.json").read_text()))


def test_what_a_shipped_rule_finds_it_says_that_it_judges():
    """Otherwise its receipts would say `not_applicable` of what it has looked at."""
    types = {about.id: about.resources or ("*",) for about in annotations(SHIPPED.modules)}
    plans = [recorded(file.stem) for file in PLANS.iterdir()]
    kinds: dict[tuple[str, str], str] = {}
    for one in plans:
        changes: Any = one.plan["resource_changes"]
        kinds |= {(one.resource, row["address"]): row["type"] for row in changes}
    found = evaluate(plans, SHIPPED)
    assert found
    for finding in found:
        judged = types.get(finding.rule, ("*",))
        assert {"*", kinds.get((finding.resource, finding.address), "plan")} & set(judged), finding


@pytest.mark.slow
def test_the_shipped_rules_have_the_same_receipts_on_both_engines(tmp_path):
    names = ("s3-public", "s3-delete", "kms-bad", "iam-bad", "sns-good")
    plans = [
        Plan(f"A/{n}", json.loads((PLANS / f"{n}.json").read_text())) for n in names if (PLANS / f"{n}.json").exists()
    ]
    assert len(plans) >= 3
    ours = judge(plans, SHIPPED, "rego", Terms())
    theirs = judge(plans, SHIPPED, "opa", Terms(Programs(opa=executable(tmp_path))))
    assert ours.receipts == theirs.receipts
    counts = tally(ours.receipts)
    assert counts.judging > 40
    assert counts.denied <= sum(f.effect.value == "deny" for f in ours.findings)
    assert counts.error == 0
