"""A template of `templates/` as an answer: what every page has, beside its own values."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from engine.adapters.web.text import templates
from engine.service.guard import visit

HERE = os.path.dirname(os.path.abspath(__file__))


@cache
def environment() -> Environment:
    """The templates, read once."""
    return templates(os.path.join(HERE, "templates"))


def page(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """`visit` is in each: `visit.root` before every path, `visit.token` in every form, `visit.who` and `may_write`."""
    return rendered(template, {"visit": visit(request), **values}, status)


def rendered(template: str, values: Mapping[str, Any], status: int) -> HTMLResponse:
    """The same where the guard has let nobody in."""
    text = environment().get_template(template).render(values)
    return HTMLResponse(text.encode("utf-8", "replace"), status)
