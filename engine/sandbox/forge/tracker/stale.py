"""Approvals that a branch's rule dismisses because what they approved is no longer what would be merged."""

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import protection
from engine.sandbox.forge.git.bare import Bare, bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import reviews, trial


def dismiss_stale(forge: Forge, repository: Row, was: Row, now: Row, actor: int | None, app: int | None) -> None:
    """Dismiss every approval if the rule of the base says so and the difference is another than before.

    Without such a rule a push dismisses nothing. A merge of the base into the head changes no difference.
    """
    approved = forge.kept.rows("SELECT * FROM reviews WHERE pull = ? AND state = 'APPROVED'", now["id"])
    if not approved or not protection.dismisses(forge, repository, now["base_ref"]):
        return
    store = bare(forge, repository["id"])
    if _difference(store, was) == _difference(store, now):
        return
    for review in approved:
        reviews.dismissed(forge, review, actor, app, None, now["head_sha"])


def _difference(store: Bare, pull: Row) -> list[tuple[str | None, ...]]:
    start = trial.fork_point(store, pull["base_sha"], pull["head_sha"])
    found = store.changed(start, pull["head_sha"], patches=False)
    return [(each.path, each.previous, each.status, each.blob, each.mode) for each in found]
