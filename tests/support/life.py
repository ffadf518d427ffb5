"""Pull requests in every state that the pages show, with foreign text wherever there is some."""

import os
from typing import Any

from engine.core.audit.record import Said
from engine.core.kept.board import Wait
from engine.core.receipts import Tally
from engine.core.report.progress import Step
from engine.run.kept import board, comments, freezes
from engine.service import steps
from tests.support.board import HEAD, entry, gate
from tests.support.serving import Scene
from tests.support.trail import trail

REPO = "acme/dev-deployment"
EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{7*7}}${7*7}\u202e\u200b&lt;b&gt;"


def everything(scene: Scene, evil: str = "") -> None:
    """`evil` stands in every text of others."""
    mine = {"repo": REPO}
    reviewers = Wait("reviewed", "pending", f"1 more approval from reviewers{evil}", ("ann", f"bob{evil}"))
    security = Wait("security-reviewed", "pending", "2 approvals from security", ("sam", "sue", "steve"))
    causes = [
        {"outcome": "pending", "text": f"environment() == 'production'{evil}", "facts": [
            {"path": f"verdict.environment{evil}", "value": f"production{evil}"}], "causes": [
            {"outcome": None, "text": f"carol's approval does not count: she has pushed{evil}", "facts": [],
             "causes": []}]},
    ]  # fmt: skip
    gates = [
        gate("policy", "pass", because="`verdict.result == 'passed'` holds"),
        gate("reviewed", because=f"1 approval from reviewers: 0 of 1{evil}", causes=causes),
        gate("security-reviewed", because="2 approvals from security: 0 of 2", causes=causes[0]["causes"]),
        gate(f"own{evil}", "not_applicable", because="not asked for, as `risky()` does not hold"),
    ]
    rows: list[tuple[Any, list[Any]]] = [
        (entry(7, title=f"A bucket for the data lake{evil}", author=f"alice{evil}", environment=f"production{evil}",
               detail=f"1 more approval from reviewers; 2 approvals from security{evil}",
               waits=(reviewers, security), base=f"prod{evil}", **mine), gates),
        (entry(8, title="Rotate the keys", words="Failed: ", detail="2 findings deny it, the worst is high",
               validation="failed", waits=(Wait("", "fail", "a push that mends it", ("alice",)),
               Wait("policy", "fail", "or a comment `OVERRIDE: reason`, in 10 characters or more", ("dave", "erin")),
               reviewers), author="alice", since="2026-11-25T12:00:00Z", **mine), gates),
        (entry(9, title="A queue", words="Waiting behind ", detail="acme/dev-deployment#5", waits=(
               Wait("free", "pending", "acme/dev-deployment#5 has S3/dev/data-lake/terraform.tfstate"),), **mine), []),
        (entry(10, title="A topic", words="Stale: validating again", detail="", validation="running", waits=(),
               **mine), []),
        (entry(11, title="A table", words="Failed: ", detail="it could not be judged", validation="error",
               waits=(Wait("policy", "error", "the validation to be repeated"),), **mine), []),
        (entry(12, title="A role", words="Frozen: ", detail=f"the auditors are here{evil}",
               waits=(Wait("not-frozen", "pending", "Deployments are frozen: the auditors are here."),), **mine), []),
        (entry(13, title="A readme", words="Nothing to validate", detail="", validation="nothing", waits=(),
               **mine), []),
        (entry(14, title="Tags", stage="merged", words="Merged into ", detail="dev, 1 of 3 applied", validation="",
               waits=(
            Wait(f"S3/data-lake{evil}", "failed", "Terraform ended in an error before it had changed anything",
                 ("reviewers",), "/engine apply"),
            Wait("SQS/jobs", "stopped", "what would be done now is not what was approved", ("reviewers",),
                 "/engine replan")), **mine), gates),
        (entry(15, title="Merging", detail="the merge, which comes by itself", waits=(), **mine), []),
    ]  # fmt: skip
    for one, its in rows:
        board.keep(scene.store, one, its)
    comments.put_found(scene.store, REPO, 7, "gh-1", 1, _found(evil))
    comments.put_found(scene.store, REPO, 14, "gh-2", 1, _several(evil))
    log = trail(scene.store, "gh-1", lambda: "2026-11-27T11:00:00Z")
    for said in (
        Said("plan", "planned", REPO, 7, "S3/dev/data-lake/terraform.tfstate", f"validation: passed{evil}"),
        Said("decision", "pending", REPO, 7, None, f"merge: reviewed waits{evil}"),
        Said("decision", "pending", REPO, 7, None, f"merge: reviewed waits{evil}"),
        Said("approval", "counted", REPO, 7, None, "counts for reviewed", {"login": f"bob{evil}", "id": 2}),
        Said("merge", "started", REPO, 8, None, "another one"),
    ):
        log.say(said)
    freezes.say(scene.store, freezes.Said("r", "production", True, f"olga{evil}", "2026-11-27T10:00:00Z",
                                          f"the auditors are here{evil}"))  # fmt: skip
    scene.ran(
        "d1", "running", phase=f"planning S3/data-lake{evil}", started_at="2026-11-27T11:59:00Z", pipeline="validate"
    )
    scene.ran("d2", "done", started_at="2026-11-27T11:50:00Z", ended_at="2026-11-27T11:51:00Z", pipeline="merge",
              reason=f"merged{evil}")  # fmt: skip
    scene.ran("d3", "poisoned", reason=f"it has ended the worker three times{evil}", tries=3)
    scene.ran("d4", "queued", reason="another of its pull request goes")
    folder = scene.runs.folder("gh-d1")
    _log(folder, f"planning S3/data-lake{evil}")
    _step(folder, Step(f"S3/data-lake{evil}", "plan", "begun"), "2026-11-27T11:59:30Z")
    scene.delivered("d1", "running")
    scene.delivered("d2", "done")
    scene.delivered("d5", "failed")
    scene.inbox.mark(["d5"], "failed", reason=f"it could not be carried out{evil}")
    scene.delivered("d6", "kept")
    scene.delivered("d7", "waiting")


