"""Templates and the doors through which text gets into them.

Everything is escaped by Jinja; before that, characters that nobody sees are shown as escapes (`engine.printable`), so
that no name looks like another. Only `markdown` and `code` make markup of foreign text.
"""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from engine.printable import in_line, printable
from engine.sandbox.forge.clock import seconds
from engine.sandbox.forge.pages.asked import link, within

HERE = os.path.dirname(os.path.abspath(__file__))
_STEPS = ((31_536_000, "year"), (2_592_000, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"))


@cache
def templates() -> Environment:
    """The pages' templates, read once."""
    made = Environment(
        loader=FileSystemLoader(os.path.join(HERE, "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=seen,
    )
    made.filters.update(ago=ago, short=short, exactly=exactly, plural=plural, named=in_line)
    made.globals.update(link=link, within=within, style=style()[0])
    return made


@cache
def style() -> tuple[str, bytes]:
    """The style sheet's address, which changes with it, and the style sheet."""
    import hashlib

    with open(os.path.join(HERE, "style.css"), "rb") as file:
        data = file.read()
    return f"/-/style-{hashlib.sha256(data).hexdigest()[:12]}.css", data


def seen(value: Any) -> Any:
    """A text that is no markup, with every character in it shown."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def exactly(value: str | None) -> Markup:
    """For form fields: what is sent back must be what is there, unseen characters too."""
    return escape(value or "")


def short(sha: str | None) -> str:
    """Seven digits of a commit."""
    return (sha or "")[:7]


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@pass_context
def ago(context: Context, time: str | None) -> Markup:
    """A time as `<time>`: how long ago by the forge's clock, and when exactly."""
    if not time:
        return Markup("")
    then = datetime.fromtimestamp(seconds(time), UTC)
    words = _words(context["ask"].forge.clock.seconds() - then.timestamp())
    exact = f"{then.day} {then:%B %Y, %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(time, exact, words)


def _words(passed: float) -> str:
    for length, name in _STEPS:
        if abs(passed) >= length:
            said = plural(int(abs(passed) // length), name)
            return f"{said} ago" if passed > 0 else f"in {said}"
    return "just now"
