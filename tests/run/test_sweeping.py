"""Whole sweeps: the shipped rules, GitHub over HTTP, and what was left lying there."""

import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

import pytest

from engine import data
from engine.adapters.keys import Keyring, new_key
from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.cli.main import main
from engine.core.kept import keys
from engine.errors import ExitCode, failure
from engine.run.actions.sweep import look, share
from engine.run.handled import Again
from engine.run.kept import swept
from engine.run.ports import Ports
from engine.run.request import Asked, Going, Request, Watcher
from engine.run.runner import Ran
from engine.run.sweeping import follow
from engine.sandbox.forge.faults import Fault
from engine.sandbox.forge.serve import running
from tests.support.hosted import REPO, Hosted
from tests.support.trail import trail

TICK = {"schedule": "10m"}


@pytest.fixture
def hosted(tmp_path):
    with running(str(tmp_path / "forge")) as forge:
        (tmp_path / "cache").mkdir()
        yield Hosted(forge, str(tmp_path / "cache"))


@pytest.fixture
def controller(tmp_path):
    """The shipped rules, by which a verdict is only asked for: planning takes a Terraform, and is tried elsewhere."""
    folder = tmp_path / "controller"
    folder.mkdir()
    for name in ("deployment-rules.yaml", "approvers-config.yaml", "specs", "policies", "terraform"):
        source = data.path(name)
        (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, folder / name)
    rules = folder / "deployment-rules.yaml"
    rules.write_text(rules.read_text().replace("renew: validate", "renew: again"))
    (folder / "specs" / "again.yaml").write_text(
        "pipeline: again\ngates: [open]\nactions: [{id: report, uses: report.write}]\n"
    )
    return str(folder)


class Engine:
    """`engine run` with these settings: (exit code, the pipelines of every report, standard error)."""

    def __init__(self, environ, controller, folder, monkeypatch, capfd):
        self.environ, self.controller, self.folder = environ, controller, folder
        self._monkeypatch, self._capfd = monkeypatch, capfd

    def given(self, body, name):
        """The environment of a run of this event, and its words."""
        event = self.folder / "event.json"
        event.write_text(json.dumps(body))
        told = {"GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": name}
        words = ["run", "--rules", self.controller, "--out", str(self.folder / "out"), "--json"]
        return {**self.environ, **told}, words

    def __call__(self, body, name, *more):
        for key in [key for key in os.environ if key.startswith(("GITHUB_", "ENGINE_"))]:
            self._monkeypatch.delenv(key)
        environ, words = self.given(body, name)
        for key, value in environ.items():
            self._monkeypatch.setenv(key, value)
        self._capfd.readouterr()
        code = main([*words, *more])
        printed = self._capfd.readouterr()
        told = [report["pipeline"] for report in json.loads(printed.out)["reports"]] if printed.out else []
        return code, told, printed.err


@pytest.fixture
def engine(hosted, controller, tmp_path, monkeypatch, capfd):
    signer = tmp_path / "merge.pem"
    new_key(str(signer))
    signing = {"ENGINE_MERGE_KEY_FILE": str(signer), "ENGINE_SIGNING_KEY_FILE": str(signer)}
    environ = {**hosted.environ, "ENGINE_STORE": f"dir:{tmp_path}/store?shared=1", **signing}
    return Engine(environ, controller, tmp_path, monkeypatch, capfd)


@pytest.mark.slow
def test_what_was_lost_is_decided_again_once_and_then_rests(hosted, engine):
    number = hosted.pull("lost")
    code, told, err = engine(TICK, "schedule")
    assert (code, told) == (ExitCode.DONE, ["sweep", "merge", "again"]), err
    assert f"{REPO}#{number}: nobody has decided it yet" in err
    code, told, err = engine(TICK, "schedule")
    assert told == ["sweep"], f"nothing is newer: {err}"
    time.sleep(1.1)  # GitHub says in seconds when something was last said or done
    hosted.comment(number, "ann", "Looks good.")  # and its webhook is lost
    code, told, err = engine(TICK, "schedule")
    assert told == ["sweep", "merge", "tell"], f"a verdict is asked for once; now it is told what is missing: {err}"
    assert "something was said or done on it" in err
    said = hosted.as_("ann", "GET", f"/issues/{number}/comments").body
    assert len(said) == 2, "ours is written once"
    engine(TICK, "schedule")  # which sees our own comment
    code, told, err = engine(TICK, "schedule")
    assert told == ["sweep"], err
    assert len(hosted.as_("ann", "GET", f"/issues/{number}/comments").body) == 2


def test_a_branch_whose_push_was_lost_gets_its_pull_request(hosted, engine):
    engine(TICK, "schedule")
    hosted.push("forgotten", {"README.md": "words"})
    code, told, err = engine(TICK, "schedule")
    assert (code, told) == (ExitCode.DONE, ["sweep", "open-pr"]), err
    made = hosted.as_("ann", "GET", "/pulls?state=open").body
    assert [(one["head"]["ref"], one["base"]["ref"]) for one in made] == [("forgotten", "main")]


