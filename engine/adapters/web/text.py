"""Templates, and the door through which text gets into them: escaped, with every character of it shown.

Jinja escapes all that is no markup of ours; before that, characters that nobody sees become escapes (`printable`), so
that no name looks like another. Who makes markup of foreign text does so elsewhere, and says which may stay.
"""

import hashlib
import os
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.names import plural
from engine.printable import in_line, printable

_STEPS = ((31_536_000, "year"), (2_592_000, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"))


def templates(folder: str) -> Environment:
    """Those of a folder, read once."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=seen,
    )
    made.filters.update(short=short, exactly=exactly, plural=plural, named=in_line)
    return made


def file(path: str) -> tuple[str, bytes]:
    """The name of a file that browsers may keep for ever, since it changes with what is in it; and what that is."""
    with open(path, "rb") as opened:
        data = opened.read()
    name, end = os.path.splitext(os.path.basename(path))
    return f"{name}-{hashlib.sha256(data).hexdigest()[:12]}{end}", data


def seen(value: Any) -> Any:
    """A text that is no markup, with every character in it shown."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def exactly(value: str | None) -> Markup:
    """For form fields: what is sent back must be what is there, unseen characters too."""
    return escape(value or "")


def short(sha: str | None) -> str:
    """Seven digits of a commit."""
    return (sha or "")[:7]


def ago(time: str | None, now: float) -> Markup:
    """A time as `<time>`: how long before `now` (seconds since 1970), and when exactly. What is none stays as it is."""
    if not time:
        return Markup("")
    try:
        then = datetime.fromisoformat(time).astimezone(UTC)
    except (ValueError, OverflowError):
        return escape(seen(time))
    exact = f"{then.day} {then:%B %Y, %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(time, exact, _words(now - then.timestamp()))


def _words(passed: float) -> str:
    for length, name in _STEPS:
        if abs(passed) >= length:
            said = plural(int(abs(passed) // length), name)
            return f"{said} ago" if passed > 0 else f"in {said}"
    return "just now"
