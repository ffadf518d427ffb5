"""`github.merge`: merges once, what was decided and nothing else, and signs that it has.

Merges into one branch go one after another. What the decision leans on is looked at once more directly before the call;
where it is another, everything is asked again. Afterwards the commit is looked up by the pull request's number, its
trees are compared with the verdict's, and only then the merge decision is signed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.core.outcome import Outcome
from engine.errors import failure
from engine.run.actions.github.telling import MERGE, Pull, pull_in, pull_of, statement_of

if TYPE_CHECKING:
    from engine.adapters.github.port import Pull as Seen
    from engine.core.audit.record import Said
    from engine.core.decision.decided import PipelineResult
    from engine.core.decision.document import FactDocument
    from engine.core.kept.merge import Merged
    from engine.core.report.message import Message
    from engine.core.signature import TrustedKeys
    from engine.run.context import Context
    from engine.run.kept.claims import Claim

_TIMES = 3  # that facts are read again because the base has moved
_MAYBE_MOVED = (405, 409)
_REFUSED = ("ENG622", "ENG624", "ENG626", "ENG627")  # it is certain that nothing was merged by us


def merge(ctx: "Context") -> Mapping[str, Any]:
    """The action: the merge `commit`, the digest of its `decision`, and whether an override was used.

    Raises:
        EngineError: ENG620, ENG621, another run merges into that branch; ENG627, others merge into it again and again;
            ENG622, ENG624, it may not be merged now; ENG623, ENG626, it was merged, but not as it was decided, or not
            by us.
    """
    from engine.core.kept import keys
    from engine.run.kept import merges
    from engine.run.kept.claims import claimed

    pull, trusted = pull_of(ctx), trusted_keys(ctx)
    if stands := merges.get(ctx.ports.store, pull.repo, pull.number, trusted):
        return outputs_of(stands)
    key = keys.claim("merge", pull.repo, pull.base)
    with claimed(ctx.ports.store, key, ctx.journal, ctx.ports.now(), ctx.work.cancel) as claim, _told(ctx) as told:
        return outputs_of(_merged(ctx, pull, claim, trusted, told))


@contextmanager
def _told(ctx: "Context") -> "Iterator[list[Said]]":
    """What the trail was told of a merge: one that was announced and comes to nothing is told, too."""
    from engine.errors import EngineError

    told: list[Said] = []
    try:
        yield told
    except EngineError as error:
        started = next((one for one in told if one.what == "merge"), None)
        if started:
            why = error.problems[0]
            outcome = "refused" if why.code in _REFUSED else "unknown"
            with suppress(EngineError):  # why it came to nothing must not be hidden by this
                ctx.ports.audit.say(started._replace(outcome=outcome, why=f"{why.code} {why.message}"))
        raise


def trusted_keys(ctx: "Context") -> "TrustedKeys":
    """Whose signatures are believed."""
    from engine.run import trusted

    return trusted.keys(ctx.settings.trusted_keys)


def outputs_of(merged: "Merged") -> Mapping[str, Any]:
    """Of an action that has left this merge decision."""
    said = merged.said
    return {"commit": said["commit"], "decision": merged.digest, "overridden": bool(said["overrides"])}


def _merged(ctx: "Context", pull: Pull, claim: "Claim", trusted: "TrustedKeys", told: "list[Said]") -> "Merged":
    from engine.adapters.github.failures import RefusedError

    forge = ctx.ports.forge
    assert forge is not None
    document, result = ctx.document, ctx.result
    is_old = claim.waited or ctx.reconcile
    for _ in range(_TIMES):
        seen = look_at(ctx, pull)
        if not seen.merged and (is_old or differs(seen, document)):
            document, result = _again(ctx)
            seen = look_at(ctx, pull)
            if differs(seen, document):
                continue
        if seen.merged:
            return find(ctx, pull, seen, trusted)
        said, message = decision_of(ctx, document, result, seen)
        _announce(ctx, said, result, told)
        claim.check()
        try:
            sha = forge.merge(pull.repo, pull.number, head=pull.head, title=message.title, message=message.body)
        except RefusedError as error:
            if error.status not in _MAYBE_MOVED:
                raise
            now = look_at(ctx, pull)
            if now.merged:
                return find(ctx, pull, now, trusted)
            if (now.base, now.head) == (seen.base, seen.head):
                raise failure("ENG622", reason=error.said or f"status {error.status}") from None
            is_old = True
            continue
        return account_for(ctx, {**said, "commit": sha}, trusted)
    raise failure("ENG627", subject=f"{pull.repo}#{pull.number}")


def look_at(ctx: "Context", pull: Pull) -> "Seen":
    """The pull request, with all that people can say there."""
    assert ctx.ports.forge is not None
    return ctx.ports.forge.pull(pull.repo, pull.number, ("reviews", "comments"))


def differs(seen: "Seen", document: "FactDocument") -> bool:
    """Is anything that people can say or do on a pull request another than the facts have it?"""
    facts = document.facts
    pr = facts["pr"]
    here = (seen.head.sha, seen.base.ref, seen.base.sha, seen.state, seen.draft, seen.merged)
    if here != (pr["head"]["sha"], pr["base"]["ref"], pr["base"]["sha"], pr["state"], pr["draft"], pr["merged"]):
        return True
    reviews = {(one.id, one.state, one.commit, one.edited) for one in seen.reviews or () if one.submitted_at}
    comments = {(one.id, one.body, one.edited_at is not None) for one in seen.comments or ()}
    return (
        "reviews" in facts
        and reviews != {(one["id"], one["state"], one["commit_id"], one["edited"]) for one in facts["reviews"]}
    ) or ("comments" in facts and comments != {(one["id"], one["body"], one["edited"]) for one in facts["comments"]})


def _again(ctx: "Context") -> "tuple[FactDocument, PipelineResult]":
    """The same decision by facts of now: a gate that held is asked again, whatever was decided before."""
    assert ctx.again is not None, "whoever carries out what cannot be undone can decide it again"
    document, result = ctx.again()
    if result.outcome is not Outcome.PASS:
        raise failure("ENG624", because=result.because)
    if (now := pull_in(document)) != (before := pull_of(ctx)):  # another decision than this run has begun with
        raise failure(
            "ENG624", because=f"it was {before.head[:12]} into {before.base}, and is {now.head[:12]} into {now.base}"
        )
    return document, result


def decision_of(
    ctx: "Context", document: "FactDocument", result: "PipelineResult", seen: "Seen"
) -> "tuple[Mapping[str, Any], Message]":
    """The merge decision, in which only the commit is still missing, and the message; what cannot be signed, raises."""
    from engine.core.decision import merging
    from engine.core.kept.merge import statement
    from engine.core.report.message import render

    pr, verdict = document.facts["pr"], document.facts["verdict"]
    said = merging.said(
        result,
        document,
        ctx.rules,
        repository_id=seen.repo_id,
        commit=pr["head"]["sha"],  # stands for the one that is not there yet
        verdict_digest=statement_of(ctx, document),
        run=ctx.run,
        decision=ctx.decision,
        merged_at=ctx.ports.now(),
    )
    statement(said)
    author = (pr["author"] or {}).get("login", "somebody")
    return said, render(said, pr["title"], author, verdict["environment"])


def _announce(ctx: "Context", said: Mapping[str, Any], result: "PipelineResult", told: "list[Said]") -> None:
    """What is about to be merged, in the store and in the trail; where that cannot be said, nothing is merged."""
    from engine.core.audit import says
    from engine.run.kept import merging

    new = [one for one in says.counted(said) if one not in told]
    if not any(one.what == "merge" for one in told):
        new.append(says.merge(said, "started", result.because, decision=ctx.decision))
    ctx.ports.audit.say(*new)
    told += new
    merging.put(ctx.ports.store, ctx.run, said, ctx.ports.secrets.signer("merge"))


def find(ctx: "Context", pull: Pull, seen: "Seen", trusted: "TrustedKeys") -> "Merged":
    """It is merged already: by a run of ours, which then is accounted for, or by somebody else.

    Raises:
        EngineError: ENG626, it was not us; ENG623, it is not what was judged.
    """
    from engine.core.report.quoted import quoted
    from engine.run.actions.github import landed
    from engine.run.facts.talk import is_us
    from engine.run.kept import merging

    subject = f"{pull.repo}#{pull.number}"
    who = seen.merged_by.login if seen.merged_by else "somebody"
    said = merging.get(ctx.ports.store, pull.repo, pull.number, trusted)
    if said is None or seen.merge_commit is None or not is_us(seen, seen.merged_by):
        raise failure("ENG626", subject=subject, who=who)
    message = landed.look(ctx, pull.repo, seen.merge_commit).message
    if f"Interlock-Run: {quoted(said['run'], 100)}" not in message.splitlines():
        raise failure("ENG626", subject=subject, who=f"another run of {who}")
    return account_for(ctx, {**said, "commit": seen.merge_commit}, trusted)


def account_for(ctx: "Context", said: Mapping[str, Any], trusted: "TrustedKeys") -> "Merged":
    """The merge decision, once, of a commit that is what was judged.

    Raises:
        EngineError: ENG623; ENG208; the store fails.
    """
    from engine.core.audit import says
    from engine.core.canonical import canonical, digest_bytes
    from engine.core.kept.merge import statement
    from engine.core.signature import sign
    from engine.run.actions.github import landed
    from engine.run.kept import merges

    found = landed.look(ctx, said["repository"]["name"], said["commit"]).trees
    if found != said["trees"]:
        other = sorted(
            path for path in found.keys() | said["trees"].keys() if found.get(path) != said["trees"].get(path)
        )
        raise failure("ENG623", commit=said["commit"], reason=f"{', '.join(other[:5])} came out otherwise")
    written = canonical(statement(said))
    envelope = sign(written, ctx.ports.secrets.signer("merge"))
    # Before the decision stands: whoever finds a merge without one says it again, and one that stands was said.
    about = {"commit": said["commit"], "merge": digest_bytes(written)}
    ctx.ports.audit.say(says.merge(said, "completed", f"merged into {said['base']['ref']}", **about))
    return merges.put(ctx.ports.store, ctx.run, envelope, trusted)


OUTPUTS = ("commit", "decision", "overridden")
ACTIONS = (
    Action(
        MERGE,
        merge,
        inputs={},
        outputs=OUTPUTS,
        permissions=("contents:write", "pull_requests:write"),
        repeat=Repeat.RECONCILE,
        needs=("pr", "reviews", "comments", "verdict", "merge", "resources", "now"),
        writes=True,
        secrets=("merge",),
        shared=True,
        doc="Merge the pull request by squashing it, once, and sign the merge decision: what was merged, by whose "
        "word, and what it holds.",
    ),
)
