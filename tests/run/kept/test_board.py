"""The records of the board: one of each pull request, never altered, read once."""

from typing import Any

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.kept import board as core
from engine.core.kept import keys
from engine.errors import EngineError, failure
from engine.run.kept import board
from tests.support.board import NOW, entry, gate

LATER = "2026-11-27T13:00:00Z"


class Counting(Memory):
    """A store that counts what it is asked, and may be down."""

    def __init__(self):
        super().__init__()
        self.gets, self.lists, self.down = 0, 0, False
        self.before: Any = lambda key: None

    def get(self, key):
        self.gets += 1
        return super().get(key)

    def list(self, prefix, after=""):
        self.lists += 1
        if self.down:
            raise failure("ENG001", file="store", reason="down")
        return super().list(prefix, after)

    def put_if_absent(self, key, data):
        self.before(key)
        return super().put_if_absent(key, data)


def got(store: Memory, repo: str, pr: int) -> Any:
    return board.get(store, repo, pr)


def prefix(pr=7):
    return keys.board("acme/dev-deployment", pr)


def test_it_is_read_again_as_it_was_kept():
    store = Memory()
    gates = [gate(causes=[{"outcome": None, "text": "why", "facts": [{"path": "a", "value": 1}], "causes": []}])]
    assert board.keep(store, entry(), gates)
    found = got(store, "Acme/Dev-Deployment", 7)
    assert found.entry == entry(number=1)
    assert list(found.gates) == gates
    assert found.steps == (core.Step(NOW, entry().head, entry().line),)


@pytest.mark.parametrize(
    ("why", "change", "written", "since"),
    [
        ("it says the same, later", {"at": LATER, "run": "gh-2"}, False, NOW),
        ("something else is missing, and the line is the same", {"at": LATER, "waits": ()}, True, NOW),
        ("it says something else", {"at": LATER, "since": LATER, "detail": "the merge"}, True, LATER),
        ("another head", {"at": LATER, "since": LATER, "head": "2" * 40}, True, LATER),
        ("it was fetched before", {"at": "2000-01-01T00:00:00Z", "detail": "x"}, False, NOW),
    ],
)
def test_what_replaces_it(why, change, written, since):
    store = Memory()
    board.keep(store, entry(), [])
    assert board.keep(store, entry(**change), []) is written, why
    assert got(store, entry().repo, 7).entry.since == since, why
    assert list(store.list(prefix())) == [keys.numbered(prefix(), 2 if written else 1)], why


def test_whoever_was_quicker_is_not_lost():
    store = Counting()
    board.keep(store, entry(), [])
    second = keys.numbered(prefix(), 2)

    def before(key):
        store.before = lambda _: None
        assert key == second
        Memory.put_if_absent(store, second, b"somebody else's, which cannot be read")

    store.before = before
    assert board.keep(store, entry(detail="x"), [])
    assert got(store, entry().repo, 7).entry.number == 3


def test_who_never_comes_to_write_says_so():
    store = Counting()
    store.before = lambda key: Memory.put_if_absent(store, key, b"always quicker")
    with pytest.raises(EngineError, match="ENG621"):
        board.keep(store, entry(), [])


def test_what_a_killed_run_has_left_is_taken_away():
    store = Memory()
    board.keep(store, entry(), [])
    store.put_if_absent(keys.numbered(prefix(), 0), b"older")
    assert not board.keep(store, entry(), [])
    assert list(store.list(prefix())) == [keys.numbered(prefix(), 1)]


def test_what_has_ended_is_in_no_list_and_its_number_goes_on():
    store = Memory()
    board.keep(store, entry(), [])
    board.keep(store, entry(stage="ended", words="Closed", detail=", not merged"), [])
    assert board.Board(store).read().entries == ()
    assert got(store, entry().repo, 7).entry.number == 2
    board.keep(store, entry(at=LATER), [])
    [again] = board.Board(store).read().entries
    assert again.number == 3
    assert list(store.list("board-ended/")) == []


