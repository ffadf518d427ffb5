"""The forge's templates. Only `markdown` and `code` make markup of foreign text."""

import os
from functools import cache

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from engine.adapters.web import text
from engine.sandbox.forge.pages.asked import link, within

HERE = os.path.dirname(os.path.abspath(__file__))


@cache
def templates() -> Environment:
    """The pages' templates, read once."""
    made = text.templates(os.path.join(HERE, "templates"))
    made.filters.update(ago=_ago)
    made.globals.update(link=link, within=within, style=style()[0])
    return made


@cache
def style() -> tuple[str, bytes]:
    """The style sheet's address, which changes with it, and the style sheet."""
    name, data = text.file(os.path.join(HERE, "style.css"))
    return f"/-/{name}", data


@pass_context
def _ago(context: Context, time: str | None) -> Markup:
    """By the forge's clock."""
    return text.ago(time, context["ask"].forge.clock.seconds())
