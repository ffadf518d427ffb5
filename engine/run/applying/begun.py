"""Where it stands that an apply of a state key has begun: one record for each, replaced by the next one."""

import json
from typing import TYPE_CHECKING

from engine.core.canonical import canonical
from engine.core.kept import begun, keys, record
from engine.errors import failure
from engine.names import plural
from engine.run.kept.write import put as put_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.adapters.storage.port import Store
    from engine.core.kept.begun import Begun
    from engine.core.kept.ledger import Entry
    from engine.core.signature import TrustedKeys
    from engine.run.applying.model import Applying


def unanswered(store: "Store", key: str, entries: "Sequence[Entry]", trusted: "TrustedKeys") -> "Begun | None":
    """The apply of this state key that has begun, and of which the ledger does not say what came of it.

    Raises:
        EngineError: ENG734, entries of the ledger are gone, or it cannot be believed (as `core.kept.begun.read`,
            ENG193, ENG194); the store fails.
    """
    place = keys.applying(key)
    item = store.get(place)
    if item is None:
        return None
    envelope = canonical(record.decode("applying", item.data, place)["envelope"])
    found = begun.read(envelope, trusted, place)
    if found.key != key or found.number > len(entries) + 1:
        reason = f"the ledger has {plural(len(entries), 'entry', 'entries')}, and an apply has begun after more of them"
        raise failure(
            "ENG734", resource=key, reason="what was begun is of another state" if found.key != key else reason
        )
    return found if found.number == len(entries) + 1 else None


def say(applying: "Applying", new: "Begun") -> None:
    """From now on it has begun.

    Raises:
        EngineError: ENG621, another run has begun one meanwhile; the store fails.
    """
    place = keys.applying(new.key)
    envelope = json.loads(begun.signed(new, applying.signer))
    data = record.encode("applying", run=applying.run, envelope=envelope)
    item = applying.store.get(place)
    if not put_once(applying.store, place, data, item.version if item else None):
        raise failure("ENG621", what=place)
