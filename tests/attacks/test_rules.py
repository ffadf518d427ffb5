"""Attacks on what decides: the rules, the event, the facts."""

import json
import shutil
from pathlib import Path

import pytest

from engine.core.signature import TrustedKey
from engine.core.verdict.trust import entry
from engine.errors import ExitCode
from tests.support.git import Clone as Git
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
    ended = engine(*machine.words("--rules", str(machine.root / controller)))
    assert (ended.code, "ENG559" in ended.err) == (ExitCode.CONFIG, True), why
    assert not (machine.out / "decision.json").exists(), why


def with_rules(machine, folder):
    """The controller's files, in `folder`, committed."""
    for name in ("deployment-rules.yaml", "approvers-config.yaml", "specs", "policies", "terraform"):
        source, target = machine.controller / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return folder


def a_work_tree(machine, clone):
    clone.git("worktree", "add", "-q", "--detach", str(machine.root / "other"))
    return with_rules(machine, machine.root / "other")


def another_clone(machine, clone):
    clone.git("remote", "add", "origin", "git@github.com:Acme/Dev-Deployment.git")
    other = Git(with_rules(machine, machine.root / "other"))
    other.git("remote", "add", "origin", "https://github.com/acme/dev-deployment")
    return machine.root / "other"


def a_clone_of_what_the_event_names(machine, clone):
    """The clone that is judged does not say what it is a clone of."""
    other = Git(with_rules(machine, machine.root / "other"))
    other.git("remote", "add", "origin", "ssh://git@github.com/acme/dev-deployment.git/")
    return machine.root / "other"


def a_clone_of_the_clone(machine, clone):
    """It says that it is a clone of a directory, which is nobody's name."""
    clone.git("clone", "-q", clone.directory, str(machine.root / "other"))
    return with_rules(machine, machine.root / "other")


def a_clone_that_forgot(machine, clone):
    folder = a_clone_of_the_clone(machine, clone)
    Git(folder).git("remote", "remove", "origin")
    return folder


def a_submodule(machine, clone):
    """Which commit of what it is, the source's branch says."""
    rules = Git(with_rules(machine, machine.root / "other"))
    rules.commit()
    clone.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", rules.directory, "rules")
    return Path(clone.directory) / "rules"


