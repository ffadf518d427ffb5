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


def event_of(machine, **changes):
    event = json.loads((machine.root / "event.json").read_bytes())
    event["pull_request"].update(changes)
    (machine.root / "event.json").write_text(json.dumps(event))


HERE = {"full_name": "acme/dev-deployment"}


@pytest.mark.parametrize("sha", ["{head}", "{first}", "{first:.12}", "{head}~1", "feature", "0" * 40, 1234, 1.5, None])
@pytest.mark.parametrize("has_base", [True, False])
def test_an_event_that_chooses_what_a_change_is_compared_with(machine, engine, sha, has_base):
    """The bad commit comes first: compared with it, only the good one would be judged."""
    clone = machine.change({"S3/b.tfvars": bad()})
    first, head = clone.head, clone.commit({"S3/a.tfvars": good()})
    sha = sha.format(first=first, head=head) if isinstance(sha, str) else sha
    words = [] if has_base else ["--single-branch", "--branch", "feature"]
    clone.git("clone", "-q", *words, f"file://{clone.directory}", str(machine.root / "one"))
    event_of(machine, head={"ref": "feature", "sha": head, "repo": HERE}, base={"ref": "dev", "sha": sha, "repo": HERE})
    ended = engine(*machine.words("--repo", str(machine.root / "one")))
    assert ended.code != ExitCode.DONE
    assert not (machine.out / "statement.json").exists()
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("means", ["a local branch", "a tag"])
def test_a_clone_whose_base_is_somebody_s_own(machine, engine, means):
    clone = machine.change({"S3/b.tfvars": bad()})
    clone.git("clone", "-q", f"file://{clone.directory}", str(machine.root / "one"))
    kind = "heads" if means == "a local branch" else "tags"
    clone.git("-C", str(machine.root / "one"), "update-ref", f"refs/{kind}/dev", clone.head)
    engine(*machine.words("--repo", str(machine.root / "one")))
    if means == "a tag":
        assert not (machine.out / "statement.json").exists()
    else:
        assert machine.report()["result"] == "failed"


def test_an_event_that_names_another_source_than_the_clone_is_of(machine, engine):
    """`acme/queues` owns only queues; in the name of the other one its change would pass."""
    rules = machine.controller / "deployment-rules.yaml"
    text = rules.read_text()
    declared = '  - {repo: acme/dev-deployment, owns: ["**"]}'
    assert declared in text
    two = declared.replace('"**"', '"S3/**"') + '\n  - {repo: acme/queues, owns: ["SQS/**"]}'
    rules.write_text(text.replace(declared, two))
    clone = machine.change({"S3/a.tfvars": good()})
    assert "ENG366" in engine(*machine.words()).err  # nothing but the event says whose it is
    clone.git("remote", "add", "origin", "git@github.com:acme/queues.git")
    clone.git("update-ref", "refs/remotes/origin/dev", "dev")
    ended = engine(*machine.words())
    assert (ended.code, "the origin of this clone is acme/queues" in ended.err) == (ExitCode.CONFIG, True)
    assert engine(*machine.words("--source", "acme/dev-deployment")).code == ExitCode.CONFIG
    assert not (machine.out / "statement.json").exists()
    clone.git("remote", "set-url", "origin", "git@github.com:Acme/Dev-deployment.git")
    clone.git("update-ref", "refs/remotes/origin/feature", "feature")
    assert engine(*machine.words()).code == ExitCode.DONE


@pytest.mark.parametrize("repo", [None, {"full_name": "eve/dev-deployment"}])
def test_a_replayed_event_that_says_its_head_is_elsewhere(machine, engine, repo):
    clone = machine.change({"S3/a.tfvars": good()})
    head = clone.head
    clone.git("commit", "--amend", "-qm", "pushed by force")
    event_of(machine, head={"ref": "feature", "sha": head, "repo": repo})
    ended = engine(*machine.words())
    assert (ended.code, "cannot tell whether it is still at" in ended.out) == (ExitCode.NEGATIVE, True)


@pytest.mark.parametrize("ref", ["feature", "dev"])
def test_a_deleted_fork_is_not_the_repository_itself(machine, engine, ref):
    rules = machine.controller / "deployment-rules.yaml"
    gate = 'gates:\n  not-a-fork: {require: "pr.head.repo == pr.base.repo"}\n'
    rules.write_text(rules.read_text().replace("gates:\n", gate, 1))
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text(spec.read_text().replace("gates: [open,", "gates: [open, not-a-fork,"))
    clone = machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    event_of(machine, head={"ref": ref, "sha": clone.head, "repo": None})
    ended = engine(*machine.words())
    assert (ended.code, "✗ not-a-fork" in ended.out, ended.err) == (ExitCode.NEGATIVE, True, ""), ended
