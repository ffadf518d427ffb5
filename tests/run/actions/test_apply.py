"""The action, in whole runs on a forge: what is validated there is merged and applied, to a real backend."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.adapters import key_files, settings
from engine.adapters.keys import Keyring
from engine.adapters.sealed import new_key as sealing_key
from engine.cli.main import main
from engine.core.plan.digest import key_id
from engine.core.verdict.check import Believed
from engine.run import trusted
from engine.run.actions.apply import ACTIONS, digested_with
from engine.run.kept import ledger
from engine.sandbox.emulator import ACCOUNT, REGION
from engine.sandbox.forge.serve import running
from tests.support.emulator import ask, aws
from tests.support.git import Clone
from tests.support.page import Page
from tests.support.terraform import CACHE

__all__ = ["aws"]

PIPELINES = {
    "validate": [
        {"id": "plan", "uses": "terraform.plan"},
        {"id": "policy", "uses": "policy.evaluate", "with": {"resources": "${outputs.plan.resources}"}},
        {
            "id": "verdict",
            "uses": "verdict.sign",
            "with": {"plan": "${outputs.plan}", "policy": "${outputs.policy}"},
        },
    ],
    "apply": [
        {"id": "apply", "uses": "terraform.apply"},
        {"id": "deployed", "uses": "github.deployment", "with": {"state": "ended"}},
    ],
}


@pytest.fixture(scope="module")
def page(tmp_path_factory, aws):
    folder = tmp_path_factory.mktemp("page")
    with running(str(folder / "forge")) as forge:
        yield _with_an_account(Page(forge, folder), aws)


def _with_an_account(page, aws):
    page.environ |= {
        **aws.credentials,
        "ENGINE_STATE_BUCKET": aws.bucket,
        "ENGINE_DIGEST_KEY": "ab" * 32,
        "ENGINE_BACKUP_KEY": sealing_key(),
        "ENGINE_EMULATOR": "1",
        "ENGINE_CACHE_DIR": CACHE,
        "HOME": os.path.expanduser("~"),
    }
    page.settings = settings.read(page.environ)
    file = Path(page.controller) / "deployment-rules.yaml"
    rules = yaml.safe_load(file.read_text())
    rules["environments"]["development"] |= {"account": ACCOUNT, "region": REGION}
    rules["protect"]["terraform.apply"] = ["declared-source"]
    rules["pipelines"] += [
        {
            "pipeline": name,
            "gates": ["declared-source"],
            "actions": actions,
            "permissions": ["contents:read", "deployments:write", "issues:write"],
        }
        for name, actions in PIPELINES.items()
    ]
    file.write_text(yaml.safe_dump(rules))
    Clone(page.controller).commit()
    return page


def entries(page, key):
    return ledger.entries(page.store, key, trusted.keys(page.settings.trusted_keys))


@pytest.mark.terraform
@pytest.mark.slow
def test_what_was_merged_is_applied_once(page, aws):
    number = page.hosted.pull("lake")
    validated = page.run("validate", number)
    assert validated["verdict.sign"]["result"] == "passed", validated
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    merged = page.run("merge", number)
    assert merged["github.merge"]["commit"], merged
    done = page.run("apply", number)
    (row,) = done["terraform.apply"]["resources"]
    assert (row["outcome"], row["problem"]) == ("applied", None)
    assert done["github.deployment"]["state"] == "success"
    assert ask(aws, "HEAD", "/acme-lake").status == 200
    (entry_,) = entries(page, row["state_key"])
    decision: Any = page.decision(number)
    assert (entry_.outcome, entry_.said["merge"], entry_.said["commit"]) == (
        "applied",
        decision.digest,
        decision.said["commit"],
    )
    assert entry_.said["controller"] == Clone(page.controller).git("rev-parse", "HEAD")
    (again,) = page.run("apply", number)["terraform.apply"]["resources"]
    assert (again["outcome"], again["entry"], len(entries(page, row["state_key"]))) == ("applied", 1, 1)


@pytest.fixture(scope="module")
def applied(page):
    """A pull request that was validated, merged and applied by three runs, and its number."""
    number = page.hosted.pull("proven")
    page.run("validate", number, "p-validate")
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.run("merge", number, "p-merge")
    (row,) = page.run("apply", number, "p-apply")["terraform.apply"]["resources"]
    assert row["outcome"] == "applied", row
    return page, number


def engine(where, environ, *words):
    """The command, in a directory and with an environment that hold nothing else."""
    where.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "engine.cli.main", *words]
    return subprocess.run(command, check=False, cwd=where, env=environ, capture_output=True, text=True, timeout=120)


@pytest.mark.terraform
@pytest.mark.slow
def test_one_file_proves_what_was_applied_where_nothing_else_is(applied, tmp_path):
    page, number = applied
    made = engine(tmp_path, page.environ, "audit", "pack", "--pr", str(number), "--out", str(tmp_path / "p.pack"))
    assert (made.returncode, "not in it" in made.stdout) == (0, False), made
    empty = tmp_path / "empty"
    for more in ([], ["--trusted-keys", page.environ["ENGINE_TRUSTED_KEYS"]]):
        found = engine(empty, {}, "verify", str(tmp_path / "p.pack"), "--json", *more)
        said = json.loads(found.stdout)
        assert (found.returncode, said["valid"], said["faults"]) == (0, True, []), found
        assert [one for one in said["holds"] if one.endswith("applied (entry 1)")]
        assert [one for one in said["holds"] if one.startswith("3 decisions, decided again with the same bytes")]
    assert not list(empty.iterdir())


@pytest.mark.terraform
@pytest.mark.slow
def test_the_life_of_what_was_applied_is_shown_in_its_order(applied, tmp_path):
    page, number = applied
    shown = engine(tmp_path, page.environ, "audit", "show", "--pr", str(number)).stdout
    words = [
        "commit ", "validation passed", "plan S3/", "approval by ann", "environment development", "merged ",
        "apply started S3/", "apply completed S3/", "result apply completed",
    ]  # fmt: skip
    places = [shown.find(f"─ {word}") for word in words]
    assert -1 not in places, shown
    assert places == sorted(places), shown
    assert len([line for line in shown.splitlines() if "─ apply " in line]) == 2, shown


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("run", ["p-validate", "p-merge", "p-apply"])
def test_each_run_of_it_is_decided_again_with_the_same_bytes(applied, tmp_path, run):
    page, _ = applied
    found = engine(tmp_path, page.environ, "replay", run, "--json")
    assert (found.returncode, {one["same"] for one in json.loads(found.stdout)["decisions"]}) == (0, {True}), found


@pytest.mark.terraform
@pytest.mark.slow
def test_what_was_planned_by_nobody_is_not(page, aws):
    number = page.ready("pond")
    page.run("merge", number)
    done = page.run("apply", number)
    (row,) = done["terraform.apply"]["resources"]
    assert (row["outcome"], row["problem"]["code"]) in (("stopped", "ENG730"), ("stopped", "ENG735"))
    assert ask(aws, "HEAD", "/acme-pond").status == 404


def test_what_a_run_comes_to_is_what_its_worst_resource_did():
    action = next(one for one in ACTIONS if one.name == "terraform.apply")

    def result(*outcomes):
        return action.result({"resources": [{"outcome": one} for one in outcomes]})

    assert result("applied", "destroyed") == "passed"
    assert [result(), result("applied"), result("applied", "none"), result("none", "stopped")] == [
        "passed",
        "passed",
        "error",
        "failed",
    ]


def rotated(page, monkeypatch):
    """All keys of the engine are exchanged, as docs/key-rotation.md says."""
    monkeypatch.chdir(page.folder)
    trusted_keys = page.environ["ENGINE_TRUSTED_KEYS"]
    for purpose, name in key_files.SIGNING.items():
        old, new = Keyring(page.environ).signer(purpose).id, str(page.folder / f"{purpose}-2.pem")
        assert main(["keys", "rotate", old, "--out", new, "--until", "30d", "--keys", trusted_keys]) == 0
        page.environ[f"{name}_FILE"] = new
        assert Keyring(page.environ).signer(purpose).id != old
    for name, key in (("ENGINE_DIGEST", "cd" * 32), ("ENGINE_BACKUP", sealing_key())):
        page.environ |= {f"{name}_KEY": key, f"{name}_OLD_KEYS": page.environ[f"{name}_KEY"]}


@pytest.mark.terraform
@pytest.mark.slow
def test_what_was_approved_under_keys_of_before_is_applied_under_those_of_today(page, monkeypatch):
    number = page.hosted.pull("puddle")
    assert page.run("validate", number)["verdict.sign"]["result"] == "passed"
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    rotated(page, monkeypatch)
    assert page.run("merge", number)["github.merge"]["commit"], "a verdict under the old key counts until that ends"
    (row,) = page.run("apply", number)["terraform.apply"]["resources"]
    assert (row["outcome"], row["problem"]) == ("applied", None)
    [entry_] = entries(page, row["state_key"])
    ring = Keyring(page.environ)
    assert entry_.key_id == ring.signer("audit").id
    assert page.decision(number).key_id == ring.signer("merge").id


@pytest.mark.parametrize(
    ("why", "made_with", "keys", "found"),
    [
        ("the present one", b"new", [b"new", b"old"], b"new"),
        ("one of before", b"old", [b"new", b"older", b"old"], b"old"),
        ("one that is given up: the present one, which fits nothing", b"lost", [b"new", b"old"], b"new"),
    ],
)
def test_the_key_of_the_digests_is_the_statement_s(why, made_with, keys, found):
    verdict = Believed({}, {"digest_key": key_id(made_with)}, "key", "digest")
    assert digested_with(keys, verdict) == found, why
