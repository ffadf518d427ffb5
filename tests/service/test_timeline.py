"""What has happened to a pull request: the trail is read once and then on, and nothing twice."""

from typing import Any

from engine.adapters.storage.memory import Memory
from engine.core.audit.record import Said
from engine.core.kept.board import Step
from engine.errors import failure
from engine.service import timeline
from engine.service.timeline import Event, Timeline, Trail
from tests.support.trail import REPO, trail


def said(why, pr=7, what="decision", outcome="pass"):
    return Said(what, outcome, REPO, pr, None, why)


class Counting(Memory):
    gets, down = 0, False

    def get(self, key):
        self.gets += 1
        return super().get(key)

    def list(self, prefix, after=""):
        if self.down:
            raise failure("ENG001", file="store", reason="down")
        return super().list(prefix, after)


def test_the_trail_is_read_once_and_then_on():
    store = Counting()
    log = trail(store)
    log.say(said("a"))
    log.say(said("b", pr=8))
    read = Trail(store)
    assert [one.text for one in read.of(REPO.upper(), 7).events] == ["a"]
    store.gets = 0
    assert [one.text for one in read.of(REPO, 8).events] == ["b"]
    assert store.gets == 0
    log.say(said("c"))
    store.gets = 0
    assert [one.text for one in read.of(REPO, 7).events] == ["a", "c"]
    assert store.gets == 1


def test_a_trail_that_does_not_answer_is_told_of_beside_what_was_read():
    store = Counting()
    trail(store).say(said("a"))
    read = Trail(store)
    read.of(REPO, 7)
    store.down = True
    found: Any = read.of(REPO, 7)
    assert ([one.text for one in found.events], found.problem.code) == (["a"], "ENG001")


def test_lines_that_are_none_are_passed_over():
    store = Memory()
    log = trail(store)
    log.say(said("a"))
    store.put_if_absent("audit/0000000/0000000002", b"{}\n\xff\n[[[[\n" + b"[" * 100_000 + b"\n")
    assert [one.text for one in Trail(store).of(REPO, 7).events] == ["a"]


def test_of_more_than_is_remembered_it_says_so():
    store = Memory()
    log = trail(store)
    for text in "abc":
        log.say(said(text))
    found = Trail(store, most=2).of(REPO, 7)
    assert ([one.text for one in found.events], found.is_whole) == (["b", "c"], False)


def test_a_long_trail_is_read_from_its_end_a_part_at_each_look(monkeypatch):
    monkeypatch.setattr(timeline, "_BATCHES", 2)
    store = Counting()
    log = trail(store)
    for text in "abcdefg":
        log.say(said(text))
    read = Trail(store, patience_s=0)
    looks = []
    for _ in range(4):
        store.gets = 0
        found = read.of(REPO, 7)
        looks.append(("".join(one.text for one in found.events), found.is_whole, store.gets))
    assert looks == [("fg", False, 2), ("defg", False, 2), ("bcdefg", False, 2), ("abcdefg", True, 1)]
    log.say(said("h"))
    assert [one.text for one in read.of(REPO, 7).events] == list("abcdefgh")
    assert [one.text for one in Trail(store).of(REPO, 7).events] == list("abcdefgh"), "at once, where there is time"
    few = Trail(store, most=3).of(REPO, 7)
    assert ([one.text for one in few.events], few.is_whole) == (list("fgh"), False)


def test_what_could_not_be_read_is_read_at_the_next_look(monkeypatch):
    monkeypatch.setattr(timeline, "_BATCHES", 2)
    store = Counting()
    for text in "abc":
        trail(store).say(said(text))
    read = Trail(store)
    with monkeypatch.context() as broken:
        broken.setattr(store, "get", _fails)
        assert (read.of(REPO, 7).events, read.of(REPO, 7).is_whole) == ((), False)
    assert [one.text for one in read.of(REPO, 7).events] == list("abc")


def _fails(key):
    raise failure("ENG001", file=key, reason="down")


def event(at, text, kind="decision", outcome="pending"):
    return Event(f"2026-11-27T12:00:{at:02}Z", kind, outcome, text)


def test_what_is_only_decided_again_is_no_event():
    found = timeline.of(
        Timeline((event(1, "merge: waits"), event(2, "tell: waits"), event(3, "merge: waits"),
                  event(4, "merge: goes", outcome="pass"), event(5, "merge: waits"), event(6, "x", kind="approval"),
                  event(7, "x", kind="approval"))),
        [Step("2026-11-27T12:00:00Z", "1" * 40, "Stale")],
        [event(9, "push", kind="delivery")],
    )  # fmt: skip
    assert [one.at[-3:-1] for one in found.events] == ["00", "01", "02", "04", "05", "06", "07", "09"]
    assert found.is_whole


def test_the_newest_are_shown_of_many():
    many = tuple(event(0, str(number), kind="plan") for number in range(400))
    found = timeline.of(Timeline(many), [], [])
    assert (len(found.events), found.events[-1].text, found.is_whole) == (300, "399", False)
