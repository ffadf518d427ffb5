"""Merge decisions, signed by a key that is trusted for them."""

from typing import Any

from engine.adapters.keys import FileSigner
from engine.core.canonical import canonical
from engine.core.kept.merge import statement
from engine.core.signature import TrustedKeys, sign
from tests.support.signing import SIGNED, signer, trusted

REPO, KEY = "acme/dev-deployment", "S3/dev/data-lake/terraform.tfstate"
DIGEST = "sha256:" + "1" * 64
TREE = "sha256:" + "2" * 64


def finding(**changes: Any) -> dict[str, Any]:
    return {"rule": "S3-ENC-001", "severity": "high", "resource": "S3/data-lake", "address": "", **changes}


def override(**changes: Any) -> dict[str, Any]:
    return {
        "gate": "policy", "name": "policy-exception", "id": 41, "login": "dave", "comment": 9, "body": DIGEST,
        "reason": "the auditor waits", "expires_at": "2026-11-24T12:00:00Z", "findings": [finding()], **changes,
    }  # fmt: skip


def said(**changes: Any) -> dict[str, Any]:
    """The predicate of a merge of pull request 7."""
    return {
        "repository": {"id": 99, "name": REPO},
        "pr": 7,
        "base": {"ref": "dev", "sha": "b" * 40},
        "head": {"ref": "data-lake", "sha": "a" * 40},
        "commit": "c" * 40,
        "trees": {"S3/data-lake": TREE},
        "verdict": {"sequence": 3, "digest": DIGEST, "result": "passed"},
        "keys": [KEY],
        "people": [{"gate": "reviewed", "id": 11, "login": "ann", "review": 5, "body": None}],
        "overrides": [],
        "run": "r1",
        "rules": DIGEST,
        "decision": DIGEST,
        "merged_at": SIGNED,
        **changes,
    }


def keys(**changes: Any) -> TrustedKeys:
    return trusted(purposes=("merge",), **changes)


def signed(who: FileSigner | None = None, **changes: Any) -> bytes:
    return sign(canonical(statement(said(**changes))), who or signer())
