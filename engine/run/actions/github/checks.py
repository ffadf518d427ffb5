"""`github.check`: the two check runs of a pull request, which only our App can set.

`plan` is the verdict; `merge` is all that a merge takes, and what a ruleset requires: GitHub's own button gets past no
gate either.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.run.actions.github.telling import ASKS, report_of, telling

if TYPE_CHECKING:
    from engine.core.report.checks import Check
    from engine.run.actions.github.telling import Telling
    from engine.run.context import Context


def check(ctx: "Context", name: str, state: str) -> Mapping[str, Any]:
    """The action: its `id`, and what it says.

    Raises:
        EngineError: ENG556, the pull request is not known; ENG620, another run sets it at the moment; GitHub or the
            store does not do it.
    """
    from engine.core.kept import keys
    from engine.run.kept.claims import claimed

    told = telling(ctx, is_started=state == "started")
    made, pull = _of_plan(ctx, told) if name == "plan" else _of_merge(told), told.pull
    forge = ctx.ports.forge
    assert forge is not None
    # GitHub makes a second run of the same name for whoever asks, and takes none away.
    key = keys.claim("check", pull.repo, str(pull.number))
    with claimed(ctx.ports.store, key, ctx.journal, ctx.ports.now(), ctx.work.cancel):
        number = forge.check(pull.repo, pull.head, made.requests())
    return {"id": number, "conclusion": made.conclusion, "title": made.title}


def _of_plan(ctx: "Context", told: "Telling") -> "Check":
    from engine.core.report import checks
    from engine.core.report.model import redacted
    from engine.run.plans import redactor

    report = redacted(report_of(ctx, told), redactor((), ctx.settings.credentials))
    is_closed = told.document.facts["pr"]["state"] == "closed" and not told.is_merged
    return checks.plan(report, told.state, told.validation, told.sequence, is_closed=is_closed)


def _of_merge(told: "Telling") -> "Check":
    from engine.core.report import checks

    pull = told.pull
    made = checks.merge(
        pull.number, pull.base, told.sequence, told.state, told.gates, is_nothing=told.validation == "nothing"
    )
    # What we have signed for has passed its gates, though today some of them would say no.
    return made._replace(conclusion="success") if told.is_settled else made


ACTIONS = (
    Action(
        "github.check",
        check,
        inputs={"name": {"enum": ["plan", "merge"]}, "state": {"enum": ["started", "ended"], "default": "ended"}},
        outputs=("id", "conclusion", "title"),
        permissions=("checks:write",),
        repeat=Repeat.SAFE,
        needs=("pr", "now", "resources", "verdict", "statements", "merged"),
        asks=ASKS,
        doc="Set the check run `interlock plan: BASE` (the verdict; `started`: while it is being made) or `interlock "
        "merge: BASE` (all gates of merging).",
    ),
)
