"""Merge decisions in a store: one for each pull request, found by what it holds."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import Item, Store
from engine.core.kept import keys as places
from engine.core.kept import record
from engine.errors import EngineError, failure
from engine.run.kept.merges import Pull, get, of_key, put
from tests.support.merges import KEY, REPO, keys, signed


def code(act: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as refused:
        act()
    return refused.value.problems[0].code


def test_it_is_found_by_its_pull_request_and_by_what_it_holds() -> None:
    store = Memory()
    merged = put(store, "r1", signed(), keys())
    assert get(store, REPO.upper(), 7, keys()) == merged
    assert get(store, REPO, 8, keys()) is None
    assert of_key(store, KEY) == (Pull(REPO, 7),)
    assert of_key(store, "S3/dev/logs/terraform.tfstate") == ()
    assert of_key(store, KEY + "x") == ()


def test_it_is_decided_once() -> None:
    store = Memory()
    first = put(store, "r1", signed(), keys())
    assert put(store, "r2", signed(run="r2"), keys()) == first, "the one that was first stands"
    assert code(lambda: put(store, "r3", signed(commit="d" * 40), keys())) == "ENG208"
    assert get(store, REPO, 7, keys()) == first


def test_nothing_is_put_that_nobody_would_believe() -> None:
    store = Memory()
    assert code(lambda: put(store, "r1", signed(), {})) == "ENG271"
    assert not list(store.list(""))


def test_pull_requests_on_one_resource_in_the_order_of_their_numbers() -> None:
    store = Memory()
    for number in (11, 9, 100):
        put(store, "r1", signed(pr=number), keys())
    assert [pull.pr for pull in of_key(store, KEY)] == [9, 11, 100]


class Dying(Memory):
    """Dies before the so-many-th write."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self._left = writes

    def put_if_absent(self, key: str, data: bytes) -> Any:
        if not self._left:
            raise failure("ENG190", store="it", reason="down")
        self._left -= 1
        return super().put_if_absent(key, data)


def test_whoever_dies_between_has_merged_nothing_that_is_not_found() -> None:
    for writes in range(2):
        store = Dying(writes)
        with pytest.raises(EngineError):
            put(store, "r1", signed(), keys())
        assert get(store, REPO, 7, keys()) is None
        assert len(of_key(store, KEY)) == writes
        store._left = 9
        assert put(store, "r1", signed(), keys()) == get(store, REPO, 7, keys())


def moved(store: Store, key: str, to: str) -> None:
    item = store.get(key)
    assert isinstance(item, Item)
    store.put_if_absent(to, item.data)


@pytest.mark.parametrize("about", [{"pr": 8}, {"repository": {"id": 99, "name": "acme/other"}}])
def test_one_of_another_place_is_no_decision(about: dict[str, Any]) -> None:
    store, other = Memory(), {"pr": 7, "repository": {"id": 99, "name": REPO}, **about}
    put(store, "r1", signed(**other), keys())
    moved(store, places.merge(other["repository"]["name"], other["pr"]), places.merge(REPO, 7))
    assert code(lambda: get(store, REPO, 7, keys())) == "ENG193"


def test_rubbish_in_its_place_is_an_error() -> None:
    store = Memory()
    store.put_if_absent(places.merge(REPO, 7), b"x")
    assert code(lambda: get(store, REPO, 7, keys())) == "ENG193"
    assert code(lambda: put(store, "r1", signed(), keys())) == "ENG193"
    altered = json.loads(signed())
    altered["signatures"][0]["sig"] = altered["signatures"][0]["sig"][::-1].replace("=", "A")[:86] + "=="
    other = Memory()
    other.put_if_absent(places.merge(REPO, 7), record.encode("merge", run="r1", envelope=altered))
    assert code(lambda: get(other, REPO, 7, keys())) == "ENG193"


def test_a_word_of_another_resource_or_another_kind_is_an_error() -> None:
    store = Memory()
    put(store, "r1", signed(), keys())
    moved(store, places.hold(KEY, REPO, 7), places.hold("other", REPO, 7))
    assert code(lambda: of_key(store, "other")) == "ENG193"
    store.put_if_absent(places.hold("third", REPO, 7), b"{}")
    assert code(lambda: of_key(store, "third")) == "ENG193"
