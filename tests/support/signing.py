"""Keys and signed verdicts, the same in every run."""

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.adapters.keys import FileSigner
from engine.core.canonical import canonical
from engine.core.findings import Effect, Finding, Severity
from engine.core.signature import TrustedKey, TrustedKeys, sign
from engine.core.verdict.about import Wanted
from engine.core.verdict.statement import About, Hands, MadeFrom, build

SIGNED, NOW, LATER = "2026-11-23T21:00:00Z", "2026-11-23T22:00:00Z", "2027-11-23T21:00:00Z"
WEEK_S = 7 * 86_400
HEAD = "a" * 40
RULES = "sha256:" + "1" * 64


def signer(seed: int = 1) -> FileSigner:
    """A key of its own for every seed."""
    return FileSigner(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def trusted(who: FileSigner | None = None, **changes: Any) -> TrustedKeys:
    """That one key is trusted; `changes` are fields of TrustedKey."""
    who = who or signer()
    key = TrustedKey(who.id, who.public, ("verdict",), LATER, None)._replace(**changes)
    return {key.id: key}


def resource(path: str = "S3/data-lake", **changes: Any) -> dict[str, Any]:
    """A resource that was planned."""
    directory, _, name = path.rpartition("/")
    return {
        "path": path,
        "service": directory.rpartition("/")[2],
        "name": name,
        "state_key": f"{directory}/dev/{name}/terraform.tfstate",
        "tree": "sha256:" + "2" * 64,
        "plan": "hmac-sha256:" + "3" * 64,
        "changes": [],
        "module": None if changes.get("plan", "") is None else "sha256:m",
        **changes,
    }


def finding(effect: Effect = Effect.DENY, **changes: Any) -> Finding:
    """A finding about `resource()`."""
    return Finding("S3-ENC-001", Severity.HIGH, effect, "not encrypted", "S3/data-lake")._replace(**changes)


CHANGE = "sha256:" + "4" * 64
HANDS: Hands = {"authors": [1, 4], "committers": [2], "pushers": [3]}
ABOUT = About("github", "acme/dev-deployment", 7, HEAD, "dev", "development", "dev", RULES, CHANGE, HANDS, True)
MADE_FROM = MadeFrom("0.1.0", "sha256:e", "sha256:d", "sha256:p", "sha256:m", "sha256:l", "key-1", None)
WANTED = Wanted("acme/dev-deployment", 7, HEAD, "dev", RULES, "sha256:p", "sha256:m", "sha256:l")


def statement(
    *findings: Finding,
    resources: tuple[dict[str, Any], ...] = (resource(),),
    sequence: int = 1,
    signed_at: str = SIGNED,
    made_from: MadeFrom = MADE_FROM,
    earlier: Sequence[dict[str, Any]] = (),
    **about: Any,
) -> dict[str, Any]:
    """A statement; `about` are fields of About, `earlier` statements before it, the latest one first.

    What it was planned with is said of each resource as of the whole.
    """
    resources = tuple({**row, "module": row["module"] and made_from.module} for row in resources)
    return build(
        ABOUT._replace(**about),
        resources,
        findings,
        (),
        made_from,
        sequence=sequence,
        confirmed_at=signed_at,
        expires_s=WEEK_S,
        earlier=[one["predicate"]["verdict"] for one in earlier],
    )


def signed(value: dict[str, Any] | None = None, who: FileSigner | None = None, **about: Any) -> bytes:
    """The signed envelope of `value`, or of a statement about `about`."""
    return sign(canonical(value or statement(**about)), who or signer())
