"""Attacks on what decides: the rules, the event, the facts."""

import json
import shutil

import pytest

from engine.errors import ExitCode
from tests.support.machine import bad, good


@pytest.mark.parametrize(
    ("why", "controller"),
    [
        ("the checkout itself", "source"),
        ("a directory in it", "source/controller"),
        ("a detour", "source/../source"),
    ],
)
def test_rules_in_the_repository_that_they_judge(machine, engine, why, controller):
    for name in ("deployment-rules.yaml", "approvers-config.yaml", "specs"):
        source, target = machine.controller / name, machine.root / controller / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    machine.change({"S3/a.tfvars": good()})
    ended = engine(*machine.words("--controller", str(machine.root / controller)))
    assert (ended.code, "ENG559" in ended.err) == (ExitCode.CONFIG, True), why
    assert not (machine.out / "decision.json").exists(), why


def test_rules_smuggled_in_through_a_clone_that_lies_in_the_controller(machine, engine):
    rules = machine.controller / "deployment-rules.yaml"
    rules.write_text(rules.read_text().replace("include: [specs/*.yaml]", "include: ['**/specs/*.yaml']"))
    clone = machine.change({"specs/evil.yaml": "pipeline: evil\ngates: none\nactions: [{id: r, uses: report.write}]\n"})
    inside = machine.controller / "clone"
    shutil.copytree(clone.directory, inside)
    ended = engine(*machine.words("--pipeline", "evil", "--repo", str(inside)))
    assert (ended.code, "no pipeline is called `evil`" in ended.err) == (ExitCode.CONFIG, True)


def test_an_event_that_was_overtaken_by_a_push(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    clone.commit({"S3/a.tfvars": bad()})
    ended = engine(*machine.words())
    assert (ended.code, "ENG552" in ended.err) == (ExitCode.STALE, True)


def test_an_event_that_names_a_commit_of_another_repository(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    event = json.loads(clone.event())
    event["pull_request"]["head"] = {"ref": "elsewhere", "sha": "f" * 40, "repo": {"full_name": "acme/dev-deployment"}}
    (machine.root / "event.json").write_text(json.dumps(event))
    ended = engine(*machine.words())
    assert ended.code == ExitCode.NEGATIVE
    assert "`" + "f" * 40 + "` is not a commit here" in ended.out
    assert not (machine.out / "statement.json").exists()


@pytest.mark.parametrize(
    ("why", "name", "event"),
    [
        (
            "a pull request smuggled into what a person fills in",
            "workflow_dispatch",
            {
                "repository": {"full_name": "acme/dev-deployment"},
                "ref": "refs/heads/main",
                "inputs": {"source_repo": "acme/dev-deployment", "pr_number": "7"},
                "pull_request": {"base": {"ref": "dev"}, "head": 1},
            },
        ),
        (
            "one beside a comment",
            "issue_comment",
            {
                "action": "created",
                "repository": {"full_name": "acme/dev-deployment"},
                "issue": {"number": 7, "pull_request": {}},
                "comment": {},
                "pull_request": {"base": {"ref": "--upload-pack=x"}, "head": {"ref": "a", "sha": "HEAD"}},
            },
        ),
    ],
)
def test_a_forged_pull_request_in_another_event(machine, engine, why, name, event):
    machine.change({"S3/a.tfvars": good()})
    (machine.root / "event.json").write_text(json.dumps(event))
    ended = engine(*machine.words("--event-name", name, "--pipeline", "validate"))
    assert (ended.code, "ENG156" in ended.err) == (ExitCode.CONFIG, True), why


@pytest.mark.parametrize("user", [None, 7, "ann", {}, {"id": "1", "login": "ann"}])
def test_a_pull_request_of_nobody(machine, engine, user):
    clone = machine.change({"S3/a.tfvars": good()})
    (machine.root / "event.json").write_bytes(clone.event(user=user))
    ended = engine(*machine.words())
    assert ended.code == ExitCode.NEGATIVE
    assert "see `user." in ended.out
    assert not (machine.out / "statement.json").exists()


def test_an_undeclared_repository(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    (machine.root / "event.json").write_bytes(clone.event().replace(b"acme/dev-deployment", b"evil/dev-deployment"))
    ended = engine(*machine.words())
    assert ended.code == ExitCode.NEGATIVE
    assert not (machine.out / "statement.json").exists()
