"""A template of `templates/` as an answer: what every page has, beside its own values."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from engine.adapters.web import text
from engine.core.report.attempts import time
from engine.service.guard import visit

HERE = os.path.dirname(os.path.abspath(__file__))
_STATIC = {"style.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}
_KEEP = {"Cache-Control": "public, max-age=31536000, immutable"}  # their names change with them
_LONGEST = 120  # characters of a value


@cache
def environment() -> Environment:
    """The templates, read once."""
    made = text.templates(os.path.join(HERE, "templates"))
    made.filters.update(ago=_ago, said=_said, took=time)
    made.globals.update(link=_link, files={name: _file(name)[0] for name in _STATIC})
    return made


def page(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """`visit` is in each: `visit.token` in every form, `visit.who` and `may_write`; `link` makes its paths."""
    seen = visit(request)
    path = str(request.scope["path"]).removeprefix(seen.root)
    return rendered(template, {"visit": seen, "root": seen.root, "path": path, "refused": None, **values}, status)


def rendered(template: str, values: Mapping[str, Any], status: int) -> HTMLResponse:
    """The same where the guard has let nobody in; `root` is among the values."""
    made = environment().get_template(template).render(values)
    return HTMLResponse(made.encode("utf-8", "replace"), status)


def static() -> Sequence[BaseRoute]:
    """The style sheet and what else pages are made with: the same for everybody, and kept by browsers."""
    return [Route(f"/static/{_file(name)[0]}", _sent(name), methods=["GET"]) for name in _STATIC]


@cache
def _file(name: str) -> tuple[str, bytes]:
    return text.file(os.path.join(HERE, "static", name))


def _sent(name: str) -> Callable[[Request], Any]:
    async def endpoint(_: Request) -> Response:
        return Response(_file(name)[1], 200, _KEEP, f"{_STATIC[name]}; charset=utf-8")

    return endpoint


@pass_context
def _link(context: Context, *parts: object, **query: object) -> str:
    """A path of ours, whatever is in its parts: each is one."""
    path = "/".join(quote(str(part), safe="", errors="replace") for part in parts)
    asked = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{context['root']}/{path}" + (f"?{urlencode(asked, errors='replace')}" if asked else "")


@pass_context
def _ago(context: Context, time: str | None) -> Markup:
    """Before the moment that the view is of."""
    return text.ago(time, datetime.fromisoformat(context["view"].at).timestamp())


def _said(value: Any) -> str:
    """A fact's value, for a person."""
    found = json.dumps(value, ensure_ascii=False)
    return found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…"
