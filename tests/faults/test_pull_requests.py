"""`kill -9` of a real `engine run --event` in the middle of what it does on GitHub; then it goes on, or another comes.

The forge holds the answer to the very request that changes something, until the process is dead: `before`, so that it
never happens, or `after` it has happened, so that nobody was told. What stands on the page in the end is what stands on
that of a twin that nobody has killed.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from engine.errors import EngineError
from engine.sandbox.forge.serve import running
from tests.support.clone import bucket
from tests.support.hosted import REPO
from tests.support.machine import ended
from tests.support.page import Page
from tests.support.sandbox import ENGINE

pytestmark = pytest.mark.slow

HELD: dict[str, dict[str, Any]] = {"before": {"status": 503}, "after": {"after_effect": True}}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder)


def begun(page, pipeline, body, name, run, *more):
    """A process of its own, as a job of GitHub Actions starts it."""
    file = page.folder / f"{run}.json"
    file.write_text(json.dumps(body))
    words = ["run", "--event", str(file), "--event-name", name, "--pipeline", pipeline, "--rules", page.controller]
    return subprocess.Popen(
        [ENGINE, *words, "--run", run, "--out", str(page.folder / f"out-{run}"), *more],
        env={**page.environ, "ENGINE_EMULATOR": "1", "ENGINE_CLOCK_AHEAD_S": str(page.forge.clock.ahead_s)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed(page, pipeline, body, name, run, held, done):
    """Its process, killed while the forge holds that request; `done`: has it happened?"""
    method, path, point = held
    page.fault(method=method, path=path, count=1, delay_s=60, **HELD[point])
    process = begun(page, pipeline, body, name, run)
    try:
        end = time.monotonic() + 60
        while page.forge.faults.left or (point == "after" and not done()):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, "it never came there"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    finally:
        page.fault(method=method, path=path, count=0, delay_s=60)
        said = ended(process)
    assert said.code == -signal.SIGKILL, said


class Case(NamedTuple):
    """One action that writes."""

    pipeline: str
    request: tuple[str, str]  # the one that is held; `{n}` is the pull request
    begin: Callable[[Page, str], tuple[int | None, Any, str]]  # a pull request, an event and its name
    done: Callable[[Page, str, int | None], bool]
    then: str = ""  # the pipeline of the delivery that its effect brings along


def asked(number):
    return {
        "inputs": {"source_repo": REPO, "pr_number": str(number)}, "ref": "refs/heads/main", "workflow": "w",
        "repository": {"full_name": REPO},
    }  # fmt: skip


def judged(page, branch):
    number = page.hosted.pull(branch)
    page.run("pass", number)
    return number, asked(number), "workflow_dispatch"


def approved(page, branch):
    number = page.ready(branch)
    return number, asked(number), "workflow_dispatch"


def elsewhere(page, branch):
    number = page.hosted.pull(branch, base="stage")
    return number, asked(number), "workflow_dispatch"


def pushed(page, branch):
    sha = page.hosted.push(branch, {f"S3/{branch}/{branch}.tfvars": bucket(f"acme-{branch}")})
    event = {
        "ref": f"refs/heads/{branch}", "after": sha, "before": "0" * 40, "deleted": False, "created": True,
        "repository": {"full_name": REPO}, "pusher": {"name": "alice"}, "commits": [], "installation": {"id": 1},
    }  # fmt: skip
    return None, event, "push"


def commanded(page, branch):
    number, _, _ = judged(page, branch)
    said = page.hosted.comment(number, "ann", "/engine status")
    event = {
        "action": "created", "repository": {"full_name": REPO}, "issue": {"number": number, "pull_request": {}},
        "comment": {"id": said, "body": "/engine status", "user": {"id": 1, "login": "ann"}},
    }  # fmt: skip
    return number, event, "issue_comment"


def unaccounted(page, branch):
    """Merged by us; its run came to no end."""
    number = page.ready(branch)
    with page.losing(lambda key: key.startswith("merges/")), suppress(EngineError):
        page.run("merge", number, f"lost-{branch}")
    assert page.pull(number).merged
    assert page.decision(number) is None
    return number, asked(number), "workflow_dispatch"


def has(what):
    return lambda page, branch, number: bool(shape(page, branch, number)[what])


def is_merged(page, _branch, number):
    return page.pull(number).merged


def is_moved(page, _branch, number):
    return page.pull(number).base.ref == "dev"


def is_accounted(page, _branch, number):
    return page.decision(number) is not None


CASES = {
    "open_pull_request": Case("open-pr", ("POST", f"/repos/{REPO}/pulls"), pushed, has("pulls")),
    "open_pull_request, its label": Case("open-pr", ("POST", f"/repos/{REPO}/issues/*/labels"), pushed, has("labels")),
    "retarget": Case("target", ("PATCH", f"/repos/{REPO}/pulls/*"), elsewhere, is_moved),
    "comment": Case("tell", ("POST", f"/repos/{REPO}/issues/*/comments"), judged, has("comments")),
    "label": Case("tell", ("POST", f"/repos/{REPO}/issues/*/labels"), judged, has("labels")),
    "check": Case("tell", ("POST", f"/repos/{REPO}/check-runs"), judged, has("checks")),
    "merge": Case("merge", ("PUT", f"/repos/{REPO}/pulls/*/merge"), approved, is_merged, "closed"),
    "merge, its comment": Case(
        "merge", ("POST", f"/repos/{REPO}/issues/*/comments"), approved, has("comments"), "closed"
    ),
    "reply": Case("answer", ("POST", f"/repos/{REPO}/issues/*/comments"), commanded, has("comments")),
    "request_reviews": Case("ask", ("POST", f"/repos/{REPO}/pulls/*/requested_reviewers"), judged, has("asked")),
    "settle": Case("closed", ("POST", f"/repos/{REPO}/issues/*/comments"), unaccounted, is_accounted),
}  # fmt: skip


def shape(page, branch, number):
    """What there is of each kind, without what is of this one alone."""
    pulls = page.hosted.as_("alice", "GET", f"/pulls?state=all&head=acme:{branch}").body
    if not pulls:
        return {"pulls": [], "labels": []}
    number = number or pulls[0]["number"]
    pull = page.hosted.as_("alice", "GET", f"/pulls/{number}").body
    runs = page.hosted.as_("alice", "GET", f"/commits/{pull['head']['sha']}/check-runs?filter=all").body["check_runs"]
    on_base = page.hosted.as_("alice", "GET", f"/commits?sha={pull['base']['ref']}&per_page=100").body
    return {
        "pulls": [one["base"]["ref"] for one in pulls],
        "labels": sorted(one["name"] for one in pull["labels"]),
        "comments": [one.body.splitlines()[0] for one in page.ours(number)],
        "checks": sorted((run["name"], run["conclusion"], run["output"]["title"]) for run in runs),
        "asked": sorted(one["login"] for one in pull["requested_reviewers"]),
        "merges": sum(f"Merge pull request {number} into" in one["commit"]["message"] for one in on_base),
        "is accounted for": page.decision(number) is not None,
    }


@pytest.fixture(scope="module")
def twins(page):
    """What stands there where nobody was killed, by case."""
    known: dict[str, Any] = {}

    def of(name):
        if name not in known:
            branch = f"twin-{list(CASES).index(name)}"
            number, body, event = CASES[name].begin(page, branch)
            said = ended(begun(page, CASES[name].pipeline, body, event, branch))
            assert said.code == 0, said
            settled(page, CASES[name], number)
            known[name] = shape(page, branch, number)
        return known[name]

    return of


def settled(page, case, number):
    """The delivery that the effect brings along; GitHub sends it whoever has died."""
    if case.then and page.pull(number).merged:
        page.run(case.then, number)


@pytest.mark.parametrize("recovery", ["resume", "another run"])
@pytest.mark.parametrize("point", HELD)
@pytest.mark.parametrize("name", CASES)
def test_kill_9_in_the_middle_of_an_action(page, twins, name, point, recovery):
    case, expected = CASES[name], twins(name)
    branch = f"k-{list(CASES).index(name)}-{point}-{recovery[:1]}"
    number, body, event = case.begin(page, branch)
    method, path = case.request
    killed(page, case.pipeline, body, event, branch, (method, path, point), lambda: case.done(page, branch, number))
    said = None
    if recovery == "resume":
        said = ended(begun(page, case.pipeline, body, event, branch, "--resume"))
    else:
        page.forge.clock.advance(3600)  # a claim that nobody gave back is nobody's any more
        if not (case.then and page.pull(number).merged):  # nothing of it is open to be decided
            said = ended(begun(page, case.pipeline, body, event, f"{branch}-2"))
    settled(page, case, number)
    assert shape(page, branch, number) == expected, said
