"""What people do in a story, and what must be seen after it: one set of verbs over GitHub's API and git.

Each verb tells what it does. One that looks waits until nothing goes any more, and a story ends at the first thing that
is not as told.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, NamedTuple

from engine.adapters import files
from engine.errors import failure
from engine.sandbox import emulator
from engine.sandbox.scenarios.reach import SETTLED_S, SOURCE, Reach

_PASSED, _FAILED, _OVERRIDE = "opa-passed", "opa-failed", "opa-override"
_APP = "interlock[bot]"
_ENVIRONMENT = "development"  # of all that the stories change
_BY_HAND = {"PUT": "makes", "DELETE": "removes"}
_THERE, _REFUSED = 200, 400  # status of HTTP
_LOOK_S = 0.1

Files = Mapping[str, bytes | None]  # path → content; None: it is removed


class Pull(NamedTuple):
    """A pull request of the story."""

    number: int
    branch: str
    base: str
    url: str
    repo: str = SOURCE

    @property
    def name(self) -> str:
        """As it is told."""
        return f"pull request #{self.number}" + (f" of {self.repo}" if self.repo != SOURCE else "")


class Play:
    """One story on one running sandbox. `ready` is its ready line, `say` tells a line, `folder` is for the clone; once
    `ended` is set it waits for nothing more."""

    def __init__(
        self, ready: Mapping[str, Any], say: Callable[[str], None], folder: str, ended: Event | None = None
    ) -> None:
        self._ready, self._say, self._reach = ready, say, Reach(ready, folder, ended)
        self._told: set[str] = set()  # addresses of pull requests that were named

    # What people do

    def push(
        self, login: str, branch: str, change: Files, message: str, *, since: str = "dev", repo: str = SOURCE
    ) -> Pull:
        """Commit `change` on a branch (a new one begins at the tip of `since`) and push it; its pull request."""
        self._say(
            f"{login} pushes to {branch}: {message}" if repo == SOURCE else f"{login} pushes to {repo}: {message}"
        )
        self._reach.checkout(login, repo, branch, since)
        clone = self._reach.clone(repo)
        for path, content in change.items():
            place = os.path.join(clone, path)
            if content is None:
                os.remove(place)
                continue
            os.makedirs(os.path.dirname(place), exist_ok=True)
            files.write(place, content)
        self._reach.git(login, clone, "add", "--all")
        self._reach.git(login, clone, "commit", "--quiet", f"--message={message}")
        self._reach.git(login, clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        self.settle()
        return self._shown(self.opened(branch, repo))

    def _shown(self, pull: Pull) -> Pull:
        if pull.url not in self._told:
            self._told.add(pull.url)
            self._say(f"   it is {pull.name} now: {pull.url}\n   {self._more(pull)}")
        return pull

    def approve(self, login: str, pull: Pull) -> None:
        """A review that approves the head of now."""
        self._say(f"{login} approves {pull.name}")
        self._asked("POST", pull, "pulls", "/reviews", {"event": "APPROVE"}, login)

    def comment(self, login: str, pull: Pull, text: str) -> None:
        """A comment on the pull request."""
        self._say(f"{login} comments on {pull.name}: {text.splitlines()[0]}")
        self._asked("POST", pull, "issues", "/comments", {"body": text}, login)

    def describe(self, login: str, pull: Pull, text: str) -> None:
        """Somebody writes the description anew."""
        self._say(f"{login} writes into the description of {pull.name}: {text}")
        self._asked("PATCH", pull, "pulls", "", {"body": text}, login)

    def rules(self, why: str, file: str, *pairs: tuple[str, str]) -> None:
        """Whoever keeps the controller changes a file of it, text for text."""
        self._say(f"the platform team changes {file}: {why}")
        place = os.path.join(self._ready["controller"], file)
        text = files.read(place).decode()
        for before, after in pairs:
            self._expect(before in text, f"`{before}` in {file}", "it is not there")
            text = text.replace(before, after)
        files.write(place, text.encode())

    def source(self, repo: str, *people: str) -> None:
        """The organisation's owner makes a repository with the branch `dev`, in which these people write."""
        owner, _, name = repo.partition("/")
        self._say(f"olga makes the repository {repo}")
        self._reach.asked("POST", f"/orgs/{owner}/repos", {"name": name, "auto_init": True}, "olga")
        tip = self._reach.asked("GET", f"/repos/{repo}/git/ref/heads/main", None, "olga")["object"]["sha"]
        self._reach.asked("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/dev", "sha": tip}, "olga")
        for login in people:
            self._reach.asked("PUT", f"/repos/{repo}/collaborators/{login}", {"permission": "push"}, "olga")

    def lose(self, event: str, action: str) -> None:
        """GitHub loses the next such webhook."""
        self._say(f"GitHub loses a webhook: {event} ({action})")
        self._reach.control("chaos", event=event, action=action, how="lose", count=1)

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
        self._say(f"{login} merges {pull.name} by hand")
        self._asked("PUT", pull, "pulls", "/merge", {"merge_method": "squash"}, login)
        self.settle()

    def kill_amid_apply(self, pull: Pull) -> None:
        """The engine is killed as soon as it applies."""
        end = time.monotonic() + SETTLED_S
        while time.monotonic() < end:
            found = self._deployments(pull) if self._pull(pull)["merged"] else []
            going = [run for run in self._reach.look("runs") if run["state"] == "running" and run["pid"]]
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
        self._reach.control("tick")

    # What is seen

    def settle(self) -> None:
        """Wait until no delivery waits and no run goes."""
        self._reach.settle(self._say)

    def opened(self, branch: str, repo: str = SOURCE) -> Pull:
        """The pull request of the branch."""
        owner = repo.partition("/")[0]
        found = self._listed(repo, f"state=all&head={owner}:{branch}")
        self._expect(bool(found), f"a pull request of {branch}", "there is none")
        return self._read(found[0], repo)

    def by_app(self) -> Pull:
        """The newest open pull request that nobody but the App has asked for."""
        found = [one for one in self._listed(SOURCE, "state=open") if one["head"]["ref"].startswith("rollback/")]
        self._expect(bool(found), f"a pull request of {_APP}", "there is none")
        return self._shown(self._read(found[0], SOURCE))

    def _listed(self, repo: str, query: str) -> Any:
        return self._reach.asked("GET", f"/repos/{repo}/pulls?{query}", None, "alice")

    @staticmethod
    def _read(said: Any, repo: str) -> Pull:
        return Pull(said["number"], said["head"]["ref"], said["base"]["ref"], said["html_url"], repo)

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
        self._say(f"   {pull.name} is not merged: {title}")

    def merged(self, pull: Pull, *, override: bool = False) -> None:
        """It is merged, by us."""
        self.settle()
        found = self._pull(pull)
        self._expect(found["merged"], f"#{pull.number} is merged", self._why_not(pull))
        self._expect(found["merged_by"]["login"] == _APP, f"{_APP} merges", f"{found['merged_by']['login']} did")
        labels = {label["name"] for label in found["labels"]}
        self._expect((_OVERRIDE in labels) is override, f"{_OVERRIDE}: {override}", f"labels {sorted(labels)}")
        self._say(f"   {pull.name} is merged into {found['base']['ref']} by {_APP}")

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

    def came_to(self, pull: Pull, wanted: Mapping[str, str]) -> None:
        """Its page says of each resource, by path, what became of it."""
        report = self.report(pull)
        for path, state in wanted.items():
            row = next((line for line in report.splitlines() if line.startswith("| ") and f"`{path}`" in line), "")
            self._expect(f"| {state}" in row, f"{path} is {state}", row or "no row of it")
        self._say("\n".join(f"   {path}: {state}" for path, state in wanted.items()))

    def in_order(self, pull: Pull, *paths: str) -> None:
        """These were begun to be applied one after another, as the audit trail has it."""
        found = self._reach.engine("audit", "show", "--repo", pull.repo, "--pr", str(pull.number))
        begun = [row["key"] for row in found if (row["what"], row["outcome"]) == ("apply", "started")]
        names = [path.removesuffix(".tfvars") for path in paths]
        places = [max((n for n, key in enumerate(begun) if _is_of(key, name)), default=-1) for name in names]
        self._expect(-1 not in places and places == sorted(places), f"the order {' → '.join(names)}", str(begun))
        self._say(f"   in this order, says the audit trail: {' → '.join(names)}")

    def told(self, pull: Pull, words: str) -> None:
        """Its page has these words."""
        report = self.report(pull)
        line = next((line for line in report.splitlines() if words in line), "")
        self._expect(bool(line), f"the page says `{words}`", report[:400])
        self._say(f"   its page says: {line.strip('- ')}")

    def waits_to_be_applied(self, pull: Pull) -> None:
        """It is merged, and nothing of it was begun."""
        self.settle()
        self._expect(not self._deployments(pull), f"#{pull.number} is not begun", "there is a deployment")
        self._say(f"   {pull.name} is merged, and not applied")

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
        return self._of(pull.repo, f"/deployments?sha={sha}&per_page=100")

    def _deployed(self, pull: Pull, state: str) -> None:
        self.settle()
        found = self._deployments(pull)
        self._expect(len(found) == 1, f"one deployment of #{pull.number}", f"there are {len(found)}")
        [newest, *_] = self._of(pull.repo, f"/deployments/{found[0]['id']}/statuses")
        said = f"{newest['state']}: {newest['description']}"
        self._expect(newest["state"] == state, f"the deployment to {found[0]['environment']} says {state}", said)
        self._say(f"   deployment to {found[0]['environment']}: {said}")
        self._say(f"   all deployments: {self._ready['url']}/{pull.repo}/deployments")

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
        self._say(f"   {pull.name} has the label {worn}: {check['output']['title']}")

    def _check(self, pull: Pull, name: str) -> Any:
        found = self._pull(pull)
        runs = self._of(pull.repo, f"/commits/{found['head']['sha']}/check-runs?per_page=100")
        wanted = f"interlock {name}: {found['base']['ref']}"
        newest = [run for run in runs["check_runs"] if run["name"] == wanted]
        self._expect(bool(newest), f"a check {wanted}", "there is none")
        return newest[0]

    def _why_not(self, pull: Pull) -> str:
        check = self._check(pull, "merge")
        return f"it is {self._pull(pull)['state']}; {check['name']}: {check['output']['title']}"

    def _pull(self, pull: Pull) -> Any:
        return self._of(pull.repo, f"/pulls/{pull.number}")

    def _comments(self, pull: Pull) -> Any:
        return self._of(pull.repo, f"/issues/{pull.number}/comments?per_page=100")

    def _more(self, pull: Pull) -> str:
        """Where what the engine does about it is shown."""
        pages = self._ready.get("engine_url")
        if pages is None:
            return f"its jobs and their logs: {pull.url}/jobs"
        return f"what it waits for, and what was done: {pages}/pulls/{pull.repo}/{pull.number}"

    def _expect(self, holds: bool, told: str, found: str) -> None:
        if not holds:
            raise failure("ENG640", told=told, found=found)

    def _of(self, repo: str, path: str) -> Any:
        return self._reach.asked("GET", f"/repos/{repo}{path}", None, "alice")

    def _asked(self, verb: str, pull: Pull, kind: str, path: str, body: object, login: str) -> None:
        self._reach.asked(verb, f"/repos/{pull.repo}/{kind}/{pull.number}{path}", body, login)


def _is_of(key: str, path: str) -> bool:
    """Is it the key of that resource's state, on whatever branch?"""
    service, _, name = path.partition("/")
    return key.startswith(f"{service}/") and f"/{name}/" in key
