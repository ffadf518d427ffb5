"""What an apply came to, by its exit code and by what it said. A program stands in that says and returns anything."""

import json

import pytest

from engine.adapters.terraform.opened import opened
from engine.adapters.terraform.plan import Limits
from engine.adapters.terraform.workspace import prepare
from engine.core.plan.events import Address, Change
from engine.errors import EngineError
from tests.core.plan.test_events import DONE, FAILED, START, SUMMARY, TOPIC, complaint
from tests.support.terraform import a_job

LIMITS = Limits(plan_s=30, lock_s=7, attempts=1)
JOB = a_job("SNS/a", {"sns_topics": {"a": {}}})
LOCKED = complaint(
    "Error acquiring the state lock",
    detail="Lock Info:\n  ID:        5f2a\n  Path:      b/k\n  Operation: OperationTypeApply\n  Who:       ann@laptop\n"
    "  Version:   1.11.4\n  Created:   2026-01-02 03:04:05.6 +0000 UTC\n  Info:      \n",
)


@pytest.fixture
def work(fake, tmp_path):
    """The work directory of a program that has said these lines, and ends so."""

    def make(*lines, end="exit 0", err=""):
        said = b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in lines)
        (tmp_path / "said").write_bytes(said)
        setup = fake(
            plan="echo saved > plan.tfplan; exit 2",
            apply=f"cat {tmp_path}/said; printf '%s' '{err}' >&2; {end}",
            state=f"if [ $2 = pull ]; then cat {tmp_path}/said; else cp $4 {tmp_path}/pushed; fi; {end}",
        )._replace(credentials={"AWS_SECRET_ACCESS_KEY": "hunter2hunter2"})
        one = opened(JOB, prepare(setup), "run")
        assert one.plan(LIMITS).status == "planned"
        return one

    return make


CASES = [
    ("it ends well", [START, DONE, SUMMARY], "exit 0", "applied", None),
    ("there was nothing to do", [SUMMARY], "exit 0", "applied", None),
    ("it ends well and has not counted", [START, DONE], "exit 0", "unknown", "ENG470"),
    ("it ends well in the middle", [START, SUMMARY], "exit 0", "unknown", "ENG470"),
    ("it ends well, and something has failed", [START, FAILED, SUMMARY], "exit 0", "unknown", "ENG470"),
    ("it ends well, and complains", [START, DONE, SUMMARY, complaint("no")], "exit 0", "unknown", "ENG470"),
    ("it ends well, with half a line", [START, DONE, SUMMARY, b'{"type'], "exit 0", "unknown", "ENG470"),
    ("it says nothing at all", [], "exit 0", "unknown", "ENG470"),
    ("it fails", [START, FAILED, complaint("no", TOPIC)], "exit 1", "failed", "ENG410"),
    ("it fails before anything", [complaint("no")], "exit 1", "failed", "ENG410"),
    ("it is locked out", [LOCKED], "exit 1", "failed", "ENG412"),
    ("its plan is stale", [complaint("Saved plan is stale")], "exit 1", "failed", "ENG413"),
    ("it fails in the middle", [START, complaint("no")], "exit 1", "partial", "ENG410"),
    ("it fails after a part", [START, DONE, complaint("no")], "exit 1", "partial", "ENG410"),
    ("it fails and does not say why", [START, DONE], "exit 1", "unknown", "ENG470"),
    ("it fails, with half a line", [START, FAILED, b'{"type\n', complaint("no", TOPIC)], "exit 1", "unknown", "ENG470"),
    ("its state is nowhere", [START, DONE, complaint("Failed to persist state to backend")], "exit 1", "unknown",
     "ENG470"),
    ("it left its state", [START, DONE, complaint("no")], "echo {} > errored.tfstate; exit 1", "partial", "ENG468"),
    ("it left its state and was killed", [START, DONE], "echo {} > errored.tfstate; kill -9 $$", "unknown", "ENG470"),
    ("an exit code that Terraform does not have", [START, DONE, SUMMARY], "exit 7", "unknown", "ENG470"),
    ("it is killed", [START, DONE, SUMMARY], "kill -9 $$", "unknown", "ENG470"),
    ("it panics", [START, b"panic: runtime error\n"], "exit 2", "unknown", "ENG470"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "lines", "end", "outcome", "code"), CASES, ids=[row[0] for row in CASES])
