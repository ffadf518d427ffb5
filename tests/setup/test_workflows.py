"""The workflows of a source: what a branch may change gets nothing, and the contract is all that is sent."""

import json
import os
import subprocess
import sys

import jsonschema
import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine import data
from engine.core.events.dispatch import EVENTS
from engine.core.events.envelope import read_event
from engine.setup.repository import made
from tests.support.events import HEAD
from tests.support.http import Answer, Far
from tests.support.setup import CONTROLLER, SOURCE, answers
from tests.support.triggers import MAIN, runs
from tests.support.workflow import Host
from tests.support.workflow import run as ran

FILES = {path: text.decode() for path, text in made(answers("source")).items() if path.startswith(".github/workflows/")}
CHANGED, DISPATCH = (
    yaml.load(FILES[f".github/workflows/{name}.yml"], yaml.BaseLoader) for name in ("changed", "dispatch-to-controller")
)
[STEP] = DISPATCH["jobs"]["dispatch"]["steps"]
with open(f"{data.path('schemas')}/dispatch.schema.json", encoding="utf-8") as file:
    SCHEMA = jsonschema.Draft202012Validator(json.load(file))


def test_what_runs_on_a_branch_has_nothing_and_does_nothing():
    assert set(CHANGED["on"]) == {"push", "pull_request_review"}
    assert CHANGED["on"]["push"] == {
        "branches-ignore": ["dev", "stage", "prod", "main"],
        "paths": ["**/*.tfvars", "**/*.json"],
    }
    [job] = CHANGED["jobs"].values()
    assert CHANGED["permissions"] == job["permissions"] == {}
    assert [step["run"] for step in job["steps"]] == ["true"]
    assert "secrets" not in FILES[".github/workflows/changed.yml"]
    assert not {"environment", "env"} & job.keys()


def test_what_has_a_secret_runs_the_default_branch_s_file_alone():
    assert set(DISPATCH["on"]) == {"pull_request_target", "issue_comment", "workflow_run"}
    assert DISPATCH["on"]["workflow_run"] == {"workflows": [CHANGED["name"]], "types": ["completed"]}
    [job] = DISPATCH["jobs"].values()
    assert job["environment"] == "dispatch"
    assert DISPATCH["permissions"] == job["permissions"] == {}
    assert "uses" not in STEP, "nothing is checked out, and nobody else's action is run"
    assert "${{" not in STEP["run"]
    assert STEP["env"] == {
        "CONTROLLER": CONTROLLER,
        "DISPATCH_APP_ID": "${{ vars.DISPATCH_APP_ID }}",
        "DISPATCH_APP_KEY": "${{ secrets.DISPATCH_APP_KEY }}",
    }


REPOSITORY = {"id": 5, "full_name": SOURCE}
EVIL = '$(id) `id` "; rm -rf / #\n::set-output'


def pull(action, **more):
    at = {"number": 7, "merged": False, "title": EVIL, "body": EVIL}
    at |= {"head": {"sha": HEAD, "ref": 'x";id;"'}, "base": {"ref": "dev"}}
    return {"action": action, "number": 7, "pull_request": at, "repository": REPOSITORY, **more}


def comment(body, action="created", **issue):
    return {
        "action": action,
        "issue": {"number": 7, "pull_request": {}, "title": EVIL, **issue},
        "comment": {"id": 9, "body": body},
        "repository": REPOSITORY,
    }


def ended(event, pulls=(), branch="x", repository=5):
    rows = [{"number": number, "base": {"repo": {"id": base}}} for number, base in pulls]
    run = {"event": event, "head_branch": branch, "head_repository": {"id": repository}, "pull_requests": rows}
    return {"action": "completed", "workflow_run": run, "repository": REPOSITORY}


ENVELOPE = {"version": 1, "source_repo": SOURCE}
AT = {"pr_number": 7, "head_sha": HEAD, "head_ref": 'x";id;"', "base_ref": "dev", "merged": False}
SAID = {**ENVELOPE, "event": "issue_comment", "action": "created", "pr_number": 7, "comment_id": 9}
LOOK = {**ENVELOPE, "event": "look"}
AT_PULL, REVIEW, LINE = {**LOOK, "pr_number": 7}, "pull_request_review", EVIL.partition("\n")[0]


