"""`github.comment`: the one comment of ours on a pull request, written anew, put right, or left as it is.

Which comment that is, is kept in the store. Two runs never write at once, and older news never replaces newer news.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.run.actions.github.telling import ASKS, FOUND, SIGN, outputs, pull_of, report_of, statement_of, telling

if TYPE_CHECKING:
    from engine.core.report.model import Life, Validated
    from engine.run.actions.github.telling import Telling
    from engine.run.context import Context
    from engine.run.kept.comments import Told

HEAD = "application/vnd.interlock.head+json"  # of what is signed at the end of a comment
_SAID = ("passed", "failed", "error", "refused")  # results that are a line of the history


def comment(ctx: "Context", template: str) -> Mapping[str, Any]:
    """The action: `id` of the comment that stands, None where there is none; `written`: was anything changed?

    Raises:
        EngineError: ENG620, ENG621, another run writes there; GitHub or the store does not do it.
    """
    from engine.core.kept import keys
    from engine.run.actions.github import applied, board
    from engine.run.kept.claims import claimed

    pull = pull_of(ctx)
    pr = ctx.document.facts["pr"]
    if template == "apply":
        return applied.write(ctx)
    if pr["state"] == "closed" and not pr["merged"]:
        board.closed(ctx)
        return {"id": None, "written": False}  # nobody is told anything there any more
    if outputs(ctx, SIGN) is not None:
        _keep_found(ctx)
    key = keys.claim("comment", pull.repo, str(pull.number))
    with claimed(ctx.ports.store, key, ctx.journal, ctx.ports.now(), ctx.work.cancel) as claim:
        return _write(ctx, template, claim.waited)


def _keep_found(ctx: "Context") -> None:
    """What this validation found, for the runs that tell of it later."""
    from engine.run.kept import comments

    found = {name: said for name in FOUND if (said := outputs(ctx, name))}
    pull, sequence = pull_of(ctx), found[SIGN]["verdict"]["sequence"]
    comments.put_found(ctx.ports.store, pull.repo, pull.number, ctx.run, sequence, found)


def _write(ctx: "Context", template: str, waited: bool) -> Mapping[str, Any]:
    from engine.core.canonical import digest_bytes
    from engine.core.report.life import flips
    from engine.run.actions.github import board
    from engine.run.kept import comments

    told = telling(ctx)
    pull, store = told.pull, ctx.ports.store
    before = recovered(ctx, comments.get(store, pull.repo, pull.number))
    order = (_newest(told, before), told.document.facts.get("now", ctx.now))
    if order < before.order:
        return {"id": before.id, "written": False}
    board.told(ctx, told)
    history = _history(before.history, told)
    life = _life(ctx, told, history, before, template)
    body = _body(ctx, told, life)
    stands = _standing(ctx, before.id, waited)
    result = _result(told)
    flip = before.id is not None and result in _SAID and flips(before.history, result)
    new = before._replace(
        order=order, digest=digest_bytes(body.encode()), history=history,
        open=before.open if told.is_merged else tuple(f"{g.name}: {g.because}" for g in told.gates if _is_open(g)),
    )  # fmt: skip
    written = stands != body or flip
    if written:
        new = put(ctx, new, body, is_new=flip)
    if new._replace(order=before.order) != before:
        new = comments.keep(store, pull.repo, pull.number, ctx.run, new)
    if new.old:
        _minimise(ctx, new)
    return {"id": new.id, "written": written}


def put(ctx: "Context", new: "Told", body: str, *, is_new: bool) -> "Told":
    """On the page; what is about to be a new comment is kept before, so that it is known again after a kill."""
    from engine.run.kept import comments

    pull, forge = pull_of(ctx), ctx.ports.forge
    assert forge is not None
    if is_new or new.id is None:
        new = comments.keep(ctx.ports.store, pull.repo, pull.number, ctx.run, new._replace(pending=new.digest))
    number = forge.comment(pull.repo, pull.number, body, instead_of=None if is_new else new.id)
    return _as(new, number)


def _as(new: "Told", number: int) -> "Told":
    """Our comment is this one now."""
    old = (*new.old, new.id) if new.id not in (None, number) else new.old
    return new._replace(id=number, old=tuple(one for one in old if one is not None), pending="")


def recovered(ctx: "Context", before: "Told") -> "Told":
    """A comment that a run has written, and did not come to say so; or that the store has lost.

    It is told by whose it is, and by its end: a person may have edited it meanwhile. What others write is never ours.
    """
    from engine.core.canonical import digest_bytes
    from engine.core.report.comment import is_marked
    from engine.run.facts.talk import is_us

    about = before.about
    if not (before.pending or _is_forgotten(ctx, before)):
        return before
    pull, forge = pull_of(ctx), ctx.ports.forge
    assert forge is not None
    seen = forge.pull(pull.repo, pull.number, ["comments"])
    known = {before.id, *before.old}
    ours = [one for one in seen.comments or () if is_us(seen, one.user) and one.id not in known and not one.minimised]
    same = [one for one in ours if digest_bytes(one.body.encode()) == before.pending]
    found = same or [one for one in ours if is_marked(one.body, about)]
    return _as(before, max(one.id for one in found)) if found else before._replace(pending="")


def _is_forgotten(ctx: "Context", before: "Told") -> bool:
    """Is nothing kept, while a comment stands there that may be ours?"""
    from engine.core.report.comment import is_marked

    said = ctx.document.facts.get("comments", ()) if before.version is None else ()
    return any(
        one["user"] is not None and one["user"].get("bot") and is_marked(one["body"], before.about) for one in said
    )


def _newest(told: "Telling", before: "Told") -> int:
    """Number of the newest verdict that these facts know, of whatever head; where they know none, the one before."""
    known = [row["sequence"] for row in told.document.facts.get("statements", ())]
    return max(known, default=before.order[0])


def _is_open(gate: Any) -> bool:
    from engine.core.outcome import Outcome

    return gate.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)


def _result(told: "Telling") -> str:
    return "" if told.is_merged else told.validation


def _standing(ctx: "Context", number: int | None, waited: bool) -> str | None:
    """What our comment says now, as far as that is known; None: it has to be written, whatever it says."""
    if number is None or waited or "comments" not in ctx.document.facts:
        return None
    found = [one for one in ctx.document.facts["comments"] if one["id"] == number]
    return str(found[0]["body"]) if found else None


def _history(before: "tuple[Validated, ...]", told: "Telling") -> "tuple[Validated, ...]":
    """One line for each verdict, and for each head that was refused without one."""
    from engine.core.report.model import Validated

    known = {one.number for one in before if one.number}
    signed = [
        Validated(row["sequence"], row["head_sha"], row["result"], row["confirmed_at"])
        for row in told.document.facts.get("statements", ())
        if row["sequence"] not in known
    ]
    history = [*before, *signed]
    result = _result(told)
    last = next((one for one in reversed(history) if one.head == told.pull.head), None)
    if not told.sequence and result in ("refused", "error") and (last is None or last.result != result):
        history.append(Validated(0, told.pull.head, result, told.document.facts.get("now", "")))
    return tuple(sorted(history, key=lambda one: (one.at, one.number)))


def _life(ctx: "Context", told: "Telling", history: "tuple[Validated, ...]", before: "Told", template: str) -> "Life":
    from urllib.parse import quote

    from engine.core import holding
    from engine.core.report.model import Life

    facts, state = told.document.facts, told.state
    detail = state.detail
    if told.is_merged and template == "closed":
        detail += _by_whom(ctx, told, before)
    carried: tuple[str, ...] = ()
    verdict = facts.get("verdict")
    if verdict is not None and "merges" in facts and "ledger" in facts and not told.is_merged:
        keys = {resource["state_key"] for resource in verdict["resources"]}
        held = holding.carried_along(holding.holds(facts["merges"], facts["ledger"]), keys)
        carried = tuple(dict.fromkeys(one.name(told.pull.repo) for one in held))
    return Life(
        words=state.words,
        detail=detail,
        merging=() if told.is_merged else told.gates,
        exception="" if told.is_merged else _exception(ctx, told),
        carried=carried,
        history=history,
        files=f"/{quote(told.pull.repo)}/blob/{told.pull.head}",
        envelope=_signed_head(ctx, told),
    )


def _exception(ctx: "Context", told: "Telling") -> str:
    """What an exception from a failed verdict would take, or that none is possible."""
    from engine.core.decision.overrides import offer

    verdict = told.document.facts.get("verdict")
    if verdict is None or verdict["result"] == "passed" or told.is_overridden:
        return ""
    names = dict.fromkeys(ctx.rules.gates[gate.name].override for gate in told.gates)
    offers = [offer(ctx.rules.overrides[name], verdict) for name in names if name is not None]
    return "; or ".join(offers) or "none: the rules know none"


def _by_whom(ctx: "Context", told: "Telling", before: "Told") -> str:
    """Of a pull request that was merged: that it was not ours, and which gates did not hold then."""
    from engine.run import trusted
    from engine.run.kept import merges

    known = trusted.keys(ctx.settings.trusted_keys) if ctx.settings.trusted_keys else {}
    if merges.get(ctx.ports.store, told.pull.repo, told.pull.number, known) is not None:
        return ""
    who = (
        ""
        if "unaccounted" in told.state.detail
        else ", and not by us: it is judged afresh before anything of it is applied"
    )
    missing = f"; these did not hold when they were last asked: {'; '.join(before.open)}" if before.open else ""
    return who + missing


def _signed_head(ctx: "Context", told: "Telling") -> bytes:
    """What is signed of the verdict that the comment tells of: it is a person's view of that, and of no other."""
    from engine.core.canonical import canonical
    from engine.core.signature import sign

    verdict = told.document.facts.get("verdict")
    if verdict is None or told.is_merged:
        return b""
    said = {
        "repository": told.pull.repo,
        "pr": told.pull.number,
        "head": told.pull.head,
        "base": told.pull.base,
        **{name: verdict[name] for name in ("sequence", "environment", "branch", "result")},
        "verdict": statement_of(ctx, told.document),
    }
    return sign(canonical(said), ctx.ports.secrets.signer("verdict"), HEAD)


