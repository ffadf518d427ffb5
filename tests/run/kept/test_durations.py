"""How long resources took is kept, and in nobody's way where it is not."""

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.kept import keys
from engine.core.schedule.durations import Took
from engine.errors import failure
from engine.run.kept import durations

REPO = "acme/dev"


class Broken(Memory):
    """A store that does not answer."""

    def get(self, key):
        raise failure("ENG590", store="x", reason="it is down")


def test_what_was_noted_is_known():
    store = Memory()
    durations.note(store, "r1", REPO, [Took("plan", "a", 2.0)])
    durations.note(store, "r2", "ACME/Dev", [Took("plan", "b", 4.0)])
    assert durations.known(store, REPO).ms == {"plan": {"a": 2000, "b": 4000}}
    assert durations.known(store, "acme/other").ms == {}


def test_nothing_is_written_where_nothing_was_taken():
    store = Memory()
    durations.note(store, "r1", REPO, [])
    assert list(store.list("")) == []


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b'{"kind":"durations","ms":[],"run":"r","version":1}'])
def test_what_cannot_be_read_is_unknown_and_written_anew(data):
    store = Memory()
    store.put_if_absent(keys.durations(REPO), data)
    assert durations.known(store, REPO).ms == {}
    durations.note(store, "r1", REPO, [Took("plan", "a", 2.0)])
    assert durations.known(store, REPO).ms == {"plan": {"a": 2000}}


def test_a_store_that_is_down_is_in_nobodys_way():
    assert durations.known(Broken(), REPO).ms == {}
    durations.note(Broken(), "r1", REPO, [Took("plan", "a", 2.0)])
