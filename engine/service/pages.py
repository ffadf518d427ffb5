"""The pages: rows of a path, what it shows and by which template. All of them read; what is done is `deeds`.

Foreign text (titles, names, reasons, what programs say) goes through one door, `adapters/web/text`: there is no other
markup than ours, no script and no style in a page, and the pages' policy forbids both.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engine.adapters.web import text
from engine.core.decision.explain import people
from engine.errors import EngineError
from engine.service import views
from engine.service.guard import visit
from engine.service.shown import Asked
from engine.service.views import Sources

HERE = os.path.dirname(os.path.abspath(__file__))
_STATIC = {"style.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}
_KEEP = {"Cache-Control": "public, max-age=31536000, immutable"}  # their names change with them
_FEW = 25  # of a lane, where all lanes are shown beside other things
Query = Mapping[str, str]


class Page(NamedTuple):
    """What a path shows."""

    path: str
    template: str
    show: Callable[[Sources, Mapping[str, str], Query], Any]  # (from what, path, query) → a view; None: there is none


PAGES = (
    Page("/", "overview.html", lambda sources, _, __: views.overview(sources)),
    Page("/pulls", "pulls.html", lambda sources, _, query: views.pulls(sources, _asked(query))),
    Page(
        "/pulls/{owner}/{name}/{number:int}",
        "pull.html",
        lambda sources, at, _: views.pull(sources, f"{at['owner']}/{at['name']}", int(at["number"])),
    ),
    Page("/runs", "runs.html", lambda sources, _, query: views.runs(sources, **_given(query, "before", "state", "subject"))),
    Page("/runs/{run}", "run.html", lambda sources, at, _: views.run(sources, at["run"])),
    Page("/queue", "queue.html", lambda sources, _, __: views.queue(sources)),
    Page(
        "/deliveries",
        "deliveries.html",
        lambda sources, _, query: views.deliveries(sources, **_given(query, "before", "state", "repo")),
    ),
    Page("/freeze", "freeze.html", lambda sources, _, __: views.freeze(sources)),
)


def routes(sources: Sources) -> Sequence[BaseRoute]:
    """The pages, for whoever may read; anything else is a page that says there is none."""
    made = [Route(row.path, _endpoint(sources, row), methods=["GET"]) for row in PAGES]
    return [*made, Route("/{rest:path}", _nowhere, methods=["GET"])]


def static() -> Sequence[BaseRoute]:
    """The style sheet and what else pages are made with: the same for everybody."""
    return [Route(f"/static/{_file(name)[0]}", _sent(name), methods=["GET"]) for name in _STATIC]


def page(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """A page of that template."""
    seen = visit(request)
    made = templates().get_template(template).render({**values, "visit": seen, "path": request.scope["path"]})
    return Response(made.encode("utf-8", "replace"), status, media_type="text/html; charset=utf-8")


@cache
def templates() -> Environment:
    """The pages' templates, read once."""
    made = text.templates(os.path.join(HERE, "templates"))
    made.filters.update(ago=_ago, people=_people, said=_said)
    made.globals.update(link=link, few=_FEW, files={name: _file(name)[0] for name in _STATIC})
    return made


@pass_context
def link(context: Context, *parts: object, **query: object) -> str:
    """A path below our root, whatever is in its parts."""
    path = "".join(f"/{quote(str(part), safe='/' if number == 0 else '', errors='replace')}" for number, part in enumerate(parts))
    asked = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{context['visit'].root}{path or '/'}{f'?{urlencode(asked, errors="replace")}' if asked else ''}"


def _endpoint(sources: Sources, row: Page) -> Callable[[Request], Any]:
    def work(request: Request) -> Response:
        at = {name: str(value) for name, value in request.path_params.items()}
        try:
            view = row.show(sources, at, request.query_params)
        except EngineError as error:
            return page(request, "broken.html", {"problems": error.problems}, 503)
        if view is None:
            return page(request, "nothing.html", {"served": sources.runs is not None}, 404)
        return page(request, row.template, {"view": view, "served": sources.runs is not None})

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(work, request)

    return endpoint


async def _nowhere(request: Request) -> Response:
    return page(request, "nothing.html", {"served": True}, 404)


@cache
def _file(name: str) -> tuple[str, bytes]:
    return text.file(os.path.join(HERE, "static", name))


def _sent(name: str) -> Callable[[Request], Any]:
    async def endpoint(_: Request) -> Response:
        return Response(_file(name)[1], 200, _KEEP, f"{_STATIC[name]}; charset=utf-8")

    return endpoint


def _asked(query: Query) -> Asked:
    return Asked(**_given(query, *Asked._fields))


def _given(query: Query, *names: str) -> dict[str, str]:
    return {name: query.get(name, "") for name in names}


@pass_context
def _ago(context: Context, time: str | None) -> Markup:
    """Before the moment that the view is of."""
    return text.ago(time, datetime.fromisoformat(context["view"].at).timestamp())


def _people(names: Sequence[str]) -> str:
    return people(tuple(names))


def _said(value: Any) -> str:
    """A fact's value, for a person."""
    import json

    found = json.dumps(value, ensure_ascii=False)
    return found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…"


_LONGEST = 120  # characters of a value
