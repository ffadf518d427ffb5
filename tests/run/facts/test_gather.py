"""Facts are fetched once; what is not there, cannot be had or was never asked for is said, never guessed."""

import pytest

from engine.errors import failure
from engine.run.facts.gather import Absent, gather


def refused():
    raise failure("ENG001", file="x", reason="gone")


FETCHERS = {
    "now": lambda: "2026-11-23T21:00:00Z",
    "verdict": lambda: Absent("none signed"),
    "files": refused,
    "labels": lambda: ["a"],
}


@pytest.mark.parametrize(
    ("why", "needs", "facts", "absent", "failed"),
    [
        ("nothing is needed, nothing is fetched", [], [], {}, {}),
        ("a fact that is there", ["now"], ["now"], {}, {}),
        ("one that does not exist yet is absent", ["verdict"], [], {"verdict": "none signed"}, {}),
        (
            "a failed lookup has failed",
            ["files"],
            [],
            {},
            {"files": "x cannot be read: gone (check the path and its permissions)"},
        ),
        ("what nobody can fetch has failed", ["checks"], [], {}, {"checks": "not here"}),
        (
            "one failure leaves the others",
            ["now", "files", "labels"],
            ["labels", "now"],
            {},
            {"files": "x cannot be read: gone (check the path and its permissions)"},
        ),
    ],
)
def test_gather(why, needs, facts, absent, failed):
    document = gather(needs, FETCHERS, "not here")
    assert sorted(document.facts) == facts, why
    assert dict(document.absent) == absent, why
    assert dict(document.failed) == failed, why


def test_each_fact_is_fetched_once():
    answers = iter(["2026-11-23T21:00:00Z"])
    assert gather(["now", "now"], {"now": lambda: next(answers)}, "not here").facts["now"]


def broken(exception):
    def fetch():
        raise exception

    return fetch


@pytest.mark.parametrize(
    ("why", "fetch", "said"),
    [
        ("a lookup that breaks", broken(ValueError("hunter2")), "ValueError"),
        ("deeper than the stack", broken(RecursionError()), "RecursionError"),
        ("larger than memory", broken(MemoryError()), "MemoryError"),
        ("a key that is not there", broken(KeyError("hunter2")), "KeyError"),
        ("half of a character, which no document could hold", lambda: ["a\ud800"], "UnicodeEncodeError"),
        ("a number that JSON does not have", lambda: float("inf"), "ValueError"),
        ("something else", lambda: {1, 2}, "TypeError"),
    ],
)
def test_a_fact_that_breaks_fails_alone(why, fetch, said):
    document = gather(["now", "labels", "files"], {**FETCHERS, "files": fetch}, "not here")
    assert sorted(document.facts) == ["labels", "now"], why
    assert document.failed["files"].startswith(f"the fact `files` cannot be told: {said} at "), why
    assert "hunter2" not in document.failed["files"]


def test_who_stops_us_stops_us():
    with pytest.raises(KeyboardInterrupt):
        gather(["files"], {"files": broken(KeyboardInterrupt())}, "not here")
