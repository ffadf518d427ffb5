"""`github.request_reviews`: asks those who can give what is missing."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.core.outcome import Outcome
from engine.run.actions.github.telling import MERGE, telling

if TYPE_CHECKING:
    from engine.core.rules.model import Approvals
    from engine.run.actions.github.telling import Telling
    from engine.run.context import Context


def request_reviews(ctx: "Context") -> Mapping[str, Any]:
    """The action: whom it has asked. Once a verdict has passed, and nobody twice.

    Raises:
        EngineError: GitHub or the store does not do it.
    """
    from engine.run.kept import asked

    told = telling(ctx)
    pr, verdict = told.document.facts["pr"], told.document.facts.get("verdict")
    if verdict is None or verdict["result"] != "passed" or pr["state"] == "closed" or pr["draft"]:
        return {"asked": []}
    before = asked.get(ctx.ports.store, told.pull.repo, told.pull.number)
    wanted = sorted(set(_wanted(ctx, told)) - before)
    if not wanted:
        return {"asked": []}
    forge = ctx.ports.forge
    assert forge is not None
    users = [name for name in wanted if "/" not in name]
    teams = [name.partition("/")[2] for name in wanted if "/" in name]
    new = forge.request_reviews(told.pull.repo, told.pull.number, users=users, teams=teams)
    asked.keep(ctx.ports.store, told.pull.repo, told.pull.number, ctx.run, before | set(wanted))
    return {"asked": sorted(new)}


def _wanted(ctx: "Context", told: "Telling") -> Iterator[str]:
    """Logins, and teams as `organisation/slug`, of those whose approval would still count somewhere."""
    members = told.document.facts.get("groups", {})
    for gate in told.gates:
        approvals = ctx.rules.gates[gate.name].approvals
        if approvals is None or gate.outcome is not Outcome.PENDING:
            continue
        could = {login for one in gate.missing for login in one.who}
        for name in _groups(approvals):
            group = ctx.rules.groups[name]
            users = {login.lower() for login in group.users}
            in_group = {person["login"] for person in members.get(name, {}).get("members", ())} & could
            yield from (login for login in in_group if login.lower() in users)
            if any(login.lower() not in users for login in in_group):
                yield from group.teams


def _groups(approvals: "Approvals") -> set[str]:
    """All that it names."""
    return set(approvals.groups).union(*map(_groups, (*approvals.any, *approvals.all)))


ACTIONS = (
    Action(
        "github.request_reviews",
        request_reviews,
        inputs={},
        outputs=("asked",),
        permissions=("pull_requests:write",),
        repeat=Repeat.SAFE,
        needs=("pr", "groups", "verdict", "now", "statements"),
        asks=(MERGE,),
        doc="Ask those for a review who can give what is missing, after a verdict that has passed; each once.",
    ),
)
