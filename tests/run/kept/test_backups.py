"""A backup counts when it was read back and opened, and opens as what it was sealed as."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from engine.adapters.sealed import SealingKey, key_of
from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import LARGEST, Item, Store
from engine.core.kept import keys as places
from engine.errors import EngineError, failure
from engine.run.kept.backups import drop, every, keep, listed, load, reseal
from tests.support.merges import KEY
from tests.support.signing import NOW

ACCOUNT, OTHER = "111111111111", "S3/dev/logs/terraform.tfstate"
LATER = "2026-12-24T22:00:00Z"


class State(NamedTuple):
    lineage: str = "l-1"
    serial: int = 4
    digest: str = "sha256:" + "1" * 64
    data: bytes = b'{"serial": 4, "password": "hunter2"}\n'
    version: str | None = "v1"


def sealing(letter: str = "a") -> SealingKey:
    key = key_of(letter * 64)
    assert key
    return key


STATE = State()


def kept(store: Store, state: State = STATE, *, key: str = KEY, account: str = ACCOUNT, letter: str = "a") -> str:
    return keep(store, sealing(letter), account, key, state, "r1", NOW)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as refused:
        act()
    return refused.value.problems[0].code


def place(number: int, key: str = KEY) -> str:
    return places.numbered(places.backups(key), number)


def test_each_is_kept_under_the_next_number() -> None:
    store = Memory()
    assert [kept(store), kept(store, State(serial=5)), kept(store, key=OTHER)] == [place(1), place(2), place(1, OTHER)]
    about, data = load(store, [sealing()], ACCOUNT, KEY, 2)
    assert data == State().data
    assert (about.number, about.lineage, about.serial, about.version) == (2, "l-1", 5, "v1")
    assert (about.account, about.state_key, about.run, about.time) == (ACCOUNT, KEY, "r1", NOW)
    assert [(one.number, one.serial, one.key) for one in listed(store, KEY)] == [(1, 4, place(1)), (2, 5, place(2))]
    assert list(listed(store, KEY + "x")) == []


def test_nobody_reads_it_in_the_store() -> None:
    store = Memory()
    kept(store)
    assert all(b"hunter2" not in item.data for key in store.list("") if (item := store.get(key)))


def test_what_an_older_key_has_sealed_opens_as_long_as_that_is_named() -> None:
    store = Memory()
    kept(store)
    kept(store, State(serial=5), letter="b")
    new, old = sealing("b"), sealing("a")
    assert [load(store, [new, old], ACCOUNT, KEY, n)[0].serial for n in (1, 2)] == [4, 5]
    assert [load(store, [new, old], ACCOUNT, KEY, n)[0].sealed_with for n in (1, 2)] == [old.id, new.id]
    assert code(lambda: load(store, [new], ACCOUNT, KEY, 1)) == "ENG717"


def _moved(store: Store, key: str, to: str) -> None:
    item = store.get(key)
    assert isinstance(item, Item)
    store.put_if_absent(to, item.data)


def test_none_is_put_back_as_anothers() -> None:
    store = Memory()
    kept(store)
    _moved(store, place(1), place(1, OTHER))
    assert code(lambda: load(store, [sealing()], ACCOUNT, OTHER, 1)) == "ENG717", "of another resource"
    _moved(store, place(1), place(2))
    assert code(lambda: load(store, [sealing()], ACCOUNT, KEY, 2)) == "ENG717", "an old one as the newest"
    assert code(lambda: load(store, [sealing()], "222222222222", KEY, 1)) == "ENG717", "of another account"
    assert code(lambda: load(store, [sealing()], ACCOUNT, KEY, 3)) == "ENG716"


def test_one_that_is_missing_is_seen() -> None:
    store = Memory()
    kept(store)
    kept(store)
    item = store.get(place(1))
    assert item
    store.delete(place(1), item.version)
    assert code(lambda: list(listed(store, KEY))) == "ENG711"
    assert code(lambda: kept(store)) == "ENG711"


def test_one_that_is_dropped_leaves_its_number_and_what_it_was_of() -> None:
    store = Memory()
    kept(store)
    kept(store, State(serial=5))
    drop(store, [sealing()], KEY, 1, LATER)
    assert [(one.number, one.serial, one.dropped) for one in listed(store, KEY)] == [(1, 4, LATER), (2, 5, None)]
    assert code(lambda: load(store, [sealing()], ACCOUNT, KEY, 1)) == "ENG873"
    assert load(store, [sealing()], ACCOUNT, KEY, 2)[1] == STATE.data
    item = store.get(place(1))
    assert item
    drop(store, [sealing()], KEY, 1, "2027-01-01T00:00:00Z")
    assert store.get(place(1)) == item, "once"
    assert kept(store) == place(3)


def test_what_cannot_be_opened_is_neither_dropped_nor_sealed_anew() -> None:
    store = Memory()
    kept(store)
    item = store.get(place(1))
    assert code(lambda: drop(store, [sealing("b")], KEY, 1, LATER)) == "ENG717", "with another key"
    assert code(lambda: reseal(store, [sealing("b")], KEY, 1)) == "ENG717"
    _moved(store, place(1), place(2))
    assert code(lambda: drop(store, [sealing()], KEY, 2, LATER)) == "ENG717", "of another number"
    assert code(lambda: drop(store, [sealing()], KEY, 3, LATER)) == "ENG716"
    assert store.get(place(1)) == item


def test_one_is_sealed_anew_with_the_key_of_now_and_says_the_same() -> None:
    store = Memory()
    kept(store)
    kept(store, State(serial=5))
    drop(store, [sealing()], KEY, 2, LATER)
    new, old = sealing("b"), sealing("a")
    before = load(store, [old], ACCOUNT, KEY, 1)
    assert [reseal(store, [new, old], KEY, number) for number in (1, 1, 2)] == [True, False, True]
    about, data = load(store, [new], ACCOUNT, KEY, 1)
    assert (about._replace(sealed_with=old.id), data) == before
    assert code(lambda: load(store, [old], ACCOUNT, KEY, 1)) == "ENG717", "the old key is needed no more"
    assert [one.sealed_with for one in listed(store, KEY)] == [new.id, new.id]
    assert code(lambda: load(store, [new], ACCOUNT, KEY, 2)) == "ENG873"


def test_nobody_drops_one_by_writing_that_it_was() -> None:
    store = Memory()
    kept(store)
    item = store.get(place(1))
    assert item
    store.replace(place(1), item.data.replace(b'"digest"', b'"dropped":"2026-11-23T22:00:00Z","digest"'), item.version)
    assert code(lambda: load(store, [sealing()], ACCOUNT, KEY, 1)) == "ENG717"


class Raced(Memory):
    """Somebody else writes there first, each time."""

    def replace(self, key: str, data: bytes, version: str) -> Any:
        return None


def test_what_somebody_else_has_replaced_meanwhile_is_left_alone() -> None:
    store = Raced()
    kept(store)
    assert code(lambda: drop(store, [sealing()], KEY, 1, LATER)) == "ENG718"
    assert load(store, [sealing()], ACCOUNT, KEY, 1)[1] == STATE.data


def test_which_states_have_backups() -> None:
    store = Memory()
    assert list(every(store)) == []
    kept(store)
    kept(store)
    kept(store, key=OTHER)
    assert sorted(every(store)) == sorted([KEY, OTHER])
    _moved(store, place(1), places.numbered("backups/sha256-" + "0" * 64 + "/", 1))
    assert code(lambda: list(every(store))) == "ENG717", "of another state"


class Altering(Memory):
    """Keeps something else than what it is given."""

    def put_if_absent(self, key: str, data: bytes) -> Any:
        return super().put_if_absent(key, data[:-1] + b"x")


class Forgetting(Memory):
    def get(self, key: str) -> Item | None:
        return None


class Dead(Memory):
    def put_if_absent(self, key: str, data: bytes) -> Any:
        raise failure("ENG592", store="it", what="put_object", reason="ReadTimeoutError")


class Losing(Memory):
    """Does what it is asked for, and its answer is lost."""

    def put_if_absent(self, key: str, data: bytes) -> Any:
        super().put_if_absent(key, data)
        raise failure("ENG592", store="it", what="put_object", reason="ReadTimeoutError")


@pytest.mark.parametrize(
    ("why", "store", "expected"),
    [
        ("what is read back is something else", Altering(), "ENG718"),
        ("nothing is read back", Forgetting(), "ENG718"),
        ("the store is down", Dead(), "ENG592"),
    ],
)
def test_what_cannot_be_read_back_does_not_count(why: str, store: Store, expected: str) -> None:
    assert code(lambda: kept(store)) == expected, why


def test_an_answer_that_was_lost_is_read_back() -> None:
    store = Losing()
    assert [kept(store), kept(store)] == [place(1), place(2)]


def test_a_state_that_no_store_keeps() -> None:
    assert code(lambda: kept(Memory(), State(data=b"x" * LARGEST))) == "ENG196"
