"""Lives of pull requests in a sandbox, from push to what is applied, while somebody else makes trouble.

The module of the controller is exchanged for one of built-in `terraform_data`: real Terraform, real states and locks,
and a life takes a second of Terraform instead of half a minute. What it makes writes its name down, so that what was
done twice stands there twice.
"""

import base64
import itertools
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from functools import partial
from http.client import HTTPException
from typing import Any, NamedTuple

from tests.support.sandbox import Sandbox

REPO = "/repos/acme/dev-deployment"
BOT = "interlock[bot]"
_MAIN = """
terraform {
  backend "s3" {}
}
variable "environment" { type = string }
variable "account" { type = string }
variable "region" { type = string }
variable "emulator" {
  type    = bool
  default = false
}
"""
_SERVICE = """
variable "s3_buckets" { type = map(any) }
resource "terraform_data" "this" {
  for_each = var.s3_buckets
  input    = jsonencode(each.value)
  provisioner "local-exec" {
    command = "sleep 0.3; echo ${each.key} >> EFFECTS"
  }
}
"""
_TFVARS = 'environment = "development"\n\ns3_buckets = {\n  "acme-dev-NAME" = {\n    tags = { Team = "a" }\n  }\n}\n'
_PULLS = """
SELECT number, head_ref AS branch, head_sha AS head, merged,
  EXISTS (SELECT 1 FROM issue_labels JOIN labels ON labels.id = label WHERE issue = pulls.id AND name = 'opa-passed')
    AS passed,
  (SELECT state FROM deployments JOIN deployment_statuses ON deployment = deployments.id
    WHERE merged AND sha = merge_commit_sha ORDER BY deployments.id DESC, deployment_statuses.id DESC LIMIT 1)
    AS deployed
FROM pulls ORDER BY number DESC
"""
_LOOK_S, _STUCK_S = 0.3, 20.0
_READS_S = 2.5  # before somebody approves: an approval of the verdict's own second is none of it


class Shape(NamedTuple):
    """What is left of a life: of one that nobody disturbed, and of one that somebody did."""

    merged_by: str
    pulls: int  # pull requests of its branch
    merges: int  # commits of the branch that say so
    deployments: tuple[str, ...]  # how each ended
    labels: tuple[str, ...]
    reports: int  # comments of ours that are shown
    made: int  # how often Terraform made it


