"""What commands print with: data to standard output, progress and diagnostics to standard error."""

import sys
from collections.abc import Iterable

from engine.errors import Problem

_CODES = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}


class Console:
    """One command's outlets."""

    def __init__(self) -> None:
        self.quiet = False
        self._colour = True

    def configure(self, *, quiet: bool, colour: bool) -> None:
        """Apply the flags every command has."""
        self.quiet, self._colour = quiet, colour

    @property
    def colours(self) -> bool:
        """May standard output be coloured? Only a terminal, and only when nobody said NO_COLOR (https://no-color.org)."""
        from engine.adapters.settings import no_colour

        return self._colour and sys.stdout.isatty() and not no_colour()

    @property
    def width(self) -> int:
        """Columns of the terminal; 100 when there is none, so that logs do not wrap early."""
        from shutil import get_terminal_size

        return get_terminal_size((100, 24)).columns

    def colour(self, text: str, name: str) -> str:
        """`text` in one of red, green, yellow, dim, bold, where colours are wanted."""
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.colours else text

    def out(self, text: str) -> None:
        """Data."""
        print(text)

    def err(self, text: str) -> None:
        """A diagnostic, shown even when quiet."""
        print(text, file=sys.stderr)

    def progress(self, text: str) -> None:
        """One line of progress, unless quiet."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def json(self, value: object) -> None:
        """Data for machines."""
        import json

        print(json.dumps(value, indent=2, ensure_ascii=False))

    def problems(self, problems: Iterable[Problem]) -> None:
        """Each problem with its place, its source line and the way out."""
        for found in problems:
            self.err(found.text())
