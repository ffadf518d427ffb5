"""`report.*`: tell people."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat

if TYPE_CHECKING:
    from engine.run.context import Context


def write(
    ctx: "Context", plan: Mapping[str, Any], policy: Mapping[str, Any], verdict: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Write the report as Markdown and JSON."""
    raise AssertionError


ACTIONS = (
    Action(
        "report.write",
        write,
        inputs={
            "plan": {"type": ["object", "null"], "default": None},
            "policy": {"type": ["object", "null"], "default": None},
            "verdict": {"type": ["object", "null"], "default": None},
        },
        outputs=("markdown", "json"),
        permissions=(),
        repeat=Repeat.SAFE,
        doc="Write the report as report.md (the pull-request comment) and report.json, and show it.",
    ),
)
