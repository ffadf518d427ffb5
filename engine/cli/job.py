"""What a job of GitHub Actions is told of a run: outputs of its step, a summary, annotations at the lines of a change.

Elsewhere there is no such file and nobody who reads commands, and nothing is told.
"""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from engine.adapters import settings

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.report.model import Report

_LARGEST = 1_000_000  # bytes of a step's summary; GitHub leaves out one of more than 1 MiB
_MOST = 50  # annotations of one step that GitHub shows
_LEVELS = {"failure": "error", "warning": "warning", "notice": "notice"}


def outputs(values: Mapping[str, str]) -> None:
    """The outputs of the step, each between marks that nobody can guess: a name in a change may hold anything, and a
    line of it could otherwise be another output.

    Raises:
        EngineError: ENG002.
    """
    from engine.printable import in_line

    mark = os.urandom(16).hex()
    lines = [f"{name}<<{mark}\n{in_line(value)}\n{mark}\n" for name, value in values.items()]
    _append(settings.actions_output(), "".join(lines))


def summary(reports: "Iterable[Report]") -> None:
    """The reports, as they stand on a pull request.

    Raises:
        EngineError: ENG002.
    """
    file = settings.actions_summary()
    if file is None:
        return
    from engine.core.report.comment import render

    room, texts = _LARGEST, list[str]()
    for text in map(render, reports):
        room -= len(text.encode()) + 1
        if room < 0:
            break
        texts.append(text)
    _append(file, "\n".join(texts))


def annotations(console: "Console", reports: "Iterable[Report]", *, aside: bool) -> None:
    """A command to the runner for each line that something is said of; `aside`: on standard error."""
    told = [report for report in reports if report.result != "idle"]
    if not (told and settings.in_actions()):
        return
    from engine.core.report import checks

    found = [one for report in told for one in checks.annotations(report)]
    for one in found[:_MOST]:
        where = {"file": one["path"], "line": str(one["start_line"]), "title": one["title"]}
        console.command(_LEVELS[one["annotation_level"]], one["message"], where, aside=aside)


def _append(file: str | None, text: str) -> None:
    from engine.adapters import files

    if file is not None and text:
        files.append(file, text.encode())
