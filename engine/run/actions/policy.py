"""`policy.*`: judge plans."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat

if TYPE_CHECKING:
    from engine.run.context import Context


def evaluate(ctx: "Context", resources: Sequence[Mapping[str, Any]], engine: str) -> Mapping[str, Any]:
    """Judge every plan by the controller's policies."""
    raise AssertionError


ACTIONS = (
    Action(
        "policy.evaluate",
        evaluate,
        inputs={
            "resources": {"type": "array", "items": {"type": "object"}},
            "engine": {"enum": ["rego", "opa", "checkov"], "type": "string", "default": "rego"},
        },
        outputs=("findings", "bundle"),
        permissions=("contents:read",),
        repeat=Repeat.SAFE,
        doc="Judge the plans by the policies of the controller repository.",
    ),
)