@pytest.fixture(scope="module")
def key():
    made = generate_private_key(65537, 2048)
    private = made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return private, made.public_key()


def run(tmp_path, key, name, event, app="123"):
    """The step as a runner starts it: its `run` in a file, its `env`, GitHub at the far end."""
    private, public = key

    def github(asked):
        token = asked.headers["authorization"].removeprefix("Bearer ")
        if asked.path == f"/repos/{CONTROLLER}/dispatches":
            return Answer(204 if token == "ghs_controller" else 401)
        claims = jwt.decode(token, public, algorithms=["RS256"], issuer="123")
        assert claims["exp"] - claims["iat"] <= 600, "GitHub takes no longer ones"
        if asked.path == f"/repos/{CONTROLLER}/installation":
            return Answer(200, b'{"id": 4}')
        assert asked.path == "/app/installations/4/access_tokens"
        return Answer(201, b'{"token": "ghs_controller"}')

    (tmp_path / "event.json").write_text(json.dumps(event))
    (tmp_path / "step.py").write_text(STEP["run"])
    with Far(github).serving() as far:
        env = {
            "PATH": os.environ["PATH"],
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_EVENT_NAME": name,
            "GITHUB_API_URL": far.url,
            "CONTROLLER": STEP["env"]["CONTROLLER"],
            "DISPATCH_APP_ID": app,
            "DISPATCH_APP_KEY": private,
        }
        words = [sys.executable, "-I", "step.py"]
        done = subprocess.run(words, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        return done, far.asked


PULL = "pull_request_target"
RETARGETED = {**ENVELOPE, "event": "pull_request", "action": "edited", **AT, "previous_base_ref": "main"}


@pytest.mark.parametrize(
    ("why", "name", "event", "sent", "subject"),
    [
        ("opened", PULL, pull("opened"), [{**ENVELOPE, "event": "pull_request", "action": "opened", **AT}], "#7"),
        ("retargeted", PULL, pull("edited", changes={"base": {"ref": {"from": "main"}}}), [RETARGETED], "#7"),
        ("its text was edited", PULL, pull("edited", changes={"body": {"from": EVIL}}), [AT_PULL], "#7"),
        ("its title was", PULL, pull("edited", changes={"title": {"from": EVIL}}), [], ""),
        ("a command", "issue_comment", comment("/engine help\r\nx"), [{**SAID, "comment_body": "/engine help"}], "#7"),
        ("a hostile comment", "issue_comment", comment(EVIL), [{**SAID, "comment_body": LINE}], "#7"),
        ("a long one", "issue_comment", comment("x" * 5000), [{**SAID, "comment_body": "x" * 1000}], "#7"),
        ("one without text", "issue_comment", comment(None), [{**SAID, "comment_body": ""}], "#7"),
        ("one on an issue", "issue_comment", {**comment("x"), "issue": {"number": 7}}, [], ""),
        ("pushed", "workflow_run", ended("push"), [{**LOOK, "ref": "refs/heads/x"}], "@refs/heads/x"),
        ("pushed in a fork", "workflow_run", ended("push", repository=6), [], ""),
        ("reviewed", "workflow_run", ended(REVIEW, [(7, 5)]), [AT_PULL], "#7"),
        ("a review of what is a fork's too", "workflow_run", ended(REVIEW, [(7, 5), (3, 6)]), [AT_PULL], "#7"),
        ("a review of which GitHub names nothing", "workflow_run", ended(REVIEW), [], ""),
    ],
)
def test_the_contract_is_sent_and_nothing_else(tmp_path, key, why, name, event, sent, subject):
    done, asked = run(tmp_path, key, name, event)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("::add-mask::ghs_controller\n" if sent else ""), why
    bodies = [json.loads(one.body) for one in asked if one.path.endswith("/dispatches")]
    assert bodies == [{"event_type": "interlock", "client_payload": row} for row in sent], why
    if not sent:
        assert asked == [], "and nobody is asked for a token"
        return
    [wanted] = [json.loads(one.body) for one in asked if one.path.endswith("/access_tokens")]
    assert wanted == {"repositories": [CONTROLLER.rpartition("/")[2]], "permissions": {"contents": "write"}}
    for row in sent:
        assert SCHEMA.is_valid(row), why
        assert row["event"] in EVENTS
        body = {"action": "interlock", "repository": {"full_name": CONTROLLER}, "client_payload": row}
        if row.get("head_ref") != AT["head_ref"]:
            assert str(read_event(json.dumps(body).encode(), "repository_dispatch").subject) == f"{SOURCE}{subject}"


def test_a_key_that_is_none_is_not_shown(tmp_path, key):
    done, asked = run(tmp_path, ("not-a-key-but-secret", key[1]), "workflow_run", ended("push"))
    assert done.returncode != 0
    assert "not-a-key-but-secret" not in done.stdout + done.stderr
    assert asked == []


THEIRS = """
name: changed
on: [{trigger}]
permissions: {{}}
jobs:
  theirs:
    runs-on: ubuntu-24.04
    environment: {environment}
    permissions: {{}}
    steps:
      - name: look
        run: echo "what is here is $FOUND"
        env:
          FOUND: ${{{{ secrets.DISPATCH_APP_KEY || 'nothing' }}}}
"""
HELD = "a-key-of-an-App"


def told(tmp_path, trigger, ref, environment="dispatch", open_to=MAIN):
    """What a job says of its secret whose file was written by somebody, in place of each workflow that is there."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name in ("changed", "dispatch-to-controller", "theirs"):
        (folder / f"{name}.yml").write_text(THEIRS.format(trigger=trigger, environment=environment))
    secrets = {"dispatch": {"DISPATCH_APP_KEY": HELD}}
    host = Host(secrets, {}, {"PATH": os.environ["PATH"]}, ref=ref, open_to=open_to)
    event = trigger, {"repository": REPOSITORY}
    names = ("changed", "dispatch-to-controller", "theirs")
    jobs = [ran(tmp_path, name, event, host, tmp_path / name)["theirs"] for name in names]
    assert len({(job.result, job.log) for job in jobs}) == 1
    return jobs[0]


@pytest.mark.parametrize(("trigger", "about"), [key for key, one in runs().items() if one.is_theirs])
def test_a_branch_that_changes_any_workflow_gets_no_secret(tmp_path, trigger, about):
    """Each trigger that runs a file of somebody's own, on each ref that it may come with: the environment is shut."""
    job = told(tmp_path, trigger, runs()[trigger, about].ref)
    assert (job.result, HELD in job.log) == ("failure", False)


@pytest.mark.parametrize("trigger", DISPATCH["on"])
def test_what_runs_the_default_branch_s_file_is_all_that_the_workflow_listens_to(trigger):
    assert {one for key, one in runs().items() if key[0] == trigger} == {(False, MAIN)}


@pytest.mark.parametrize(
    ("why", "ref", "environment", "open_to", "found"),
    [
        ("the default branch is let in", MAIN, "dispatch", MAIN, HELD),
        ("an environment that nobody has limited is open to all", "refs/heads/x", "dispatch", "", HELD),
        ("another environment has no secret, wherever it runs", "refs/heads/x", "theirs", "", "nothing"),
        ("nor has a job without one", "refs/heads/x", '""', MAIN, "nothing"),
    ],
)
def test_it_is_the_limit_of_the_environment_that_keeps_it(tmp_path, why, ref, environment, open_to, found):
    job = told(tmp_path, "push", ref, environment, open_to)
    assert f"what is here is {found}\n" in job.log, why


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["source", "controller"])
def test_linters_find_nothing(tmp_path, kind):
    found = {path: text for path, text in made(answers(kind)).items() if path.startswith(".github/")}
    for path, text in found.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text)
    names = sorted(path for path in found if path.startswith(".github/workflows/"))
    actions = sorted(path for path in found if path.endswith("/action.yml"))
    tools = os.path.dirname(sys.executable)
    for words in (
        ["zizmor", "--offline", "--persona", "auditor", "--no-progress", "--min-severity", "informational", "."],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *names],
        *([["check-jsonschema", "--builtin-schema", "vendor.github-actions", *actions]] if actions else []),
        ["actionlint", *names],
    ):
        tool = [os.path.join(tools, words[0]), *words[1:]]
        done = subprocess.run(tool, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (len(names), len(actions)) == {"source": (2, 0), "controller": (2, 1)}[kind]
    ignored = [line for text in found.values() for line in text.decode().splitlines() if "zizmor: ignore" in line]
    assert len(ignored) == (kind == "source"), "one, with its reason"
