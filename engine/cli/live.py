"""How far each resource is, while a command works: on a terminal one line for each, else lines of a log, or of JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console as Terminal

    from engine.cli.console import Console
    from engine.core.report.progress import Step

    Hears: TypeAlias = Callable[[Step], None]


@contextmanager
def watching(console: "Console", *, as_json: bool) -> "Iterator[tuple[Hears | None, Callable[[], None]]]":
    """Who is told each step (None: nobody, so that lines are written), and what to call before data is printed."""
    if as_json:
        yield lambda step: console.event(step.to_json()), lambda: None
    elif (terminal := _terminal(console)) is not None:
        from engine.cli.moving import Watching

        board = Watching(terminal)
        try:
            yield board.hear, board.rest
        finally:
            board.rest()
    else:
        yield None, lambda: None


def _terminal(console: "Console") -> "Terminal | None":
    """One that can show how something moves."""
    if not console.is_followed:
        return None
    from rich.console import Console

    terminal = Console(stderr=True, no_color=not console.colours_aside, highlight=False)
    return terminal if terminal.is_terminal and not terminal.is_dumb_terminal else None
