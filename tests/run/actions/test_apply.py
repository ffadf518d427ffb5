"""The action, in whole runs on a forge: what is validated there is merged and applied, to a real backend."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.adapters import settings
from engine.adapters.keys import new_key
from engine.adapters.sealed import new_key as sealing_key
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import entry
from engine.run import trusted
from engine.run.actions.apply import ACTIONS
from engine.run.kept import ledger
from engine.sandbox.emulator import ACCOUNT, REGION
from engine.sandbox.forge.serve import running
from tests.support.emulator import ask, aws
from tests.support.page import LAST, Page
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
    "apply": [{"id": "apply", "uses": "terraform.apply"}],
}


@pytest.fixture(scope="module")
def page(tmp_path_factory, aws):
    folder = tmp_path_factory.mktemp("page")
    with running(str(folder / "forge")) as forge:
        yield _with_an_account(Page(forge, folder), folder, aws)


def _with_an_account(page, folder, aws):
    signer = new_key(str(folder / "audit.pem"))
    key = TrustedKey(signer.id, signer.public, ("audit",), LAST, None)
    with (folder / "trusted-keys.yaml").open("a") as file:
        file.write("\n" + entry(key).split("keys:\n")[1])
    page.environ |= {
        **aws.credentials,
        "ENGINE_STATE_BUCKET": aws.bucket,
        "ENGINE_AUDIT_KEY_FILE": str(folder / "audit.pem"),
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
            "permissions": ["contents:read", "issues:write"],
        }
        for name, actions in PIPELINES.items()
    ]
    file.write_text(yaml.safe_dump(rules))
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
    (row,) = page.run("apply", number)["terraform.apply"]["resources"]
    assert (row["outcome"], row["problem"]) == ("applied", None)
    assert ask(aws, "HEAD", "/acme-lake").status == 200
    (entry_,) = entries(page, row["state_key"])
    decision: Any = page.decision(number)
    assert (entry_.outcome, entry_.said["merge"], entry_.said["commit"]) == (
        "applied",
        decision.digest,
        decision.said["commit"],
    )
    (again,) = page.run("apply", number)["terraform.apply"]["resources"]
    assert (again["outcome"], again["entry"], len(entries(page, row["state_key"]))) == ("applied", 1, 1)


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
    (action,) = ACTIONS

    def result(*outcomes):
        return action.result({"resources": [{"outcome": one} for one in outcomes]})

    assert [result(), result("applied"), result("applied", "none"), result("none", "stopped")] == [
        "passed",
        "passed",
        "error",
        "failed",
    ]
