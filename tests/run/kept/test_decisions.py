"""Decisions that are kept for replay: whole, under their digests, and quickly."""

from threading import Barrier
from typing import Any

from engine.adapters.storage.memory import Memory
from engine.core.audit.decided import Decided, digest_of, files_of, rules_of
from engine.core.kept import keys
from engine.run.kept import decisions

RULES = {"deployment-rules.yaml": b"version: 1\n"}
SENT: dict[str, Any] = {"name": "push", "delivery": None, "payload": {}}
ONE = Decided("r1", "2026-11-23T21:00:00Z", "0.1.0", None, False, SENT, {}, "", {})


class Meeting(Memory):
    """Answers a write only when another one is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.barrier = Barrier(2, timeout=60)

    def put_if_absent(self, key, data):
        self.barrier.wait()
        return super().put_if_absent(key, data)


def test_a_decision_and_its_rules_are_put_at_once():
    store = Meeting()
    digest = decisions.put(store, ONE, RULES)
    data, rules = decisions.one(store, "r1", digest)
    assert (f"sha256:{digest_of(data)}", files_of(rules, "rules")) == (digest, RULES)


def test_what_somebody_has_put_under_the_digest_of_the_rules_is_mended():
    """The rules of tomorrow can be read in the controller, and their digest be taken before we put them."""
    store = Memory()
    store.put_if_absent(keys.rules(digest_of(rules_of(RULES))), b"rubbish")
    digest = decisions.put(store, ONE, RULES)
    assert files_of(decisions.one(store, "r1", digest)[1], "rules") == RULES
