"""`github.reply`: the answer to a command, once for each comment. It quotes no foreign text and changes no gate."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.core.outcome import Outcome
from engine.run.actions.github.telling import ASKS, telling

if TYPE_CHECKING:
    from engine.core.decision.commands import Answer
    from engine.run.actions.github.telling import Telling
    from engine.run.context import Context


def reply(ctx: "Context") -> Mapping[str, Any]:
    """The action: id of the answer, None where nobody is answered.

    Raises:
        EngineError: ENG620, another run answers at the moment; GitHub or the store does not do it.
    """
    from engine.core.decision.commands import judge
    from engine.core.kept import keys
    from engine.core.report.replies import answered, marked
    from engine.run.facts.talk import is_us
    from engine.run.kept.claims import claimed

    comment = ctx.event.payload.get("comment")
    number = comment.get("id") if isinstance(comment, Mapping) else None
    answer = judge(number, ctx.document, ctx.rules) if isinstance(number, int) else None
    if not isinstance(number, int) or answer is None or not answer.speaks:
        return {"id": None}
    told = telling(ctx)
    pull, store, forge = told.pull, ctx.ports.store, ctx.ports.forge
    assert forge is not None
    body = _body(ctx, told, answer)
    if not body:
        return {"id": None}
    key = keys.claim("reply", pull.repo, str(number))
    with claimed(store, key, ctx.journal, ctx.ports.now(), ctx.work.cancel):
        seen = forge.pull(pull.repo, pull.number, ["comments"])
        for one in seen.comments or ():
            if is_us(seen, one.user) and answered(one.body, "") == number:
                return {"id": one.id}
        return {"id": forge.comment(pull.repo, pull.number, marked(body, number, ctx.run), instead_of=None)}


def _body(ctx: "Context", told: "Telling", answer: "Answer") -> str:
    """What is said; empty where what is done says enough."""
    from engine.core.report import replies, rollback

    if answer.judgement.outcome in (Outcome.FAIL, Outcome.PENDING):
        return replies.refusal(answer)
    if answer.judgement.outcome is not Outcome.PASS:
        return ""
    match answer.command.word:
        case "help":
            return replies.help_(ctx.rules.commands)
        case "status":
            return replies.status(told.state, told.gates)
        case "why":
            return replies.why(told.state, told.gates, answer.command.argument)
    done = [one for one in ctx.ran if one.uses in _DOES.get(answer.command.word, ())]
    if not done:
        return ""
    if problems := next((one.problems for one in done if one.problems), ()):
        return replies.failed(problems)
    if answer.command.word == "rollback":
        return rollback.reply(done[-1].outputs)
    return replies.mended(answer.command.word, done[-1].outputs)


_DOES = {
    **{word: (f"state.{word}",) for word in ("unlock", "adopt", "restore")},
    "rollback": ("rollback.look", "rollback.open"),
}  # which actions do what a command asks for

ACTIONS = (
    Action(
        "github.reply",
        reply,
        inputs={},
        outputs=("id",),
        permissions=("issues:write",),
        repeat=Repeat.SAFE,
        needs=(
            "pr",
            "comments",
            "replies",
            "groups",
            "permissions",
            "now",
            "resources",
            "verdict",
            "statements",
            "merged",
        ),
        asks=ASKS,
        shared=True,
        doc="Answer the command of a comment: help, status, why, or why it is not carried out. Once for each comment.",
    ),
)
