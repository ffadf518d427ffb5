"""The shipped policies on real plans, on both engines. Their rules are tested one by one in `policies/*_test.rego`.

`plans/` was made by Terraform 1.11 and AWS provider 5.100 from the universal module, against the emulator: what
`terraform show -json` said, without configuration and prior state.
"""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan, Programs, Terms
from engine.adapters.policy.suite import test as run_tests
from engine.core.findings import Effect
from engine.errors import EngineError
from tests.policies.mutated import IS_WHOLE, is_chosen
from tests.support.cases import cases
from tests.support.opa import executable, library

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHIPPED = policy_set(read_directory(str(ROOT / "policies")))
EXPECTED = cases("policy-plans")


def plan(name):
    return Plan(name, json.loads((HERE / f"plans/{name}.json").read_text()))


ALL = [plan(name) for name in EXPECTED]


@pytest.fixture(scope="module")
def found():
    return evaluate(ALL, SHIPPED)


@pytest.mark.parametrize("name", EXPECTED)
def test_findings_of_a_real_plan(name, found):
    mine = [finding for finding in found if finding.resource == name]
    shown = {effect: sorted({f.rule for f in mine if f.effect.value == effect}) for effect in ("deny", "warn")}
    assert {effect: rules for effect, rules in shown.items() if rules} == (EXPECTED[name]["findings"] or {})


def test_every_plan_has_a_case():
    assert {file.stem for file in (HERE / "plans").iterdir()} == set(EXPECTED)


@pytest.mark.slow
def test_both_engines_find_the_same(found, tmp_path):
    other = evaluate(ALL, SHIPPED, "opa", programs=Programs(opa=executable(tmp_path)))
    assert [finding._replace(engine="rego") for finding in other] == list(found)


def test_findings_can_be_acted_upon(found):
    for finding in found:
        assert finding.remediation, finding.rule
        assert finding.policy.startswith("policies/"), finding.rule
        assert finding.message.endswith("."), finding.rule
        assert finding.address or finding.rule.startswith(("CMP-REG-001", "CMP-SET")), finding.rule


@pytest.mark.slow
def test_their_own_tests_pass_and_reach_nearly_all_lines():
    report = run_tests(SHIPPED, Terms(timeout_s=600))
    assert [result.name for result in report.results if not result.passed] == []
    assert report.percent >= 90


@pytest.mark.slow
def test_a_real_opa_passes_the_same_tests_and_reaches_as_much(monkeypatch):
    """Its coverage is the stricter one: through an import the embedded engine evaluates whole packages.

    Counting what is reached takes most of the time, and all packages: so only where all of them are tried.
    """
    monkeypatch.syspath_prepend(str(library()))
    engine = import_module("opa_bindings").OpaEngine()
    for path, text in {**SHIPPED.modules, **SHIPPED.tests}.items():
        engine.add_policy(path, text)
    engine.add_data(dict(SHIPPED.data))
    hit: set[tuple[str, int]] = set()
    missed: set[tuple[str, int]] = set()
    packages: dict[str, list[str]] = {}
    for result in run_tests(SHIPPED, Terms(timeout_s=600)).results:
        if is_chosen(result.rule.package, 4):
            packages.setdefault(result.rule.package, []).append(result.rule.name)
    assert packages
    for package, names in packages.items():  # at once: what its tests share is evaluated once
        values = engine.eval_document(package, coverage=IS_WHOLE)
        assert [name for name in names if values.get(name) is not True] == [], package
        for path, file in engine.last_coverage["files"].items() if IS_WHOLE else ():
            for lines, rows in ((hit, file.get("covered")), (missed, file.get("not_covered"))):
                lines |= {(path, n) for row in rows or () for n in range(row["start"]["row"], row["end"]["row"] + 1)}
    hit, missed = ({line for line in lines if line[0] in SHIPPED.modules} for lines in (hit, missed - hit))
    assert not IS_WHOLE or len(hit) / len(hit | missed) >= 0.9, sorted(missed)


def rule_ids(text):
    return re.findall(r'lib\.finding\("([A-Z0-9-]+)"', text)


def test_each_rule_has_its_own_id_and_a_test():
    ids = [name for path, text in SHIPPED.modules.items() for name in rule_ids(text)]
    assert len(ids) > 30
    assert len(set(ids)) == len(ids)
    tests = "\n".join(SHIPPED.tests.values())
    assert [name for name in ids if f'"{name}"' not in tests] == []


def test_each_module_is_read_alike_by_old_and_new_opa():
    for path, text in {**SHIPPED.modules, **SHIPPED.tests}.items():
        assert "\nimport rego.v1\n" in text, path


def without(*path):
    """The shipped set whose data lack one setting."""
    files = read_directory(str(ROOT / "policies"))
    data = json.loads(files["data.json"])
    here = data["settings"]
    for step in path[:-1]:
        here = here[step]
    del here[path[-1]]
    return policy_set({**files, "data.json": json.dumps(data).encode()})


@pytest.mark.parametrize("group", ["naming", "tags", "encryption", "access", "care", "compliance"])
def test_a_missing_group_of_settings_does_not_load(group):
    """Without its setting a rule would never fire, which would look like a pass."""
    with pytest.raises(EngineError, match="ENG507"):
        evaluate([plan("s3-good")], without(group))


@pytest.mark.parametrize("engine", ["rego", pytest.param("opa", marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", [("tags", "required"), ("compliance", "regions"), ("naming", "patterns", "default")])
def test_a_missing_setting_is_a_finding(path, engine, tmp_path):
    programs = Programs(opa=executable(tmp_path)) if engine == "opa" else Programs()
    found = evaluate([plan("s3-good")], without(*path), engine, programs=programs)
    assert "CMP-SET-001" in {finding.rule for finding in found if finding.effect is Effect.DENY}


@pytest.mark.slow
def test_ten_thousand_changes_are_judged_in_linear_time():
    """Pairs of buckets and their parts would take minutes."""
    real = plan("s3-good").plan
    changes = real["resource_changes"]
    assert isinstance(changes, list)
    many: list[Any] = [
        {**changes[n % 6], "address": f"a[{n // 6}].{n % 6}", "index": str(n // 6)} for n in range(10_000)
    ]
    assert evaluate([Plan("S3/many", {**real, "resource_changes": many})], SHIPPED, timeout_s=180)
