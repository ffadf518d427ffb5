"""A merge that is to be applied, by processes that can be killed: `python -m tests.support.merged FILE`.

Its module has nothing but built-in `terraform_data`, its states are in the real S3 backend on the emulator, and its
store is a directory. What the gates have decided (verdict, merge decision) is given, as they would hand it over.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.sealed import SealingKey
from engine.adapters.storage.directory import Directory
from engine.adapters.storage.port import Store
from engine.adapters.terraform.backend import Backend
from engine.adapters.terraform.workspace import Workspace, prepare
from engine.core.canonical import digest
from engine.core.kept.journal import Identity
from engine.core.kept.ledger import Entry
from engine.core.plan.digest import key_id
from engine.core.resources.model import Resource
from engine.core.rules.model import Limits
from engine.core.schedule.graph import Graph
from engine.core.signature import TrustedKeys
from engine.core.verdict.check import Believed
from engine.core.verdict.statement import build
from engine.run.applying.every import apply_all
from engine.run.applying.model import Applying, Judge, Subject, Target
from engine.run.audit import Numbered, Trail
from engine.run.context import Work
from engine.run.kept import ledger
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
from engine.run.planning import Planning, plan_all
from engine.sandbox.emulator import Emulator
from tests.support.signing import ABOUT, MADE_FROM, NOW, signer, trusted
from tests.support.terraform import a_job, a_setup

MODULE = """
terraform {
  backend "s3" {}
}
variable "environment" { type = string }
variable "account" { type = string }
variable "region" { type = string }
variable "emulator" { type = bool }
variable "things" {
  type    = map(object({ input = string, run = optional(string, "true"), follows = optional(string) }))
  default = {}
}
variable "secrets" {
  type      = map(string)
  sensitive = true
  default   = {}
}
resource "terraform_data" "thing" {
  for_each         = var.things
  input            = each.value.input
  triggers_replace = each.value.input
  provisioner "local-exec" {
    command = each.value.run
  }
}
# What it is made of is known once the thing that it follows is made.
resource "terraform_data" "after" {
  for_each = { for name, thing in var.things : name => thing.follows if thing.follows != null }
  input    = terraform_data.thing[each.value].id
}
"""
KEY = b"d" * 32
LIMITS = Limits(parallelism=4, lock_timeout_s=0)
REPOSITORY = {"id": 99, "name": "acme/dev-deployment"}
COMMIT = "c" * 40
_DECIDED: dict[str, Any] = {"asked": "sha256:0", "stance": {}}


def passes(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Policies that deny nothing."""
    return {"findings": [], "judged": [row["path"] for row in rows], "doubts": []}


class Impatient(Backend):
    """One that Terraform asks once more where it fails: five times take it half a minute."""

    def settings(self, state_key: str, account: str, region: str) -> Mapping[str, Any]:
        return {**super().settings(state_key, account, region), "max_retries": 2}


class Machine:
    """Where engines run: a cache of their own, the same backend and store."""

    def __init__(self, root: Path, aws: Mapping[str, Any], cache: str = "cache", **more: Any) -> None:
        module = root / "module"
        if not module.exists():
            module.mkdir()
            (module / "main.tf").write_text(MODULE)
        self.root, self.aws, self.cache = root, aws, cache
        self.module: str = more.get("module") or str(module)
        setup = a_setup(
            None,
            module=self.module,
            cache_dir=str(root / cache),
            backend=Impatient(aws["bucket"], emulator=True),
            credentials=aws["credentials"],
        )
        self.workspace: Workspace = prepare(setup)
        self.out = root / "out"
        self.out.mkdir(exist_ok=True)

    def elsewhere(self, cache: str) -> "Machine":
        """Another one, that has nothing of what is here."""
        return Machine(self.root, self.aws, cache)

    @property
    def store(self) -> Store:
        return Directory(str(self.root / "store"), durable=True)

    def work(self, run: str) -> Work:
        """That of one run; nobody watches it."""
        out = self.out / run
        out.mkdir(exist_ok=True, mode=0o700)
        return Work(str(out), lambda _line: None, lambda _report: None, threading.Event())


