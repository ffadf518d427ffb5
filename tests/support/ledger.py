"""Ledger entries, signed by a key that is trusted for them."""

from collections.abc import Sequence
from typing import Any

from engine.adapters.keys import FileSigner
from engine.adapters.storage.port import Store
from engine.core.canonical import canonical
from engine.core.kept.ledger import NOTHING, Entry, read, statement
from engine.core.signature import TrustedKeys, sign
from engine.run.kept import ledger
from tests.support.merges import DIGEST, KEY, REPO
from tests.support.signing import SIGNED, signer, trusted

AFTER = "KMS/dev/lake/terraform.tfstate"  # what is skipped comes after
VALUES = "sha256:" + "5" * 64


def state(serial: int = 4, **changes: Any) -> dict[str, Any]:
    return {"lineage": "l-1", "serial": serial, "digest": "sha256:" + f"{serial:064x}", **changes}


def person(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "login": f"p{number}", "comment": 100 + number, **changes}


def said(outcome: str = "applied", **changes: Any) -> dict[str, Any]:
    """The predicate of an entry about what pull request 7 has merged."""
    by_people = outcome in ("released", "adopted", "restored")
    return {
        "number": 1,
        "before": None,
        "key": KEY,
        "outcome": outcome,
        "repository": {"id": 99, "name": REPO},
        "pr": 7,
        "commit": "c" * 40,
        "contains": [],
        "verdict": {"sequence": 3, "digest": DIGEST},
        "merge": DIGEST,
        "controller": None,
        "module": DIGEST,
        "values": NOTHING if outcome == "destroyed" else VALUES,
        "service": "S3",
        "name": "data-lake",
        "environment": "development",
        "state": state(),
        "addresses": {'aws_s3_bucket.this["lake"]': "done"},
        "done": {'aws_s3_bucket.this["lake"]': "hmac-sha256:" + "6" * 64},
        "backup": None,
        "why": "nobody needs it" if by_people else None,
        "people": [person(1), person(2)] if by_people else [],
        "run": "r1",
        "time": SIGNED,
        **({"after": AFTER} if outcome == "skipped" else {}),
        **changes,
    }


def keys(**changes: Any) -> TrustedKeys:
    return trusted(purposes=("audit",), **changes)


def signed(who: FileSigner | None = None, **changes: Any) -> bytes:
    return sign(canonical(statement(said(**changes))), who or signer())


def entry(who: FileSigner | None = None, **changes: Any) -> Entry:
    return read(signed(who, **changes), keys() if who is None else trusted(who, purposes=("audit",)))


def tell(store: Store, *outcomes: str, key: str = KEY, **changes: Any) -> Sequence[Entry]:
    """Add an entry for each of the outcomes."""
    return [
        ledger.add(store, signer(), keys(), lambda _number, _earlier, o=o: said(o, **changes), key)  # type: ignore[misc]
        for o in outcomes
    ]
