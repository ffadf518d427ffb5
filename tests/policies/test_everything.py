"""All services in one plan, made for real from `everything/*.yaml`: one with everything wrong that the module lets one
write, beside what Checkov says of it, and an ordinary one, about which nobody should be bothered.

`tests/cases/checkov.yaml` is what Checkov said; where there is one, it is asked anew.
"""

import json
import re
import subprocess
from typing import Any

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan, Programs
from engine.sandbox.emulator import emulator
from tests.policies.everything.record import HERE, INPUTS, record
from tests.support import checkov
from tests.support.cases import cases
from tests.support.opa import executable

ROOT = HERE.parents[2]
SHIPPED = policy_set(read_directory(str(ROOT / "policies")))
PLANS = [Plan(name, json.loads((HERE / f"{name}.json").read_text())) for name in INPUTS]
WRONG = cases("everything-wrong")
CHECKS = cases("checkov")["checks"]


@pytest.fixture(scope="module")
def found():
    return evaluate(PLANS, SHIPPED)


def part_of(address):
    """The service and the key: all parts of a bucket have the same."""
    return re.findall(r'^aws_([a-z0-9]+)_\w+\.\w+\["(.*)"\]$', address)[0]


def test_an_ordinary_team_is_not_bothered(found):
    assert [(f.rule, f.address, f.message) for f in found if f.resource == "ordinary"] == []


@pytest.mark.parametrize(("why", "address", "rule"), WRONG)
def test_what_is_wrong_is_said(found, why, address, rule):
    assert (address, rule) in {(f.address, f.rule) for f in found if f.resource == "wrong"}, why


@pytest.mark.slow
def test_both_engines_say_the_same(found, tmp_path):
    other = evaluate(PLANS, SHIPPED, "opa", programs=Programs(opa=executable(tmp_path)))
    assert [finding._replace(engine="rego") for finding in other] == list(found)


@pytest.mark.parametrize(
    ("check", "address", "rule"),
    [(check, address, rule) for check, row in CHECKS.items() for address, rule in row["failed"].items()],
)
def test_what_checkov_fails_is_found_or_explained(found, check, address, rule):
    if rule is None:
        assert CHECKS[check].get("because", "").endswith(".")
        return
    rules = {f.rule for f in found if f.resource == "wrong" and f.address and part_of(f.address) == part_of(address)}
    assert rule in rules


@pytest.mark.parametrize(
    ("why", "address", "account"),
    [
        ("a bucket's ARN names no account: one's own", 'ordinary.this["shop-thumbnails/uploads"]', "123456789012"),
        ("an ARN with an account says whose it is", 'ordinary.this["shop-thumbnails/nightly"]', None),
        ("no ARN at all: one's own", 'wrong.this["picture/notifications"]', "123456789012"),
        ("an account in the wrong place is none: one's own", 'wrong.this["picture/odd"]', "123456789012"),
        ("whoever is named stays, to be judged", 'wrong.this["everything/service"]', "999999999999"),
        ("an account is no service", 'wrong.this["everything/somebody"]', None),
    ],
)
def test_for_whom_a_service_may_invoke_a_function(why, address, account):
    name, _, key = address.partition(".")
    (plan,) = [plan.plan for plan in PLANS if plan.resource == name]
    rows: Any = plan["resource_changes"]
    (after,) = [row["change"]["after"] for row in rows if row["address"] == f"aws_lambda_permission.{key}"]
    assert after["source_account"] == account, why


def test_a_reason_explains_something():
    for check, row in CHECKS.items():
        assert ("because" in row) == (None in row["failed"].values()), check


@pytest.mark.slow
def test_a_real_checkov_fails_nothing_else(tmp_path):
    (wrong,) = [dict(plan.plan) for plan in PLANS if plan.resource == "wrong"]
    del wrong["configuration"]
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(wrong))
    argv = [checkov.program(), "--file", str(file), "--framework", "terraform_plan"]
    argv += ["--output", "json", "--quiet", "--compact", "--skip-download"]
    done = subprocess.run(argv, check=False, cwd=tmp_path, capture_output=True, timeout=300)
    said = {(check["check_id"], check["resource"]) for check in json.loads(done.stdout)["results"]["failed_checks"]}
    assert said == {(check, address) for check, row in CHECKS.items() for address in row["failed"]}


@pytest.mark.slow
@pytest.mark.terraform
def test_the_module_still_plans_them_so():
    """`python -m tests.policies.everything.record` writes them anew."""
    with emulator() as aws:
        for plan in PLANS:
            assert record(plan.resource, aws)["resource_changes"] == plan.plan["resource_changes"]
