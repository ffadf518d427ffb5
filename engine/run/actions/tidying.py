"""`state.tidy`: backups that are old are dropped, as the rules say how many are kept; some states each time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.core.outcome import Result

if TYPE_CHECKING:
    from engine.run.context import Context

MOST = 100  # states of one run; another one begins elsewhere, so each has its turn
_WHY = "as the rules say how many are kept"


def tidy(ctx: "Context") -> Mapping[str, Any]:
    """`dropped`: state key → numbers; `failed`: state key → why not, of those that could not be tidied now.

    Nothing where the rules keep all, and where the bucket itself keeps them.

    Raises:
        EngineError: no key, the store fails; ENG193, ENG717, what says which states there are cannot be read.
    """
    from engine.core.alone import alone
    from engine.core.canonical import digest
    from engine.core.kept import keys
    from engine.errors import EngineError
    from engine.run import trusted
    from engine.run.kept import backups
    from engine.run.kept.claims import locked
    from engine.run.mending import tidying
    from engine.run.mending.copies import Hand

    kept, store, now = ctx.rules.limits.backups, ctx.ports.store, ctx.ports.now
    dropped, failed = dict[str, list[int]](), dict[str, str]()
    if kept is None or not tidying.drops(store):
        return {"dropped": dropped, "failed": failed}
    known, sealing = trusted.keys(ctx.settings.trusted_keys), ctx.ports.secrets.backup_keys()
    turn = int(digest(ctx.run).removeprefix("sha256:")[:8], 16)
    for key in backups.every(store, turn, MOST):
        try:
            with alone(key), locked(store, [keys.alone(key)], ctx.journal, now):
                hand = Hand(key, "", _WHY, store, ctx.ports.audit, ctx.run, now, is_sweep=True)
                if gone := tidying.tidy(hand, sealing, known, kept, only_look=False)["dropped"]:
                    dropped[key] = gone
                    ctx.work.progress(f"  {key}: {len(gone)} old backups dropped")
        except EngineError as error:
            failed[key] = error.problems[0].code
    return {"dropped": dropped, "failed": failed}


def _result(outputs: Mapping[str, Any]) -> Result:
    """Where somebody is at work on a state, it has its turn later."""
    return "error" if set(outputs["failed"].values()) - {"ENG742"} else "passed"


ACTIONS = (
    Action(
        "state.tidy",
        tidy,
        inputs={},
        outputs=("dropped", "failed"),
        permissions=(),
        repeat=Repeat.SAFE,
        secrets=("audit", "backup"),
        shared=True,
        result=_result,
        doc="Drop backups of states that `limits: {backups: …}` does not keep, of a hundred states each time.",
    ),
)