def test_a_thousand_are_one_list_and_what_is_new():
    store = Counting()
    for pr in range(1, 1001):
        board.keep(store, entry(pr), [])
    read = board.Board(store, fresh_s=0)
    store.gets = store.lists = 0
    assert len(read.read().entries) == 1000
    assert (store.lists, store.gets) == (1, 1000)
    board.keep(store, entry(5, detail="x"), [])
    store.gets = store.lists = 0
    assert next(one for one in read.read().entries if one.pr == 5).detail == "x"
    assert (store.lists, store.gets) == (1, 1)


def test_within_a_second_nobody_is_asked_again():
    store, clock = Counting(), [0.0]
    read = board.Board(store, fresh_s=1, clock=lambda: clock[0])
    read.read(), read.read()
    assert store.lists == 1
    clock[0] = 1.0
    read.read()
    assert store.lists == 2


def test_a_store_that_is_down_is_told_of_beside_what_was_there():
    store = Counting()
    board.keep(store, entry(), [])
    read = board.Board(store, fresh_s=0)
    before = read.read()
    store.down = True
    found: Any = read.read()
    assert (found.entries, found.problem.code) == (before.entries, "ENG001")
    store.down = False
    assert read.read() == before


FIELDS = {"run": "gh-1", **{k: v for k, v in core.to_fields(core.Kept(entry(), (gate(),))).items() if k != "run"}}


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("a text is a number", {"entry": {**FIELDS["entry"], "title": 5}}),
        ("a number is a text", {"entry": {**FIELDS["entry"], "pr": "7"}}),
        ("a number is true", {"entry": {**FIELDS["entry"], "sequence": True}}),
        ("an unknown stage", {"entry": {**FIELDS["entry"], "stage": "gone"}}),
        ("a field too many", {"entry": {**FIELDS["entry"], "more": ""}}),
        ("a field is missing", {"entry": {k: v for k, v in FIELDS["entry"].items() if k != "title"}}),
        ("who is a text", {"entry": {**FIELDS["entry"], "waits": [{**FIELDS["entry"]["waits"][0], "who": "ann"}]}}),
        ("a wait is a text", {"entry": {**FIELDS["entry"], "waits": ["x"]}}),
        ("a gate has no name", {"gates": [{"outcome": "pass"}]}),
        ("a cause is a text", {"gates": [gate(causes=["x"])]}),
        ("an outcome is a list", {"gates": [gate(causes=[{"outcome": [], "text": "", "facts": [], "causes": []}])]}),
        ("a step is too short", {"steps": [["x"]]}),
        ("it is about another pull request", {"entry": {**FIELDS["entry"], "pr": 8}}),
    ],
)
def test_what_is_no_such_record_is_shown_as_that(why, change):
    from engine.core.kept import record

    store = Memory()
    key = keys.numbered(prefix(), 1)
    store.put_if_absent(key, record.encode("board", **{**FIELDS, **change}))
    found = board.Board(store).read()
    assert (found.entries, found.unreadable) == ((), (key,)), why
    assert got(store, entry().repo, 7) is None, why
    assert board.keep(store, entry(), []), "the next one takes its place"
    assert board.Board(store).read().unreadable == ()


def nested(depth):
    cause = {"outcome": "pass", "text": "x", "facts": [], "causes": []}
    return cause if depth == 0 else {**cause, "causes": [nested(depth - 1)]}


@pytest.mark.parametrize(
    "cause",
    [
        pytest.param({"outcome": "pass", "text": "x" * 300_000, "facts": [], "causes": []}, id="too large"),
        pytest.param(nested(60), id="too deep to be read again"),
    ],
)
def test_a_record_that_would_be_no_good_goes_without_causes(cause):
    store = Memory()
    board.keep(store, entry(), [gate(causes=[cause])])
    assert got(store, entry().repo, 7).gates[0]["causes"] == []
