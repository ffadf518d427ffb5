"""The engine on the sandbox's forge: a process for each delivery, in order, started again, and never left behind."""

import base64
import os
import signal

import pytest

from tests.support.receiver import until
from tests.support.sandbox import sandbox
from tests.support.visitor import Visitor

pytestmark = pytest.mark.slow  # each is a sandbox of its own, with runs as processes

REPO = "/repos/acme/dev-deployment"
OWNERS = "of-whoever-has-started-it"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    state = str(tmp_path_factory.mktemp("stage") / "state")
    with sandbox(
        "--actions", "--state", state, engine=True, AWS_SECRET_ACCESS_KEY=OWNERS, GITHUB_TOKEN=OWNERS
    ) as started:
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


def a_branch(box, name, base="dev"):
    """A branch with a new file that is no resource, so that nothing is planned."""
    sha = box("GET", f"{REPO}/git/ref/heads/{base}")[1]["object"]["sha"]
    assert box("POST", f"{REPO}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha}, login="alice")[0] == 201
    write(box, name, "one")


def write(box, branch, words):
    body = {"message": words, "content": base64.b64encode(words.encode()).decode(), "branch": branch}
    assert box("PUT", f"{REPO}/contents/{branch}-{words}.txt", body, login="alice")[0] == 201


def a_pull(box, name):
    """The pull request that the engine opens for a branch."""
    a_branch(box, name)
    idle(box)
    status, found = box("GET", f"{REPO}/pulls?head=acme:{name}")
    assert [one["head"]["ref"] for one in found] == [name], status
    return found[0]["number"]


TOKENS = "/app/installations/{id}/access_tokens"


def hold(box, count=1, seconds=60):
    """The next runs that ask GitHub wait for its answer."""
    box.control("POST", "fault", path=TOKENS, method="POST", delay_s=seconds, count=count)


def let_go(box):
    box.control("POST", "fault", path=TOKENS, method="POST", count=0, delay_s=1)


def held(box, number):
    """The run of this pull request, once it goes."""
    until(lambda: [run for run in runs(box, number=number, state="running") if run["pid"]], 60)
    return runs(box, number=number, state="running")[0]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_runs_of_one_pull_request_go_one_after_another_and_others_beside_them(box):
    idle(box)
    one, other = a_pull(box, "one-after-another"), a_pull(box, "beside")
    idle(box)
    before = len(runs(box))
    hold(box, seconds=8)
    talk(box, one, "first")
    held(box, one)
    talk(box, one, "second")
    talk(box, other, "meanwhile")
    idle(box)
    first, second = [run for run in runs(box, event="issue_comment")[-3:] if run["number"] == one]
    meanwhile = next(run for run in runs(box)[before:] if run["number"] == other)
    assert first["ended_at"] <= second["started_at"]
    assert meanwhile["started_at"] <= first["ended_at"], "it waited for nobody"


def test_a_run_sees_no_credentials_of_whoever_started_the_sandbox(box):
    number = a_pull(box, "credentials")
    idle(box)
    hold(box)
    talk(box, number, "go")
    run = held(box, number)
    with open(f"/proc/{run['pid']}/environ") as file:
        environ = file.read()
    assert OWNERS not in environ
    assert "GITHUB_EVENT_PATH" in environ
    os.kill(run["pid"], signal.SIGKILL)
    idle(box)


def test_one_that_is_killed_is_started_again(box):
    number = a_pull(box, "killed")
    idle(box)
    hold(box)
    talk(box, number, "go")
    first = held(box, number)
    os.kill(first["pid"], signal.SIGKILL)
    idle(box)
    again = next(run for run in runs(box) if run["id"] == first["id"])
    assert (again["state"], again["tries"]) == ("ended", 1)
    assert again["pid"] != first["pid"]
    assert "started again" in again["log"]


def test_one_that_is_killed_each_time_waits_for_the_next_tick(box):
    number = a_pull(box, "lost")
    idle(box)
    hold(box, count=10)
    talk(box, number, "go")
    seen: set[int] = set()
    for _ in range(4):
        until(lambda: {run["pid"] for run in runs(box, number=number, state="running")} - seen - {None}, 60)
        pid = held(box, number)["pid"]
        seen.add(pid)
        os.kill(pid, signal.SIGKILL)
    until(lambda: runs(box, number=number, state="lost"))
    assert len(seen) == 4
    let_go(box)
    idle(box)  # what is lost does not go
    box.control("POST", "tick")
    idle(box)
    assert runs(box, number=number)[-1]["state"] == "ended"


def test_a_newer_head_ends_an_older_validation(box):
    number = a_pull(box, "newer")
    hold(box)
    talk(box, number, "/engine validate")
    older = held(box, number)
    write(box, "newer", "two")
    idle(box)
    assert next(run for run in runs(box) if run["id"] == older["id"])["state"] == "superseded"
    assert not is_alive(older["pid"])
    newest = runs(box, number=number, event="pull_request")[-1]
    assert (newest["id"] > older["id"], newest["state"]) == (True, "ended")


def test_a_tick_starts_each_row_of_the_rules_clock(box):
    file = os.path.join(box.ready["controller"], "deployment-rules.yaml")
    with open(file) as handle:
        before = handle.read()
    try:
        with open(file, "w") as handle:
            handle.write(before.replace("\nevents:\n", "\nevents:\n  - {every: 7m, run: validate}\n"))
        started = box.control("POST", "tick")[1]["started"]
        idle(box)
        assert started == len(runs(box, event="schedule")[-started:]) >= 1
    finally:
        with open(file, "w") as handle:
            handle.write(before)


def test_the_summary_and_the_log_stand_on_the_page_of_the_pull_request(box):
    number = a_pull(box, "page")
    idle(box)
    visitor = Visitor.__new__(Visitor)
    visitor.base, visitor.cookies, visitor.set_cookies = box.ready["url"], {}, []
    alice = next(user["id"] for user in box.ready["users"] if user["login"] == "alice")
    assert visitor.press("/login", "sign-in", account=str(alice)).status == 303
    page = visitor.get(f"/acme/dev-deployment/pull/{number}/jobs")
    assert page.status == 200
    assert [one.strip() for one in page.texts("summary")].count("Log") == len(runs(box, number=number))


def test_what_was_killed_with_the_sandbox_goes_on_with_the_next(tmp_path):
    state = str(tmp_path / "state")
    with sandbox("--actions", "--state", state, engine=True) as first:
        number = a_pull(first, "outlives")
        idle(first)
        hold(first)
        talk(first, number, "go")
        run = held(first, number)
        with open(f"/proc/{run['pid']}/stat") as file:
            supervisor = int(file.read().rpartition(")")[2].split()[1])
        cloud = int((tmp_path / "state" / "aws.port").read_text().split()[1])
        endpoint = first.ready["aws"]["endpoint_url"]
        first.end(signal.SIGKILL)
        until(lambda: not is_alive(run["pid"]) and not is_alive(supervisor))
        assert is_alive(cloud), "it keeps everything in memory"
    with sandbox("--actions", "--state", state, engine=True) as again:
        assert again.ready["aws"]["endpoint_url"] == endpoint
        idle(again)
        assert next(one for one in runs(again) if one["id"] == run["id"])["state"] == "ended"
        assert again.end() == 0
    until(lambda: not is_alive(cloud))
    assert (tmp_path / "state" / "aws.kept").exists()


def test_deliveries_that_were_stored_are_handled_after_the_restart(tmp_path):
    state = str(tmp_path / "state")
    with sandbox("--actions", "--state", state, engine=True) as first:
        number = an_issue(first, "stored")
        idle(first)
        before = len(runs(first))
        for _ in range(5):
            talk(first, number, "more")
        first.end(signal.SIGKILL)
    with sandbox("--actions", "--state", state, engine=True) as again:
        idle(again)
        assert [run["state"] for run in runs(again)[before:]] == ["ended"] * 5
    with sandbox("--actions", "--state", state, "--reset", engine=True) as anew:
        assert runs(anew) == []