def test_an_outcome(work, why, lines, end, outcome, code):
    with work(*lines, end=end) as one:
        found = one.apply(lambda _: None)
        assert (found.outcome, found.problem and found.problem.code) == (outcome, code), why
        assert found.problem is None or str(found.problem.place) == "SNS/a"
        assert (found.errored is not None) == ("errored" in end)
        assert one.apply(lambda _: None) == found, "as often as one asks"


def test_what_a_program_that_does_not_start_says(work):
    with work(end="exit 127", err="terraform: No such file or directory") as one:
        found = one.apply(lambda _: None)
        assert (found.outcome, found.addresses) == ("failed", {})
        assert "No such file" in found.problem.message


def test_it_waits_for_a_lock_as_long_as_it_is_told(work, tmp_path):
    with work(START, DONE, SUMMARY) as one:
        one.apply(lambda _: None)
    calls = (tmp_path / "answers" / "calls").read_text().splitlines()
    assert calls[-1] == "apply -input=false -json -lock-timeout=7s plan.tfplan"
    assert "-lock-timeout=7s" in next(call for call in calls if call.startswith("plan "))


def test_credentials_are_in_nothing_that_is_told(work):
    error = complaint("hunter2hunter2", TOPIC, detail="hunter2hunter2")
    heard: list[Change] = []
    with work(START, FAILED, error, end="exit 1") as one:
        found = one.apply(heard.append)
    assert "hunter2" not in repr((found, heard))
    assert found.addresses[TOPIC] == Address("create", "failed", 2.0, "(sensitive). (sensitive)", ())


@pytest.mark.parametrize(
    ("why", "said", "code"),
    [
        ("no state", b"{}", "ENG467"),
        ("no JSON", b"Error", "ENG467"),
        ("another form", b'{"version": 3, "serial": 1, "lineage": "a"}', "ENG467"),
    ],
)
def test_a_state_that_makes_no_sense(work, why, said, code):
    with work(said) as one, pytest.raises(Exception, match=code):
        one.state()


def test_what_has_no_account_is_never_opened(fake):
    with pytest.raises(ValueError, match="no account"):
        opened(JOB._replace(nowhere=True), prepare(fake()), "run")


def test_no_state_yet(work):
    with work() as one:
        assert one.state() is None


def test_what_whoever_watches_raises_is_theirs(work):
    def broken(change):
        raise RuntimeError(change.address)

    with work(START, DONE, SUMMARY) as one:
        with pytest.raises(RuntimeError):
            one.apply(broken)
        assert one.apply(lambda _: None).outcome == "applied"


@pytest.mark.parametrize(
    ("why", "attempts", "said", "code", "asked"),
    [
        ("a connection ends within the answer, once", 2, "read tcp: use of closed network connection", None, 2),
        ("it ends whenever it is asked", 2, "use of closed network connection", "ENG411", 2),
        ("nobody may read it", 2, "AccessDenied", "ENG417", 1),
    ],
)
def test_a_state_that_cannot_be_read_is_asked_for_again_where_time_may_heal(
    fake, tmp_path, why, attempts, said, code, asked
):
    state = json.dumps({"version": 4, "serial": 1, "lineage": "a", "outputs": {}, "resources": []})
    once = f"[ -e {tmp_path}/asked ] && {{ printf '%s' '{state}'; exit 0; }}; " if code is None else ""
    fails = f"{once}touch {tmp_path}/asked; echo '{said}' >&2; exit 1"
    with opened(JOB, prepare(fake(plan="echo saved > plan.tfplan; exit 2", state=fails)), "run") as one:
        one.plan(LIMITS._replace(attempts=attempts, pause_s=0))
        if code is None:
            found = one.state()
            assert found is not None, why
            assert found.serial == 1, why
        else:
            with pytest.raises(EngineError) as caught:
                one.state()
            assert caught.value.problems[0].code == code, why
    calls = (tmp_path / "answers" / "calls").read_text().splitlines()
    assert sum(call.startswith("state pull") for call in calls) == asked
