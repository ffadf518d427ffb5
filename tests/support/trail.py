"""Trails for tests: in a store, said by one run, signed by a key that tests know."""

from collections.abc import Callable
from typing import Any

from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import Store
from engine.core.audit.record import Said
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