class Lives:
    """Of one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box, self.pulls = box, dict[str, int]()
        self.effects = os.path.join(box.ready["state"], "effects")
        self._readers = itertools.cycle(("olga", "bob", "carol", "dave", "erin", "oscar"))
        self._approved: set[tuple[int, str]] = set()
        self._seen: dict[tuple[int, str], float] = {}  # when somebody first saw that it passed
        place = os.path.join(box.ready["controller"], "terraform")
        shutil.rmtree(place)
        os.mkdir(place)
        for name, text in (("main.tf", _MAIN), ("s3.tf", _SERVICE), (".terraform.lock.hcl", "# none is needed\n")):
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                file.write(text.replace("EFFECTS", self.effects))

    def sweep(self) -> None:
        """The clock strikes until all is seen: the first sweep only looks, so what is lost before it is lost."""

        def swept() -> bool:
            self.box.control("POST", "tick")
            self.settle()
            return any(
                run["event"] == "schedule" and run["exit_code"] == 0 for run in self.box.control("GET", "runs")[1]
            )

        _until(swept)

    def begin(self, *names: str) -> None:
        """Somebody pushes a branch for each, until GitHub takes it."""
        for name in names:
            _until(partial(self._push, name))

    def live(self, names: Iterable[str], *, within_s: float, between: Callable[[], None] = lambda: None) -> None:
        """People do what they are asked until all of it is applied; `between` is called all the time.

        The clock strikes where nothing has moved for a while, as it does every few minutes in the world.
        """
        end, moved, seen = time.monotonic() + within_s, time.monotonic(), ""
        left = set(names)
        while left:
            between()
            pulls = self._pulls()
            states = {name: self._step(name, pulls) for name in sorted(left)}
            left -= {name for name, state in states.items() if state == "applied"}
            if str(states) != seen:
                moved, seen = time.monotonic(), str(states)
            elif time.monotonic() - moved > _STUCK_S:
                moved = time.monotonic()
                self._approved.clear()  # who has approved and sees that it still waits does so again
                self.box.control("POST", "tick")
            assert time.monotonic() < end, (states, self.tail())
            time.sleep(_LOOK_S)

    def shape(self, name: str) -> Shape:
        """What is left of one."""
        number = self.pulls[name]
        pull = self._asked(f"/pulls/{number}")
        commits = self._asked("/commits?sha=dev&per_page=100")
        deployments = self._asked(f"/deployments?sha={pull['merge_commit_sha']}")
        ended = [self._asked(f"/deployments/{one['id']}/statuses")[0]["state"] for one in deployments]
        comments = [
            one for one in self._asked(f"/issues/{number}/comments?per_page=100") if one["user"]["login"] == BOT
        ]
        try:
            with open(self.effects, encoding="utf-8") as file:
                made = file.read().split().count(f"acme-dev-{name}")
        except FileNotFoundError:
            made = 0
        return Shape(
            (pull["merged_by"] or {}).get("login", ""),
            len(self._asked(f"/pulls?state=all&head=acme:{name}")),
            sum(f"Merge pull request {number} into" in one["commit"]["message"] for one in commits),
            tuple(ended),
            tuple(sorted(label["name"] for label in pull["labels"])),
            len(comments),
            made,
        )

    def settle(self, timeout_s: float = 300) -> None:
        """Wait until nothing goes."""
        status, said = self.box.control("POST", "idle", timeout_s=timeout_s)
        assert status == 200, (said, self.tail())

    def tail(self) -> list[Mapping[str, Any]]:
        """The last runs, for whoever reads why a test has failed."""
        return [{**run, "log": run["log"][-600:]} for run in self.box.control("GET", "runs")[1][-4:]]

    def unhandled(self) -> list[Any]:
        """Deliveries that serve has answered and that have not led to one end each; and runs that have none."""
        folder = self.box.ready["state"]
        with sqlite3.connect(os.path.join(folder, "forge.db")) as forge:
            sent = forge.execute("SELECT DISTINCT guid FROM deliveries WHERE status_code = 202").fetchall()
        with self._inbox() as inbox:
            kept = dict(inbox.execute("SELECT id, state FROM deliveries"))
            runs = inbox.execute("SELECT run, delivery, state, reason FROM runs").fetchall()
        lost = [("not kept", guid) for (guid,) in sent if guid not in kept]
        lost += [one for one in kept.items() if one[1] not in ("done", "kept", "superseded")]
        lost += [run for run in runs if run[2] not in ("done", "superseded")]
        of_runs = [run[1] for run in runs if run[1]]
        return lost + [("twice", one) for one in set(of_runs) if of_runs.count(one) > 1]

    def most_tries(self) -> int:
        """How often in a row a run that goes was begun."""
        with self._inbox() as inbox:
            sql = "SELECT coalesce(max(tries), 0) FROM runs WHERE state IN ('queued', 'running')"
            return int(inbox.execute(sql).fetchone()[0])

    def _inbox(self) -> sqlite3.Connection:
        return sqlite3.connect(os.path.join(self.box.ready["state"], "serve", "state", "inbox.db"))

    def _push(self, name: str) -> bool:
        status, said = self._ask("GET", f"{REPO}/git/ref/heads/dev")
        if status != 200:
            return False
        ref = {"ref": f"refs/heads/{name}", "sha": said["object"]["sha"]}
        if self._ask("POST", f"{REPO}/git/refs", ref, login="alice")[0] not in (201, 422):
            return False
        text = base64.b64encode(_TFVARS.replace("NAME", name).encode()).decode()
        body = {"message": name, "content": text, "branch": name}
        return self._ask("PUT", f"{REPO}/contents/S3/{name}.tfvars", body, login="alice")[0] in (201, 422)

    def _pulls(self) -> Mapping[str, sqlite3.Row]:
        """The first pull request of each branch, read where the forge keeps it: people look as often as they like, and
        GitHub counts what each of them asks."""
        with closing(sqlite3.connect(f"file:{self.box.ready['state']}/forge.db?mode=ro", uri=True)) as forge:
            forge.row_factory = sqlite3.Row
            return {row["branch"]: row for row in forge.execute(_PULLS)}

    def _step(self, name: str, pulls: Mapping[str, sqlite3.Row]) -> str:
        """How far it is; somebody who is asked to approves it."""
        pull = pulls.get(name)
        if pull is None:
            return "pushed"
        self.pulls[name] = pull["number"]
        if pull["merged"]:
            return {None: "merged", "success": "applied"}.get(pull["deployed"], "applying")
        if not pull["passed"]:
            return "validating"
        head = (pull["number"], pull["head"])
        if time.monotonic() - self._seen.setdefault(head, time.monotonic()) < _READS_S:
            return "validated"
        if head not in self._approved:
            status, _ = self._ask("POST", f"{REPO}/pulls/{pull['number']}/reviews", {"event": "APPROVE"}, login="ann")
            self._approved |= {head} if status == 200 else set()
        return "approved" if head in self._approved else "validated"

    def _ask(self, verb: str, path: str, body: object = None, login: str = "") -> tuple[int, Any]:
        """As somebody, or whoever's turn it is, whose browser may say that it did not work: status 0."""
        try:
            return self.box(verb, path, body, login=login or next(self._readers))
        except (OSError, HTTPException, ValueError):
            return 0, None

    def _asked(self, path: str) -> Any:
        answers: list[Any] = []

        def asked() -> bool:
            status, said = self._ask("GET", REPO + path)
            answers.append(said)
            return status == 200

        _until(asked)
        return answers[-1]


def _until(done: Callable[[], bool]) -> None:
    for _ in range(300):
        if done():
            return
        time.sleep(0.1)
    raise AssertionError("GitHub answers nothing of use")
