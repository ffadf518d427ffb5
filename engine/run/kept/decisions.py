"""Decisions in a store, by run and digest, and the rules that they were made by, by digest: for `engine replay`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine.core.audit import decided
from engine.core.audit.decided import Decided
from engine.core.kept import keys
from engine.errors import failure
from engine.run.kept.write import put as put_once

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store


def put(store: "Store", one: Decided, rules: Mapping[str, bytes]) -> str:
    """Keep a decision with its rules; the digest of what is kept.

    Raises:
        EngineError: the store fails, or it is too large.
    """
    data = decided.rules_of(rules)
    put_once(store, keys.rules(decided.digest_of(data)), data)
    data = decided.encode(one._replace(rules=f"sha256:{decided.digest_of(data)}"))
    put_once(store, keys.decided(one.run, decided.digest_of(data)), data)
    return f"sha256:{decided.digest_of(data)}"


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
