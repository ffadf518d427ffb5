"""The pages: rows of a path, what it shows and by which template; and the deeds of their forms.

Foreign text (titles, names, reasons, what programs say) goes through one door, `adapters/web/text`: there is no other
markup than ours, no script and no style in a page, and the pages' policy forbids both.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from engine.errors import EngineError
from engine.service import views
from engine.service.api import done, status
from engine.service.deeds import DEEDS, Deed, Hands
from engine.service.guard import visit
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


def routes(sources: Sources, hands: Hands) -> Sequence[BaseRoute]:
    """The pages, for whoever may read, and what their forms do."""
    return [
        *(Route(row.path, _endpoint(sources, row), methods=["GET"]) for row in PAGES),
        *(Route(deed.path, _by_form(sources, hands, deed), methods=["POST"]) for deed in DEEDS),
    ]


def _endpoint(sources: Sources, row: Page) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_shown, sources, row, request)

    return endpoint


def _by_form(sources: Sources, hands: Hands, deed: Deed) -> Callable[[Request], Any]:
    """What is refused is shown by the page that the form leads back to, with what was typed."""
    row = next(row for row in PAGES if row.path == deed.back)

    def work(request: Request) -> Response:
        try:
            done(hands, deed, request, visit(request).form)
        except EngineError as error:
            return _shown(sources, row, request, error)
        back = deed.back.format(**{name: quote(str(value)) for name, value in request.path_params.items()})
        return RedirectResponse(visit(request).root + back, 303)

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(work, request)

    return endpoint


def _shown(sources: Sources, row: Page, request: Request, refused: EngineError | None = None) -> Response:
    at = {name: str(value) for name, value in request.path_params.items()}
    try:
        view = row.show(sources, at, request.query_params)
    except EngineError as error:
        told = refused or error
        return page(request, "broken.html", {"problems": told.problems}, status(told))
    if view is None:
        return page(request, "nothing.html", {}, 404)
    values = {"view": view, "served": sources.runs is not None, "asked": _of(request.query_params, "state", "repo")}
    if refused is None:
        return page(request, row.template, values)
    given = {"problems": refused.problems, "given": visit(request).form}
    return page(request, row.template, {**values, "refused": given}, status(refused))


def _of(query: Texts, *names: str) -> dict[str, str]:
    return {name: query.get(name, "") for name in names}


def _before(query: Texts) -> int | None:
    return views.number(query.get("before", ""))