class Merged:
    """A merge of some resources: path → things, see `tests.support.applying`."""

    def __init__(self, machine: Machine, resources: Mapping[str, Mapping[str, Any]], **changes: Any) -> None:
        self.machine = machine
        self.commit: str = changes.pop("commit", COMMIT)
        self.pr: int = changes.pop("pr", 7)
        self.behind: list[str] = changes.pop("behind", [])  # commits that lie in it
        self.after: Mapping[str, Sequence[str]] = changes.pop("after", {})  # path → the paths that it comes after
        self.variables: Mapping[str, Any] = changes.pop("variables", None) or {}  # by path, instead of things
        self.resources = {path: self.variables.get(path) or _values(things) for path, things in resources.items()}
        self.limits: Limits = changes.pop("limits", LIMITS)
        self.approved: list[dict[str, Any]] = changes.pop("approved", None) or self.validated()
        self.changes = changes  # of the subject

    def next(self, resources: Mapping[str, Mapping[str, Any]], **changes: Any) -> "Merged":
        """The merge after it."""
        commit = f"{int(self.commit, 16) + 1:040x}"
        behind = [*self.behind, self.commit]
        return Merged(self.machine, resources, commit=commit, pr=self.pr + 1, behind=behind, **changes)

    def planned_as(self, resources: Mapping[str, Mapping[str, Any]]) -> "Merged":
        """The same approvals, and other values: trees and all are as they were approved."""
        other = Merged(self.machine, resources, commit=self.commit, pr=self.pr, approved=self.approved, **self.changes)
        other.approved = [{**row, "tree": other.resource(row["path"]).tree} for row in self.approved]
        return other

    def validated(self) -> list[dict[str, Any]]:
        """What validation has planned, as it does that: the verdict's rows."""
        machine = self.machine
        planning = Planning(machine.workspace, self.limits, None, KEY, machine.aws["credentials"], machine.work("plan"))
        rows = plan_all([(target.resource, target.job) for target in self.targets], planning)
        assert not any(row["problem"] for row in rows), rows
        names = ("path", "service", "name", "state_key", "tree", "plan", "changes", "module")
        return [{name: row[name] for name in names} for row in rows]

    def resource(self, path: str) -> Resource:
        service, name = path.split("/")
        key, values = f"{service}/dev/{name}/terraform.tfstate", self.resources[path]
        return Resource(
            service, name, path, key, "added", "development", f"{path}.tfvars", {}, digest(values), values, {}
        )

    @property
    def verdict(self) -> Believed:
        template = self.machine.workspace.template
        key = self.changes.get("digest_key", key_id(KEY))
        made_from = MADE_FROM._replace(module=template.module_digest, digest_key=key)
        findings, number = self.changes.get("findings", []), self.changes.get("number", 1)
        statement = build(
            ABOUT, self.approved, findings, [], made_from, sequence=number, confirmed_at=NOW, expires_s=604_800
        )
        predicate = statement["predicate"]
        return Believed(predicate["verdict"], predicate["made_from"], "key", digest(statement))

    @property
    def trusted(self) -> TrustedKeys:
        return trusted(purposes=("audit", "verdict", "merge"))

    def entries(self, path: str) -> tuple[Entry, ...]:
        return ledger.entries(self.machine.store, self.resource(path).state_key, self.trusted)

    def outcomes(self, path: str) -> list[str]:
        return [entry.outcome for entry in self.entries(path)]

    def applying(self, run: str, by: str, judge: Judge, **more: Any) -> Applying:
        store: Store = more.pop("store", None) or self.machine.store
        journal = Journal(store, Identity(run, "apply", "acme/dev#7"), Owner(f"{by}.{os.getpid()}", by), None)
        journal.take("again") if journal.start else journal.begin_run(_DECIDED)
        subject = Subject(
            repository=self.changes.get("repository", REPOSITORY),
            pr=self.pr,
            commit=self.commit,
            landed=self.changes.get("landed", True),
            merge="sha256:" + "5" * 64,
            overridden=self.changes.get("overridden", []),
            verdict=self.verdict,
            contains=lambda other: other in (self.commit, *self.behind),
            holders=lambda _key: [*self.behind, self.commit],
            asked=self.changes.get("asked"),
        )
        now = more.pop("now", lambda: NOW)
        fields = {
            "subject": subject,
            "store": store,
            "trusted": self.trusted,
            "signer": signer(),
            "sealing": [SealingKey("backup-1", b"s" * 32)],
            "digest_key": KEY,
            "trail": Trail(Numbered(store), run, now, signer=signer()),
            "journal": journal,
            "locks": None,
            "step": "apply",
            "workspace": self.machine.workspace,
            "limits": self.limits,
            "credentials": self.machine.aws["credentials"],
            "work": self.machine.work(run),
            "judge": judge,
            "run": run,
            "now": now,
            "graph": self.graph,
        }
        return Applying(**{**fields, **more})

    def apply(self, run: str = "r1", by: str = "me", judge: Judge = passes, live: Any = None, **more: Any) -> Any:
        """A run, in this process: path → row."""
        applying = self.applying(run, by, judge, **more)
        return {row["path"]: row for row in apply_all(applying, self.targets, was={}, live=live)["resources"]}

    @property
    def graph(self) -> Graph[str]:
        keys = {path: self.resource(path).state_key for path in self.resources}
        after = {keys[path]: frozenset(keys[other] for other in others) for path, others in self.after.items()}
        return Graph(tuple(keys.values()), after)

    @property
    def targets(self) -> list[Target]:
        return [
            Target(number, self.resource(path), a_job(path, self.resources[path]))
            for number, path in enumerate(self.resources, 1)
        ]

    def process(self, run: str = "r1", cache: str = "cache") -> "subprocess.Popen[str]":
        """The same, in a process of its own, which says what it comes to, a line for each."""
        file = self.machine.root / f"{run}.json"
        said = {
            "root": str(self.machine.root), "aws": dict(self.machine.aws), "cache": cache, "run": run,
            "resources": {path: values.get("things", {}) for path, values in self.resources.items()},
            "variables": self.variables, "module": self.machine.module,
            "approved": self.approved, "commit": self.commit, "pr": self.pr, "behind": self.behind, "after": self.after,
            **self.changes,
        }  # fmt: skip
        file.write_text(json.dumps(said))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.merged", str(file)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def _values(things: Mapping[str, Any]) -> dict[str, Any]:
    rows = {name: {"input": one} if isinstance(one, str) else dict(one) for name, one in things.items()}
    secrets = {name: row.pop("secret") for name, row in rows.items() if "secret" in row}
    return {"things": rows, **({"secrets": secrets} if secrets else {})}


