"""`engine sandbox` as a process of its own, as a user starts it."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

ENGINE = os.path.join(os.path.dirname(sys.executable), "engine")


class Sandbox(NamedTuple):
    """A running one, and its ready line."""

    process: "subprocess.Popen[str]"
    ready: Any

    def __call__(self, verb: str, path: str, body: object = None, *, login: str = "olga") -> tuple[int, Any]:
        """Ask REST as somebody."""
        token = next(user["token"] for user in self.ready["users"] if user["login"] == login)
        return asked(verb, self.ready["api_url"] + path, token, body)

    def control(self, verb: str, word: str, **body: object) -> tuple[int, Any]:
        """Ask the control door."""
        door = self.ready["control"]
        return asked(verb, f"{door['url']}/{word}", door["token"], body if verb == "POST" else None)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(180)


@contextmanager
def sandbox(*words: str, engine: bool = False, **environ: str) -> Iterator[Sandbox]:
    """Start one that is ready, with the `engine` on it or without; it ends with the block, if it has not before."""
    command = [ENGINE, "sandbox", "--json", "--tick", "never", *([] if engine else ["--without-engine"]), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ})
    assert process.stdout is not None
    try:
        yield Sandbox(process, json.loads(process.stdout.readline()))
    finally:
        process.terminate()  # a kill would leave its own directory behind
        try:
            process.wait(180)
        finally:
            process.kill()
            process.stdout.close()


def refused(*words: str, **environ: str) -> tuple[int, str]:
    """Start one that does not come up: its exit code, and what it says."""
    command = [ENGINE, "sandbox", "--json", "--without-engine", *words]
    environment = {**os.environ, **environ}
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment, check=False)
    told = json.loads(done.stdout)
    assert (told["status"], told["exit_code"]) == ("error", done.returncode)
    return done.returncode, done.stderr


def asked(verb: str, url: str, token: str, body: object = None) -> tuple[int, Any]:
    """One request; status and JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=verb), timeout=600) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")
