"""What sweep looks for among merges: those of which the ledger does not say yet what became of them.

Each lies in the store as a word until then: put with the merge decision, or by the sweep that has seen somebody else's
merge. What has failed, or was stopped or refused, is not among them: that is for people to try again. What was skipped
rests until what it comes after is applied, by whatever merge.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.adapters.github.port import Recent
    from engine.adapters.storage.port import Store
    from engine.core.decision.due import Seen
    from engine.core.kept.ledger import Entry
    from engine.core.rules.model import Rules
    from engine.core.signature import TrustedKeys
    from engine.run.context import Context
    from engine.run.kept.swept import Progress

APPLY = "terraform.apply"
_STORE = ("ENG590", "ENG591", "ENG592")  # it does not answer: nobody can tell anything
_SKEW_S = 300  # clocks of GitHub and of whoever sweeps may differ


class Unapplied(NamedTuple):
    """A merge of which nobody knows yet what becomes of it."""

    number: int
    commit: str | None  # None: nothing is signed of it
    seen: "Seen"


def applying(rules: "Rules") -> str | None:
    """The pipeline that applies; None: there is none."""
    found = (name for name, one in rules.pipelines.items() if any(step.uses == APPLY for step in one.steps))
    return next(found, None)


def unapplied(ctx: "Context", repo: str, recent: "Recent", before: "Progress") -> Iterator[Unapplied]:
    """Those of a repository: of ours all, of others those that were merged since the last sweep.

    One whose merge decision or ledger is not believed is among them: its own run says so, and no other waits for that.

    Raises:
        EngineError: GitHub or the store does not answer.
    """
    from engine.core.decision.due import Seen
    from engine.core.moment import later
    from engine.run import trusted
    from engine.run.kept import swept

    store, forge = ctx.ports.store, ctx.ports.forge
    assert forge is not None
    listed = {one.number: Seen(one.head, one.base, None, one.updated_at, one.talk._asdict()) for one in recent.merged}
    for one in recent.merged if before.at else ():
        if not one.is_mine and later(one.updated_at, _SKEW_S) >= before.at:
            swept.merged(store, repo, one.number)
    numbers = list(swept.unapplied(store, repo))
    known = trusted.keys(ctx.settings.trusted_keys) if numbers else {}
    for number in numbers:
        try:
            what, commit = _outcome(ctx, repo, number, known)
        except EngineError as error:
            if error.problems[0].code in _STORE:
                raise
            what, commit = "open", None
        if what == "over":
            swept.settled(store, repo, number)
        elif what == "open" and not (commit and _is_at_work(ctx, repo, number, commit)):
            seen = listed.get(number)
            if seen is None:
                pull = forge.pull(repo, number, ())
                seen = Seen(pull.head.sha or "", pull.base.ref, None, pull.updated_at)
            yield Unapplied(number, commit, seen)


def _outcome(
    ctx: "Context", repo: str, number: int, trusted: "TrustedKeys"
) -> tuple[Literal["open", "rests", "over"], str | None]:
    """Is there something to be done for it, something that waits for others, or nothing? And the merge commit, where
    something is signed.
    """
    from engine.core.holding import DONE
    from engine.core.repository import same_repository
    from engine.run.kept import ledger, merges

    store = ctx.ports.store
    decision = merges.get(store, repo, number, trusted)
    if decision is None:
        tried = ledger.of_pull(store, number, trusted)
        known = any(same_repository(entry.said["repository"]["name"], repo) for entry in tried)
        return "over" if known else "open", None
    commit = decision.said["commit"]
    became = {key: _became(store, key, commit, trusted) for key in decision.said["keys"]}
    if None in became.values():
        return "open", commit
    waits = {entry.said["after"] for entry in became.values() if entry and entry.outcome == "skipped"}
    found = [_became(store, key, commit, trusted) for key in waits]
    if any(entry and entry.outcome in DONE for entry in found):
        return "open", commit
    return "rests" if waits else "over", commit


def _became(store: "Store", key: str, commit: str, trusted: "TrustedKeys") -> "Entry | None":
    """The last entry that says what became of a merge there."""
    from engine.core.holding import speaks_of
    from engine.core.kept.ledger import ATTEMPTS
    from engine.run.kept import ledger

    entries = reversed(ledger.entries(store, key, trusted))
    return next((one for one in entries if one.outcome in ATTEMPTS and speaks_of(one.said, commit)), None)


def _is_at_work(ctx: "Context", repo: str, number: int, commit: str) -> bool:
    from engine.core.kept import keys
    from engine.run.kept.claims import is_alive

    name = applying(ctx.rules)
    assert name is not None
    return is_alive(ctx.ports.store, keys.working(name, repo, number, commit), ctx.now)
