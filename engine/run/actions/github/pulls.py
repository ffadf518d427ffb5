"""`github.open_pull_request` and `github.retarget`: where a pull request goes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.declare import Action, Repeat
from engine.errors import failure
from engine.run.actions.github.telling import pull_of

if TYPE_CHECKING:
    from engine.core.decision.document import FactDocument
    from engine.core.rules.model import Rules
    from engine.run.context import Context

READY = "ready-for-review"
_REFUSED = (409, 422)


class _Way(NamedTuple):
    """Where a change goes."""

    branch: str
    environment: str
    why: str = ""  # it goes there though no one environment says so


def _way(document: "FactDocument", rules: "Rules") -> _Way:
    """To its environment's branch, or to that of `otherwise`, with the reason."""
    resources = document.facts.get("resources")
    otherwise = rules.otherwise.branch
    if resources is None:
        state = document.state("resources")
        return _Way(otherwise, "", f"what it changes could not be read: {state[1] if state else 'nobody has looked'}")
    if resources["branch"] and resources["environment"]:
        return _Way(resources["branch"], resources["environment"])
    if resources["refused"]:
        first = resources["refused"][0]
        place = f"{first['path']}: " if first["path"] else ""
        return _Way(otherwise, "", f"no one environment can be named for it: {place}{first['message']}")
    return _Way(otherwise, "", "no resource of an environment is changed")


def open_pull_request(ctx: "Context") -> Mapping[str, Any]:
    """The action: the open pull request of the pushed branch, found or opened; none for a branch that changes nothing.

    That is one that was just made, and one whose push we hear of when its pull request is merged already.

    Raises:
        EngineError: ENG556, nobody knows of which branch it is; GitHub does not open it.
    """
    from engine.core.report.opening import render
    from engine.core.resources.tree import change_digest

    facts, forge = ctx.document.facts, ctx.ports.forge
    assert forge is not None
    if state := ctx.document.state("ref"):
        raise failure("ENG556", name="ref", reason=state[1])
    repo, branch = facts["source"]["repo"], facts["ref"]["branch"]
    found = [one for one in forge.pulls(repo, head=branch) if one.head.repo == repo]
    if found:
        number = found[0].number
        if found[0].is_mine:  # whoever opened it may have been killed before it had its label
            forge.label(repo, number, add=[READY], remove=[])
        return {"number": number, "url": _url(repo, number), "created": False, "base": found[0].base.ref}
    if ctx.discovery.change == change_digest(()):
        return {"number": None, "url": None, "created": False, "base": None}
    way = _way(ctx.document, ctx.rules)
    said = render(ctx.discovery.resources, branch, way.branch, way.environment, _pusher(ctx), way.why)
    number = forge.open_pull(repo, branch, way.branch, said.title, said.body)
    forge.label(repo, number, add=[READY], remove=[])
    return {"number": number, "url": _url(repo, number), "created": True, "base": way.branch}


def _url(repo: str, number: int) -> str:
    """On whatever server it is."""
    return f"/{repo}/pull/{number}"


def _pusher(ctx: "Context") -> str:
    """Whom the event names; it is only told, and nothing is decided by it."""
    for path in (("sender", "login"), ("pusher", "name")):
        value: Any = ctx.event.payload
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            return value
    return "somebody"


def retarget(ctx: "Context") -> Mapping[str, Any]:
    """The action: moves it to its environment's branch, where one environment can be named.

    Raises:
        EngineError: ENG625, GitHub refuses it, and says why.
    """
    from engine.adapters.github.failures import RefusedError

    pull, resources, forge = pull_of(ctx), ctx.document.facts.get("resources"), ctx.ports.forge
    assert forge is not None
    branch = resources["branch"] if resources else None
    pr = ctx.document.facts["pr"]
    if not branch or branch == pull.base or pr["state"] == "closed":
        return {"moved": False, "base": pull.base}
    try:
        moved = forge.retarget(pull.repo, pull.number, branch)
    except RefusedError as error:
        if error.status not in _REFUSED:
            raise
        others = [one for one in forge.pulls(pull.repo, head=pr["head"]["ref"]) if one.base.ref == branch]
        other = f"#{others[0].number} goes there from the same branch" if others else error.said
        raise failure("ENG625", base=branch, reason=other) from None
    return {"moved": moved, "base": branch}


ACTIONS = (
    Action(
        "github.open_pull_request",
        open_pull_request,
        inputs={},
        outputs=("number", "url", "created", "base"),
        permissions=("issues:write", "pull_requests:write"),
        repeat=Repeat.SAFE,
        needs=("ref", "source", "resources"),
        doc="Open the pull request of a pushed branch, to its environment's branch, or find the one that is open. "
        "A branch that changes nothing gets none.",
    ),
    Action(
        "github.retarget",
        retarget,
        inputs={},
        outputs=("moved", "base"),
        permissions=("pull_requests:write",),
        repeat=Repeat.SAFE,
        needs=("pr", "resources"),
        doc="Move the pull request to the branch of its environment.",
    ),
)
