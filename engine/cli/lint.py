"""`engine lint`: everything that is wrong with the rules, for people, programs and pull requests."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence

from engine.cli.console import Console
from engine.core.rules.draft import ENTRY
from engine.core.rules.lint import lint
from engine.errors import TABLE, EngineError, ExitCode, Problem
from engine.run.catalog import catalog
from engine.run.trusted import read_rules

HELP = "check the rules: spelling, types, names, and what only looks wrong"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be said on the command line."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="show the problems of these files only")
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="how to print them (default: text)")
    parser.add_argument("--rules-dir", metavar="DIR", default=".", help=f"where {ENTRY} is (default: here)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Print every problem. 0: none; 1: only findings; 2: these rules do not load."""
    try:
        problems = lint(read_rules(options.rules_dir), catalog())
    except EngineError as error:
        problems = error.problems
    chosen = _of_files(problems, options.files, options.rules_dir)
    FORMATS[options.format](chosen, console)
    return max((TABLE[p.code].exit for p in chosen), key=_RANK.index, default=ExitCode.DONE)


_RANK = [ExitCode.DONE, *(code for code in ExitCode if code not in (ExitCode.DONE, ExitCode.CONFIG)), ExitCode.CONFIG]


def _of_files(problems: Sequence[Problem], files: Sequence[str], directory: str) -> Sequence[Problem]:
    """The problems of some files; all when none are named. Files are always judged together with all others."""
    if not files:
        return problems
    wanted = {os.path.realpath(file) for file in files}
    return [p for p in problems if p.place is None or os.path.realpath(os.path.join(directory, p.place.file)) in wanted]


def _text(problems: Sequence[Problem], console: Console) -> None:
    for problem in problems:
        console.out(problem.text())
    files = len({problem.place.file for problem in problems if problem.place})
    console.err(
        f"{len(problems)} problem(s) in {files} file(s)" if problems else console.colour("no problems", "green")
    )


def _json(problems: Sequence[Problem], console: Console) -> None:
    console.json(
        [
            {
                "code": p.code,
                "file": p.place.file if p.place else None,
                "line": p.place.line if p.place else None,
                "column": p.place.column if p.place else None,
                "message": p.message,
                "hint": p.hint,
            }
            for p in problems
        ]
    )


def _github(problems: Sequence[Problem], console: Console) -> None:
    """Annotations: https://docs.github.com/actions/reference/workflow-commands-for-github-actions"""
    for p in problems:
        level = "error" if TABLE[p.code].exit is ExitCode.CONFIG else "warning"
        where = {"title": p.code}
        if p.place:
            where = {"file": p.place.file, "line": str(p.place.line), "col": str(p.place.column), **where}
        properties = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in where.items())
        console.out(f"::{level} {properties}::{_escaped(f'{p.message}: {p.hint}' if p.hint else p.message)}")


def _escaped(text: str, more: str = "") -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


FORMATS: Mapping[str, Callable[[Sequence[Problem], Console], None]] = {
    "text": _text,
    "json": _json,
    "github": _github,
}
