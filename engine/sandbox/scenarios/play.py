"""What people do in a story, and what must be seen after it: one set of verbs over GitHub's API and git.

Each verb tells what it does. One that looks waits until nothing goes any more, and a story ends at the first thing that
is not as told.
"""

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.adapters import files, process, settings
from engine.errors import failure
from engine.sandbox import emulator

SOURCE = "acme/dev-deployment"
_SETTLED_S = 900  # a plan on a busy laptop takes its time, and an apply as much
_PASSED, _FAILED, _OVERRIDE = "opa-passed", "opa-failed", "opa-override"
_APP = "interlock[bot]"
_ENVIRONMENT = "development"  # of all that the stories change
_BY_HAND = {"PUT": "makes", "DELETE": "removes"}
_THERE, _REFUSED = 200, 400  # status of HTTP
_LOOK_S = 0.1

Files = Mapping[str, bytes]  # path → content


class Pull(NamedTuple):
    """A pull request of the story."""

    number: int
    branch: str
    base: str
    url: str


class Play:
    """One story on one running sandbox. `ready` is its ready line, `say` tells a line, `folder` is for the clone."""

    def __init__(self, ready: Mapping[str, Any], say: Callable[[str], None], folder: str) -> None:
        self._ready, self._say = ready, say
        self._people = {user["login"]: user for user in ready["users"]}
        self._home = folder
        self._told: set[int] = set()  # pull requests whose page was named
        self._clone = os.path.join(folder, SOURCE.rpartition("/")[2])

    # What people do

    def push(self, login: str, branch: str, change: Files, message: str, *, since: str = "dev") -> Pull:
        """Commit `change` on a branch (a new one begins at the tip of `since`) and push it; its pull request."""
        self._say(f"{login} pushes to {branch}: {message}")
        self._checkout(login, branch, since)
        for path, content in change.items():
            place = os.path.join(self._clone, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            files.write(place, content)
        self._git(login, "add", "--all")
        self._git(login, "commit", "--quiet", f"--message={message}")
        self._git(login, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        self.settle()
        pull = self.opened(branch)
        if pull.number not in self._told:
            self._told.add(pull.number)
            self._say(f"   it is {self._named(pull)} now: {pull.url}\n   {self._more(pull)}")
        return pull

    def approve(self, login: str, pull: Pull) -> None:
        """A review that approves the head of now."""
        self._say(f"{login} approves {self._named(pull)}")
        self._done("POST", f"/pulls/{pull.number}/reviews", {"event": "APPROVE"}, login)

    def comment(self, login: str, pull: Pull, text: str) -> None:
        """A comment on the pull request."""
        self._say(f"{login} comments on {self._named(pull)}: {text.splitlines()[0]}")
        self._done("POST", f"/issues/{pull.number}/comments", {"body": text}, login)

    def lose(self, event: str, action: str) -> None:
        """GitHub loses the next such webhook."""
        self._say(f"GitHub loses a webhook: {event} ({action})")
        self._control("chaos", event=event, action=action, how="lose", count=1)

    def by_hand(self, verb: str, bucket: str, environment: str = _ENVIRONMENT) -> None:
        """Somebody makes (PUT) or removes (DELETE) a bucket beside us, in that environment's account."""
        self._say(f"somebody {_BY_HAND[verb]} the bucket {bucket} by hand, in the account of {environment}")
        place = self._ready["aws"]["environments"][environment]
        url, key = self._ready["aws"]["endpoint_url"], place["access_key_id"]
        for path in (f"/{bucket}?policy", f"/{bucket}") if verb == "DELETE" else (f"/{bucket}",):
            status = emulator.ask(url, verb, path, key)
            self._expect(status < _REFUSED, f"{verb} {path}", f"AWS answers {status}")

    def merge_by_hand(self, login: str, pull: Pull) -> None:
        """Somebody who may pass the rules merges it, whatever its gates say."""
        self._say(f"{login} merges {self._named(pull)} by hand")
        self._done("PUT", f"/pulls/{pull.number}/merge", {"merge_method": "squash"}, login)
        self.settle()

    def kill_amid_apply(self, pull: Pull) -> None:
        """The engine is killed as soon as it applies."""
        end = time.monotonic() + _SETTLED_S
        while time.monotonic() < end:
            found = self._deployments(pull) if self._pull(pull)["merged"] else []
            going = [run for run in self._control_get("runs") if run["state"] == "running" and run["pid"]]
            of_it = [run["pid"] for run in going if run["number"] == pull.number]
            if found and of_it:
                os.kill(of_it[-1], signal.SIGKILL)
                self._say(f"somebody kills the engine (process {of_it[-1]}) while it applies #{pull.number}")
                return
            time.sleep(_LOOK_S)
        self._expect(False, f"#{pull.number} is being applied", "nothing goes")

    def tick(self) -> None:
        """The clock strikes: what is due every few minutes starts now."""
        self._say("the clock strikes, and the sweep looks for what was left lying")
        self._control("tick")

    # What is seen

    def settle(self) -> None:
        """Wait until no delivery waits and no run goes."""
        self._control("idle", timeout_s=_SETTLED_S)

    def opened(self, branch: str) -> Pull:
        """The pull request of the branch."""
        owner = SOURCE.partition("/")[0]
        found = self._asked("GET", f"/pulls?state=all&head={owner}:{branch}", None, "alice")
        self._expect(bool(found), f"a pull request of {branch}", "there is none")
        pull = found[0]
        return Pull(pull["number"], branch, pull["base"]["ref"], pull["html_url"])

    def passed(self, pull: Pull) -> None:
        """Its change passed the policies."""
        self._judged(pull, _PASSED, _FAILED, "success")

    def failed(self, pull: Pull) -> None:
        """It did not."""
        self._judged(pull, _FAILED, _PASSED, "failure")

    def waits(self, pull: Pull) -> None:
        """It is not merged."""
        self.settle()
        self._expect(not self._pull(pull)["merged"], f"#{pull.number} waits", "it is merged")
        title = self._check(pull, "merge")["output"]["title"]
        self._say(f"   {self._named(pull)} is not merged: {title}")

    def merged(self, pull: Pull, *, override: bool = False) -> None:
        """It is merged, by us."""
        self.settle()
        found = self._pull(pull)
        self._expect(found["merged"], f"#{pull.number} is merged", self._why_not(pull))
        self._expect(found["merged_by"]["login"] == _APP, f"{_APP} merges", f"{found['merged_by']['login']} did")
        labels = {label["name"] for label in found["labels"]}
        self._expect((_OVERRIDE in labels) is override, f"{_OVERRIDE}: {override}", f"labels {sorted(labels)}")
        self._say(f"   {self._named(pull)} is merged into {found['base']['ref']} by {_APP}")

    def applied(self, pull: Pull, *buckets: str) -> None:
        """What was merged is applied: GitHub's deployment says so, and AWS has each bucket."""
        self._deployed(pull, "success")
        for name in buckets:
            self._there(name)

    def unapplied(self, pull: Pull, why: str) -> None:
        """It was tried, and is not all applied; its page says why in that word."""
        self._deployed(pull, "failure")
        report = self.report(pull)
        self._expect(why in report, f"the page says `{why}`", report[:200])

    def waits_to_be_applied(self, pull: Pull) -> None:
        """It is merged, and nothing of it was begun."""
        self.settle()
        self._expect(not self._deployments(pull), f"#{pull.number} is not begun", "there is a deployment")
        self._say(f"   {self._named(pull)} is merged, and not applied")

    def says(self, pull: Pull, what: str) -> None:
        """Its page says something, which is pointed out."""
        self.settle()
        self._say(f"   its page says {what}: {pull.url}")

    def board(self) -> None:
        """Where all pull requests are by what they wait for, if the engine has pages."""
        if pages := self._ready.get("engine_url"):
            self._say(f"   and of all pull requests, what they wait for and whom: {pages}/pulls")

    def report(self, pull: Pull) -> str:
        """The text of our newest comment."""
        self.settle()
        said = [one["body"] for one in self._comments(pull) if one["user"]["login"] == _APP]
        self._expect(bool(said), f"a report on #{pull.number}", "there is none")
        return str(said[-1])

    # How

    def _deployments(self, pull: Pull) -> Any:
        sha = self._pull(pull)["merge_commit_sha"]
        return self._asked("GET", f"/deployments?sha={sha}&per_page=100", None, "alice")

    def _deployed(self, pull: Pull, state: str) -> None:
        self.settle()
        found = self._deployments(pull)
        self._expect(len(found) == 1, f"one deployment of #{pull.number}", f"there are {len(found)}")
        [newest, *_] = self._asked("GET", f"/deployments/{found[0]['id']}/statuses", None, "alice")
        said = f"{newest['state']}: {newest['description']}"
        self._expect(newest["state"] == state, f"the deployment to {found[0]['environment']} says {state}", said)
        self._say(f"   deployment to {found[0]['environment']}: {said}")
        self._say(f"   all deployments: {self._ready['url']}/{SOURCE}/deployments")

    def _there(self, bucket: str) -> None:
        """AWS has it, asked as the account that it was made in."""
        place = self._ready["aws"]["environments"][_ENVIRONMENT]
        status = emulator.ask(self._ready["aws"]["endpoint_url"], "HEAD", f"/{bucket}", place["access_key_id"])
        self._expect(status == _THERE, f"the bucket {bucket} is there", f"AWS answers {status}")
        self._say(f"   in AWS, account {place['account']}: arn:aws:s3:::{bucket}")

    def _judged(self, pull: Pull, worn: str, other: str, conclusion: str) -> None:
        self.settle()
        labels = {label["name"] for label in self._pull(pull)["labels"]}
        self._expect(worn in labels and other not in labels, f"#{pull.number} wears {worn}", f"labels {sorted(labels)}")
        check = self._check(pull, "plan")
        self._expect(check["conclusion"] == conclusion, f"the check says {conclusion}", str(check["conclusion"]))
        self._say(f"   {self._named(pull)} has the label {worn}: {check['output']['title']}")

    def _check(self, pull: Pull, name: str) -> Any:
        found = self._pull(pull)
        runs = self._asked("GET", f"/commits/{found['head']['sha']}/check-runs?per_page=100", None, "alice")
        wanted = f"interlock {name}: {found['base']['ref']}"
        newest = [run for run in runs["check_runs"] if run["name"] == wanted]
        self._expect(bool(newest), f"a check {wanted}", "there is none")
        return newest[0]

    def _why_not(self, pull: Pull) -> str:
        check = self._check(pull, "merge")
        return f"it is {self._pull(pull)['state']}; {check['name']}: {check['output']['title']}"

    def _pull(self, pull: Pull) -> Any:
        return self._asked("GET", f"/pulls/{pull.number}", None, "alice")

    def _comments(self, pull: Pull) -> Any:
        return self._asked("GET", f"/issues/{pull.number}/comments?per_page=100", None, "alice")

    def _more(self, pull: Pull) -> str:
        """Where what the engine does about it is shown."""
        pages = self._ready.get("engine_url")
        if pages is None:
            return f"its jobs and their logs: {pull.url}/jobs"
        return f"what it waits for, and what was done: {pages}/pulls/{SOURCE}/{pull.number}"

    @staticmethod
    def _named(pull: Pull) -> str:
        return f"pull request #{pull.number}"

    def _expect(self, holds: bool, told: str, found: str) -> None:
        if not holds:
            raise failure("ENG640", told=told, found=found)

    def _checkout(self, login: str, branch: str, since: str) -> None:
        if not os.path.isdir(self._clone):
            self._git(login, "clone", "--quiet", f"{self._ready['git_url']}/{SOURCE}.git", self._clone, cwd=self._home)
        self._git(login, "fetch", "--quiet", "--prune", "origin")
        there = self._git(login, "branch", "--remotes", "--list", f"origin/{branch}").strip()
        self._git(login, "switch", "--quiet", "--force-create", branch, f"origin/{branch if there else since}")

    def _git(self, login: str, *words: str, cwd: str = "") -> str:
        """As that person: name and address in the commit, the token in no argument and no file."""
        who = self._people[login]
        token = f"Authorization: Basic {_basic('x-access-token', who['token'])}"
        environment = {
            **settings.given(("PATH", "LANG")),
            "HOME": self._home,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self._ready['git_url']}.extraHeader",
            "GIT_CONFIG_VALUE_0": token,
            **{f"GIT_{part}_NAME": login.title() for part in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{part}_EMAIL": who["email"] for part in ("AUTHOR", "COMMITTER")},
        }
        done = process.run(
            ["git", *words], cwd=cwd or self._clone, env=environment, timeout_s=120, install="install git"
        )
        return done.stdout.decode(errors="replace")

    def _done(self, verb: str, path: str, body: object, login: str) -> None:
        self._asked(verb, path, body, login)

    def _asked(self, verb: str, path: str, body: object, login: str) -> Any:
        url = f"{self._ready['api_url']}/repos/{SOURCE}{path}"
        return _answer(verb, url, self._people[login]["token"], body)

    def _control_get(self, word: str) -> Any:
        door = self._ready["control"]
        found = _answer("GET", f"{door['url']}/{word}", door["token"], None)
        return found["runs"] if isinstance(found, dict) else found

    def _control(self, word: str, **body: object) -> Any:
        door = self._ready["control"]
        return _answer("POST", f"{door['url']}/{word}", door["token"], body)


def _basic(user: str, password: str) -> str:
    from base64 import b64encode

    return b64encode(f"{user}:{password}".encode()).decode()


def _answer(verb: str, url: str, token: str, body: object) -> Any:
    """One request to the sandbox on this machine, which has told us its address.

    Raises:
        EngineError: ENG640, it was refused: that is not told.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=verb)  # noqa: S310 - see above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SETTLED_S + 10) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        said = error.read(2000).decode(errors="replace")
        raise failure("ENG640", told=f"{verb} {url}", found=f"status {error.code}: {said}") from error
