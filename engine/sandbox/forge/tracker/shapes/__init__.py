"""Issues, pull requests and what belongs to them, as REST and webhooks show them: `(forge, urls, row) -> dict`.

No shape runs git: what git has to say stands in the rows.
"""

from engine.sandbox.forge.tracker.shapes.events import issue_event, timeline_event
from engine.sandbox.forge.tracker.shapes.issues import comment, issue, label
from engine.sandbox.forge.tracker.shapes.pulls import pull, pull_simple
from engine.sandbox.forge.tracker.shapes.reviews import review, review_comment

__all__ = [
    "comment",
    "issue",
    "issue_event",
    "label",
    "pull",
    "pull_simple",
    "review",
    "review_comment",
    "timeline_event",
]
