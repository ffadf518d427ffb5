"""What commands print with: data to standard output, progress and diagnostics to standard error.

Whatever reads us may stop (`engine explain | head`): then nothing more is shown, but the command goes on to its end and
its exit code. A full disk behind standard output is an error, like every file that cannot be written.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from engine.errors import Problem, failure
from engine.printable import COLOURS, PLAIN, command, harmless, in_json

_NARROWEST, _UNSEEN = 40, 100  # columns


class Console:
    """One command's outlets. Nobody else decides about colours and widths."""

    def __init__(self) -> None:
        self.quiet = False
        self.in_json = False  # JSON is asked for: then errors are, too
        self._colour: bool | None = None
        self._answer: Callable[[object], object] | None = None
        self._has_answered = False

    def configure(self, *, quiet: bool, colour: bool | None) -> None:
        """Apply the flags every command has; `colour` None: as the environment and the terminal say."""
        self.quiet, self._colour = quiet, colour

    def ask(self, text: str) -> None:
        """Print of all JSON only what this JMESPath expression makes of it.

        Raises:
            EngineError: it does not parse.
        """
        from engine.cli.query import asking

        self._answer = asking(text)

    @property
    def colours(self) -> bool:
        """Is standard output coloured? As `--color` says, else the environment; else a terminal is."""
        return self._is_coloured(sys.stdout)

    @property
    def colours_aside(self) -> bool:
        """Is standard error?"""
        return self._is_coloured(sys.stderr)

    def _is_coloured(self, stream: TextIO | None) -> bool:
        from engine.adapters.settings import colours

        if stream is None:
            return False
        asked = self._colour if self._colour is not None else colours()
        return stream.isatty() if asked is None else asked

    @property
    def is_watched(self) -> bool:
        """Does somebody sit there, who may say when it is enough?"""
        return bool(sys.stdout) and sys.stdout.isatty()

    @property
    def is_seen(self) -> bool:
        """Is what goes to standard error for a person, and not for a program that collects it?"""
        return bool(sys.stderr) and sys.stderr.isatty()

    @property
    def width(self) -> int:
        """Columns of the terminal, enough to be read; 100 without one and COLUMNS: logs do not wrap early."""
        from engine.adapters.settings import columns

        return max(_columns(sys.stdout) or columns() or _UNSEEN, _NARROWEST)

    def colour(self, text: str, name: str) -> str:
        """`text` in one of red, green, yellow, dim, bold, where standard output is coloured."""
        return f"{COLOURS[name]}{text}{PLAIN}" if self.colours else text

    def colour_aside(self, text: str, name: str) -> str:
        """The same for standard error."""
        return f"{COLOURS[name]}{text}{PLAIN}" if self.colours_aside else text

    def out(self, text: str) -> None:
        """What was asked for, for people: on a terminal no line is wider than that."""
        self.data(_fitted(text, sys.stdout))

    def data(self, text: str) -> None:
        """What was asked for, as it is: it has a form, and may be copied."""
        _write(sys.stdout, f"{harmless(text, coloured=self.colours)}\n")

    def command(self, kind: str, message: str, where: Mapping[str, str], *, aside: bool = False) -> None:
        """A command to the GitHub Actions runner: `::error file=…::message`; `aside` where standard output has data."""
        _write(sys.stderr if aside else sys.stdout, f"{command(kind, message, **where)}\n")

    def err(self, text: str) -> None:
        """A diagnostic, shown even when quiet."""
        _write(sys.stderr, f"{harmless(_fitted(text, sys.stderr), coloured=self.colours_aside)}\n")

    def progress(self, text: str) -> None:
        """One line of progress, unless quiet. Thread-safe."""
        if not self.quiet:
            _write(sys.stderr, f"{harmless(_fitted(text, sys.stderr), coloured=self.colours_aside)}\n", flush=True)

    def json(self, value: object, *, in_one_line: bool = False) -> None:
        """Data for machines, or what was asked of it."""
        import json

        self._has_answered = True
        value = self._answer(value) if self._answer else value
        indent = None if in_one_line else 2
        self.data(in_json(json.dumps(value, indent=indent, ensure_ascii=not _is_utf8(sys.stdout))))

    @property
    def is_followed(self) -> bool:
        """Does somebody look at our progress, on a terminal?"""
        return not self.quiet and bool(sys.stderr) and sys.stderr.isatty()

    def event(self, value: object) -> None:
        """One line of JSON beside the data, unless quiet. Thread-safe."""
        import json

        if not self.quiet:
            _write(sys.stderr, f"{in_json(json.dumps(value, ensure_ascii=not _is_utf8(sys.stderr)))}\n", flush=True)

    def problems(
        self, problems: Iterable[Problem], label: Callable[[Problem], str] | None = None, *, aside: bool = True
    ) -> None:
        """Each problem with its place, its source line and the way out; on standard error unless they are the data."""
        from engine.core.report.problems import error, render

        paint, stream = (self.colour_aside, sys.stderr) if aside else (self.colour, sys.stdout)
        if lines := render(problems, _columns(stream), paint, label or error):
            (self.err if aside else self.out)("\n".join(lines))

    def failure(self, problems: Iterable[Problem], exit_code: int) -> None:
        """Why a command has ended: for people, and where JSON was asked for and nothing has come yet, as JSON, too."""
        found = tuple(problems)
        self.problems(found)
        if self.in_json and not self._has_answered:
            from engine.core.report.problems import failed

            self.json(failed(found, exit_code), in_one_line=True)  # also of a command that answers with lines

    def flush(self) -> None:
        """Everything has arrived.

        Raises:
            EngineError: ENG002, standard output takes no more.
        """
        _write(sys.stdout, "", flush=True)


def _write(stream: TextIO | None, text: str, *, flush: bool = False) -> None:
    if stream is None:  # closed by whoever started us (`>&-`)
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:  # not everything has a ✓, and a file's name may be bytes
            encoding = stream.encoding or "utf-8"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        if flush:
            stream.flush()
    except OSError as error:
        _silence(stream)
        if error.errno != errno.EPIPE and stream is sys.stdout:
            raise failure("ENG002", file="standard output", reason=error.strerror or str(error)) from error


def _columns(stream: TextIO | None) -> int:
    """How wide the terminal is; 0: it is none, and whoever reads it wraps by themselves."""
    from engine.adapters.settings import columns

    try:
        if stream is None or not stream.isatty():
            return 0
        return columns() or os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0


def _fitted(text: str, stream: TextIO | None) -> str:
    width = _columns(stream)
    if not width:
        return text
    from engine.columns import fitted

    return fitted(text, width)


def _silence(stream: TextIO) -> None:
    """Send the rest nowhere: what is still buffered would fail once more when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _is_utf8(stream: TextIO | None) -> bool:
    return stream is not None and (stream.encoding or "utf-8").lower().replace("-", "") == "utf8"