def what_looks_like_a_repository(machine, clone):
    """A branch can hold everything that a repository without a checkout has."""
    folder = with_rules(machine, Path(clone.directory) / "rules")
    for name in ("objects", "refs"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/dev\n")
    return folder


@pytest.mark.parametrize(
    "place",
    [
        a_work_tree,
        another_clone,
        a_clone_of_what_the_event_names,
        a_clone_of_the_clone,
        a_clone_that_forgot,
        a_submodule,
        what_looks_like_a_repository,
    ],
)
def test_rules_in_another_checkout_of_what_they_judge(machine, engine, place):
    controller = place(machine, machine.change({"S3/a.tfvars": good()}))
    ended = engine(*machine.words("--rules", str(controller)))
    assert (ended.code, "ENG559" in ended.err) == (ExitCode.CONFIG, True), ended
    assert not (machine.out / "decision.json").exists()


def test_a_controller_of_its_own_may_lie_anywhere(machine, engine):
    """Also below the checkout, as workflows like it: what is called .git came with no branch."""
    clone = machine.change({"S3/a.tfvars": good()})
    clone.git("remote", "add", "origin", "https://github.com/acme/dev-deployment")
    clone.git("update-ref", "refs/remotes/origin/dev", "dev")
    clone.git("update-ref", "refs/remotes/origin/feature", "feature")
    controller = Git(with_rules(machine, Path(clone.directory) / "controller"))
    controller.git("remote", "add", "origin", "https://github.com/acme/controller")
    assert engine(*machine.words("--rules", controller.directory)).code == ExitCode.DONE


def test_discovery_in_a_checkout_takes_neither_rules_nor_module_from_there(machine, engine, monkeypatch):
    clone = machine.change({"S3/a.tfvars": good()})
    with_rules(machine, Path(clone.directory))
    monkeypatch.chdir(clone.directory)
    ended = engine("discover", "--base", "dev")
    assert (ended.code, "ENG559" in ended.err, ended.out) == (ExitCode.CONFIG, True, "")
    for other in (a_clone_of_the_clone(machine, clone), "."):
        ended = engine("discover", "--base", "dev", "--head", "feature", "--rules", f"{other}/deployment-rules.yaml")
        assert (ended.code, "ENG559" in ended.err, ended.out) == (ExitCode.CONFIG, True, "")
    own = str(machine.controller / "deployment-rules.yaml")
    assert engine("discover", "--base", "dev", "--rules", own).code == ExitCode.DONE


@pytest.mark.parametrize(
    ("why", "origin"),
    [
        ("it is a clone of what the event is about", "https://github.com/Acme/dev-deployment.git"),
        ("it does not tell, and holds the commits that the event is about", None),
    ],
)
def test_explaining_in_a_checkout_takes_no_rules_from_there(machine, engine, monkeypatch, why, origin):
    clone = machine.change({"S3/a.tfvars": good()})
    if origin:
        clone.git("remote", "add", "origin", origin)
    with_rules(machine, Path(clone.directory))
    monkeypatch.chdir(clone.directory)
    words = ("explain", "--event", str(machine.root / "event.json"))
    ended = engine(*words)
    assert (ended.code, "ENG559" in ended.err, ended.out) == (ExitCode.CONFIG, True, ""), why
    assert engine(*words, "--rules", str(machine.controller)).code == ExitCode.NEGATIVE, "no fact is known"


def test_doctor_in_a_checkout_prepares_no_module_from_there(machine, engine, monkeypatch):
    """To prepare a module is to install its providers and to start them."""
    machine.program(init="cat *.tf > $A/prepared; mkdir -p .terraform")
    clone = machine.change({"S3/a.tfvars": good()})
    with_rules(machine, Path(clone.directory))
    evil = Path(clone.directory) / "terraform" / "evil.tf"
    evil.write_text('provider "evil" {}\n')
    monkeypatch.chdir(clone.directory)
    prepared = machine.answers / "prepared"
    assert "nobody has named a module" in engine("doctor", "--json").out
    assert not prepared.exists()
    engine("doctor", "--shipped")
    assert ("evil" in prepared.read_text(), "aws_s3_bucket" in prepared.read_text()) == (False, True)
    engine("doctor", "--rules", clone.directory)
    assert "evil" in prepared.read_text(), "somebody has named it"


@pytest.mark.parametrize("origin", [None, "https://github.com/acme/controller"])
def test_explaining_in_a_controller_needs_no_name(machine, engine, monkeypatch, origin):
    machine.change({"S3/a.tfvars": good()})
    controller = Git(machine.controller)
    controller.commit()
    if origin:
        controller.git("remote", "add", "origin", origin)
    monkeypatch.chdir(machine.controller)
    ended = engine("explain", "--event", str(machine.root / "event.json"))
    assert (ended.code, "ENG559" in ended.err) == (ExitCode.NEGATIVE, False), "no fact is known"


@pytest.mark.parametrize(
    ("why", "environ", "code"),
    [
        ("a file of the name that everybody uses", {}, "ENG010"),
        ("a name that depends on where we are", {"ENGINE_TRUSTED_KEYS": "trusted-keys.yaml"}, "ENG004"),
        ("the same, written otherwise", {"ENGINE_TRUSTED_KEYS": "./trusted-keys.yaml"}, "ENG004"),
    ],
)
def test_trusted_keys_that_a_branch_brought(machine, engine, monkeypatch, why, environ, code):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    (machine.root / "trusted-keys.yaml").write_text(entry(TrustedKey(*made_here(machine))))
    monkeypatch.chdir(machine.root)
    for words in (("verify", "out/statement.json"), ("keys", "list")):
        ended = engine(*words, **environ)
        assert (ended.code, code in ended.err, ended.out) == (ExitCode.CONFIG, True, ""), why
    named = str(machine.root / "trusted-keys.yaml")
    assert engine("verify", "out/statement.json", "--keys", "trusted-keys.yaml").code == ExitCode.DONE
    assert engine("verify", "out/statement.json", ENGINE_TRUSTED_KEYS=named).code == ExitCode.DONE


def made_here(machine):
    return machine.signer.id, machine.signer.public, ("verdict",), "2099-01-01T00:00:00Z", None


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
    assert "this clone does not say where `elsewhere` is" in ended.out
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


@pytest.mark.parametrize("ref", ["feature", "dev", "nowhere"])
@pytest.mark.parametrize("repo", [None, {"full_name": "eve/dev-deployment"}, {"full_name": "acme/dev-deployment"}])
def test_a_replayed_event_that_says_its_head_is_elsewhere(machine, engine, repo, ref):
    """Nothing here says that the commit is a head today: it is one of yesterday."""
    clone = machine.change({"S3/a.tfvars": good()})
    head = clone.head
    clone.git("commit", "--amend", "-qm", "pushed by force")
    event_of(machine, head={"ref": ref, "sha": head, "repo": repo})
    ended = engine(*machine.words())
    unknown = "cannot tell whether it is still at" in ended.out or "does not say where" in ended.out
    moved = ended.code == ExitCode.STALE
    assert (unknown and ended.code == ExitCode.NEGATIVE) or moved, ended
    assert not (machine.out / "statement.json").exists()


@pytest.mark.parametrize("ref", ["feature", "dev"])
def test_a_deleted_fork_is_not_the_repository_itself(machine, engine, ref):
    rules = machine.controller / "deployment-rules.yaml"
    gate = 'gates:\n  not-a-fork: {require: "pr.head.repo == pr.base.repo"}\n'
    rules.write_text(rules.read_text().replace("gates:\n", gate, 1))
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text(spec.read_text().replace("gates: [open,", "gates: [open, not-a-fork,"))
    clone = machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    clone.git("update-ref", "refs/remotes/pull/7/head", clone.head)
    event_of(machine, head={"ref": ref, "sha": clone.head, "repo": None})
    ended = engine(*machine.words())
    assert (ended.code, "✗ not-a-fork" in ended.out, ended.err) == (ExitCode.NEGATIVE, True, ""), ended
