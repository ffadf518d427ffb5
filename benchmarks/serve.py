"""`engine serve` behind a sandbox's webhooks: from a webhook to the first thing that somebody sees, and a backlog.

First effect: from the answer to a push of a branch until its pull request is there, which takes the whole way (signed
delivery, inbox, dispatcher, queue, run, GitHub); and from a push to an open one until its check says that it plans. Of
each: until its run begins, from there on, and the seconds of processor that serve's two processes took, which mean
something on a machine that has other work, too. Backlog: signed deliveries that start nothing, from the last answer
until none of them waits. Nothing else goes meanwhile. Budgets: 1 s at the median for the first effects, 60 s for a
backlog of 5,000. Terraform is real, and the module small, so that all of it takes about a minute.

    python benchmarks/serve.py [PUSHES [DELIVERIES]]
"""

import base64
import hmac
import http.client
import json
import os
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EFFECT_S, BACKLOG_S = 1.0, 60.0
_REPO = "/repos/acme/dev-deployment"
_TFVARS = 'environment = "development"\n\ns3_buckets = {\n  "acme-dev-NAME" = {\n    tags = { Team = "WHO" }\n  }\n}\n'
_LOOK_S, _PATIENCE_S = 0.02, 120.0
_FINE_S = 0.001  # the log counts thousandths


class Took(NamedTuple):
    """Seconds of one first effect."""

    all: float
    begun: float  # until its run began
    work: float  # of processor


def main(pushes: int = 5, deliveries: int = 2_000) -> int:
    """Print what was measured; 1 when something is above its budget."""
    from tests.support.lives import Lives
    from tests.support.sandbox import sandbox

    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, sandbox("--state", f"{folder}/state", engine=True) as box:
        Lives(box)  # puts its module there
        opened, planned = [], []
        for number in range(pushes + 1):
            name = f"speed-{number}"
            opened.append(_until(box, partial(_push, box, name, "a", new=True), partial(_pull, box, name)))
            _idle(box)
            planned.append(_until(box, partial(_push, box, name, "b"), partial(_plans, box, name)))
            _idle(box)
        first = _said("push to pull request", opened[1:]) | _said("push to `planning`", planned[1:])
        took = _backlog(box, deliveries)
    most = BACKLOG_S * deliveries / 5_000
    print(f"{f'backlog of {deliveries:,}':24}{took:6.1f} s (budget {most:g} s)")
    if busy > (os.cpu_count() or 1) / 2:
        print(f"the machine had other work (load {busy:.1f}): only seconds of processor mean something")
    return int(first or took > most)


def _said(name: str, took: list[Took]) -> bool:
    whole = float(median(one.all for one in took))
    begun, work = median(one.begun for one in took), median(one.work for one in took)
    parts = f"{begun * 1e3:.0f} until it begins, {(whole - begun) * 1e3:.0f} from there"
    print(f"{name:24}{whole * 1e3:6.0f} ms median (budget {EFFECT_S:g} s): {parts}; {work * 1e3:.0f} ms of processor")
    return whole > EFFECT_S


def _until(box: Any, push: Callable[[], str], done: Callable[[], Any]) -> Took:
    push()
    began, at, work = time.perf_counter(), time.time(), _work(box)
    while not done():
        assert time.perf_counter() - began < _PATIENCE_S, box.control("GET", "runs")[1][-2:]
        time.sleep(_LOOK_S)
    return Took(time.perf_counter() - began, _begun(box, at) - at, _work(box) - work)


def _begun(box: Any, since: float) -> float:
    """When the first run after that began, as the log says."""
    with open(os.path.join(box.ready["state"], "serve", "state", "log", "serve.log"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if '"a run begins"' in line]
    return next(at for line in lines if (at := datetime.fromisoformat(line["at"]).timestamp()) >= since - _FINE_S)


def _work(box: Any) -> float:
    """Seconds of processor that serve's two processes have taken, with those of programs that have ended."""
    folder = os.path.join(box.ready["state"], "serve")
    found = 0
    for pid in (Path(folder, "pid").read_text(), _until_there(Path(folder, "state", "worker.json"))["pid"]):
        found += sum(map(int, Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return found / os.sysconf("SC_CLK_TCK")


def _until_there(path: Path) -> Any:
    while not path.exists():
        time.sleep(_LOOK_S)
    return json.loads(path.read_text())


def _push(box: Any, name: str, who: str, *, new: bool = False) -> str:
    """One commit on the branch; its id."""
    if new:
        sha = box("GET", f"{_REPO}/git/ref/heads/dev")[1]["object"]["sha"]
        box("POST", f"{_REPO}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha}, login="alice")
        _idle(box)
    path = f"{_REPO}/contents/S3/{name}.tfvars"
    status, there = box("GET", f"{path}?ref={name}")
    text = base64.b64encode(_TFVARS.replace("NAME", name).replace("WHO", who).encode()).decode()
    body = {"message": name, "content": text, "branch": name, **({"sha": there["sha"]} if status == 200 else {})}
    status, said = box("PUT", path, body, login="alice")
    assert status in (200, 201), said
    return str(said["commit"]["sha"])


def _pull(box: Any, name: str) -> Any:
    return box("GET", f"{_REPO}/pulls?head=acme:{name}")[1]


def _plans(box: Any, name: str) -> bool:
    """Does a check of ours stand on its head?"""
    head = box("GET", f"{_REPO}/git/ref/heads/{name}")[1]["object"]["sha"]
    return bool(box("GET", f"{_REPO}/commits/{head}/check-runs")[1]["check_runs"])


def _idle(box: Any) -> None:
    status, said = box.control("POST", "idle", timeout_s=600)
    assert status == 200, said


def _backlog(box: Any, count: int) -> float:
    """Seconds from the last answer until none waits."""
    secret, where = box.ready["webhook_secret"].encode(), urlsplit(box.ready["engine_url"]).netloc
    repo = next(one for one in box.ready["repositories"] if one["kind"] == "source")
    connection = http.client.HTTPConnection(where, timeout=60)
    for number in range(count):
        about = {"id": repo["id"], "full_name": repo["full_name"]}
        body = json.dumps({"action": "created", "repository": about, "installation": {"id": 1}, "n": number}).encode()
        signed = "sha256=" + hmac.new(secret, body, "sha256").hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signed}
        headers |= {"X-GitHub-Event": "star", "X-GitHub-Delivery": str(uuid.uuid4())}
        connection.request("POST", "/webhooks", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
    began = time.perf_counter()
    with sqlite3.connect(os.path.join(box.ready["state"], "serve", "state", "inbox.db")) as inbox:
        while inbox.execute("SELECT count(*) FROM deliveries WHERE state = 'waiting'").fetchone()[0]:
            assert time.perf_counter() - began < 10 * BACKLOG_S
            time.sleep(0.05)
        kept = inbox.execute("SELECT count(*) FROM deliveries WHERE event = 'star' AND state = 'kept'").fetchone()[0]
    assert kept == count, f"{kept} of {count} are kept"
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