def _body(ctx: "Context", told: "Telling", life: "Life") -> str:
    """The whole text, without credentials; secrets of plans were hidden by the actions that have seen them."""
    from engine.core.report.comment import render
    from engine.core.report.model import redacted
    from engine.run.plans import redactor

    report = report_of(ctx, told)._replace(life=life)
    return render(redacted(report, redactor((), ctx.settings.credentials)))


def _minimise(ctx: "Context", told: "Told") -> None:
    """What was our comment before is folded up."""
    from engine.run.kept import comments

    pull, forge = pull_of(ctx), ctx.ports.forge
    assert forge is not None
    nodes = {one.id: one for one in forge.pull(pull.repo, pull.number, ["comments"]).comments or ()}
    for number in told.old:
        if number in nodes and not nodes[number].minimised:
            forge.minimise(nodes[number].node)
    comments.keep(ctx.ports.store, pull.repo, pull.number, ctx.run, told._replace(old=()))


ACTIONS = (
    Action(
        "github.comment",
        comment,
        inputs={"template": {"enum": ["validation", "closed", "apply"], "default": "validation"}},
        outputs=("id", "written"),
        permissions=("issues:write",),
        repeat=Repeat.SAFE,
        needs=("pr", "comments", "now", "resources", "verdict", "statements", "merged"),
        asks=ASKS,
        secrets=("verdict",),
        shared=True,
        doc="Write our comment: where the pull request stands, what is missing, who can give it. One, kept up to date. "
        "`apply` is a second one: what became of each resource of a merge, and who must act.",
    ),
)
