"""Provisional."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat

if TYPE_CHECKING:
    from engine.run.context import Context


def apply(ctx: "Context", parallelism: int | None) -> Mapping[str, Any]:
    """Provisional."""
    return {"resources": []}


ACTIONS = (
    Action(
        "terraform.apply",
        apply,
        inputs={"parallelism": {"type": ["integer", "null"], "minimum": 1, "maximum": 64, "default": None}},
        outputs=("resources",),
        permissions=("contents:read", "issues:write"),
        repeat=Repeat.RECONCILE,
        needs=("pr", "source", "resources", "merge", "merged", "verdict", "merges", "ledger"),
        writes=True,
        secrets=("digest", "audit", "backup"),
        shared=True,
        doc="Apply what was merged.",
    ),
)
