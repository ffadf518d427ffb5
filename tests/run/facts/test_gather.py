"""Facts are fetched once; what is not there, cannot be had or was never asked for is said, never guessed."""

import os
import signal
import threading
from functools import partial

import pytest

from engine.errors import failure
from engine.run.facts.gather import Absent, Fetch, Slow, gather


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
    document = gather(needs, FETCHERS, "not here").document
    assert sorted(document.facts) == facts, why
    assert dict(document.absent) == absent, why
    assert dict(document.failed) == failed, why


@pytest.mark.parametrize(
    ("why", "needs", "error", "passes"),
    [
        ("GitHub does not answer", ["files"], failure("ENG596", what="x", reason="no"), True),
        ("the volume of the store is not there", ["files"], failure("ENG190", store="x", reason="no"), True),
        ("GitHub does not show the branch", ["files"], failure("ENG611", branch="x", repo="a/b"), True),
        ("what stands there is not believed", ["files"], failure("ENG193", key="x", reason="no"), False),
        ("one of two may pass", ["files", "now"], failure("ENG193", key="x", reason="no"), True),
        ("there was no memory left", ["files"], MemoryError(), True),
        ("no event of its kind tells it", ["files"], failure("ENG556", name="pr", reason="it is a branch"), False),
        ("nobody can tell it here", ["checks"], KeyError("x"), False),
    ],
)
def test_what_may_pass_by_waiting(why, needs, error, passes):
    fetchers = {"files": broken(error), "now": broken(failure("ENG592", store="x", what="y", reason="z"))}
    assert gather(needs, fetchers, "not here").passes == passes, why


def test_each_fact_is_fetched_once():
    answers = iter(["2026-11-23T21:00:00Z"])
    assert gather(["now", "now"], {"now": lambda: next(answers)}, "not here").document.facts["now"]


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
    document = gather(["now", "labels", "files"], {**FETCHERS, "files": fetch}, "not here").document
    assert sorted(document.facts) == ["labels", "now"], why
    assert document.failed["files"].startswith(f"the fact `files` cannot be told: {said} at "), why
    assert "hunter2" not in document.failed["files"]


def test_who_stops_us_stops_us():
    with pytest.raises(KeyboardInterrupt):
        gather(["files"], {"files": broken(KeyboardInterrupt())}, "not here")


def test_what_is_slow_is_waited_for_at_once():
    """Each waits until all others are looked up, too: one after the other would never end."""
    together = threading.Barrier(3, timeout=60)

    def fetch(value):
        return Slow(lambda: (together.wait(), value)[1])

    document = gather(["c", "a", "b"], {name: fetch(name * 2) for name in "abc"}, "not here").document
    assert document.facts == {"a": "aa", "b": "bb", "c": "cc"}


@pytest.mark.parametrize("first", ["a", "b", "c"])
def test_whichever_ends_first_the_document_is_the_same(first):
    done = threading.Event()

    def fetch(name, look):
        def found():
            if name != first:
                assert done.wait(20)
            try:
                return look()
            finally:
                if name == first:
                    done.set()

        return Slow(found)

    looks = {"a": lambda: [1], "b": refused, "c": lambda: Absent("none"), "d": broken(RecursionError())}
    document = gather(looks, {name: fetch(name, look) for name, look in looks.items()}, "not here").document
    alone = gather(looks, looks, "not here").document
    assert document.to_json() == {**alone.to_json(), "failed": document.to_json()["failed"]}
    assert [list(part) for part in (document.facts, document.absent, document.failed)] == [["a"], ["c"], ["b", "d"]]
    assert document.failed["b"] == alone.failed["b"]
    assert document.failed["d"].startswith("the fact `d` cannot be told: RecursionError at ")


def test_one_thread_where_there_is_nothing_to_wait_for():
    where: list[threading.Thread] = []

    def fetch() -> None:
        where.append(threading.current_thread())

    fetchers: dict[str, Fetch] = {"slow": Slow(fetch), "now": fetch, "labels": fetch}
    gather(fetchers, fetchers, "not here")
    assert where == [threading.main_thread()] * 3


def test_each_slow_fact_is_fetched_once():
    asked: list[str] = []
    fetchers = {name: Slow(partial(asked.append, name)) for name in "abcdefghijklmnop"}
    gather([*fetchers, *fetchers], fetchers, "not here")
    assert sorted(asked) == sorted(fetchers)


def test_who_stops_us_in_a_thread_stops_us():
    fetchers = {"files": Slow(broken(KeyboardInterrupt())), "labels": Slow(lambda: [])}
    with pytest.raises(KeyboardInterrupt):
        gather(fetchers, fetchers, "not here")


def test_ctrl_c_ends_what_is_waited_for():
    stop, begun = threading.Event(), threading.Barrier(3, timeout=60)
    ended = []

    def fetch():
        begun.wait()
        assert stop.wait(20)
        ended.append(1)

    def press():
        begun.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    fetchers = {"files": Slow(fetch), "commits": Slow(fetch)}
    with pytest.raises(KeyboardInterrupt):
        gather(fetchers, fetchers, "not here", stop)
    assert len(ended) == 2
