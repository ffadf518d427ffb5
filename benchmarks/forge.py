"""The sandbox's forge: how soon it is ready, how long a request takes, and whether 200 pull requests slow it down.

Budgets: ready within 1.5 s, a request within 10 ms (the median of a mix as the engine asks it, over one connection),
and at most 1.5 times what it took with ten pull requests once there are 200. Where Linux tells it, the processor's time
of the forge and its git is compared instead of the clock's, so that a busy machine does not fail; both are shown.

    python benchmarks/forge.py [STARTS]
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

READY_S, REQUEST_S, RATIO = 1.5, 0.010, 1.5
FEW, MANY, ROUNDS = 10, 200, 100
_ENGINE = os.path.join(os.path.dirname(sys.executable), "engine")
_REPOSITORY = "/repos/acme/dev-deployment"


class Asking:
    """One person, one connection."""

    def __init__(self, ready: Any, login: str) -> None:
        self._prefix = "/api/v3"
        self._connection = http.client.HTTPConnection(ready["url"].partition("//")[2], timeout=60)
        self._token = next(user["token"] for user in ready["users"] if user["login"] == login)

    def __call__(self, verb: str, path: str, body: object = None) -> Any:
        """The answer's JSON; anything but a success is an error."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        self._connection.request(verb, self._prefix + path, data, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status < 300, (verb, path, answer.status, said)
        return json.loads(said) if said else None


@contextmanager
def sandbox() -> Iterator[tuple[float, Any]]:
    """One that is ready: after how many seconds, and its ready line."""
    begin = time.perf_counter()
    with subprocess.Popen([_ENGINE, "sandbox", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            yield time.perf_counter() - begin, ready
        finally:
            process.terminate()


def main(starts: int = 7) -> int:
    """Print what was measured; 1 when a budget is passed."""
    ready_after = []
    for _ in range(starts + 1):
        with sandbox() as (taken, ready):
            ready_after.append((taken, processor_s(ready["pid"]) or taken))
    clock, work = (median(column) for column in zip(*ready_after[1:], strict=True))  # the first writes bytecode
    print(f"ready after   {clock * 1e3:7.0f} ms, processor {work * 1e3:5.0f} ms (budget {READY_S * 1e3:.0f})")
    with sandbox() as (_, ready):
        ask = Asking(ready, "alice")
        _pull_requests(ready, ask, 1, FEW)
        few = _each(ask, ready["pid"])
        _pull_requests(ready, ask, FEW + 1, MANY)
        many = _each(ask, ready["pid"])
    typical, worked = (median(column) for column in zip(*few.values(), strict=True))
    print(f"a request     {typical * 1e3:7.1f} ms, processor {worked * 1e3:5.1f} ms (budget {REQUEST_S * 1e3:.0f})")
    ratios = {name: many[name][1] / few[name][1] for name in few}
    for name, ratio in ratios.items():
        print(
            f"  {name:<26} {few[name][0] * 1e3:6.1f} ms, processor {few[name][1] * 1e3:5.1f} ms; {MANY}: {ratio:4.2f}x"
        )
    slower = sum(seconds for _, seconds in many.values()) / sum(seconds for _, seconds in few.values())
    print(f"with {MANY} pull requests against {FEW}: {slower:4.2f}x (budget {RATIO}x)")
    return int(work > READY_S or worked > REQUEST_S or slower > RATIO)


def processor_s(pid: int) -> float | None:
    """What a process and those of its children that have ended have worked; None where nobody tells."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return None
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _pull_requests(ready: Any, ask: Asking, first: int, last: int) -> None:
    """Branches with one commit each, pushed at once, and a pull request of each."""
    user = next(user for user in ready["users"] if user["login"] == "alice")
    url = f"{ready['git_url']}/acme/dev-deployment.git".replace("://", f"://x-access-token:{user['token']}@")
    with tempfile.TemporaryDirectory() as folder:
        _git(folder, "clone", "--quiet", url, ".")
        for number in range(first, last + 1):
            _git(folder, "switch", "--quiet", "--create", f"change-{number}", "origin/dev")
            with open(os.path.join(folder, f"{number}.txt"), "w", encoding="utf-8") as file:
                file.write(f"{number}\n")
            _git(folder, "add", "--all")
            _git(
                folder,
                "-c",
                "user.name=Alice",
                "-c",
                f"user.email={user['email']}",
                "commit",
                "--quiet",
                "-m",
                "Change",
            )
        _git(folder, "push", "--quiet", "origin", *(f"change-{number}" for number in range(first, last + 1)))
    for number in range(first, last + 1):
        ask("POST", f"{_REPOSITORY}/pulls", {"title": "Change", "head": f"change-{number}", "base": "dev"})


def _each(ask: Asking, pid: int) -> dict[str, tuple[float, float]]:
    """Of each kind of request: seconds by the clock (median), and of the processor (mean)."""
    newest = ask("GET", f"{_REPOSITORY}/pulls?per_page=1")[0]
    number, sha = newest["number"], newest["head"]["sha"]
    requests = {
        "user": ("GET", "/user", None),
        "repository": ("GET", _REPOSITORY, None),
        "pull request": ("GET", f"{_REPOSITORY}/pulls/{number}", None),
        "files of it": ("GET", f"{_REPOSITORY}/pulls/{number}/files", None),
        "reviews of it": ("GET", f"{_REPOSITORY}/pulls/{number}/reviews", None),
        "labels of it": ("GET", f"{_REPOSITORY}/issues/{number}/labels", None),
        "pull request of a branch": ("GET", f"{_REPOSITORY}/pulls?head=acme:{newest['head']['ref']}&state=open", None),
        "ten pull requests": ("GET", f"{_REPOSITORY}/pulls?per_page=10", None),
        "commit": ("GET", f"{_REPOSITORY}/commits/{sha}", None),
        "comment": ("POST", f"{_REPOSITORY}/issues/{number}/comments", {"body": "A comment."}),
    }
    return {name: _measured(ask, pid, request) for name, request in requests.items()}


def _measured(ask: Asking, pid: int, request: tuple[str, str, object]) -> tuple[float, float]:
    ask(*request)
    worked, clock = processor_s(pid), []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        ask(*request)
        clock.append(time.perf_counter() - begin)
    now = processor_s(pid)
    if worked is None or now is None:
        return median(clock), median(clock)
    return median(clock), max(now - worked, 0.001) / ROUNDS


def _git(folder: str, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