def test_one_that_breaks_breaks_no_other():
    store = Memory()
    said: list[Any] = []
    decided: list[Any] = []
    rows = [look(REPO, number, "because", word=f"begun/{number}").to_json() for number in (1, 2, 3)]
    for row in rows:
        store.put_if_absent(row["word"], b"x")
    again = Again("sweep", {}, "out", ran=(Ran("sweep", "run.sweep", "done", {"found": rows}),))
    request = Request(b"{}", "event", None, None, ".", "out", None, Asked(), Going("7"))
    watcher = Watcher(said.append, said.append, said.append, said.append)

    def handle(child):
        number = json.loads(child.event)["pr_number"]
        decided.append((number, child.going.run, child.out))
        if number < 3:
            raise failure("ENG552", ref="f", then="a", now="b") if number == 1 else KeyError("hunter2")

    follow([again], request, Ports(store, Keyring({}), lambda: "", trail(store)), watcher, handle)
    assert [number for number, _, _ in decided] == [1, 2, 3]
    assert len({run for _, run, _ in decided}) == len({out for _, _, out in decided}) == 3, "each is a run of its own"
    assert sum("f has moved on" in line for line in said) == 1
    assert not any("hunter2" in line for line in said)
    assert [store.get(row["word"]) for row in rows] == [None] * 3


def test_a_job_that_may_not_do_all_of_it_hands_out_what_was_found():
    store, said, decided = Memory(), list[Any](), list[Any]()
    row = look(REPO, 1, "because", word="begun/1").to_json()
    store.put_if_absent(row["word"], b"x")
    again = Again("sweep", {}, "out", ran=(Ran("sweep", "run.sweep", "done", {"found": [row]}),))
    request = Request(b"{}", "event", None, None, ".", "out", None, Asked(), Going("7", does={"run.sweep"}))
    watcher = Watcher(said.append, said.append, said.append, said.append)
    follow([again], request, Ports(store, Keyring({}), lambda: "", trail(store)), watcher, decided.append)
    assert decided == []
    assert said == [f"{REPO}#1: because; handed out"]
    assert store.get(row["word"]) is None, "a run of its own says that it has begun"


@pytest.mark.parametrize(
    ("why", "repos", "found", "share_"),
    [
        ("one source may have all", 1, 0, 20),
        ("of several none keeps the others from having any", 3, 0, 6),
        ("of what is left", 3, 18, 2),
        ("one each, while there are some", 30, 5, 1),
        ("none is left", 30, 20, 0),
    ],
)
def test_sources_share_what_one_job_hands_out(why, repos, found, share_):
    assert share(20, repos, found) == share_, why


@pytest.mark.slow
def test_one_that_was_killed_while_it_decided_what_it_had_found_goes_on_with_that(hosted, engine, tmp_path):
    """Its own pipeline had ended by then; what the one it was at has claimed, nobody else would give up."""
    number = hosted.pull("cut-off")
    engine.environ |= {"ENGINE_EXECUTOR": str(tmp_path / "executor"), "GITHUB_RUN_ID": "7"}
    faults = hosted.forge.faults
    faults.order_answer(f"/repos/{REPO}/activity", "GET", Fault(delay_s=60), 10)
    environ, words = engine.given(TICK, "schedule")
    program = [sys.executable, "-m", "engine.cli.main", *words]
    with subprocess.Popen(program, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ) as cut_off:
        assert cut_off.stderr is not None
        next(line for line in cut_off.stderr if line.startswith(f"{REPO}#{number}: nobody"))
        cut_off.kill()
    faults.order_answer(f"/repos/{REPO}/activity", "GET", Fault(), 0)
    code, told, err = engine(TICK, "schedule", "--resume")
    assert (code, told) == (ExitCode.DONE, ["merge", "again"]), err
    assert "sweep: this run has ended before" in err


def test_a_run_that_has_ended_leaves_no_word_of_it(hosted, engine, tmp_path):
    number = hosted.pull("word")
    engine({"version": 1, "source_repo": REPO, "event": "look", "pr_number": number}, "repository_dispatch")
    store = Directory(str(tmp_path / "store"), durable=True)
    assert list(swept.begun(store, REPO)) == []
    assert swept.last(store, REPO, number) is not None
    assert len(list(store.list(keys.renewal(REPO, number, "sha256:x").rpartition("/")[0] + "/"))) == 1


def test_what_leads_back_to_a_pipeline_has_it_decided_anew_once(hosted, engine, controller):
    """`merge` waits for a verdict, which leads back to `merge`: told again, it would not know of the verdict."""
    with open(f"{controller}/specs/again.yaml", "a") as file:
        file.write("then: merge\n")
    number = hosted.pull("back")
    _, told, _ = engine(
        {"version": 1, "source_repo": REPO, "event": "look", "pr_number": number}, "repository_dispatch"
    )
    assert told.count("merge") == 2
    assert told.count("again") == 1
