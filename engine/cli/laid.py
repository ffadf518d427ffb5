"""Lines as they fit a terminal. What goes to a program is never broken: it looks for whole lines."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.cli.console import Console

_LEAST = 30  # columns: on fewer the terminal breaks lines as it likes


def fitted(text: str, indent: int, console: "Console") -> str:
    """`text`, `indent` columns from the left; what does not fit goes on below, as far in. One word is never broken."""
    from textwrap import fill

    lead = " " * indent
    if not console.is_watched:
        return lead + text
    most = max(console.width, _LEAST)
    return fill(text, most, initial_indent=lead, subsequent_indent=lead, break_long_words=False, break_on_hyphens=False)
