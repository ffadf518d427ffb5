"""`engine explain` as a user runs it: exit codes, the two forms of its answer, and refusals in one line."""

import json
import os

import pytest

from engine import data
from engine.cli.main import main
from engine.core import schema
from engine.core.source import load_json
from engine.errors import ExitCode
from engine.run.trusted import load_rules
from tests.support.decision import payload
from tests.support.events import pull_request
from tests.support.facts import approve, document, group, pr, verdict

RULES = os.path.dirname(data.path("deployment-rules.yaml"))
GROUPS = {"reviewers": ("ann", "bob"), "security": ("cid", "dan"), "ciso": ("lea",), "special_approvers": ("eve",)}


@pytest.fixture
def explain(tmp_path, capsys, monkeypatch):
    """Run the command with facts changed as given; returns the exit code and what was printed."""
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    digest = load_rules(RULES).digest
    groups = {name: group(*members) for name, members in GROUPS.items()}

    def run(*more, facts=True, happening=None, **changes):
        event, recorded = tmp_path / "event.json", tmp_path / "facts.json"
        event.write_text(json.dumps(payload() if happening is None else happening))
        known = document(**{"verdict": verdict(rules=digest), "groups": groups, **changes})
        recorded.write_text(json.dumps(known.to_json()))
        words = ["explain", "--event", str(event), "--rules", RULES, *more]
        code = main([*words, "--facts", str(recorded)] if facts else words)
        return code, capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("why", "changes", "code"),
    [
        ("everything holds", {"reviews": [approve("ann")]}, ExitCode.DONE),
        ("somebody has to approve", {"reviews": []}, ExitCode.WAITING),
        ("the pull request is closed", {"reviews": [approve("ann")], "pr": pr(state="closed")}, ExitCode.NEGATIVE),
        ("the reviews are not known", {"failed": {"reviews": "HTTP 502"}}, ExitCode.NEGATIVE),
        ("no facts at all", {"facts": False}, ExitCode.NEGATIVE),
        ("nothing starts", {"happening": payload(action="assigned")}, ExitCode.NEGATIVE),
    ],
)
def test_exit_code(why, changes, code, explain):
    name = "pull_request" if "happening" in changes else "pull_request_review"
    assert explain("--event-name", name, **changes)[0] is code, why


def test_without_facts_it_tells_which_would_decide(explain):
    _, shown = explain(facts=False)
    assert "facts that decide this: comments, commits, depends, freeze, groups," in shown.out
    assert "verdict was not fetched" in shown.out


def test_nothing_starts(explain):
    _, shown = explain("--event-name", "pull_request", happening=payload(action="assigned"))
    assert "no pipeline starts on this event: nothing is allowed, and nothing happens" in shown.out


def test_json_fits_its_schema_and_has_what_is_promised(explain):
    _, shown = explain("--json", reviews=[approve("ann")])
    decision = json.loads(shown.out)
    assert schema.check("decision", load_json(shown.out.encode(), "decision.json")) == ()
    (pipeline,) = decision["pipelines"]
    assert (pipeline["name"], pipeline["outcome"]) == ("merge", "pass")
    assert all({"name", "outcome", "because"} <= set(gate) for gate in pipeline["gates"])
    assert [action["id"] for action in pipeline["actions"]] == ["merge", "label", "others"]


def test_the_same_facts_give_the_same_bytes(explain):
    printed = {explain("--json", reviews=[])[1].out for _ in range(3)}
    assert len(printed) == 1


def test_a_pipeline_by_name(explain):
    code, shown = explain("--pipeline", "validate", failed={"resources": "no clone here"})
    assert (code, "! validate: error" in shown.out) == (ExitCode.NEGATIVE, True)


@pytest.mark.parametrize(
    ("why", "words", "code"),
    [
        ("an unknown pipeline", ["--pipeline", "mergee"], "ENG201"),
        ("no such file of facts", ["--facts", "nowhere.json"], "ENG001"),
        ("no such rules", ["--rules", "nowhere"], "ENG"),
        ("an unknown event", ["--event-name", "pull"], "ENG159"),
    ],
)
def test_a_refusal_says_its_code(why, words, code, explain):
    exit_code, shown = explain(*words, facts=False)
    assert exit_code is ExitCode.CONFIG, why
    assert (code in shown.err, shown.out) == (True, ""), why


