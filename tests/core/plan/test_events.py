"""What lines of `apply -json` come to. The lines are those of Terraform 1.11, shortened."""

import json

import pytest

from engine.core.plan.events import Address, Change, Events


def hook(kind, address="aws_sns_topic.this", action="create", **more):
    said = {"resource": {"addr": address}, "action": action, **more}
    return {"@level": "info", "type": kind, "hook": {name: one for name, one in said.items() if one is not None}}


def complaint(summary, address=None, severity="error", detail="why"):
    found = {"severity": severity, "summary": summary, "detail": detail}
    return {"type": "diagnostic", "diagnostic": {**found, **({"address": address} if address else {})}}


SUMMARY = {"type": "change_summary", "changes": {"add": 1, "change": 0, "remove": 0, "operation": "apply"}}
START, DONE = hook("apply_start"), hook("apply_complete", elapsed_seconds=3)
FAILED = hook("apply_errored", elapsed_seconds=2)
TOPIC = "aws_sns_topic.this"


def read(*lines):
    events = Events()
    heard = [events.read(one if isinstance(one, bytes) else json.dumps(one).encode()) for one in lines]
    return events, [change for change in heard if change]


@pytest.mark.parametrize(
    ("why", "lines", "expected"),
    [
        ("begun", [START], Address("create", "started", 0.0, "", ())),
        ("still at it", [START, hook("apply_progress", elapsed_seconds=10)], Address("create", "started", 0.0, "", ())),
        ("done", [START, DONE], Address("create", "done", 3.0, "", ("create",))),
        ("failed", [START, FAILED], Address("create", "failed", 2.0, "", ())),
        ("and why", [START, FAILED, complaint("no", TOPIC)], Address("create", "failed", 2.0, "no. why", ())),
        (
            "the first reason is kept",
            [START, FAILED, complaint("a", TOPIC), complaint("b", TOPIC)],
            Address("create", "failed", 2.0, "a. why", ()),
        ),
        (
            "what complains afterwards is not done",
            [START, DONE, complaint("inconsistent result", TOPIC)],
            Address("create", "failed", 3.0, "inconsistent result. why", ("create",)),
        ),
        ("a warning is no failure", [START, DONE, complaint("old", TOPIC, "warning")],
         Address("create", "done", 3.0, "", ("create",))),
        (
            "a replacement that came half way",
            [hook("apply_start", action="delete"), hook("apply_complete", action="delete", elapsed_seconds=1), START],
            Address("create", "started", 1.0, "", ("delete",)),
        ),
        (
            "a replacement that is done",
            [hook("apply_start", action="delete"), hook("apply_complete", action="delete", elapsed_seconds=1), START,
             DONE],
            Address("create", "done", 4.0, "", ("delete", "create")),
        ),
        ("an end without its action", [START, hook("apply_complete", action=None)],
         Address("create", "done", 0.0, "", ("create",))),
    ],
)  # fmt: skip
def test_one_address(why, lines, expected):
    events, _ = read(*lines)
    assert events.addresses == {TOPIC: expected}, why
    assert not events.broken


def test_each_line_is_told_as_it_comes():
    _, heard = read(START, hook("apply_progress", elapsed_seconds=10), FAILED, complaint("no", TOPIC))
    assert heard == [
        Change(TOPIC, "create", "started", 0.0, ""),
        Change(TOPIC, "create", "started", 10.0, ""),
        Change(TOPIC, "create", "failed", 2.0, ""),
        Change(TOPIC, "create", "failed", 2.0, "no. why"),
    ]


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("data is read", hook("apply_start", "data.aws_region.this", "read")),
        ("nothing is done", hook("apply_complete", action="noop")),
        ("an action that is not known", hook("apply_start", action="forget")),
        ("no address", hook("apply_start", "")),
        ("an address that is no text", hook("apply_start", 3)),
        ("no hook", {"type": "apply_start"}),
        ("a hook that is none", {"type": "apply_start", "hook": []}),
        ("a resource that is none", {"type": "apply_start", "hook": {"resource": "x", "action": "create"}}),
        ("a type that is none", {"type": ["apply_start"]}),
        ("a diagnostic that is none", {"type": "diagnostic", "diagnostic": "x"}),
        ("a complaint about what was not begun", complaint("no", "aws_sns_topic.other")),
        ("a version", {"type": "version", "terraform": "1.11.4"}),
    ],
)
def test_what_says_nothing_of_an_address(why, line):
    events, heard = read(line)
    assert (events.addresses, heard, events.broken) == ({}, [], False), why


@pytest.mark.parametrize(
    ("why", "line", "broken"),
    [
        ("no JSON", b"panic: runtime error", True),
        ("half a line, as a full disk leaves it", b'{"type": "apply_sta', True),
        ("no object", b"[]", True),
        ("too deep", b"[" * 100_000, True),
        ("no text", b"\xff\xfe", True),
        ("an empty line", b"", False),
    ],
)
def test_what_cannot_be_read_is_remembered(why, line, broken):
    events, heard = read(START, line, DONE)
    assert (events.broken, len(heard)) == (broken, 2), why


@pytest.mark.parametrize(
    ("why", "lines", "whole"),
    [
        ("it has counted", [START, DONE, SUMMARY], True),
        ("it counted what it was about to do", [{**SUMMARY, "changes": {"operation": "plan"}}], False),
        ("it has not", [START, DONE], False),
        ("a summary of nothing", [{"type": "change_summary"}], False),
    ],
)
def test_the_whole_story(why, lines, whole):
    assert read(*lines)[0].whole is whole, why


def test_errors_are_kept_for_whoever_sorts_them_and_not_without_end():
    lines = [complaint("old", None, "warning"), complaint("a"), *[complaint(str(n)) for n in range(500)]]
    events, _ = read(*lines)
    assert json.loads(events.diagnostics[0]) == complaint("a")
    assert len(events.diagnostics) == 100


def test_a_state_that_could_be_written_nowhere_is_kept_to_the_last_digit():
    events, _ = read(b'{"@message": "Emergency state dump", "type": "log", "state": {"n": 0.1000000000000000000001}}')
    assert events.dumped == '{"n": 0.1000000000000000000001}'
    assert read(b'{"type": "outputs", "state": {"n": 1}}')[0].dumped is None
