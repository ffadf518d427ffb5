"""Trails for tests: in a store, said by one run, signed by a key that tests know."""

import json
from collections.abc import Callable
from typing import Any

from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import Store
from engine.core.audit.record import Said
from engine.core.kept import keys
from engine.core.signature import Signer
from engine.run.audit import Numbered, Trail
from tests.support.signing import NOW

REPO = "acme/dev-deployment"


def trail(
    store: Store | None = None, run: str = "run-1", now: Callable[[], str] = lambda: NOW, signer: Signer | None = None
) -> Trail:
    """A trail in `store`, or in one of its own."""
    return Trail(Numbered(Memory() if store is None else store), run, now, signer=signer)


def said(why: str = "so it is", pr: int | None = 7, **changes: Any) -> Said:
    """Something that is said of a pull request."""
    return Said("decision", "pass", REPO, pr, None, why)._replace(**changes)


def told(store: Store) -> list[dict[str, Any]]:
    """What the trail in a store says, in its order."""
    items = [store.get(key) for key in store.list(keys.AUDIT)]
    found = [json.loads(line) for item in items if item for line in item.data.splitlines()]
    return [one["said"] for one in found if "said" in one]
