"""Backups that are old: sealed anew with the key of now, or dropped where the rules say how many are kept.

What is dropped leaves its number and what it was of. Never dropped: the newest one, the one that the ledger's last
entry names, the one of an apply that has begun and not ended, and whatever a bucket keeps under Object Lock.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.core.kept import keys
from engine.core.kept.retention import too_many
from engine.errors import failure
from engine.run.applying import begun
from engine.run.kept import backups, ledger

if TYPE_CHECKING:
    from engine.adapters.sealed import SealingKey
    from engine.adapters.storage.port import Store
    from engine.core.rules.model import Kept
    from engine.core.signature import TrustedKeys
    from engine.run.mending.copies import Hand


def check(store: "Store") -> None:
    """Nothing, if backups may be dropped in that store.

    Raises:
        EngineError: ENG876, its bucket keeps them, or nobody can tell.
    """
    keeps = _keeps(store)
    if keeps is not False:
        reason = "its bucket has Object Lock" if keeps else "whether its bucket has Object Lock cannot be told"
        hint = (
            "have the bucket's lifecycle remove old versions when their retention has ended"
            if keeps
            else "give whoever does this s3:GetBucketObjectLockConfiguration"
        )
        raise failure("ENG876", reason=reason, hint=hint)


def drops(store: "Store") -> bool:
    """May backups be dropped there?"""
    return _keeps(store) is False


def _keeps(store: "Store") -> bool | None:
    """None: nobody can tell."""
    from engine.adapters.storage.s3 import Bucket

    return store.keeps(keys.BACKUPS) if isinstance(store, Bucket) else False


def tidy(
    hand: "Hand", sealing: "Sequence[SealingKey]", trusted: "TrustedKeys", kept: "Kept", *, only_look: bool
) -> dict[str, Any]:
    """Drop what is too old and too many: the numbers.

    Raises:
        EngineError: ENG876; ENG717, one cannot be opened, and then it and all after it stay; the ledger cannot be
            believed; it cannot be said.
    """
    check(hand.store)
    entries = ledger.entries(hand.store, hand.key, trusted)
    rows = [one for one in backups.listed(hand.store, hand.key) if not one.dropped]
    mark = begun.unanswered(hand.store, hand.key, entries, trusted)
    last = next((one.said["backup"] for one in reversed(entries) if one.said["backup"]), None)
    needed = {mark.backup if mark else None, last and int(last.rpartition("/")[2])}
    old = too_many([(one.number, one.time) for one in rows], kept, {n for n in needed if n}, hand.now())
    if old and not only_look:
        hand.tell("dropping", numbers=old[:_SHOWN], count=len(old))
        for number in old:
            backups.drop(hand.store, sealing, hand.key, number, hand.now())
    return {"key": hand.key, "dropped": old, "kept": len(rows) - len(old)}


def reseal(hand: "Hand", sealing: "Sequence[SealingKey]") -> dict[str, Any]:
    """Seal with the key of now what another one has sealed: the numbers.

    Raises:
        EngineError: ENG717, one cannot be opened: those before it are sealed anew; it cannot be said.
    """
    old = [one.number for one in backups.listed(hand.store, hand.key) if one.sealed_with != sealing[0].id]
    if old:
        hand.tell("resealing", key=sealing[0].id, count=len(old))
        for number in old:
            backups.reseal(hand.store, sealing, hand.key, number)
    return {"key": hand.key, "resealed": old}


_SHOWN = 100  # numbers that the trail has of those that go
