"""`rollback.*`: the way back of what a merge has done, looked at and asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import failure

if TYPE_CHECKING:
    from engine.run.context import Context
    from engine.run.rolling.look import Asked

_SHORTEST, _LONGEST = 7, 64  # of a commit


def look(ctx: "Context", keys: "list[str] | None") -> Mapping[str, Any]:
    """The action: a row for each resource that something is to be taken back of; `keys`: of these states alone.

    Raises:
        EngineError: ENG835, nobody can tell what is asked for; no Terraform, no provider; git cannot tell.
    """
    from engine.adapters.git.repository import Repository
    from engine.adapters.terraform.workspace import prepare
    from engine.core.report import rollback as told
    from engine.run import given, trusted
    from engine.run.rolling import look as rolling

    facts, forge = ctx.document.facts, ctx.ports.forge
    assert forge is not None
    repo, tip, asked = facts["source"]["repo"], facts["pr"]["base"]["sha"], _asked(ctx)
    ground = rolling.Ground(
        git=lambda commit: Repository(forge.repository(repo, commit), path=ctx.settings.path, cancel=ctx.work.cancel),
        tip=tip,
        repo=repo,
        rules=ctx.rules,
        module=ctx.controller.module,
        workspace=prepare(given.setup(ctx.settings, ctx.controller.module, ctx.rules), ctx.work.cancel),
        store=ctx.ports.store,
        trusted=trusted.keys(ctx.settings.trusted_keys),
        cancel=ctx.work.cancel,
    )
    wanted = asked.keys if keys is None else [key for key in asked.keys if key in keys]
    rows = rolling.look(ground, asked._replace(keys=wanted))
    for line in told.lines(rows):
        ctx.work.progress(line)
    return {"resources": rows, "available": told.is_available(rows), "tip": tip}


def open_(ctx: "Context", look: Mapping[str, Any]) -> Mapping[str, Any]:
    """The action: its pull request, found or opened; none, where somebody only wants to look.

    Raises:
        EngineError: as `rolling.opening.opened`.
    """
    from engine.run.actions.github.pulls import READY
    from engine.run.rolling.opening import Where, opened

    facts, forge = ctx.document.facts, ctx.ports.forge
    assert forge is not None
    if _inputs(ctx).get("look"):
        return {"number": None, "created": False, "resources": look["resources"]}
    repo = facts["source"]["repo"]
    where = Where(repo, facts["pr"]["base"]["ref"], look["tip"], _asker(ctx), ctx.run)
    made = opened(forge, ctx.ports.store, look["resources"], where)
    forge.label(repo, made["number"], add=[READY], remove=[])
    ctx.work.progress(f"  {'opened' if made['created'] else 'open already'}: {repo}#{made['number']}")
    return {**made, "resources": look["resources"]}


def _asked(ctx: "Context") -> "Asked":
    """What the event asks for, of the merge that it is about.

    Raises:
        EngineError: ENG835, of which resources that is nobody can tell, or it has none of that name.
    """
    from engine.core.decision import commands
    from engine.core.verdict.derived import placed
    from engine.run.rolling.look import Asked

    facts = ctx.document.facts
    pr, merged = facts["pr"], facts["merged"]
    decision = _decision(ctx, facts["source"]["repo"], pr["number"], merged["commit"])
    if decision is None:
        reason, hint = "no merge decision was signed about it", "undo it in a pull request of your own"
        raise failure("ENG835", key=f"#{pr['number']}", reason=reason, hint=hint)
    command = commands.of(ctx.event)
    command = command if command and command.word == "rollback" else None
    given = _inputs(ctx)
    words = command.argument.split() if command else [str(given[n]) for n in ("resource", "to") if given.get(n)]
    to = next((word for word in words if _is_commit(word)), None)
    names = [word for word in words if word != to]
    branch = pr["base"]["ref"]
    known = {path: placed(path, branch).state_key for path in decision["trees"]}
    keys = [key for path, key in known.items() if key in decision["keys"] and (not names or {path, key} & set(names))]
    if not keys or len(names) > 1:
        reason = f"it has no {' '.join(names) or 'resource'}"
        hint = f"it has: {', '.join(sorted(known))}" if known else "nothing of it is ever applied"
        raise failure("ENG835", key=f"#{pr['number']}", reason=reason, hint=hint)
    # Who names the resource alone means whatever was tried last, and has to be told where that is a way back itself.
    return Asked(keys, None if given.get("resource") else merged["commit"], to)


def _decision(ctx: "Context", repo: str, pr: int, commit: str) -> Mapping[str, Any] | None:
    """The merge decision as it is now: this very run may have signed it."""
    from engine.run import trusted
    from engine.run.kept import merges

    found = merges.get(ctx.ports.store, repo, pr, trusted.keys(ctx.settings.trusted_keys))
    return found.said if found is not None and found.said["commit"] == commit else None


def _inputs(ctx: "Context") -> Mapping[str, Any]:
    """What `engine rollback` asks for besides."""
    inputs = ctx.event.payload.get("inputs") if ctx.event.name == "workflow_dispatch" else None
    return inputs if isinstance(inputs, Mapping) else {}


def _is_commit(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and set(word) <= set("0123456789abcdef")


def _asker(ctx: "Context") -> tuple[str, int] | None:
    """Whose comment asks for it, by the facts."""
    comment = ctx.event.payload.get("comment") if ctx.event.name == "issue_comment" else None
    number = comment.get("id") if isinstance(comment, Mapping) else None
    for one in ctx.document.facts.get("comments", ()) if number is not None else ():
        if one["id"] == number:
            return one["user"]["login"], one["user"]["id"]
    return None


_NEEDS = ("comments", "merged", "pr", "source")

ACTIONS = (
    Action(
        "rollback.look",
        look,
        inputs={"keys": {"type": ["array", "null"], "items": {"type": "string"}, "default": None}},
        outputs=("resources", "available", "tip"),
        permissions=("contents:read", "pull_requests:read"),
        repeat=Repeat.SAFE,
        needs=_NEEDS,
        shared=True,
        doc="Plan the way back of what a merge has done: to the configuration of the last commit before it that was "
        "applied, with the module of today. Each change is said to come back whole, without its data, or not at all.",
    ),
    Action(
        "rollback.open",
        open_,
        inputs={"look": {"type": "object", "of": "rollback.look"}},
        outputs=("number", "created", "resources"),
        permissions=("contents:write", "issues:write", "pull_requests:write"),
        repeat=Repeat.SAFE,
        needs=_NEEDS,
        shared=True,
        doc="Open the pull request that takes it back, on the branch as it is now; or find the one that is open.",
    ),
)
