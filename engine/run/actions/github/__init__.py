"""`github.*`: what is done on a pull request. Each may be done again: it looks first, and changes what differs."""

from engine.core.declare import Action
from engine.run.actions.github import account, checks, comment, deployment, labels, merge, pulls, reply, reviews

ACTIONS: tuple[Action, ...] = (
    *pulls.ACTIONS,
    *labels.ACTIONS,
    *comment.ACTIONS,
    *checks.ACTIONS,
    *reviews.ACTIONS,
    *reply.ACTIONS,
    *merge.ACTIONS,
    *account.ACTIONS,
    *deployment.ACTIONS,
)
