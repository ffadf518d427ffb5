"""REST of everything that git keeps."""

from engine.sandbox.forge.answer import Route
from engine.sandbox.forge.git import (
    rest_activity,
    rest_commits,
    rest_contents,
    rest_objects,
    rest_refs,
    rest_repositories,
    rest_rules,
)

ROUTES: tuple[Route, ...] = (
    *rest_repositories.ROUTES,
    *rest_activity.ROUTES,
    *rest_refs.ROUTES,
    *rest_commits.ROUTES,
    *rest_objects.ROUTES,
    *rest_contents.ROUTES,
    *rest_rules.ROUTES,
)
