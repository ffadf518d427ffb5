"""On a terminal: one line for each resource, which moves while a command works."""

import threading
from time import monotonic
from typing import TYPE_CHECKING

from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.core.report.attempts import time
from engine.core.report.progress import Board, Step
from engine.printable import harmless

if TYPE_CHECKING:
    from rich.console import Console

_HUES = {"busy": "cyan", "good": "green", "quiet": "yellow", "bad": "red"}
_MARKS = {"busy": "…", "good": "✓", "quiet": "-", "bad": "✗"}
_KEPT = 6  # lines of a terminal that are for others


class Watching:
    """Told each step; `rest` before anything else is printed to where the lines stand."""

    def __init__(self, terminal: "Console") -> None:
        self._terminal, self._lock, self._board = terminal, threading.RLock(), Board()
        self._live: Live | None = None

    def hear(self, step: Step) -> None:
        """Of any thread."""
        with self._lock:
            self._board.hear(step, monotonic())
            if self._live is None:
                self._live = self._began()

    def rest(self) -> None:
        """What stands there stays; with the next step it begins anew below."""
        with self._lock:
            live, self._live = self._live, None
        if live:
            live.stop()
            self._board = Board()

    def _began(self) -> "Live":
        live = Live(console=self._terminal, get_renderable=self._shown, redirect_stdout=False, refresh_per_second=4)
        live.start()
        return live

    def _shown(self) -> "Table":
        table = Table.grid(padding=(0, 2))
        with self._lock:
            lines, more = self._board.lines(monotonic(), max(1, self._terminal.height - _KEPT))
        for line in lines:
            mark = Text(_MARKS[line.mood], style=_HUES[line.mood])
            said = (line.path, line.said, time(line.seconds), line.why)
            table.add_row(mark, *(Text(harmless(text)) for text in said))
        if more:
            table.add_row("", f"and {more} more")
        return table
