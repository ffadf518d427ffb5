"""The embedded engine: every doubt is an error, nothing gets out of the worker, and large plans are judged in time."""

import json
import threading
import time

import pytest

from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan, Terms
from engine.adapters.policy.rego import ask
from engine.errors import EngineError, ExitCode
from tests.support.plans import a_change
from tests.support.policy import EMPTY, judge, policies, rego

DENY = rego('deny contains "no" if input.variables.bad')
SLOW = rego("deny contains a if { some a in numbers.range(1, 9999); some b in numbers.range(1, 9999); a * b == 0 }")


def deep(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("why", "modules", "plan", "code", "exit_code"),
    [
        ("an empty set allows nothing", [], {}, "ENG500", ExitCode.CONFIG),
        ("only helpers: nobody would be asked", [rego("helper := 1")], {}, "ENG501", ExitCode.CONFIG),
        ("a near miss of `deny`", [rego('denies contains "x" if true')], {}, "ENG501", ExitCode.CONFIG),
        ("an exception alone judges nothing", [rego("exception contains [] if true")], {}, "ENG501", ExitCode.CONFIG),
        ("one bad module among good ones", [DENY, rego("deny contains")], {}, "ENG502", ExitCode.CONFIG),
        ("an empty module", [DENY, ""], {}, "ENG502", ExitCode.CONFIG),
        (
            "the memory is bounded",
            [rego('deny contains "x" if count(numbers.range(1, 1000000000)) > 0')],
            {},
            "ENG512",
            3,
        ),
        ("a plan nested too deep", [DENY], {"variables": {"bad": deep(200)}}, "ENG515", ExitCode.EXECUTOR),
        ("something that is no plan", [DENY], {"format_version": None}, "ENG515", ExitCode.EXECUTOR),
        ("a plan of another format", [DENY], {"format_version": "2.0"}, "ENG515", ExitCode.EXECUTOR),
        ("a plan with errors is not complete", [DENY], {"errored": True}, "ENG515", ExitCode.EXECUTOR),
        ("nor is one of which parts were deferred", [DENY], {"complete": False}, "ENG515", ExitCode.EXECUTOR),
        ("changes that are none", [DENY], {"resource_changes": None}, "ENG515", ExitCode.EXECUTOR),
    ],
)
def test_doubts_block(why, modules, plan, code, exit_code):
    with pytest.raises(EngineError) as caught:
        judge(policies(*modules), plan)
    assert caught.value.problems[0].code == code, why
    assert caught.value.exit_code == exit_code, why


def test_a_deny_among_broken_rules_is_an_error_and_no_finding():
    chosen = policies(rego('deny contains "no"\ndeny_other contains "x" if startswith(null, "x")'))
    with pytest.raises(EngineError, match="ENG510"):
        judge(chosen)


def test_nothing_to_judge():
    with pytest.raises(EngineError, match="ENG516"):
        evaluate([], policies(DENY))


def test_an_unknown_engine_lists_the_known():
    with pytest.raises(EngineError, match="checkov, opa or rego"):
        judge(policies(DENY), engine="conftest")


def test_the_time_limit_holds():
    began = time.monotonic()
    with pytest.raises(EngineError, match="ENG511"):
        judge(policies(SLOW), timeout_s=1)
    assert time.monotonic() - began < 60


def test_cancelling_stops_the_worker():
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()
    with pytest.raises(EngineError) as caught:
        evaluate([Plan("S3/x", EMPTY)], policies(SLOW), cancel=stop)
    assert caught.value.exit_code is ExitCode.INTERRUPTED
    assert time.monotonic() - began < 60


def test_all_plans_of_a_change_are_judged_each_for_itself():
    plans = [Plan(f"S3/{n}", {**EMPTY, "variables": {"bad": n % 2 == 0}}) for n in range(6)]
    found = evaluate(plans, policies(DENY))
    assert [finding.resource for finding in found] == ["S3/0", "S3/2", "S3/4"]


def test_ten_thousand_changes_are_judged_in_time():
    changes = [a_change("create", None, {"n": n}, address=f"aws_s3_bucket.this[{n}]") for n in range(10_000)]
    chosen = policies(
        rego(
            'deny contains {"msg": "odd", "address": address} if {\n'
            "some c in input.resource_changes; c.change.after.n % 2 == 1; address := c.address }"
        )
    )
    assert len(judge(chosen, {"resource_changes": changes}, timeout_s=30)) == 5_000


def test_a_worker_that_has_started_to_judge_can_open_nothing():
    """The engine itself has no way out; this is about what a bug in it could reach."""
    code = (
        "import socket, sys\n"
        "from engine.adapters.policy.worker import _confine\n"
        "_confine(1 << 32)\n"
        "for attempt in (lambda: open('/dev/null'), socket.socket):\n"
        "    try: attempt()\n"
        "    except OSError as error: print(error.errno)\n"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["24", "24"]  # EMFILE


def test_the_worker_sees_no_environment(monkeypatch):
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert ask(policies(DENY), Terms(), [Plan("S3/x", EMPTY)])["answers"] == [[[[]]]]


def test_policies_that_print_do_not_disturb_the_answer():
    assert [f.message for f in judge(policies(rego('deny contains "x" if { print("hello"); true }')))] == ["x"]


def test_text_outside_the_basic_plane_survives():
    chosen = policies(rego("deny contains msg if msg := input.variables.said"))
    said = 'Ünïcode \U0001f600 "quoted" \\ \u2028 \n tab\t'
    assert [finding.message for finding in judge(chosen, {"variables": {"said": said}})] == [said]


def test_long_lines_and_large_data_are_taken():
    words = ["w" * 50] * 1_000
    chosen = policies(
        rego(f"words := {json.dumps(words)}\n" + 'deny contains "x" if count(words) == count(data.words)'),
        data={"words": words},
    )
    assert len(judge(chosen)) == 1


def test_a_line_that_is_too_long_is_an_error_and_no_panic():
    with pytest.raises(EngineError) as caught:
        judge(policies(rego('deny contains "' + "x" * 200_000 + '"')))
    assert caught.value.problems[0].code == "ENG502"
