"""`terraform.*`: plan every resource of the change."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat

if TYPE_CHECKING:
    from engine.run.context import Context


def plan(ctx: "Context", parallelism: int | None) -> Mapping[str, Any]:
    """Plan each resource in a work directory of its own; one that cannot be planned fails alone.

    Raises:
        EngineError: nothing can be planned at all: no Terraform, no provider, no digest key.
    """
    raise AssertionError


ACTIONS = (
    Action(
        "terraform.plan",
        plan,
        inputs={"parallelism": {"type": ["integer", "null"], "minimum": 1, "maximum": 64, "default": None}},
        outputs=("resources", "module", "lock_file"),
        permissions=("contents:read",),
        repeat=Repeat.SAFE,
        needs=("resources",),
        doc="Plan every resource of the change, several at once (`limits.parallelism` unless said).",
    ),
)
