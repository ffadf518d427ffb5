"""Receipts in a store, under their digest: whoever has a verdict can ask rule by rule what was judged."""

import json
from typing import TYPE_CHECKING, Any

from engine.core.canonical import canonical, digest_bytes
from engine.core.kept import keys
from engine.core.receipts import VERSION, told_again
from engine.errors import failure
from engine.run.kept import write

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store


def put(store: "Store", said: dict[str, Any]) -> None:
    """Put what `core/receipts.encoded` says. Its key says what it is, so whatever else stood there is mended.

    Raises:
        EngineError: the store fails.
    """
    data = canonical(said)
    write.put_named(store, keys.receipts(digest_bytes(data)), data)


def get(store: "Store", digest: str) -> dict[str, Any]:
    """What was said, by its digest (`sha256:…`).

    Raises:
        EngineError: ENG204 nothing was, ENG193 something else stands there, ENG194 a newer engine said it.
    """
    key = keys.receipts(digest)
    item = store.get(key)
    if item is None:
        raise failure("ENG204", digest=digest)
    if digest_bytes(item.data) != digest:
        raise failure("ENG193", key=key, reason="its digest is another")
    try:
        said: dict[str, Any] = json.loads(item.data)
        if (version := said["version"]) == VERSION:
            for _ in told_again(said):
                pass
            return said
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):  # whoever may write can put anything
        raise failure("ENG193", key=key, reason="it is no receipts") from None
    raise failure("ENG194", key=key, version=version, known=VERSION)
