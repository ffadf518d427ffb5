"""docs/conftest.md promises what a policy from Conftest does here: all its commands and policies are run."""

import json
import re
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.support.opa import executable
from tests.support.plans import a_change, a_plan

PAGE = (Path(__file__).parents[2] / "docs/conftest.md").read_text()
COMMANDS = re.findall(r"\| `(engine [^`]+)` \|$", PAGE, re.MULTILINE)
S3, NAMES = re.findall(r"```rego\n(.*?)```", PAGE, re.DOTALL)
ROW = a_change("create", None, {"bucket": "other"}, address="aws_s3_bucket.a", name="a")
SAYS = "package main\n\nimport rego.v1\n\n"
EACH = 'deny contains "m" if { some r in input.resource_changes; %s }'
MARKS = {"✗ ": "denied", "! ": "warned of", "○ ": "excused"}
X = "input.variables.x"
NEGATED = [
    ("`not f(x.y)`", f'deny contains "m" if not startswith({X}.value, "a")', 0, "findings: 0 denied"),
    ("`not x.y > 1`", f'deny contains "m" if not {X}.value > 1', 0, "findings: 0 denied"),
    ("`not x.y in names`", f'deny contains "m" if not {X}.value in ["a"]', 0, "findings: 0 denied"),
    ("Only `not x.y`", f'deny contains "m" if not {X}.value', 1, "findings: 1 denied"),
    ("`not x.y == 1` hold", f'deny contains "m" if not {X}.value == 1', 1, "findings: 1 denied"),
]
VALUE_OF_IN = [
    ("So is `a in b` as a value", f'deny contains "m" if {{ found := 7 in {X}.value; not found }}', 2, "ENG533"),
    ("`7 in x.y` as a statement", f'deny contains "m" if not 7 in {X}.value', 0, "findings: 0 denied"),
    ("`found if 7 in x.y`", f'deny contains "m" if not found\nfound if 7 in {X}.value', 1, "findings: 1 denied"),
]
SETTINGS = {"policies/team/settings.yaml": "prefix: acme-\n"}


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """Run `engine` among these files; exit code and what it said, with the number of findings of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("ENGINE_OPA", executable(tmp_path / "bin"))

    def _run(command, files, plan=None):
        for name, text in {**files, "plan.json": json.dumps(plan or a_plan(ROW))}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        code = main(command.split()[1:])
        said = capsys.readouterr()
        marks = [line[:2] for line in said.out.splitlines()]
        counts = ", ".join(f"{marks.count(mark)} {word}" for mark, word in MARKS.items())
        return code, f"{said.out}{said.err}\nfindings: {counts}"

    return _run


def says(what):
    """That the guide says so, so that a case goes when its statement does."""
    assert what in " ".join(PAGE.split()), what


def test_the_commands_of_the_guide_work(here):
    tested = S3.replace("package team.s3", "package team.s3_test").partition("deny_name")[0] + (
        'test_name if count(data.team.s3.deny_name) == 1 with data.team.prefix as "b" with input as '
        '{"resource_changes": [{"address": "a", "type": "aws_s3_bucket", "change": {"after": {"bucket": "a"}}}]}\n'
        'test_legacy if ["name"] in data.team.s3.exception with input as '
        '{"resource_changes": [{"change": {"after": {"bucket": "legacy"}}}]}\n'
    )
    files = {"policies/s3.rego": S3, "policies/s3_test.rego": tested, **SETTINGS}
    expected = {"eval": 1, "test": 0, "convert": 0}
    assert len(COMMANDS) == 7
    for command in COMMANDS:
        code, said = here(command, files)
        assert code == expected[command.split()[2]], (command, said)
        assert "eval" not in command or "aws_s3_bucket.a does not begin with acme-" in said, command


def test_an_exception_excuses(here):
    legacy = a_change("create", None, {"bucket": "legacy"}, address="aws_s3_bucket.b", name="b")
    code, said = here("engine policy eval --plan plan.json", {"policies/s3.rego": S3, **SETTINGS}, a_plan(legacy))
    assert (code, "1 excused" in said) == (0, True), said


def test_data_of_any_name_and_a_key_with_two_values(here):
    files = {"policies/s3.rego": S3, "policies/team/a.json": '{"prefix": "a"}', "policies/team/b.yml": "prefix: b\n"}
    code, said = here("engine policy eval --plan plan.json", files)
    assert (code, "ENG504" in said) == (2, True), said


@pytest.mark.parametrize("name", [
    "testdata/a.json", "test/a.json", "tests/a.yaml", "fixtures/a.yml", "mocks/a.json", "examples/a.json",
    "a_mock.json", "a_test.yaml", ".a.json",
])  # fmt: skip
def test_what_tests_read_is_no_data(here, name):
    files = {"policies/a.rego": SAYS + 'deny contains "x" if not data.a\n', f"policies/{name}": '{"a": 1}'}
    code, said = here("engine policy eval --plan plan.json", files)
    assert (code, "findings: 1 denied" in said) == (1, True), said


def test_a_plan_among_the_policies_is_no_data(here):
    files = {"policies/a.rego": SAYS + 'deny contains "x" if not data.format_version\n'}
    assert here("engine policy eval --plan plan.json", {**files, "policies/plan.json": json.dumps(a_plan())})[0] == 1


@pytest.mark.parametrize(
    ("statement", "rego", "code", "said"),
    [
        ("`deny` and `violation` deny", 'deny contains "m"', 1, "findings: 1 denied"),
        ("`deny` and `violation` deny", 'violation_x contains {"msg": "m"}', 1, "findings: 1 denied"),
        ("`warn` warns", 'warn_soon contains "m"', 0, "1 warned of"),
        ("Warnings never change it", 'warn contains "m"', 0, "1 warned of"),
        ("the others are passed over", 'deny contains {"msg": "m", "details": {"a": 1}}', 1, "findings: 1 denied"),
        ("`input.plan`", 'deny contains "m" if input.plan.resource_changes', 2, "ENG526"),
        ("`input.resource`", 'deny contains "m" if input.resource.aws_s3_bucket', 2, "ENG526"),
        ("`input[_].contents`", 'deny contains "m" if input[_].contents', 2, "ENG526"),
        ("`input.kind`", 'deny contains "m" if input.kind == "Pod"', 2, "ENG526"),
        ("`r.chnage`", 'deny contains "m" if { some r in input.resource_changes; r.chnage }', 2, "ENG526"),
        ("data that no file has", 'deny contains "m" if data.other.thing', 2, "ENG507"),
        ("functions that do not exist", 'deny contains "m" if startwith("a", "a")', 2, "ENG507"),
        ("a warning, `POL-001`", 'deny contains "m" if not input.plan', 1, "POL-001"),
        ("`deny[msg] { … }`", 'deny[msg] { msg := "m" }', 2, "ENG525"),
        ("`re_match`", 'deny contains "m" if re_match("a", "a")', 2, "ENG525"),
        ("`any` and `all`", 'deny contains "m" if any([true])', 2, "ENG525"),
        ("`any` and `all`", 'deny contains "m" if all([true])', 2, "ENG525"),
        ("`import rego.v1` may stay", 'deny contains "m"', 1, "findings: 1 denied"),
        ("makes the judgement an error", 'deny contains "m" if startswith(null, "a")', 3, "ENG510"),
        ("`some … in null` in the embedded engine", EACH % "some _ in r.change.before", 3, "ENG510"),
        ("write `is_object(", EACH % "is_object(r.change.before); some _ in r.change.before", 0, "findings: 0 denied"),
        ("or `r.change.after.tags[key]`", EACH % "r.change.before[_]", 0, "findings: 0 denied"),
        ("3 what could not be judged", 'deny contains "m" if startswith(null, "a")', 3, "ENG510"),
        ("`http.send`", 'deny contains "m" if http.send({})', 2, "ENG506"),
        ("`opa.runtime`", 'deny contains "m" if opa.runtime()', 2, "ENG506"),
        ("Conftest's `parse_config…`", 'deny contains "m" if parse_config("hcl2", "")', 2, "ENG506"),
        ("(several bodies of one rule", 'deny contains "m" if { false } { true }', 2, "ENG502"),
        ("`$\"…{x}…\"`", 'deny contains $"m{input.errored}"', 2, "ENG502"),
        ("2 policies that do not load", "deny contains", 2, "ENG502"),
        ("0 nothing denied", 'deny contains "m" if false', 0, "findings: 0 denied"),
        *VALUE_OF_IN,
        *NEGATED,
    ],
)  # fmt: skip
def test_statements(here, statement, rego, code, said):
    says(statement)
    found = here("engine policy eval --plan plan.json", {"policies/a.rego": f"{SAYS}{rego}\n"})
    assert (found[0], said in found[1]) == (code, True), found


@pytest.mark.parametrize(
    ("statement", "rego", "code", "said"),
    [
        ("Both get the same policies, and the same guards", 'deny contains "m" if input.plan', 2, "ENG526"),
        ("is refused for both", 'deny contains "m" if { false } { true }', 2, "ENG528"),
        ("is refused for both", 'deny contains $"m{input.errored}"', 2, "ENG528"),
        *VALUE_OF_IN,
        *NEGATED,
    ],
)
def test_statements_about_opa(here, statement, rego, code, said):
    says(statement)
    found = here("engine policy eval --engine opa --plan plan.json", {"policies/a.rego": f"{SAYS}{rego}\n"})
    assert (found[0], said in found[1]) == (code, True), found


def test_every_package_is_asked_unless_some_are_named(here):
    files = {"policies/a.rego": SAYS + 'deny contains "m"\n', "policies/b.rego": "package b\n\nwarn contains 7\n"}
    assert here("engine policy eval --plan plan.json", files)[0] == 3
    assert here("engine policy eval --namespace main --plan plan.json", files)[0] == 1


def test_each_plan_is_judged_by_itself(here):
    files = {"policies/a.rego": SAYS + 'deny contains "m" if count(input.resource_changes) == 1\n'}
    assert "findings: 2 denied" in here("engine policy eval --plan plan.json --plan ./plan.json", files)[1]


@pytest.mark.parametrize("engine", ["rego", "opa"])
def test_a_function_of_ones_own_is_alike_on_both(here, engine):
    nameless = a_change("create", None, {}, address="aws_s3_bucket.a", name="a")
    found = here(f"engine policy eval --engine {engine} --plan plan.json", {"policies/a.rego": NAMES}, a_plan(nameless))
    assert (found[0], "findings: 1 denied" in found[1]) == (1, True), found
