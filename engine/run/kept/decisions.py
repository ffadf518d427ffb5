"""Decisions in a store, by run and digest, and the rules that they were made by, by digest: for `engine replay`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine.core.audit import decided
from engine.core.audit.decided import Decided
from engine.core.kept import keys
from engine.core.rules.draft import ENTRY
from engine.errors import failure
from engine.run.kept.write import put_named

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store


def put(store: "Store", one: Decided, rules: Mapping[str, bytes], entry: str = ENTRY) -> str:
    """Keep a decision with its rules, which begin in `entry`, both at once; the digest of what is kept.

    Raises:
        EngineError: the store fails, or it is too large.
    """
    from engine.run.orchestrator.pool import run_all

    sources = decided.rules_of(rules, entry)
    named = decided.digest_of(sources)
    data = decided.encode(one._replace(rules=f"sha256:{named}"))
    digest = decided.digest_of(data)
    run_all([(keys.rules(named), sources), (keys.decided(one.run, digest), data)], lambda it: put_named(store, *it), 2)
    return f"sha256:{digest}"


def of_run(store: "Store", run: str) -> Iterator[tuple[Decided, bytes]]:
    """The decisions of a run in the order of their times, each with the bytes of its rules.

    Raises:
        EngineError: ENG193, ENG194, one of them is not what was kept there; ENG723, there are none; the store fails.
    """
    found = [decided.decode(_read(store, key), key) for key in list(store.list(keys.decided(run)))]
    if not found:
        raise failure("ENG723", run=run)
    for one in sorted(found, key=lambda each: each.at):
        yield one, rules(store, one)


def one(store: "Store", run: str, digest: str) -> tuple[bytes, bytes]:
    """The bytes of a decision that was kept under that digest, and those of its rules.

    Raises:
        EngineError: as `of_run`.
    """
    key = keys.decided(run, digest.removeprefix("sha256:"))
    data = _read(store, key)
    return data, rules(store, decided.decode(data, key))


def rules(store: "Store", one: Decided) -> bytes:
    """The bytes of the rules of a decision. Raises EngineError: ENG193; the store fails."""
    return _read(store, keys.rules(one.rules.removeprefix("sha256:")))


def _read(store: "Store", key: str) -> bytes:
    item = store.get(key)
    if item is None:
        raise failure("ENG193", key=key, reason="it is missing")
    if decided.digest_of(item.data) != key.rpartition("/")[2]:
        raise failure("ENG193", key=key, reason="its digest is another")
    return item.data
