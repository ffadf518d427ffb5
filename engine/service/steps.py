"""How far each resource of a run is: a line for each step, in a file beside its log."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.core.report.progress import Board, Line, Step
from engine.service import runlog


def said(step: Step) -> str:
    """As it is kept."""
    return json.dumps(step.to_json())


def shown(file: str, now: str | None, most: int) -> tuple[tuple[Line, ...], int]:
    """How far each resource has come, so many at most, and how many more there are.

    `now`: None of a run that has ended, where whatever was at work is so no more since its last step.
    """
    board, last = Board(), 0.0
    for line in runlog.lines(file):
        try:
            step, last = _step(json.loads(line.text)), _seconds(line.at)
        except (ValueError, TypeError, KeyError):  # the disk was full
            continue
        board.hear(step, last)
    lines, more = board.lines(_seconds(now) if now else last, most)
    return tuple(lines), more


def _step(row: Mapping[str, Any]) -> Step:
    path, phase, state, seconds, why = (row[name] for name in ("path", "phase", "state", "seconds", "why"))
    return Step(str(path), str(phase), str(state), float(seconds), str(why or ""))


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
