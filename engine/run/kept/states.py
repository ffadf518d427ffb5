"""What is known of states without opening one: who works on each, which one is ours, and how it has come to that."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine.core.kept import keys, record
from engine.run.applying import begun as marks
from engine.run.kept import ledger

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.kept.ledger import Entry
    from engine.core.signature import TrustedKeys


def listed(store: "Store", trusted: "TrustedKeys", key: str | None = None) -> Iterator[dict[str, Any]]:
    """A row for each state key that the ledger has, or for that one.

    Raises:
        EngineError: as `ledger.entries`, `begun.unanswered`; a claim cannot be believed; the store fails.
    """
    entries = ledger.every(store, trusted) if key is None else ledger.entries(store, key, trusted)
    for name, group in groupby(entries, lambda entry: entry.key):
        found = list(group)
        last = next((entry for entry in reversed(found) if entry.said["state"]), None)
        state = last.said["state"] if last else None
        yield {
            "key": name,
            "outcome": found[-1].outcome,
            "pr": found[-1].said["pr"],
            "time": found[-1].said["time"],
            "lineage": state and state["lineage"],
            "serial": state and state["serial"],
            "believed": last is None or not last.revoked,  # else two people have to say which one it is
            "held": _held(store, name),
            "begun": _begun(store, name, found, trusted),
        }


def history(entries: "Sequence[Entry]") -> list[dict[str, Any]]:
    """Each time that a state was written or taken in, and what was kept before."""
    return [
        {
            "number": entry.number,
            "time": entry.said["time"],
            "outcome": entry.said["outcome"],
            "lineage": entry.said["state"]["lineage"],
            "serial": entry.said["state"]["serial"],
            "backup": entry.said["backup"] and int(entry.said["backup"].rpartition("/")[2]),
            "pr": entry.said["pr"],
            "run": entry.said["run"],
            "people": [one["login"] for one in entry.said["people"]],
        }
        for entry in entries
        if entry.said["state"]
    ]


def _held(store: "Store", key: str) -> dict[str, Any] | None:
    """Which run works on it, whose that is, why, since when, and when it was last known to."""
    place = keys.alone(key)
    item = store.get(place)
    if item is None:
        return None
    said = record.decode("claim", item.data, place)
    return {name: said[name] for name in ("run", "who", "why", "since", "at")}


def _begun(store: "Store", key: str, found: "list[Entry]", trusted: "TrustedKeys") -> dict[str, Any] | None:
    """The apply that has begun, and of which nobody has said yet what it came to: why the state may be another."""
    mark = marks.unanswered(store, key, found, trusted)
    if mark is None:
        return None
    return {"since": mark.at, "pr": mark.about.get("pr"), "commit": mark.about.get("commit"), "back": mark.back}
