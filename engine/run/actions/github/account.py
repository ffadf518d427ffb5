"""Merges of which nothing is signed. `github.settle`: what a run of ours had announced, and came to no end with.
`github.account`: anybody's, once every gate of applying holds by facts of now; its merge decision is then as good as
one that was signed at once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.run.actions.github.merge import (
    OUTPUTS,
    account_for,
    find,
    look_at,
    outputs_of,
    trusted_keys,
)
from engine.run.actions.github.telling import Pull, pull_of, statement_of

if TYPE_CHECKING:
    from engine.core.kept.merge import Merged
    from engine.core.signature import TrustedKeys
    from engine.run.context import Context

ACCOUNT = "github.account"
_NOTHING: Mapping[str, Any] = {"commit": None, "decision": None, "overridden": False}


def settle(ctx: "Context") -> Mapping[str, Any]:
    """The action: accounts for a merge that a run of ours has made and has not accounted for.

    Raises:
        EngineError: ENG623, what it has made is not what was judged; GitHub or the store does not answer.
    """
    if not ctx.document.facts["pr"]["merged"]:
        return _NOTHING
    found = _settled(ctx, pull_of(ctx), trusted_keys(ctx))
    return outputs_of(found) if found else _NOTHING


def account(ctx: "Context") -> Mapping[str, Any]:
    """The action: signs the merge decision that is missing, of exactly what was merged and is judged by now.

    Raises:
        EngineError: ENG208, ENG623, it is not what was judged; GitHub or the store does not answer.
    """
    pull, trusted = pull_of(ctx), trusted_keys(ctx)
    return outputs_of(_settled(ctx, pull, trusted) or _afresh(ctx, pull, trusted))


def _settled(ctx: "Context", pull: Pull, trusted: "TrustedKeys") -> "Merged | None":
    """What stands, or what a run of ours had announced and has done; None: it was not us, or nobody knows of it."""
    from engine.core.kept import keys
    from engine.errors import EngineError
    from engine.run.kept import merges
    from engine.run.kept.claims import claimed

    if stands := merges.get(ctx.ports.store, pull.repo, pull.number, trusted):
        return stands
    key = keys.claim("merge", pull.repo, pull.base)
    with claimed(ctx.ports.store, key, ctx.journal, ctx.ports.now(), ctx.work.cancel):
        try:
            return find(ctx, pull, look_at(ctx, pull), trusted)
        except EngineError as error:
            if error.problems[0].code != "ENG626":
                raise
            return None


def _afresh(ctx: "Context", pull: Pull, trusted: "TrustedKeys") -> "Merged":
    """By the gates that this run has asked, of the head that was merged and of the commit that it became."""
    from engine.core.decision import merging
    from engine.run.actions.github import landed

    document = ctx.document
    merged = document.facts["merged"]
    said = merging.said(
        ctx.result,
        document,
        ctx.rules,
        repository_id=look_at(ctx, pull).repo_id,
        commit=merged["commit"],
        verdict_digest=statement_of(ctx, document),
        run=ctx.run,
        decision=ctx.decision,
        merged_at=merged["at"],
    )
    before = landed.look(ctx, pull.repo, merged["commit"]).before
    return account_for(ctx, {**said, "base": {"ref": pull.base, "sha": before}}, trusted)


ACTIONS = (
    Action(
        "github.settle",
        settle,
        inputs={},
        outputs=OUTPUTS,
        permissions=(),
        repeat=Repeat.SAFE,
        needs=("pr", "resources"),
        secrets=("merge",),
        shared=True,
        doc="Account for a merge of ours whose run came to no end: sign the merge decision that it had announced.",
    ),
    Action(
        ACCOUNT,
        account,
        inputs={},
        outputs=OUTPUTS,
        permissions=(),
        repeat=Repeat.SAFE,
        needs=("pr", "resources", "merge", "merged", "verdict", "reviews", "comments", "now"),
        writes=True,
        secrets=("merge",),
        shared=True,
        doc="Account for anybody's merge: sign the merge decision that is missing, once all gates hold by facts of "
        "now. One that stands is left as it is.",
    ),
)
