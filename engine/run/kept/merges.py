"""Merge decisions in a store: one for each pull request that we have merged, put once and never altered.

Beside each lies, for every state key that it holds, a word whose merge may hold it: put before the decision, so that
none can hold a resource without being found. A word without a decision says nothing.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from engine.adapters.storage.port import Item, Store
from engine.core.canonical import canonical
from engine.core.kept import keys, record
from engine.core.kept.merge import Merged, is_about, read
from engine.core.signature import TrustedKeys
from engine.errors import EngineError, failure
from engine.run.kept import swept
from engine.run.kept.write import put as put_once


class Pull(NamedTuple):
    """A pull request whose merge may hold a resource."""

    repo: str
    pr: int


def put(store: Store, run: str, envelope: bytes, trusted: TrustedKeys) -> Merged:
    """The decision that stands: this one, or the one that another run has put about the same commit.

    Raises:
        EngineError: why nobody would believe it; ENG208 one about another commit stands there; ENG193, ENG194, ENG196
            what stands there is none; the store fails.
    """
    new = read(envelope, trusted)
    repo, pr = new.said["repository"]["name"], new.said["pr"]
    for state_key in new.said["keys"]:
        word = record.encode("hold", key=state_key, repository=repo, pr=pr)
        put_once(store, keys.hold(state_key, repo, pr), word)
    if new.said["keys"]:
        swept.merged(store, repo, pr)
    if put_once(store, keys.merge(repo, pr), record.encode("merge", run=run, envelope=json.loads(envelope))):
        return new
    stands = get(store, repo, pr, trusted)
    assert stands is not None, "nothing is ever taken away there"
    if stands.said["commit"] != new.said["commit"]:
        raise failure("ENG208", subject=f"{repo}#{pr}", found=stands.said["commit"], commit=new.said["commit"])
    return stands


def get(store: Store, repo: str, pr: int, trusted: TrustedKeys) -> Merged | None:
    """The decision of a pull request; None where we have merged none.

    Raises:
        EngineError: ENG193, ENG194, ENG196, what stands there is not what was signed for that place; the store fails.
    """
    key = keys.merge(repo, pr)
    item = store.get(key)
    if item is None:
        return None
    found = _read(item, trusted)
    if not is_about(found, repo, pr):
        raise _refused("merge", key, f"it was signed for {found.said['repository']['name']}#{found.said['pr']}")
    return found


def _read(item: Item, trusted: TrustedKeys) -> Merged:
    envelope = canonical(record.decode("merge", item.data, item.key)["envelope"])
    try:
        return read(envelope, trusted, item.key)
    except EngineError as error:
        raise _refused("merge", item.key, error.problems[0].message) from None


def every(store: Store, trusted: TrustedKeys) -> Iterator[Merged]:
    """All decisions that there are.

    Raises:
        EngineError: ENG193, ENG194, ENG196, one of them is not what was signed for its place; the store fails.
    """
    for key in list(store.list(keys.MERGES)):
        item = store.get(key)
        if item is None:
            raise _refused("merge", key, "it was taken away just now")
        found = _read(item, trusted)
        if keys.merge(found.said["repository"]["name"], found.said["pr"]) != key:
            raise _refused("merge", key, "it was signed for another place")
        yield found


def of_key(store: Store, state_key: str) -> tuple[Pull, ...]:
    """Whose merges may hold this state key: all that ever did.

    Raises:
        EngineError: ENG193, ENG194, ENG196, one of the words is none; the store fails.
    """
    return tuple(_word(store, key, state_key) for key in list(store.list(keys.held(state_key))))


def _word(store: Store, key: str, state_key: str) -> Pull:
    item = store.get(key)
    if item is None:
        raise _refused("hold", key, "it was taken away just now")
    said = record.decode("hold", item.data, key)
    if keys.hold(said["key"], said["repository"], said["pr"]) != key or said["key"] != state_key:
        raise _refused("hold", key, "it was said of something else")
    return Pull(said["repository"], said["pr"])


def _refused(kind: str, key: str, reason: str) -> EngineError:
    return failure("ENG193", key=key, reason=reason, hint=record.WAY_OUT[kind])
