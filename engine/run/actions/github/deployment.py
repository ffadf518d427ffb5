"""`github.deployment`: GitHub's own word for a merge that is applied: one for each, and how it goes."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.run.actions.github.telling import APPLY, pull_of

if TYPE_CHECKING:
    from engine.run.context import Context
    from engine.run.runner import Ran

_NOTHING: Mapping[str, Any] = {"id": None, "state": None}
_FAILED = ("failed", "partial", "stopped", "refused", "skipped")
_OTHERS = ("ENG620", "ENG621", "ENG742")  # another run is at it, and says how it goes


def deployment(ctx: "Context", state: str) -> Mapping[str, Any]:
    """The action: its `id` and `state`, None where nothing is deployed, or it is not for this run to say.

    Raises:
        EngineError: ENG556, the merge is not known; ENG620, another run has it; GitHub does not do it.
    """
    from engine.adapters.github.port import Deployed
    from engine.core.kept import keys
    from engine.core.report import applied
    from engine.errors import failure
    from engine.run.actions.github.applied import report
    from engine.run.kept.claims import claimed

    facts = ctx.document.facts
    pull, resources = pull_of(ctx), facts.get("resources") or {}
    if not (resources.get("applies", True) and resources.get("resources") and resources.get("environment")):
        return _NOTHING
    if missing := ctx.document.state("merged"):
        raise failure("ENG556", name="merged", reason=missing[1])
    now = "in_progress" if state == "started" else _ended(ctx.ran)
    if now is None:
        return _NOTHING
    told = report(ctx)
    assert told.applied
    said = applied.state(told, told.applied).plain
    forge, store = ctx.ports.forge, ctx.ports.store
    assert forge is not None
    key = keys.claim("deployment", pull.repo, str(pull.number))
    deployed = Deployed(
        pull.repo, facts["merged"]["commit"], resources["environment"], pull.number, now, said, ctx.settings.page
    )
    with claimed(store, key, ctx.journal, ctx.ports.now(), ctx.work.cancel):
        return {"id": forge.deployment(deployed), "state": now}


def _ended(ran: "Iterable[Ran]") -> str | None:
    """How it went; what waits is still under way."""
    from engine.core.holding import DONE

    tried = next((one for one in ran if one.uses == APPLY), None)
    if tried is None or tried.status in ("skipped", "left"):
        return None
    if tried.problems:
        return None if tried.problems[0].code in _OTHERS else "failure"
    found = [row["outcome"] for row in tried.outputs["resources"]]
    if any(outcome in _FAILED for outcome in found):
        return "failure"
    return "success" if found and all(outcome in DONE for outcome in found) else "in_progress"


ACTIONS = (
    Action(
        "github.deployment",
        deployment,
        inputs={"state": {"enum": ["started", "ended"]}},
        outputs=("id", "state"),
        permissions=("deployments:write",),
        repeat=Repeat.SAFE,
        needs=("pr", "now", "resources", "merged"),
        asks=(APPLY,),
        shared=True,
        doc="Say to GitHub how a merge is deployed to its environment: `started` before anything is applied, `ended` "
        "afterwards. One deployment for each merge.",
    ),
)
