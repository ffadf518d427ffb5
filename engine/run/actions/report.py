"""`report.*`: tell people."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.run.context import Context


def write(
    ctx: "Context",
    plan: Mapping[str, Any] | None,
    policy: Mapping[str, Any] | None,
    verdict: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """Write report.md (the comment of a pull request) and report.json, and show the report to whoever watches.

    Raises:
        EngineError: ENG002, they cannot be kept; or something in them could not be told, and they say what.
    """
    from engine.run import reports

    report = reports.decided(reports.about(ctx.event, ctx.document), ctx.result)
    report = reports.of_outputs(report, plan, policy, verdict, ctx.discovery, ctx.document)
    kept = reports.write(report, ctx.work.out, ctx.settings.credentials)
    if kept.broken:
        raise EngineError(*kept.broken)
    ctx.work.show(kept)
    return {name: os.path.join(ctx.work.out, f"report.{end}") for name, end in (("markdown", "md"), ("json", "json"))}


def _gone(outputs: Mapping[str, Any], _ahead: frozenset[str]) -> bool:
    return not all(os.path.isfile(file) for file in outputs.values())


_TOLD = {"plan": "terraform.plan", "policy": "policy.evaluate", "verdict": "verdict.sign"}
ACTIONS = (
    Action(
        "report.write",
        write,
        inputs={name: {"type": ["object", "null"], "default": None, "of": of} for name, of in _TOLD.items()},
        outputs=("markdown", "json"),
        permissions=(),
        repeat=Repeat.SAFE,
        gone=_gone,
        needs=("verdict", "resources"),
        doc="Write report.md (for the pull request) and report.json: of this validation, or of the believed verdict.",
    ),
)
