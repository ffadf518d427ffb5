"""The engine on the sandbox's forge: a process for each delivery, in order, started again, and never left behind."""

import json
import os
import signal
import time

import pytest

from tests.support.receiver import until
from tests.support.sandbox import sandbox

REPO = "/repos/acme/dev-deployment"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with sandbox("--state", str(tmp_path_factory.mktemp("stage") / "state"), engine=True) as started:
        yield started


def runs(box, **wanted):
    found = box.control("GET", "runs")[1]
    return [run for run in found if all(run[name] == value for name, value in wanted.items())]


def idle(box):
    assert box.control("POST", "idle", timeout_s=120) == (200, {"idle": True})


def an_issue(box, title):
    return box("POST", f"{REPO}/issues", {"title": title})[1]["number"]


def talk(box, number, words):
    status, said = box("POST", f"{REPO}/issues/{number}/comments", {"body": words})
    assert status == 201, said


def test_the_ready_line_says_what_an_engine_lives_on(box):
    ready = box.ready
    assert set(ready["aws"]) == {"endpoint_url", "region", "state_bucket", "environments", "store"}
    accounts = {name: one["account"] for name, one in ready["aws"]["environments"].items()}
    assert accounts == {"development": "111111111111", "staging": "222222222222", "production": "333333333333"}
    assert all(one["access_key_id"] and one["secret_access_key"] for one in ready["aws"]["environments"].values())
    assert sorted(os.listdir(ready["controller"])) == [
        *("approvers-config.yaml", "deployment-rules.yaml", "policies", "specs", "terraform"),
    ]
    assert ready["environ"]["ENGINE_STORE"].startswith("s3:")
    assert os.access(os.path.join(ready["controller"], "deployment-rules.yaml"), os.W_OK)


def test_each_delivery_is_a_run_with_its_log(box):
    number = an_issue(box, "one run")
    talk(box, number, "a comment that starts nothing")
    idle(box)
    run = runs(box)[-1]
    assert (run["event"], run["repository"], run["state"], run["exit_code"]) == (
        *("issue_comment", "acme/dev-deployment", "ended", 0),
    )
    assert run["delivery"]
    assert "nothing to do" in run["log"]


def test_a_run_has_its_row_before_idle_can_miss_it(box):
    number, before = an_issue(box, "idle"), len(runs(box))
    for _ in range(3):
        talk(box, number, "again")
    idle(box)
    now = runs(box)[before:]
    assert [run["state"] for run in now] == ["ended"] * 3


def test_only_kinds_that_a_workflow_could_listen_to_start_anything(box):
    before = len(runs(box))
    assert box("POST", f"{REPO}/labels", {"name": "nobody-listens", "color": "ffffff"})[0] == 201
    idle(box)
    assert len(runs(box)) == before
