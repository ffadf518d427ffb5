"""The pages: rows of a path, what it shows and by which template. All of them read; what is done is `deeds`.

Foreign text (titles, names, reasons, what programs say) goes through one door, `adapters/web/text`: there is no other
markup than ours, no script and no style in a page, and the pages' policy forbids both.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engine.errors import EngineError
from engine.service import views
from engine.service.api import status
from engine.service.rendering import page
from engine.service.shown import Asked
from engine.service.views import Sources

Texts = Mapping[str, str]


class Page(NamedTuple):
    """What a path shows."""

    path: str
    template: str
    show: Callable[[Sources, Texts, Texts], Any]  # (from what, path, query) → a view; None: there is none


PAGES = (
    Page("/", "overview.html", lambda sources, _, __: views.overview(sources)),
    Page("/pulls", "pulls.html", lambda sources, _, query: views.pulls(sources, Asked(**_of(query, *Asked._fields)))),
    Page(
        "/pulls/{owner}/{name}/{number}",
        "pull.html",
        lambda sources, at, _: views.pull(sources, f"{at['owner']}/{at['name']}", views.number(at["number"]) or 0),
    ),
    Page(
        "/runs",
        "runs.html",
        lambda sources, _, query: views.runs(sources, before=_before(query), **_of(query, "state", "repo")),
    ),
    Page("/runs/{run}", "run.html", lambda sources, at, _: views.run(sources, at["run"])),
    Page("/queue", "queue.html", lambda sources, _, __: views.queue(sources)),
    Page(
        "/deliveries",
        "deliveries.html",
        lambda sources, _, query: views.deliveries(sources, before=_before(query), **_of(query, "state", "repo")),
    ),
    Page("/freeze", "freeze.html", lambda sources, _, __: views.freeze(sources)),
)


def routes(sources: Sources) -> Sequence[BaseRoute]:
    """The pages, for whoever may read."""
    return [Route(row.path, _endpoint(sources, row), methods=["GET"]) for row in PAGES]


def _endpoint(sources: Sources, row: Page) -> Callable[[Request], Any]:
    def work(request: Request) -> Response:
        at = {name: str(value) for name, value in request.path_params.items()}
        try:
            view = row.show(sources, at, request.query_params)
        except EngineError as error:
            return page(request, "broken.html", {"problems": error.problems}, status(error))
        if view is None:
            return page(request, "nothing.html", {}, 404)
        more = {"served": sources.runs is not None, "asked": _of(request.query_params, "state", "repo")}
        return page(request, row.template, {"view": view, **more})

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(work, request)

    return endpoint


def _of(query: Texts, *names: str) -> dict[str, str]:
    return {name: query.get(name, "") for name in names}


def _before(query: Texts) -> int | None:
    return views.number(query.get("before", ""))
