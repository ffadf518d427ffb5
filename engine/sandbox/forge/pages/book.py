"""All pages, in the order in which a path is looked for."""

from starlette.routing import BaseRoute

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.pages import (
    changes,
    deeds,
    items,
    jobs,
    machinery,
    people,
    pictures,
    pulls,
    registering,
    repository,
)
from engine.sandbox.forge.pages.site import paths

# What has names of its own comes before what has names of people and repositories in it.
PAGES = (
    *machinery.PAGES,
    *registering.PAGES,
    *people.PAGES,
    *repository.PAGES,
    *changes.PAGES,
    *items.PAGES,
    *jobs.PAGES,
    *pulls.PAGES,
)
DEEDS = (*people.DEEDS, *registering.DEEDS, *deeds.DEEDS)


def routes(forge: Forge) -> list[BaseRoute]:
    """The forge's pages; they take every path that is left."""
    return [*pictures.paths(forge), *paths(forge, PAGES, DEEDS, registering.LANDINGS)]
