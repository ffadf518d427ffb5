"""REST of issues and pull requests."""

from engine.sandbox.forge.answer import Route
from engine.sandbox.forge.tracker import rest_issues, rest_labels, rest_pulls, rest_reviews

# `pulls/comments` before `pulls/{pull_number}`: the first path that fits is taken.
ROUTES: tuple[Route, ...] = (
    *rest_issues.ROUTES,
    *rest_labels.ROUTES,
    *rest_reviews.ROUTES,
    *rest_pulls.ROUTES,
)
