"""What every store does, asked of each: the five methods, and that of many who want one thing one gets it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from engine.adapters.places import BucketPlace
from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import LARGEST, LONGEST, LONGEST_PART, Item, Store
from engine.adapters.storage.s3 import Bucket
from engine.errors import EngineError

THREADS = 8


@pytest.fixture(params=["directory", "memory", "s3"])
def store(request, tmp_path) -> Store:
    if request.param == "s3":
        return Bucket(request.getfixturevalue("s3"))
    return Memory() if request.param == "memory" else Directory(str(tmp_path / "store"), durable=True)


def test_what_is_put_is_there(store: Store) -> None:
    version = store.put_if_absent("statements/7/0001", b"one")
    assert version is not None
    assert store.get("statements/7/0001") == Item("statements/7/0001", b"one", version)


@pytest.mark.parametrize("data", [b"", b"\x00\xff\n", b"x" * 1_000_000])
def test_any_bytes(store: Store, data: bytes) -> None:
    store.put_if_absent("a", data)
    item = store.get("a")
    assert item is not None
    assert item.data == data


def test_nothing_is_there(store: Store) -> None:
    assert store.get("a") is None
    assert store.get("a/b/c") is None
    assert list(store.list("")) == []
    assert list(store.list("a/b/")) == []
    assert store.replace("a/b", b"x", "v") is None
    assert store.delete("a/b", "v") is False


def test_who_comes_second_changes_nothing(store: Store) -> None:
    store.put_if_absent("a", b"one")
    assert store.put_if_absent("a", b"two") is None
    assert store.put_if_absent("a", b"one") is None
    item = store.get("a")
    assert item is not None
    assert item.data == b"one"


def test_only_the_version_that_was_seen_is_replaced(store: Store) -> None:
    first = store.put_if_absent("a", b"one")
    assert first is not None
    second = store.replace("a", b"two", first)
    assert second not in (None, first)
    assert store.replace("a", b"three", first) is None
    item = store.get("a")
    assert item == Item("a", b"two", second)


def test_only_the_version_that_was_seen_is_deleted(store: Store) -> None:
    first = store.put_if_absent("a", b"one")
    assert first is not None
    second = store.replace("a", b"two", first)
    assert second is not None
    assert store.delete("a", first) is False
    assert store.delete("a", second) is True
    assert store.delete("a", second) is False
    assert store.get("a") is None
    assert store.put_if_absent("a", b"one") is not None


KEYS = ["a", "a-b", "a.b", "a/b", "a/b/c", "a/c", "a0", "b/1", "b/10", "b/2", "b10", "b2/x"]  # in their order


@pytest.mark.parametrize(
    ("why", "prefix", "after", "expected"),
    [
        ("all", "", "", KEYS),
        ("a folder", "a/", "", ["a/b", "a/b/c", "a/c"]),
        ("the beginning of a name", "b", "", ["b/1", "b/10", "b/2", "b10", "b2/x"]),
        ("the beginning of a name in a folder", "b/1", "", ["b/1", "b/10"]),
        ("after one", "b/", "b/1", ["b/10", "b/2"]),
        ("after one that is not there", "b/", "b/100", ["b/2"]),
        ("after one in a folder", "", "a/b", ["a/b/c", "a/c", "a0", "b/1", "b/10", "b/2", "b10", "b2/x"]),
        ("after the last", "b/", "b/2", []),
        ("after what is before all", "b/", "a", ["b/1", "b/10", "b/2"]),
        ("after what is behind all", "a/", "b", []),
        ("none", "c", "", []),
        ("below what is an item", "a-b/", "", []),
    ],
)
def test_keys_are_listed_in_order(store: Store, why: str, prefix: str, after: str, expected: list[str]) -> None:
    for key in reversed(KEYS):
        assert store.put_if_absent(key, b"") is not None
    assert list(store.list(prefix, after)) == expected, why


@pytest.mark.parametrize(
    "key",
    ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "../a", ".a", "a/.b", "A", "a b", "a=", "a\0", "a\n", "ä",
     "a\\b", "a" * (LONGEST_PART + 1), "/".join(["a" * 100] * (LONGEST // 100))],
)  # fmt: skip
def test_what_is_no_key(store: Store, key: str) -> None:
    asked: list[Callable[[], object]] = [
        lambda: store.get(key),
        lambda: store.put_if_absent(key, b""),
        lambda: store.replace(key, b"", "v"),
        lambda: store.delete(key, "v"),
    ]
    for ask in asked:
        with pytest.raises(ValueError, match="no key"):
            ask()


@pytest.mark.parametrize("prefix", ["/", "../", "a//", ".", "a/../", "A", "a="])
def test_what_no_key_begins_with(store: Store, prefix: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        store.list(prefix)


def test_what_nobody_could_read_is_not_written(store: Store) -> None:
    too_large, version = b"x" * (LARGEST + 1), store.put_if_absent("a", b"1")
    assert version
    asked: list[Callable[[], object]] = [
        lambda: store.put_if_absent("b", too_large),
        lambda: store.replace("a", too_large, version),
    ]
    for ask in asked:
        with pytest.raises(EngineError, match="larger than"):
            ask()
    item = store.get("a")
    assert (list(store.list("")), item and item.data) == (["a"], b"1")


def test_the_longest_key(store: Store) -> None:
    key = "/".join(["a" * (LONGEST_PART - 1)] * 4)
    assert len(key) <= LONGEST
    assert store.put_if_absent(key, b"x") is not None
    assert list(store.list("")) == [key]


def _together(work: Callable[[int], int]) -> list[int]:
    start = Barrier(THREADS)

    def one(number: int) -> int:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def _first(store: Store, key: str, number: int) -> bool:
    return store.put_if_absent(key, b"%d" % number) is not None


def test_of_many_who_put_one_is_first(store: Store) -> None:
    for key in ("a", "folder/b"):
        won = _together(partial(_first, store, key))
        item = store.get(key)
        assert sum(won) == 1
        assert item is not None
        assert won[int(item.data)]


def test_of_many_who_replace_each_has_its_turn(store: Store) -> None:
    store.put_if_absent("count", b"0")

    def add(_number: int) -> int:
        lost = 0
        for _ in range(5):
            while True:
                item = store.get("count")
                assert item is not None
                if store.replace("count", b"%d" % (int(item.data) + 1), item.version):
                    break
                lost += 1
        return lost

    _together(add)
    item = store.get("count")
    assert item is not None
    assert int(item.data) == THREADS * 5


def test_of_many_who_delete_one_did(store: Store) -> None:
    version = store.put_if_absent("a", b"x")
    assert version is not None
    assert sum(_together(lambda _: store.delete("a", version))) == 1


def test_who_is_to_last_says_so(tmp_path) -> None:
    assert Memory().durable is False
    assert Directory(str(tmp_path / "a"), durable=True).durable is True
    assert Directory(str(tmp_path / "a"), durable=False).durable is False
    assert Bucket(BucketPlace("bucket", "", None, None)).durable is True
