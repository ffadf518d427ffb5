"""A directory, and a bucket, is a store as a dictionary is one: the same questions, the same answers."""

import os
import shutil
import tempfile
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import Store
from engine.adapters.storage.s3 import Bucket

_parts = st.sampled_from(["a", "b", "a-b", "a.b", "0", "10", "a_"])
_keys = st.lists(_parts, min_size=1, max_size=3).map("/".join)
_prefixes = st.one_of(st.just(""), _keys, _keys.map("{}/".format))
_data = st.binary(max_size=3)


class Stores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.mkdtemp()
        self.disk, self.memory = self.opened(), Memory()
        self.seen: list[tuple[Any, Any]] = [("none", "none")]  # versions of the same write in both

    def opened(self) -> Store:
        return Directory(f"{self.place}/s", durable=True)

    def teardown(self) -> None:
        shutil.rmtree(self.place)

    def _both(self, one: Any, other: Any) -> None:
        assert (one is None) == (other is None)
        if one is not None:
            self.seen.append((one, other))

    @rule(key=_keys, data=_data)
    def put(self, key: str, data: bytes) -> None:
        self._both(self.disk.put_if_absent(key, data), self.memory.put_if_absent(key, data))

    @rule(key=_keys, data=_data)
    def replace_what_stands_there(self, key: str, data: bytes) -> None:
        one, other = self.disk.get(key), self.memory.get(key)
        assert (one is None) == (other is None)
        if one and other:
            self._both(self.disk.replace(key, data, one.version), self.memory.replace(key, data, other.version))

    @rule(key=_keys)
    def delete_what_stands_there(self, key: str) -> None:
        one, other = self.disk.get(key), self.memory.get(key)
        if one and other:
            assert self.disk.delete(key, one.version) is self.memory.delete(key, other.version) is True

    @rule(key=_keys)
    def with_a_version_that_never_was(self, key: str) -> None:
        assert self.disk.delete(key, "none") is self.memory.delete(key, "none") is False
        assert self.disk.replace(key, b"", "none") is self.memory.replace(key, b"", "none") is None

    @rule(key=_keys)
    def look(self, key: str) -> None:
        one, other = self.disk.get(key), self.memory.get(key)
        assert (one and one.data) == (other and other.data)

    @rule(prefix=_prefixes, after=_prefixes)
    def list_some(self, prefix: str, after: str) -> None:
        assert list(self.disk.list(prefix, after)) == list(self.memory.list(prefix, after))

    @rule()
    def open_again(self) -> None:
        self.disk = self.opened()

    @invariant()
    def the_same_keys(self) -> None:
        assert list(self.disk.list("")) == list(self.memory.list("")) == sorted(self.memory.list(""))


TestStores = Stores.TestCase
TestStores.settings = settings(deadline=None, max_examples=10, stateful_step_count=20)


@pytest.mark.slow
def test_a_bucket(s3):
    class Buckets(Stores):
        def opened(self) -> Store:
            return Bucket(s3._replace(prefix=f"{s3.prefix}{os.path.basename(self.place)}/"))

    run_state_machine_as_test(Buckets, settings=settings(deadline=None, max_examples=2, stateful_step_count=12))