def _log(folder: str, text: str) -> None:
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "log"), "w", encoding="utf-8") as file:
        file.write("2026-11-27T11:59:00Z validate: 1 resource\n")
        file.write(f"2026-11-27T11:59:01Z   {text}\n")


def _found(evil: str) -> dict[str, Any]:
    lines = [["  # aws_s3_bucket.this will be created", [], ""], [f"+ bucket = {evil}", ["\"acme-lake\""], ""],
             ["~ tags   = ", ["1", f"2{evil}"], ""], ["- acl    = ", ["\"public\""], ""]]  # fmt: skip
    diff = {"address": f'aws_s3_bucket.this["x{evil}"]', "action": "create", "lines": lines}
    row = {"path": f"S3/data-lake{evil}", "service": "S3", "name": "data-lake", "change": "added",
           "state_key": "S3/dev/data-lake/terraform.tfstate", "tree": "t",
           "counts": {"create": 1, "update": 1, "replace": 0, "delete": 1},
           "diffs": [diff], "seconds": 1.5, "problem": None, "changes": [], "plan": "p", "module": "m"}  # fmt: skip
    finding = {"rule": "S3-ENC-001", "severity": "high", "effect": "deny", "message": f"not encrypted{evil}",
               "resource": f"S3/data-lake{evil}", "address": f"aws_s3_bucket.this{evil}", "file": f"S3/x.tfvars{evil}",
               "line": 3, "remediation": f"encrypt it{evil}"}  # fmt: skip
    counts = dict.fromkeys(Tally._fields, 1)
    return {
        "terraform.plan": {"resources": [row], "module": "m", "lock_file": "l", "digest_key": "k"},
        "policy.evaluate": {"findings": [finding, {**finding, "effect": "warn", "severity": "low"}],
                            "judged": [row["path"]], "bundle": "b", "doubts": [],
                            "receipts": {"digest": "sha256:" + "4" * 64, "counts": counts}},
        "verdict.sign": {"result": "failed", "doubts": [], "digest": f"sha256:{HEAD}", "key": "k" * 16, "verdict": {
            "sequence": 1, "signed_at": "2026-11-27T11:00:00Z", "expires_at": "2026-12-04T11:00:00Z",
            "confirmed_at": "2026-11-27T11:00:00Z", "origin": "github", "result": "failed", "environment": "production",
            "branch": "prod", "applies": True, "head_sha": HEAD, "base_ref": "prod", "repo": REPO, "pr": 7}},
        }  # fmt: skip


def _several(evil: str) -> dict[str, Any]:
    """Of three resources, of which one comes after another."""
    found = _found(evil)
    plan = found["terraform.plan"]
    [row] = plan["resources"]
    keys_ = {**row, "path": "KMS/data-key", "service": "KMS", "name": "data-key", "diffs": []}
    jobs = {**row, "path": "SQS/jobs", "service": "SQS", "name": "jobs", "diffs": []}
    return {**found, "terraform.plan": {**plan, "resources": [{**row, "after": ["KMS/data-key"]}, jobs, keys_]}}


def _step(folder: str, step: Step, at: str) -> None:
    with open(os.path.join(folder, "steps"), "a", encoding="utf-8") as file:
        file.write(f"{at} {steps.said(step)}\n")