@pytest.fixture
def place(tmp_path: Path, aws: Emulator) -> Machine:
    """Where merges are applied."""
    return Machine(tmp_path, given(aws))


@pytest.fixture
def merge(place: Machine, request: pytest.FixtureRequest) -> Callable[..., Merged]:
    """Makes a merge of one resource with these things, or of several; their states are this test's own."""
    own = f"n{digest([request.node.nodeid, str(place.root)])[7:19]}"

    def made(*several: Mapping[str, Any], **things: Any) -> Merged:
        resources = {f"X/{own}-{n}": one for n, one in enumerate(several)} or {f"X/{own}": things.pop("things", things)}
        return Merged(place, resources)

    return made


def given(aws: Emulator) -> dict[str, Any]:
    """What a process is told of the emulator."""
    return {"bucket": aws.bucket, "credentials": dict(aws.credentials), "url": aws.url, "region": aws.region}


def main(file: str) -> None:
    """What such a process does."""
    said = json.loads(Path(file).read_text())
    machine = Machine(Path(said.pop("root")), said.pop("aws"), said.pop("cache"), module=said.pop("module"))
    run, resources = said.pop("run"), said.pop("resources")
    merged = Merged(machine, resources, **said)
    print("ready", flush=True)

    def live(rows: list[dict[str, Any]]) -> None:
        print("live", *(row["outcome"] for row in rows), flush=True)

    for path, row in merged.apply(run, f"p{os.getpid()}", live=live).items():
        print("row", path, row["outcome"], row["waits"], (row["problem"] or {}).get("code"), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