def test_no_event_at_all(capsys, monkeypatch):
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    assert main(["explain"]) is ExitCode.CONFIG
    assert "ENG202" in capsys.readouterr().err


def test_the_event_of_a_github_actions_job(explain, tmp_path, monkeypatch, capsys):
    explain()  # leaves the files
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request_review")
    main(["explain", "--rules", RULES])
    assert capsys.readouterr().out.startswith("pull_request_review (submitted) of acme/dev-deployment#7\n")


@pytest.mark.parametrize("where", ["directory", "file"])
def test_rules_by_directory_or_by_file(where, explain):
    path = RULES if where == "directory" else data.path("deployment-rules.yaml")
    assert explain("--rules", path, reviews=[approve("ann")])[0] is ExitCode.DONE


FIXTURE = """version: 1
shares: {shares}
cases:
  - {why: nobody has approved, facts: {reviews: []}, pipelines: {merge: pending}}
  - why: somebody has
    facts: {reviews: [{user: ann}]}
    pipelines: {merge: fail}
"""


@pytest.fixture
def fixture(tmp_path):
    """A file of two cases, of which the second expects what does not come."""
    given = os.path.relpath("tests/specs/given/pull-request.yaml", tmp_path)
    (tmp_path / "few.yaml").write_text(FIXTURE.replace("{shares}", given))
    return str(tmp_path / "few.yaml")


@pytest.mark.parametrize(
    ("why", "which", "code", "says"),
    [
        ("the line that it begins in", "4", ExitCode.WAITING, ["few.yaml:4: nobody has", "what the case expects."]),
        ("another of its lines", "6", ExitCode.DONE, ["few.yaml:5: somebody", "pipelines: merge fail; it came"]),
        ("a line and a column, as `engine test` says it", "5:10", ExitCode.DONE, ["few.yaml:5: somebody"]),
        ("its number", "#2", ExitCode.DONE, ["few.yaml:5: somebody", "reviewed — approved by ann"]),
    ],
)  # fmt: skip
def test_a_case_of_a_fixture(why, which, code, says, fixture, capsys):
    assert main(["explain", "--rules", RULES, "--case", f"{fixture}:{which}"]) is code, why
    said = capsys.readouterr().out
    assert all(words in said for words in says), said


def test_a_case_as_json_is_its_decision(fixture, capsys):
    assert main(["explain", "--rules", RULES, "--case", f"{fixture}:#1", "--json"]) is ExitCode.WAITING
    assert schema.check("decision", load_json(capsys.readouterr().out.encode(), "decision.json")) == ()


@pytest.mark.parametrize(
    ("why", "which", "more", "says"),
    [
        ("a line before all cases", ":2", [], "its first case begins in line 4"),
        ("a line below all", ":999", [], "lines"),
        ("more than there are", ":#3", [], "the last of its cases is #2"),
        ("a case that there is not", ":#9", [], "ENG763"),
        ("none", ":#0", [], "the last of its cases is #2"),
        ("no line", "", [], "it names no line and no number"),
        ("a word", ":two", [], "it names no line and no number"),
        ("a number of a thousand digits", ":" + "9" * 1000, [], "it names no line and no number"),
        ("beside an event", ":4", ["--event", "x.json"], "ENG764 --event beside --case"),
    ],
)
def test_what_is_no_case(why, which, more, says, fixture, capsys):
    words = ["explain", "--rules", RULES, "--case", f"{fixture}{which}", *more]
    assert main(words) is ExitCode.CONFIG, why
    assert says in capsys.readouterr().err


def test_a_type_that_the_event_does_not_have_is_warned_of(tmp_path, capsys):
    event = tmp_path / "event.json"
    event.write_text(json.dumps(pull_request() | {"action": "open"}))
    main(["explain", "--rules", RULES, "--event", str(event), "--event-name", "pull_request"])
    assert "warning ENG057 event `pull_request` has no type `open`" in capsys.readouterr().err
