"""How a story reaches its sandbox: git and REST as a person, the control door, and the engine at a terminal."""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from engine.adapters import process, settings
from engine.errors import failure

SOURCE = "acme/dev-deployment"
SETTLED_S = 900  # a plan on a busy laptop takes its time, and an apply as much
_TERMINAL_S = 120
_LOOK_S = 0.5  # how soon it is seen how far it is, and that nothing more will come of something
_STEP = re.compile(r"(planned|applied|failed|stopped|skipped|destroyed|waits) .*\(\d+ of \d+\)")  # of one of several
_FAILURES = 2  # of one run, after which a story does not wait for what serve still tries for hours
_NOT_YET = 408  # status of HTTP: it still goes


class Reach:
    """Of one running sandbox; `ready` is its ready line, `folder` is for clones, `ended`: nobody wants more."""

    def __init__(self, ready: Mapping[str, Any], folder: str, ended: Event | None = None) -> None:
        self.ready, self._ended = ready, ended or Event()
        self._people = {user["login"]: user for user in ready["users"]}
        self._home = folder
        self._seen = set[tuple[int, str]]()  # lines of runs
        self._given_up: set[int] | None = None  # runs of serve's that had failed before the story began

    def clone(self, repo: str) -> str:
        """Where the clone of a repository is."""
        return os.path.join(self._home, repo.rpartition("/")[2])

    def checkout(self, login: str, repo: str, branch: str, since: str) -> None:
        """The branch as it is there, or a new one at the tip of `since`."""
        clone = self.clone(repo)
        if not os.path.isdir(clone):
            self.git(login, self._home, "clone", "--quiet", f"{self.ready['git_url']}/{repo}.git", clone)
        self.git(login, clone, "fetch", "--quiet", "--prune", "origin")
        there = self.git(login, clone, "branch", "--remotes", "--list", f"origin/{branch}").strip()
        self.git(login, clone, "switch", "--quiet", "--force-create", branch, f"origin/{branch if there else since}")

    def git(self, login: str, cwd: str, *words: str) -> str:
        """As that person: name and address in the commit, the token in no argument and no file."""
        who = self._people[login]
        token = f"Authorization: Basic {_basic('x-access-token', who['token'])}"
        environment = {
            **settings.given(("PATH", "LANG")),
            "HOME": self._home,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.ready['git_url']}.extraHeader",
            "GIT_CONFIG_VALUE_0": token,
            **{f"GIT_{part}_NAME": login.title() for part in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{part}_EMAIL": who["email"] for part in ("AUTHOR", "COMMITTER")},
        }
        done = process.run(["git", *words], cwd=cwd, env=environment, timeout_s=_TERMINAL_S, install="install git")
        return done.stdout.decode(errors="replace")

    def asked(self, verb: str, path: str, body: object, login: str) -> Any:
        """One request to REST, as somebody; `path` is below `/api/v3`."""
        return _answer(verb, self.ready["api_url"] + path, self._people[login]["token"], body)

    def look(self, word: str) -> Any:
        """What the control door tells."""
        door = self.ready["control"]
        found = _answer("GET", f"{door['url']}/{word}", door["token"], None)
        return found["runs"] if isinstance(found, dict) else found

    def control(self, word: str, **body: object) -> Any:
        """Ask something of the control door."""
        door = self.ready["control"]
        return _answer("POST", f"{door['url']}/{word}", door["token"], body)

    def settle(self, tell: Callable[[str], None]) -> None:
        """Wait until no delivery waits and no run goes; of how far several resources are each line is told.

        Raises:
            EngineError: ENG640, what was begun fails again and again, or comes to no end.
            KeyboardInterrupt: nobody wants more.
        """
        if self._given_up is None:
            self._given_up = {run["id"] for run in self.look("runs") if _has_failed(run)}
        end = time.monotonic() + SETTLED_S
        while not (idle := self._idle())["idle"]:
            if self._ended.is_set():
                raise KeyboardInterrupt
            self._follow(self.look("runs"), tell)
            if time.monotonic() >= end:
                goes = f"{idle['deliveries']} deliveries and {idle['runs']} runs under way"
                raise failure("ENG640", told=f"rest within {SETTLED_S} seconds", found=goes)
        self._follow(self.look("runs"), tell)

    def _idle(self) -> Any:
        door = self.ready["control"]
        return _answer("POST", f"{door['url']}/idle", door["token"], {"timeout_s": _LOOK_S}, also=_NOT_YET)

    def _follow(self, runs: Any, tell: Callable[[str], None]) -> None:
        for run in runs:
            for line in (run["log"] or "").splitlines():
                if (run["id"], line) not in self._seen and _STEP.search(line) and "of 1)" not in line:
                    self._seen.add((run["id"], line))
                    tell(f"     {line.strip()}")
            told = f"{run['event']} of {run['repository']} to be carried out"
            if run["state"] == "queued" and run.get("failures", 0) >= _FAILURES:
                raise failure("ENG640", told=told, found=f"{run['failures']} tries that failed: {run['reason']}")
            if _has_failed(run) and run["id"] not in (self._given_up or ()):
                raise failure("ENG640", told=told, found=f"that it failed: {run['reason']}")

    def engine(self, *words: str) -> Any:
        """What a command of the engine prints as JSON, at a terminal with the ready line's `environ`."""
        environment = {**settings.given(("PATH", "HOME", "LANG")), **self.ready["environ"]}
        command = [sys.executable, "-m", "engine.cli.main", *words, "--json"]
        done = process.run(command, cwd=self._home, env=environment, timeout_s=_TERMINAL_S)
        return json.loads(done.stdout)


def _basic(user: str, password: str) -> str:
    from base64 import b64encode

    return b64encode(f"{user}:{password}".encode()).decode()


def _answer(verb: str, url: str, token: str, body: object, also: int = 0) -> Any:
    """One request to the sandbox on this machine, which has told us its address.

    Raises:
        EngineError: ENG640, it was refused, and not with the status `also`: that is not told.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=verb)  # noqa: S310 - see above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=SETTLED_S + 10) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        if error.code == also:
            return json.loads(error.read())
        said = error.read(2000).decode(errors="replace")
        raise failure("ENG640", told=f"{verb} {url}", found=f"status {error.code}: {said}") from error


def _has_failed(run: Mapping[str, Any]) -> bool:
    """For good; a job of CI has no tries, and what it came to stands on the page."""
    return "failures" in run and run["state"] == "failed"
