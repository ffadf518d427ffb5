"""What whoever may merge, push, comment or write to the store tries with what is merged, before it is applied."""

import json
from pathlib import Path

import pytest
import yaml

from engine.adapters.keys import new_key
from engine.core.canonical import canonical
from engine.core.kept import keys, record
from engine.core.kept.merge import statement
from engine.core.signature import sign
from engine.run import trusted
from engine.run.kept import ledger, swept
from engine.sandbox.forge.serve import running
from tests.support.clone import bucket
from tests.support.hosted import REPO
from tests.support.page import APPLYING, Page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merged")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder, APPLYING)


def merged(page, branch, result="pass", **more):
    """Validated, approved, labelled, and merged by the admin."""
    number = page.hosted.pull(branch, **more)
    page.run(result, number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.run("tell", number)
    by_hand(page, number)
    return number


def by_hand(page, number):
    done = page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    assert done.status == 200, done


def refused(page, number, outcome, why):
    """Nothing is signed of it, so nothing of it is ever applied."""
    done = page.run("account", number)
    assert done.outcome == outcome, done
    assert why in done.because
    assert page.decision(number) is None
    assert page.run("apply", number).outcome == outcome


def test_production_values_that_a_person_brings_to_dev(page):
    files = {"S3/gold/gold.tfvars": bucket("acme-gold", "production")}
    number = merged(page, "gold", files=files)
    refused(page, number, "fail", "right-branch")
    page.run("unapplied", number)
    known = trusted.keys(page.settings.trusted_keys)
    [entry] = ledger.entries(page.store, "S3/prod/gold/terraform.tfstate", known)
    assert (entry.outcome, entry.said["merge"]) == ("refused", None)


def test_a_branch_of_several_commits_that_the_admin_pushes_to_dev_itself(page):
    number = page.hosted.pull("pushed")
    tip = page.hosted.amend("pushed", "alice", "alice", "alice@users.noreply.example", count=2)
    page.run("pass", number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.run("tell", number)
    moved = page.hosted.as_("olga", "PATCH", "/git/refs/heads/dev", {"sha": tip, "force": True})
    assert moved.status == 200, moved
    assert page.pull(number).merged
    refused(page, number, "fail", "whole")


def test_the_approver_who_was_taken_out_of_the_group_since(page):
    number = merged(page, "group")
    file = Path(page.controller, "approvers-config.yaml")
    before = file.read_text()
    groups = yaml.safe_load(before)
    groups["groups"]["reviewers"] = {"users": ["bob"]}
    try:
        file.write_text(yaml.safe_dump(groups))
        refused(page, number, "pending", "reviewed")
    finally:
        file.write_text(before)
    assert page.run("account", number).outcome == "pass"


def test_rules_that_were_made_milder_since(page):
    """The verdict was given under others: there is none, until what is merged is planned and judged again."""
    number = merged(page, "milder")
    file = Path(page.controller, "deployment-rules.yaml")
    before = file.read_text()
    rules = yaml.safe_load(before)
    rules["limits"]["parallelism"] = 3
    try:
        file.write_text(yaml.safe_dump(rules))
        refused(page, number, "pending", "given under other rules")
    finally:
        file.write_text(before)


def test_an_override_that_is_written_after_the_merge(page):
    number = merged(page, "late", "fail")
    page.forge.clock.advance(2)
    page.hosted.comment(number, "dave", "OVERRIDE: it is merged anyway")
    refused(page, number, "fail", "policy")


@pytest.mark.parametrize("why", ["of a key of theirs", "of another branch", "of other trees"])
def test_a_merge_decision_that_somebody_puts_into_the_store(page, why):
    branch = why.replace(" ", "-")
    number = page.hosted.pull(branch)
    page.run("pass", number)  # nobody has approved it
    by_hand(page, number)
    pull = page.pull(number)
    tree, ref = "sha256:" + "2" * 64, "prod" if why == "of another branch" else "dev"
    said = {
        "repository": {"id": pull.repo_id, "name": REPO}, "pr": number, "base": {"ref": ref, "sha": "b" * 40},
        "head": {"ref": branch, "sha": pull.head.sha}, "commit": pull.merge_commit,
        "trees": {f"S3/{branch}": tree}, "verdict": {"sequence": 1, "digest": tree, "result": "passed"},
        "keys": [f"S3/{ref}/{branch}/terraform.tfstate"], "people": [], "overrides": [], "run": "r", "rules": tree,
        "decision": tree, "merged_at": pull.merged_at,
    }  # fmt: skip
    file = page.folder / f"{branch}.pem"
    key = new_key(str(file)) if why == "of a key of theirs" else page.merge_key()
    envelope = sign(canonical(statement(said)), key)
    data = record.encode("merge", run="r", envelope=json.loads(envelope))
    assert page.store.put_if_absent(keys.merge(REPO, number), data)
    assert page.run("account", number).outcome == "error", "in doubt nothing is applied"
    assert page.run("apply", number).outcome == "error"


@pytest.mark.parametrize("how", ["forget", "leave"])
def test_whoever_says_that_a_resource_was_refused(page, how):
    """A comment by an outsider starts what looks at gates, and writes nothing that they do not say."""
    number = merged(page, how)
    if how == "leave":
        assert page.run("account", number).outcome == "pass"
    page.run("unapplied", number)
    known = trusted.keys(page.settings.trusted_keys)
    assert ledger.entries(page.store, f"S3/dev/{how}/terraform.tfstate", known) == ()


@pytest.mark.parametrize("who", ["ours", "theirs"])
def test_a_merge_that_was_forced_away_again_is_refused_once_and_not_tried_for_ever(tmp_path, who):
    with running(str(tmp_path / "forge")) as forge:
        page = Page(forge, tmp_path, APPLYING)
        number = page.ready("away")
        page.run("tell", number)
        if who == "ours":
            sha = page.run("merge", number)["github.merge"]["commit"]
        else:
            sha = page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}).body["sha"]
            swept.merged(page.store, REPO, number)  # as sweep would
        before = page.hosted.as_("alice", "GET", f"/commits/{sha}").body["parents"][0]["sha"]
        assert page.hosted.as_("olga", "PATCH", "/git/refs/heads/dev", {"sha": before, "force": True}).status == 200
        done = page.run("apply", number)
        assert (done.outcome, "landed" in done.because) == ("fail", True), done.because
        page.run("unapplied", number)
        page.run("unapplied", number)
        known = trusted.keys(page.settings.trusted_keys)
        entries = ledger.entries(page.store, "S3/dev/away/terraform.tfstate", known)
        assert [(entry.outcome, entry.said["commit"]) for entry in entries] == [("refused", sha)]
