"""`github.label`: our labels, as they have to stand. They are for people; no gate believes one alone."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.run.actions.github.telling import ASKS, telling

if TYPE_CHECKING:
    from engine.core.report.labels import Validation
    from engine.run.actions.github.telling import Telling
    from engine.run.context import Context


def label(ctx: "Context", state: str) -> Mapping[str, Any]:
    """The action: which labels were put on and taken off.

    Raises:
        EngineError: ENG556, it is not known which there are; GitHub does not do it.
    """
    from engine.core.report.labels import swap
    from engine.errors import failure

    told = telling(ctx, is_started=state == "started")
    pr = told.document.facts["pr"]
    if pr["state"] == "closed" and not told.is_merged:
        return {"added": [], "removed": []}
    if missing := told.document.state("labels"):
        raise failure("ENG556", name="labels", reason=missing[1])
    present = told.document.facts["labels"]
    change = swap(_validation(told), told.is_overridden and told.is_merged, present)
    if change.add or change.remove:
        forge = ctx.ports.forge
        assert forge is not None
        forge.label(told.pull.repo, told.pull.number, add=change.add, remove=change.remove)
    return {"added": list(change.add), "removed": list(change.remove)}


def _validation(told: "Telling") -> "Validation":
    """Of what is merged nothing is taken away: the labels say how it came in."""
    is_new = told.validation in ("running", "nothing", "refused")
    return "unknown" if told.is_merged and is_new else told.validation


ACTIONS = (
    Action(
        "github.label",
        label,
        inputs={"state": {"enum": ["started", "ended"], "default": "ended"}},
        outputs=("added", "removed"),
        permissions=("issues:write",),
        repeat=Repeat.SAFE,
        needs=("pr", "labels", "now", "resources", "verdict", "statements"),
        asks=ASKS,
        doc="Put our labels right: that of the newest validation, and for good that of an override. `started`: of a "
        "validation that has just begun.",
    ),
)
