"""The ledger in a store: the next number is whoever's puts it first, and what was changed since is no ledger."""

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import Item, Store
from engine.core.kept import keys as places
from engine.core.kept import record
from engine.core.kept.ledger import Entry, state_of
from engine.errors import EngineError, failure
from engine.run.kept.ledger import add, entries, every, of_pull
from tests.support.ledger import keys, said, state, tell
from tests.support.merges import KEY, REPO
from tests.support.merges import signed as merged
from tests.support.signing import NOW, SIGNED, signer, trusted

OTHER = "S3/dev/logs/terraform.tfstate"


def code(act: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as refused:
        act()
    return refused.value.problems[0].code


def place(number: int, key: str = KEY) -> str:
    return places.numbered(places.ledger(key), number)


def test_entries_are_numbered_per_state_key() -> None:
    store = Memory()
    first, second = tell(store, "failed", "applied")
    (other,) = tell(store, "applied", key=OTHER)
    assert [one.number for one in (first, second, other)] == [1, 2, 1]
    assert (second.said["before"], other.said["before"]) == (first.digest, None)
    assert entries(store, KEY, keys()) == (first, second)
    assert entries(store, OTHER, keys()) == (other,)
    assert entries(store, KEY + "x", keys()) == ()
    assert list(every(store, keys())) == sorted((first, second, other), key=lambda one: places.ledger(one.key))


def test_what_is_made_is_handed_all_that_was_said_before() -> None:
    store, seen = Memory(), []

    def make(number: int, earlier: tuple[Entry, ...]) -> dict[str, Any]:
        seen.append((number, [one.outcome for one in earlier]))
        return said(state=state(number))

    add(store, signer(), keys(), make, KEY)
    add(store, signer(), keys(), make, KEY)
    assert seen == [(1, []), (2, ["applied"])]
    found = state_of(entries(store, KEY, keys()))
    assert found == state(2)


def test_the_same_said_again_is_said_once() -> None:
    """A run that was killed after its entry was put does not know that it was."""
    store = Memory()
    tell(store, "applied")
    tell(store, "applied", time=NOW)
    assert len(entries(store, KEY, keys())) == 1
    tell(store, "applied", run="r2")
    tell(store, "applied")
    assert [one.said["run"] for one in entries(store, KEY, keys())] == ["r1", "r2", "r1"]


def test_it_is_found_by_its_pull_request() -> None:
    store = Memory()
    tell(store, "failed", "applied")
    tell(store, "applied", pr=8, run="r2")
    tell(store, "applied", pr=70, run="r3", key=OTHER)
    tell(store, "applied", pr=7, run="r4", repository={"id": 5, "name": "acme/other"}, key=OTHER)
    found = [(one.said["repository"]["name"], one.key, one.number) for one in of_pull(store, 7, keys())]
    assert found == [(REPO, KEY, 1), (REPO, KEY, 2), ("acme/other", OTHER, 2)]
    assert list(of_pull(store, 9, keys())) == []


def test_github_takes_either_case_for_the_same_repository() -> None:
    store = Memory()
    tell(store, "failed")
    tell(store, "applied", repository={"id": 99, "name": REPO.title()})
    assert [one.number for one in of_pull(store, 7, keys())] == [1, 2]


def test_many_entries_are_read_at_once_and_in_order() -> None:
    store = Memory()
    tell(store, *["failed", "partial"] * 10)
    assert [one.number for one in entries(store, KEY, keys())] == list(range(1, 21))


class Counting(Memory):
    """Knows what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get(self, key: str) -> Item | None:
        self.read.append(key)
        return super().get(key)


def test_a_pull_request_is_found_without_reading_of_other_resources() -> None:
    store = Counting()
    for number in range(1, 20):
        tell(store, "applied", pr=number, key=f"S3/dev/b{number}/terraform.tfstate")
    store.read.clear()
    assert len(list(of_pull(store, 7, keys()))) == 1
    assert len(store.read) == 2, "the word, and the entry"


class Dying(Memory):
    """Dies before the so-many-th write."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = writes

    def put_if_absent(self, key: str, data: bytes) -> Any:
        if not self.left:
            raise failure("ENG190", store="it", reason="down")
        self.left -= 1
        return super().put_if_absent(key, data)


def test_whoever_dies_between_has_said_nothing() -> None:
    for writes in range(2):
        store = Dying(writes)
        with pytest.raises(EngineError):
            tell(store, "applied")
        assert entries(store, KEY, keys()) == ()
        assert list(of_pull(store, 7, keys())) == []
        store.left = 9
        assert tell(store, "applied") == list(of_pull(store, 7, keys()))


class Losing(Memory):
    """Does what it is asked for, and its answer is lost."""

    lost = 0

    def put_if_absent(self, key: str, data: bytes) -> Any:
        super().put_if_absent(key, data)
        self.lost += 1
        raise failure("ENG592", store="it", what="put_object", reason="ReadTimeoutError")


def test_an_answer_that_was_lost_is_read_back() -> None:
    store = Losing()
    assert [one.number for one in tell(store, "failed", "applied")] == [1, 2]
    assert len(entries(store, KEY, keys())) == 2
    assert store.lost == 4


class Raced(Memory):
    """Somebody else is always first."""

    def put_if_absent(self, key: str, data: bytes) -> Any:
        if key.startswith("ledger/") and data != self._theirs:
            super().put_if_absent(key, self._theirs)
        return super().put_if_absent(key, data)

    _theirs = record.encode("ledger", run="other", envelope={})


def test_a_number_that_another_took_with_rubbish_is_an_error() -> None:
    assert code(lambda: tell(Raced(), "applied")) == "ENG193"


@pytest.mark.parametrize(
    ("why", "signs", "trusts", "expected"),
    [
        ("a key of nobody", signer(2), keys(), "ENG271"),
        ("a key of verdicts", signer(), trusted(), "ENG274"),
        ("a key that has expired", signer(), keys(expires=SIGNED), "ENG273"),
        ("a key that was revoked", signer(), keys(revoked=SIGNED), "ENG272"),
    ],
)
def test_nothing_is_put_that_nobody_would_believe(why: str, signs: Any, trusts: Any, expected: str) -> None:
    store = Memory()
    assert code(lambda: add(store, signs, trusts, lambda *_: said(), KEY)) == expected, why
    assert not list(store.list("")), why


def test_clocks_may_differ_a_little() -> None:
    store = Memory()
    tell(store, "failed", time="2026-11-23T21:05:00Z")
    (second,) = tell(store, "applied", time="2026-11-23T21:01:00Z")
    assert second.said["time"] == "2026-11-23T21:05:00Z", "never before the one it follows"
    assert code(lambda: tell(store, "applied", run="r2", time="2026-11-23T20:59:00Z")) == "ENG714"


def test_after_a_thief_there_is_a_next_entry() -> None:
    """A date far ahead of a key that was revoked since closes no ledger."""
    store = Memory()
    tell(store, "applied", time="2027-11-01T00:00:00Z")
    both = {**keys(revoked=NOW), **trusted(signer(2), purposes=("audit",))}
    new = add(store, signer(2), both, lambda *_: said(time=NOW), KEY)
    assert (new.number, new.said["time"]) == (2, NOW)
    assert [one.outcome for one in entries(store, KEY, both)] == ["refused", "applied"]


# --- what somebody does to it


def _item(store: Store, key: str) -> Item:
    item = store.get(key)
    assert item is not None
    return item


def _set(store: Store, key: str, data: bytes | None) -> None:
    if there := store.get(key):
        store.delete(key, there.version)
    if data is not None:
        store.put_if_absent(key, data)


def _swap(store: Store, one: str, other: str) -> None:
    first, second = _item(store, one).data, _item(store, other).data
    _set(store, one, second)
    _set(store, other, first)


Attack = Callable[[Memory], None]
ATTACKS: list[tuple[str, Attack, str]] = [
    ("altered", lambda s: _set(s, place(2), _item(s, place(2)).data.replace(b'"sig":"', b'"sig":"A')), "ENG193"),
    ("another run's name on it",
     lambda s: _set(s, place(2), _item(s, place(2)).data.replace(b'"run":"r1"', b'"run":"r2"')), "ENG193"),
    ("the first one removed", lambda s: _set(s, place(1), None), "ENG711"),
    ("one in the middle removed", lambda s: _set(s, place(2), None), "ENG711"),
    ("reordered", lambda s: _swap(s, place(1), place(2)), "ENG193"),
    ("an old one told again", lambda s: _set(s, place(4), _item(s, place(1)).data), "ENG193"),
    ("one in the place of another", lambda s: _set(s, place(3), _item(s, place(1)).data), "ENG193"),
    ("of another resource", lambda s: _set(s, place(1), _item(s, place(1, OTHER)).data), "ENG193"),
    ("of another resource, at the end", lambda s: _set(s, place(4), _item(s, place(4, OTHER)).data), "ENG193"),
    ("the whole ledger of another resource",
     lambda s: _takes(s, OTHER), "ENG193"),
    ("forged with a key of nobody",
     lambda s: _set(s, place(3), _forged(2)), "ENG193"),
    ("a merge decision",
     lambda s: _set(s, place(3), record.encode("merge", run="r", envelope=json.loads(merged()))), "ENG193"),
    ("rubbish", lambda s: _set(s, place(3), b"x"), "ENG193"),
    ("by a newer engine", lambda s: _set(s, place(3), b'{"version":2}'), "ENG194"),
    ("something else among them", lambda s: _set(s, places.ledger(KEY) + "latest", b"x"), "ENG193"),
    ("16 MB of filling", lambda s: _set(s, place(4), b" " * (record.LARGEST + 1)), "ENG196"),
]  # fmt: skip


def _takes(store: Store, key: str) -> None:
    for number in (1, 2, 3):
        _set(store, place(number), _item(store, place(number, key)).data)


def _forged(seed: int) -> bytes:
    """The third entry, by somebody else's key, in a store of theirs."""
    theirs = Memory()
    who = signer(seed)
    for run in ("a", "b", "c"):
        add(theirs, who, trusted(who, purposes=("audit",)), lambda *_, run=run: said(run=run), KEY)
    return _item(theirs, place(3)).data


@pytest.mark.parametrize(("why", "attack", "expected"), ATTACKS, ids=[why for why, *_ in ATTACKS])
def test_what_somebody_has_done_to_it_is_an_error(why: str, attack: Attack, expected: str) -> None:
    store = Memory()
    tell(store, "failed", "partial", "applied")
    tell(store, "failed", "partial", "stopped", "applied", key=OTHER)
    attack(store)
    assert code(lambda: entries(store, KEY, keys())) == expected, why
    assert code(lambda: tell(store, "applied", run="r9")) == expected, "and nobody goes on with it"
    if expected != "ENG194":
        assert code(lambda: list(of_pull(store, 7, keys()))) == expected


def test_a_word_of_something_else_is_an_error() -> None:
    store = Memory()
    tell(store, "applied", pr=8)
    word = _item(store, places.tried(8, REPO, KEY)).data
    store.put_if_absent(places.tried(7, REPO, KEY), word)
    assert code(lambda: list(of_pull(store, 7, keys()))) == "ENG193"
    _set(store, places.tried(7, REPO, KEY), b"{}")
    assert code(lambda: list(of_pull(store, 7, keys()))) == "ENG193"


# --- two at once


def _add_ten(directory: str, run: str, go: Any) -> None:
    store = Directory(directory, durable=True)
    go.wait()
    for number in range(10):
        add(store, signer(), keys(), lambda *_, n=number: said("failed", run=f"{run}-{n}"), KEY)


def test_two_processes_at_once_leave_one_ledger_without_a_gap(tmp_path: Path) -> None:
    store = Directory(str(tmp_path), durable=True)
    context = multiprocessing.get_context("spawn")
    go = context.Barrier(2)
    both = [context.Process(target=_add_ten, args=(str(tmp_path), name, go)) for name in ("a", "b")]
    for one in both:
        one.start()
    for one in both:
        one.join(180)
    assert [one.exitcode for one in both] == [0, 0]
    found = entries(store, KEY, keys())
    assert [one.number for one in found] == list(range(1, 21))
    assert {one.said["run"] for one in found} == {f"{name}-{n}" for name in "ab" for n in range(10)}
