"""`verdict.*`: sign what validation found."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat

if TYPE_CHECKING:
    from engine.run.context import Context


def sign(ctx: "Context", plan: Mapping[str, Any], policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """Sign one statement about exactly these trees, plans and findings."""
    raise AssertionError


ACTIONS = (
    Action(
        "verdict.sign",
        sign,
        inputs={"plan": {"type": "object"}, "policy": {"type": "object"}},
        outputs=("result", "statement", "digest", "sequence"),
        permissions=(),
        repeat=Repeat.SAFE,
        needs=("pr", "source", "resources"),
        doc="Sign the verdict: exactly these trees, plans and findings, of this head.",
    ),
)
