"""The engine in the life of a pull request: from push to pull request, and from approval to merge.

Each is one `engine run` as CI starts it, on the events that a real sandbox's GitHub sends, with its store in S3: git,
requests and writes are all in it, no Terraform is. Processor time of the run and its git, against that of
`python -c "import github, boto3"`, which such a run can do nothing without; requests are counted. Budgets: 3 and 4.5
times that (1 s and 1.5 s on a machine where it takes a third).

    python benchmarks/life.py [LIVES]
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUDGETS = {"push to pull request": 3.0, "approval to merge": 4.5}
BARE = (sys.executable, "-c", "import github, boto3")
_REPOSITORY = "acme/dev-deployment"
_BUCKET = 'environment = "development"\n\ns3_buckets = {{\n  "acme-dev-life-{0}" = {{\n    {1}\n  }}\n}}\n'
_TAGS = 'tags = { Team = "analytics" }'
_QUIET_S = 1.0  # without a delivery: none is on its way


class Took(NamedTuple):
    """One run."""

    processor_s: float
    clock_s: float
    requests: int


class Life:
    """One sandbox, whose events come here and are each given to a run of ours, one after another."""

    def __init__(self, ready: Any, folder: str) -> None:
        self._ready, self._folder, self._runs = ready, folder, 0
        self._tokens = {user["login"]: user["token"] for user in ready["users"]}
        self._came: deque[tuple[str, bytes]] = deque()
        self._listen()
        self._git("clone", "--quiet", f"{ready['git_url']}/{_REPOSITORY}.git", "clone")

    def live(self, number: int) -> tuple[Took, Took]:
        """From push to pull request, and from approval to merge."""
        branch, clone = f"life-{number}", os.path.join(self._folder, "clone")
        self._git("fetch", "--quiet", "origin", cwd=clone)
        self._git("switch", "--quiet", "--create", branch, "origin/dev", cwd=clone)
        with open(os.path.join(clone, "S3", f"{branch}.tfvars"), "w", encoding="utf-8") as handle:
            handle.write(_BUCKET.format(number, _TAGS))
        self._git("add", "--all", cwd=clone)
        self._git("commit", "--quiet", "--message", branch, cwd=clone)
        self._git("push", "--quiet", "origin", branch, cwd=clone)
        opened = self._run(*self._next("push"))
        found = self._asked("GET", f"/pulls?head=acme:{branch}", "alice")
        assert found, "the run has opened it"
        self._settle()
        self._asked("POST", f"/pulls/{found[0]['number']}/reviews", "ann", {"event": "APPROVE"})
        merged = self._run(*self._next("pull_request_review"))
        assert self._asked("GET", f"/pulls/{found[0]['number']}", "alice")["merged"], "the run has merged it"
        self._settle()
        return opened, merged

    def _next(self, wanted: str) -> tuple[str, bytes]:
        begin = time.monotonic()
        while not (found := next((one for one in self._came if one[0] == wanted), None)):
            assert time.monotonic() - begin < 120, wanted
            time.sleep(0.02)
        self._came.remove(found)
        return found

    def _settle(self) -> None:
        """Run what comes, until nothing does."""
        quiet = time.monotonic()
        while time.monotonic() - quiet < _QUIET_S:
            if self._came:
                self._run(*self._came.popleft())
                quiet = time.monotonic()
            time.sleep(0.02)

    def _run(self, event: str, body: bytes) -> Took:
        from benchmarks.starts import ENGINE, used

        self._runs += 1
        folder = os.path.join(self._folder, str(self._runs))
        os.mkdir(folder)
        file = os.path.join(folder, "event.json")
        with open(file, "wb") as handle:
            handle.write(body)
        told = {"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": file, "GITHUB_RUN_ID": str(self._runs), "CI": "true"}
        files = {f"GITHUB_{name}": os.path.join(folder, name) for name in ("STEP_SUMMARY", "OUTPUT")}
        environ = {**os.environ, **self._ready["environ"], **told, **files, "ENGINE_CACHE_DIR": self._folder}
        environ["ENGINE_EXECUTOR"] = os.path.join(folder, "executor")
        words = [
            ENGINE,
            "run",
            "--rules",
            self._ready["controller"],
            "--out",
            os.path.join(folder, "out"),
            "--json",
        ]
        processor, clock = used(), time.perf_counter()
        done = subprocess.run(words, env=environ, capture_output=True, check=False)
        processor, clock = used() - processor, time.perf_counter() - clock
        return Took(processor, clock, json.loads(done.stdout or b"{}").get("requests", 0))

    def _listen(self) -> None:
        """The App's webhooks come here instead of to the sandbox's own engine."""
        import jwt

        came = self._came

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                came.append((self.headers["X-GitHub-Event"], self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(202)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        app, now = self._ready["app"], int(time.time())
        with open(app["private_key_file"], "rb") as file:
            claims = {"iss": str(app["id"]), "iat": now - 60, "exp": now + 300}
            token = jwt.encode(claims, file.read(), algorithm="RS256")
        config = {"url": f"http://127.0.0.1:{server.server_address[1]}/", "content_type": "json"}
        _answer("PATCH", f"{self._ready['api_url']}/app/hook/config", token, config)

    def _asked(self, verb: str, path: str, login: str, body: object = None) -> Any:
        return _answer(verb, f"{self._ready['api_url']}/repos/{_REPOSITORY}{path}", self._tokens[login], body)

    def _git(self, *words: str, cwd: str = "") -> None:
        token = base64.b64encode(f"x-access-token:{self._tokens['alice']}".encode()).decode()
        told = {"user.name": "Alice", "user.email": "alice@example.com"}
        told["http.extraHeader"] = f"Authorization: Basic {token}"
        options = [part for name, value in told.items() for part in ("-c", f"{name}={value}")]
        subprocess.run(["git", *options, *words], cwd=cwd or self._folder, check=True, capture_output=True)


def _answer(verb: str, url: str, token: str, body: object) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=verb), timeout=700) as answer:
        return json.loads(answer.read() or b"null")


@contextmanager
def sandbox() -> Iterator[Any]:
    """One with an engine; its ready line."""
    from benchmarks.starts import ENGINE

    command = [ENGINE, "sandbox", "--actions", "--json", "--tick", "never"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def main(lives: int = 5) -> int:
    """Print the ratios; 1 when one is above its budget."""
    from benchmarks.starts import seconds

    with tempfile.TemporaryDirectory() as folder, sandbox() as ready:
        life, bare, found = Life(ready, folder), list[float](), list[tuple[Took, Took]]()
        for number in range(lives + 1):
            bare.append(seconds(BARE, os.environ))
            found.append(life.live(number))
    base = median(bare[1:])
    print(f"{BARE[-1]:24}{base * 1e3:6.0f} ms")
    worst = 0
    for (name, budget), took in zip(BUDGETS.items(), zip(*found[1:], strict=True), strict=True):  # the first: a mirror
        processor, clock, requests = (median(column) for column in zip(*took, strict=True))
        ratio = processor / base
        worst |= ratio > budget
        print(
            f"{name:24}{processor * 1e3:6.0f} ms, clock {clock * 1e3:6.0f} ms, {requests:2.0f} requests   "
            f"{ratio:.2f}x (budget {budget:g}x)"
        )
    return int(worst)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
