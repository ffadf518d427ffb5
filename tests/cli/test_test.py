"""`engine test` as a user runs it; the shipped rules are proven by the shipped cases."""

import json
import os
from xml.etree import ElementTree

import pytest

from engine import data
from engine.cli.main import main
from engine.core import schema
from engine.core.source import load_yaml
from engine.errors import ExitCode

ROOT = os.path.dirname(data.path("deployment-rules.yaml"))
SPECS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "specs")
GOOD = "- {why: a draft waits, facts: {pr.draft: true}, gates: {ready: pending}}"
BAD = "- {why: a draft is merged, facts: {pr.draft: true}, gates: {ready: pass}, actions: [report]}"


@pytest.fixture
def test(tmp_path, capsys):
    """Run the command on files of cases."""

    def run(*words, **files):
        for name, cases in files.items():
            text = f"version: 1\nshares: {os.path.relpath(SPECS, tmp_path)}/given/pull-request.yaml\ncases:\n{cases}\n"
            (tmp_path / f"{name}.yaml").write_text(text)
        code = main(["test", "--rules", ROOT, *words, *([str(tmp_path)] if files else [])])
        return code, capsys.readouterr()

    return run


@pytest.mark.slow
def test_the_shipped_rules_do_what_their_cases_say(test):
    code, shown = test("--fail-under", "100", "--coverage", SPECS)
    assert code is ExitCode.DONE, shown.out
    assert "every gate and condition was seen both ways" in shown.out


def test_every_shipped_file_of_cases_fits_the_schema():
    for folder, _, names in os.walk(SPECS):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert schema.check("fixtures", load_yaml(file.read(), name)) == ()


def test_all_failures_are_shown_with_what_was_expected(test):
    code, shown = test(one=BAD, two=f"{GOOD}\n{BAD}")
    assert code is ExitCode.NEGATIVE
    assert shown.out.count("✗ ") >= 2
    assert "one.yaml:4:9: a draft is merged" in shown.out
    assert (
        "    gate ready: expected pass\n                     got pending, because The pull request is a draft."
        in shown.out
    )
    assert "    | " not in shown.out, "the tree is for who asks for it"
    assert "2 of 3 cases failed" in shown.out
    assert "    | … merge: pending" in test("-v", one=BAD)[1].out


def test_of_lists_what_is_only_in_one_of_them_is_shown(test):
    """As a diff: what was expected and did not come, what came and was not expected, and what is in both."""
    runs = "- {why: x, pipelines: {merge: pending, validate: pass}}"
    _, shown = test(one=runs)
    assert "    pipelines (- expected, + got):" in shown.out
    assert "        merge pending\n      - validate pass\n" in shown.out


def test_words_that_an_explanation_does_not_have_are_held_against_the_line_that_is_nearest(test):
    _, shown = test(one="- {why: x, facts: {pr.draft: true}, says: [The pull request is no draft]}")
    assert "    explanation: expected …The pull request is no draft…\n" in shown.out
    assert "got ✗ ready" in shown.out or "got … ready — The pull request is a draft." in shown.out


def test_a_broken_file_is_in_the_json_too(test):
    code, shown = test("--json", one=GOOD, two="- {why: x, gates: {reddy: pass}}")
    result = json.loads(shown.out)
    assert (code, [row["passed"] for row in result["cases"]]) == (ExitCode.CONFIG, [True])
    assert [(row["code"], row["severity"]) for row in result["problems"]] == [("ENG251", "error")]


def test_passing_cases_are_counted(test):
    code, shown = test(one=GOOD)
    assert (code, shown.out.startswith("1 case passed; ")) == (ExitCode.DONE, True)


def test_a_file_that_only_says_what_is_settled_is_something_to_check(test):
    code, shown = test(os.path.join(SPECS, "settled.yaml"))
    assert (code, shown.err) == (ExitCode.DONE, "")


def test_a_mistake_in_what_files_share_is_told_once(test, tmp_path):
    (tmp_path / "one").write_text("version: 1\ngiven: {facts: {pr.drafft: true}}\n")
    for name in ("two", "three"):
        (tmp_path / f"{name}.yaml").write_text(
            "version: 1\nshares: one\ngiven: {event: {name: push, payload: {ref: refs/heads/x, deleted: false, "
            f"before: {'a' * 40}, after: {'b' * 40}, repository: {{full_name: acme/x}}}}}}}}\n"
            "cases:\n  - {why: x, pipelines: {}}\n  - {why: y, pipelines: {}}\n"
        )
    code, shown = test(str(tmp_path))
    assert (code, shown.err.count("drafft"), shown.err.count("also at")) == (ExitCode.CONFIG, 2, 0), shown.err


def test_too_little_of_the_rules_was_seen(test):
    code, shown = test("--fail-under", "90", one=GOOD)
    assert code is ExitCode.NEGATIVE
    assert "is asked for (--fail-under)" in shown.err
    assert "not seen: deployment-rules.yaml:" in shown.out


def test_junit(test, tmp_path):
    test("--junit", str(tmp_path / "out.xml"), one=f"{GOOD}\n{BAD}")
    root = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert [(s.get("tests"), s.get("failures")) for s in root] == [("2", "1")]


def test_junit_that_cannot_be_written(test, tmp_path):
    code, shown = test("--junit", str(tmp_path / "no" / "out.xml"), one=GOOD)
    assert (code, "ENG002" in shown.err) == (ExitCode.EXECUTOR, True)


def test_json(test):
    _, shown = test("--json", one=f"{GOOD}\n{BAD}")
    result = json.loads(shown.out)
    assert [(case["why"], case["passed"]) for case in result["cases"]] == [
        ("a draft waits", True),
        ("a draft is merged", False),
    ]
    assert result["cases"][1]["mismatches"][0] == {
        "what": "gate ready",
        "expected": "pass",
        "got": "pending, because The pull request is a draft. (`pr.draft` holds)",
    }
    assert 0 < result["coverage"]["percent"] < 100


@pytest.mark.parametrize(
    ("why", "words", "code"),
    [
        ("a directory without cases", ["{tmp}"], "ENG250"),
        ("a file that is not there", ["{tmp}/none.yaml"], "ENG001"),
    ],
)
def test_nothing_to_check_is_not_a_pass(why, words, code, test, tmp_path):
    exit_code, shown = test(*(word.format(tmp=tmp_path) for word in words))
    assert (exit_code, code in shown.err) == (ExitCode.CONFIG, True), why


def test_problems_of_all_files_are_told_at_once(test):
    wrong = "- {why: x, gates: {reddy: pass}}"
    code, shown = test(one=wrong, two=wrong)
    assert (code, shown.err.count("ENG251")) == (ExitCode.CONFIG, 2)


@pytest.mark.parametrize(
    ("why", "words", "code"),
    [
        ("a directory without fixtures beside one that has some", ["{cases}", "{empty}"], ExitCode.CONFIG),
        ("a coverage beyond 100 % can never be met", ["{cases}", "--fail-under", "101"], ExitCode.CONFIG),
        ("a negative one asks for nothing", ["{cases}", "--fail-under=-5"], ExitCode.CONFIG),
    ],
)
def test_nothing_to_check_is_no_pass(why, words, code, tmp_path, capsys):
    cases = os.path.join(data.ROOT, "tests", "specs")
    filled = [word.format(cases=cases, empty=tmp_path) for word in words]
    assert main(["test", *filled, "--rules", data.ROOT]) == code, why
