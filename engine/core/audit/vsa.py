"""A SLSA verification summary (https://slsa.dev/verification_summary/v1) of a merge: what other tools can read.

It says what was verified and nothing more: that the merge commit is what a verdict, or its override, was about. The
levels are our own, since no SLSA track speaks of plans.
"""

from collections.abc import Mapping
from typing import Any

PREDICATE = "https://slsa.dev/verification_summary/v1"
APPROVED, OVERRIDDEN = "INTERLOCK_PLAN_APPROVED", "INTERLOCK_PLAN_OVERRIDDEN"


def statement(
    merge: Mapping[str, Any], merge_digest: str, verdict_digest: str, engine: str, now: str
) -> dict[str, Any]:
    """The in-toto statement about a merge decision's commit; `merge` is its predicate."""
    repository, commit = merge["repository"]["name"], merge["commit"]
    uri = f"git+https://github.com/{repository}"
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": uri, "digest": {"gitCommit": commit}}],
        "predicateType": PREDICATE,
        "predicate": {
            "verifier": {"id": "urn:interlock:engine", "version": {"interlock": engine}},
            "timeVerified": now,
            "resourceUri": f"{uri}@{commit}",
            "policy": {"uri": f"urn:interlock:rules:{merge['rules']}", "digest": _digest(merge["rules"])},
            "inputAttestations": [
                {"uri": f"urn:interlock:verdict:{merge['verdict']['sequence']}", "digest": _digest(verdict_digest)},
                {"uri": "urn:interlock:merge", "digest": _digest(merge_digest)},
            ],
            "verificationResult": "PASSED",
            "verifiedLevels": [OVERRIDDEN if merge["overrides"] else APPROVED],
        },
    }


def _digest(text: str) -> dict[str, str]:
    kind, _, value = text.partition(":")
    return {kind: value}
