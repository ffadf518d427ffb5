"""The sandbox's forge: how soon it is ready, how long a request takes, and whether 200 pull requests slow it down.

Budgets: ready within 1.5 s (the median of some starts), a request within 10 ms (the median of a mix as the engine asks
it, over one connection), and at most 1.5 times what it took with ten pull requests once there are 200.

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
FEW, MANY, ROUNDS = 10, 200, 40
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
    seconds = []
    for _ in range(starts + 1):
        with sandbox() as (taken, _ready):
            seconds.append(taken)
    start = median(seconds[1:])  # the first only writes bytecode
    with sandbox() as (_, ready):
        ask = Asking(ready, "alice")
        _pull_requests(ready, ask, 1, FEW)
        few = _each(ask)
        _pull_requests(ready, ask, FEW + 1, MANY)
        many = _each(ask)
    typical = median(time for times in few.values() for time in times)
    ratios = {name: median(many[name]) / median(few[name]) for name in few}
    print(f"ready after          {start * 1e3:7.0f} ms (budget {READY_S * 1e3:.0f})")
    print(f"a request            {typical * 1e3:7.1f} ms (budget {REQUEST_S * 1e3:.0f})")
    for name, ratio in ratios.items():
        print(
            f"  {name:<28} {median(few[name]) * 1e3:6.1f} ms, with {MANY} pull requests {ratio:4.2f}x (budget {RATIO}x)"
        )
    return int(start > READY_S or typical > REQUEST_S or max(ratios.values()) > RATIO)


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


def _each(ask: Asking) -> dict[str, list[float]]:
    """Seconds of each request, many times, in turns."""
    newest = ask("GET", f"{_REPOSITORY}/pulls?per_page=1")[0]
    number, sha = newest["number"], newest["head"]["sha"]
    requests = {
        "user": ("GET", "/user", None),
        "repository": ("GET", _REPOSITORY, None),
        "pull request": ("GET", f"{_REPOSITORY}/pulls/{number}", None),
        "files of it": ("GET", f"{_REPOSITORY}/pulls/{number}/files", None),
        "reviews of it": ("GET", f"{_REPOSITORY}/pulls/{number}/reviews", None),
        "comments of it": ("GET", f"{_REPOSITORY}/issues/{number}/comments", None),
        "pull request of a branch": ("GET", f"{_REPOSITORY}/pulls?head=acme:{newest['head']['ref']}&state=open", None),
        "ten pull requests": ("GET", f"{_REPOSITORY}/pulls?per_page=10", None),
        "commit": ("GET", f"{_REPOSITORY}/commits/{sha}", None),
        "comment": ("POST", f"{_REPOSITORY}/issues/{number}/comments", {"body": "A comment."}),
    }
    found: dict[str, list[float]] = {name: [] for name in requests}
    for at in range(ROUNDS + 2):
        for name, request in requests.items():
            begin = time.perf_counter()
            ask(*request)
            if at > 1:
                found[name].append(time.perf_counter() - begin)
    return found


def _git(folder: str, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
