"""REST of people, their organisations and teams, of Apps, and of who may do what."""

from engine.sandbox.forge.answer import Route
from engine.sandbox.forge.people import rest_accounts, rest_apps, rest_repositories, rest_teams

ROUTES: tuple[Route, ...] = (*rest_accounts.ROUTES, *rest_apps.ROUTES, *rest_repositories.ROUTES, *rest_teams.ROUTES)
