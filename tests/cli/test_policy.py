"""`engine policy eval` and `engine policy test`: output, JSON, exit codes."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.cli.main import main

PLANS = Path(__file__).parents[1] / "policies/plans"
POLICY = """package main

import rego.v1

deny contains {"msg": "Bad.", "id": "X-1", "remediation": "Mend it."} if input.variables.bad

warn contains "w" if input.variables.w
"""
HEAD = "package main_test\n\nimport rego.v1\n\n"
DENY = 'test_bad if count(data.main.deny) == 1 with input as {"variables": {"bad": 1}}\n'
GOOD = f'{HEAD}{DENY}\ntest_w if count(data.main.warn) == 1 with input as {{"variables": {{"w": 1}}}}\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/main.rego").write_text(POLICY)
    (tmp_path / "policies/main_test.rego").write_text(GOOD)
    (tmp_path / "good.json").write_text('{"format_version": "1.2", "resource_changes": []}')
    (tmp_path / "bad.json").write_text('{"format_version": "1.2", "resource_changes": [], "variables": {"bad": true}}')
    return tmp_path


def test_a_plan_that_is_fine(here, capsys):
    assert main(["policy", "eval", "--plan", "good.json"]) == 0
    assert capsys.readouterr().out == (
        "1 plan: 2 rules judged plans without Terraform resources, 2 judgements: "
        "0 denied, 0 warned of, 0 excused, 2 passed\n"
    )


def test_a_plan_that_is_denied(here, capsys):
    assert main(["policy", "eval", "--plan", "good.json", "--plan", "bad.json"]) == 1
    assert capsys.readouterr().out == (
        "✗ high     X-1  bad.json\n    Bad.\n    Fix: Mend it.\n"
        "2 plans: 2 rules judged plans without Terraform resources, 4 judgements: "
        "1 denied, 0 warned of, 0 excused, 3 passed\n"
    )


def test_a_plan_that_is_denied_as_json(here, capsys):
    assert main(["policy", "eval", "--plan", "bad.json", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["result"] == "failed"
    assert said["policies"].startswith("sha256:")
    (finding,) = said["findings"]
    assert {k: finding[k] for k in ("rule", "severity", "effect", "message", "resource", "engine")} == {
        "rule": "X-1",
        "severity": "high",
        "effect": "deny",
        "message": "Bad.",
        "resource": "bad.json",
        "engine": "rego",
    }


@pytest.mark.parametrize(
    ("why", "arguments", "code", "exit_code"),
    [
        ("no such plan", ["--plan", "none.json"], "ENG001", 2),
        ("a plan that is no JSON", ["--plan", "policies/main.rego"], "ENG515", 3),
        ("no such directory", ["--plan", "good.json", "--policies", "none"], "ENG001", 2),
        ("a directory without policies", ["--plan", "good.json", "--policies", "empty"], "ENG500", 2),
        ("an unknown engine", ["--plan", "good.json", "--engine", "conftest"], "ENG520", 2),
        ("an unknown namespace", ["--plan", "good.json", "--namespace", "mian"], "ENG501", 2),
    ],
)
def test_what_cannot_be_judged(here, capsys, why, arguments, code, exit_code):
    (here / "empty").mkdir()
    assert main(["policy", "eval", *arguments]) == exit_code, why
    captured = capsys.readouterr()
    assert code in captured.err, why
    assert captured.out == "", why


def test_the_shipped_policies_are_used_when_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["policy", "eval", "--plan", str(PLANS / "kms-bad.json"), "--shipped"]) == 1
    assert "ENC-KMS-001" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["eval", "--plan", str(PLANS / "kms-bad.json")], ["test"], ["test", "--mutate"]])
def test_nothing_is_taken_for_policies_that_nobody_named(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert main(["policy", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "ENG535" in captured.err
    assert "name their directory, or say `--shipped`" in captured.err


def test_two_choices_of_policies_are_refused(here, capsys):
    assert main(["policy", "eval", "--plan", "good.json", "--policies", "policies", "--shipped"]) == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("why", "arguments"),
    [
        ("no time at all", ["eval", "--plan", "good.json", "--timeout", "0"]),
        ("a time that never comes", ["eval", "--plan", "good.json", "--timeout", "nan"]),
        ("a time that never ends", ["test", "--timeout", "inf"]),
        ("no number", ["convert", "--timeout", "soon"]),
        ("nothing is less than that, so that all would pass", ["test", "--fail-under", "nan"]),
        ("nobody has more than all", ["test", "--fail-under", "100.1"]),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(here, capsys, why, arguments):
    assert main(["policy", *arguments]) == 2, why
    assert f"'{arguments[-1]}' is no number of " in capsys.readouterr().err, why


def test_what_terraform_calls_sensitive_is_not_shown(here, capsys):
    secret = "hunter2-hunter2"
    change: dict[str, object] = {
        "actions": ["create"],
        "before": None,
        "after": {"password": secret},
        "after_unknown": {},
    }
    change |= {"before_sensitive": False, "after_sensitive": {"password": True}}
    row = {"address": "a.b", "mode": "managed", "type": "a", "name": "b", "provider_name": "p", "change": change}
    (here / "secret.json").write_text(json.dumps({"format_version": "1.2", "resource_changes": [row]}))
    quoting = "deny contains word if { some c in input.resource_changes; word := c.change.after.password }"
    (here / "policies/main.rego").write_text(f"package main\n\nimport rego.v1\n\n{quoting}\n")
    assert main(["policy", "eval", "--plan", "secret.json", "--json"]) == 1
    assert secret not in capsys.readouterr().out


def test_tests_that_pass(here, capsys):
    assert main(["policy", "test"]) == 0
    assert capsys.readouterr().out == (
        "2 tests, 0 failed; 100.0 % of the policies' lines reached\n    100.0 %  policies/main.rego\n"
    )


def test_a_test_that_fails(here, capsys):
    (here / "policies/main_test.rego").write_text(GOOD + "\ntest_wrong if false\n")
    assert main(["policy", "test", "policies"]) == 1
    out = capsys.readouterr().out
    assert "✗ main_test.test_wrong\n    policies/main_test.rego:9: it is undefined, not true\n" in out
    assert "3 tests, 1 failed" in out


def test_lines_that_are_not_reached(here, capsys):
    (here / "policies/main_test.rego").write_text(HEAD + DENY)
    assert main(["policy", "test"]) == 1
    out = capsys.readouterr().out
    assert " 50.0 %  policies/main.rego  not reached: 7\n✗ 90 % is asked for\n" in out
    assert main(["policy", "test", "--fail-under", "50"]) == 0


@pytest.mark.parametrize(
    ("why", "module"),
    [
        ("rules", "package idle\n\nimport rego.v1\n\ndeny contains 1 if {\n  input.errored\n  input.complete\n}\n"),
        ("functions only", "package idle\n\nimport rego.v1\n\nf(x) := y if {\n  y := x + 1\n  y > 2\n}\n"),
        ("constants only", 'package idle\n\nnames := [\n  "a",\n  "b",\n]\n'),
        ("a default only", "package idle\n\ndefault allow := false\n\nallow if {\n  input.errored\n}\n"),
    ],
)
def test_a_policy_that_no_test_reaches_is_named(here, capsys, why, module):
    (here / "policies/idle.rego").write_text(module)
    assert main(["policy", "test", "--fail-under", "10"]) == 1, why
    out = capsys.readouterr().out
    assert "  0.0 %  policies/idle.rego  not reached: " in out, why
    assert "✗ no test reaches policies/idle.rego\n" in out, why
    assert main(["policy", "test", "--fail-under", "10", "--json", "--junit", "junit.xml"]) == 1, why
    coverage = json.loads(capsys.readouterr().out)["suites"][0]["coverage"]
    assert coverage["untested"] == ["policies/idle.rego"], why
    assert coverage["percent"] < 100, why
    assert coverage["files"]["policies/idle.rego"]["percent"] == 0, why
    failure = ElementTree.parse(here / "junit.xml").find("testsuite[@name='policies/idle.rego']/testcase/failure")
    assert failure is not None, why
    assert failure.get("message") == "no test reaches it", why
    assert main(["policy", "test", "--fail-under", "0"]) == 0, why


def test_a_policy_without_expressions_asks_for_no_test(here, capsys):
    (here / "policies/empty.rego").write_text("package empty\n")
    assert main(["policy", "test"]) == 0
    assert "100.0 %  policies/empty.rego\n" in capsys.readouterr().out


def test_no_tests(here, capsys):
    (here / "policies/main_test.rego").unlink()
    assert main(["policy", "test"]) == 2
    assert "ENG530" in capsys.readouterr().err


def test_reports_for_machines(here, capsys):
    (here / "policies/main_test.rego").write_text(
        GOOD + '\ntest_broken if startswith(null, data.main.deny)\n\ntest_null if startswith(null, "x")\n'
    )
    assert main(["policy", "test", "--json", "--junit", "junit.xml"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["passed"] is False
    (suite,) = said["suites"]
    outcomes = {test["name"]: test["outcome"] for test in suite["tests"]}
    assert outcomes["main_test.test_bad"] == "pass"
    assert outcomes["main_test.test_null"] == "error"
    assert suite["coverage"]["percent"] == 100.0
    tests, modules = ElementTree.parse(here / "junit.xml").getroot()
    assert {case.get("name"): len(case) for case in tests} == {name: int(o != "pass") for name, o in outcomes.items()}
    assert modules.get("name") == "policies/main.rego"
    assert modules.findtext("testcase[@name='coverage']/system-out") == "100.0 % of 2 lines; not reached: –"


def test_a_report_that_cannot_be_written(here, capsys):
    assert main(["policy", "test", "--junit", "none/junit.xml"]) == 3
    assert "ENG002" in capsys.readouterr().err


def test_a_change_that_no_test_notices(here, capsys):
    (here / "policies/main_test.rego").write_text(GOOD.replace('{"w": 1}', '{"w": 1, "bad": 1}'))
    (here / "policies/main.rego").write_text(
        POLICY.replace("if input.variables.w", "if {\n\tinput.variables.w\n\tinput.variables.bad\n}")
    )
    assert main(["policy", "test", "--mutate"]) == 1
    out = capsys.readouterr().out
    told = (
        "✗ policies/main.rego:8:2: no test notices: drop input.variables.w\n"
        "    -   input.variables.w\n"
        "    +   true\n"
        "    → reached by main_test.test_w\n"
        "    → write a test that fails, or say why none can: # mutant: drop input.variables.w – REASON\n"
    )
    assert told in out
    assert "    policies/main.rego: 7 changes, 4 noticed, 3 survived\n" in out
    assert out.endswith("7 changes, 4 noticed, 3 survived\n")


def test_a_suite_that_notices_everything(here, capsys):
    (here / "policies/main_test.rego").write_text(
        GOOD + '\ntest_nothing if count(data.main.deny | data.main.warn) == 0 with input as {"x": 1}\n'
    )
    assert main(["policy", "test", "--mutate"]) == 0
    assert capsys.readouterr().out.endswith("6 changes, 6 noticed, 0 survived\n")


def test_changes_for_machines(here, capsys):
    (here / "policies/main.rego").write_text(
        POLICY.replace("if input.variables.w", "if input.variables.w # mutant: drop input.variables.w – always there")
    )
    assert main(["policy", "test", "--mutate", "--json", "--junit", "junit.xml"]) == 1
    said = json.loads(capsys.readouterr().out)
    mutation = said["suites"][0]["mutation"]
    assert said["passed"] is False
    assert {name: mutation[name] for name in ("changes", "killed", "survived", "equivalent")} == {
        "changes": 6,
        "killed": 4,
        "survived": 1,
        "equivalent": 1,
    }
    assert mutation["files"]["policies/main.rego"]["survived"] == 1
    (survivor,), (excused,) = mutation["survivors"], mutation["excused"]
    assert survivor["change"] == "drop input.variables.bad"
    assert (survivor["file"], survivor["line"], survivor["reached_by"]) == (
        "policies/main.rego",
        5,
        ["data.main_test.test_bad"],
    )
    assert survivor["after"] == survivor["before"].replace("input.variables.bad", "true")
    assert excused["reason"] == "always there"
    suite = ElementTree.parse(here / "junit.xml").find("testsuite[@name='policies/main.rego']")
    assert suite is not None
    assert suite.get("failures") == "1"
    failure = suite.find("testcase[@name='mutation policies/main.rego:5:74']/failure")
    assert failure is not None
    assert failure.get("message") == "drop input.variables.bad"


def test_nothing_is_changed_while_tests_fail(here, capsys):
    (here / "policies/main_test.rego").write_text(GOOD + "\ntest_wrong if false\n")
    assert main(["policy", "test", "--mutate", "--json"]) == 1
    captured = capsys.readouterr()
    assert "mutation" not in json.loads(captured.out)["suites"][0]
    assert "nothing is changed while tests fail" in captured.err


def test_an_excuse_without_a_reason(here, capsys):
    (here / "policies/main.rego").write_text(
        POLICY.replace("input.variables.w", "input.variables.w # mutant: drop input.variables.w")
    )
    assert main(["policy", "test", "--mutate"]) == 2
    assert "ENG536" in capsys.readouterr().err
    assert main(["policy", "test"]) == 0
