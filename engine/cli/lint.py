"""`engine lint`: everything that is wrong with the rules, for people, programs and pull requests."""

import argparse
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from engine.cli import mislaid
from engine.cli.console import Console
from engine.cli.files import rules_option
from engine.core.report.problems import row, severity
from engine.core.rules.draft import ENTRY
from engine.core.rules.lint import lint
from engine.errors import TABLE, EngineError, ExitCode, Place, Problem, problem
from engine.names import plural
from engine.run.catalog import catalog
from engine.run.trusted import place_of, read_rules

HELP = "check the rules: spelling, types, names, and what only looks wrong"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be said on the command line."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help=f"problems of these files or directories only; {ENTRY}: of all"
    )
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="how to print them (default: text)")
    for name, said in (("json", "for machines"), ("sarif", "for code scanning and editors: SARIF 2.1.0")):
        parser.add_argument(f"--{name}", action="store_const", const=name, dest="format", help=said)
    rules_option(parser, default=None)


def run(options: argparse.Namespace, console: Console) -> int:
    """Print every problem. 0: none; 1: only findings; 2: these rules do not load."""
    directory, entry = place_of(options.rules or _beside(options.files))
    problems = _chosen(_judged(directory, entry), options.files, os.path.join(directory, entry))
    problems = mislaid.told(problems, ["--rules", options.rules] if options.rules else [])
    FORMATS[options.format](problems, console)
    exits = {TABLE[p.code].exit for p in problems}
    if exits <= {ExitCode.NEGATIVE}:
        return max(exits, default=ExitCode.DONE)
    return ExitCode.CONFIG


class _Judged(NamedTuple):
    files: Sequence[str]  # paths from here, which an editor and GitHub can follow
    problems: Sequence[Problem]


def _judged(directory: str, entry: str) -> _Judged:
    files: Mapping[str, bytes] = {}
    try:
        files = read_rules(directory, entry)
        problems = lint(files, catalog(), entry)
    except EngineError as error:
        problems = error.problems

    def from_here(file: str) -> str:
        return os.path.normpath(os.path.join(directory, file))

    placed = [p._replace(place=p.place._replace(file=from_here(p.place.file))) if p.place else p for p in problems]
    return _Judged([from_here(file) for file in files], placed)


def _beside(files: Sequence[str]) -> str:
    """Where rules begin among them, which may be a directory; else here."""
    entries = (os.path.join(file, ENTRY) if os.path.isdir(file) else file for file in files)
    begin = (one for one in entries if os.path.basename(one) == ENTRY and os.path.isfile(one))
    return next((os.path.dirname(one) or "." for one in begin), ".")


def _chosen(judged: _Judged, wanted: Sequence[str], first: str) -> Sequence[Problem]:
    """The problems of some files, or of all in a directory; files are always judged together with all others."""
    real = {os.path.realpath(file): file for file in judged.files}
    entry = os.path.realpath(first)
    wanted = [one for name in wanted for one in _within(name, real) or [name]]
    if not wanted or not real or entry in map(os.path.realpath, wanted):
        return judged.problems
    strangers = [_stranger(file, first) for file in wanted if os.path.realpath(file) not in real]
    names = {real.get(os.path.realpath(file)) for file in wanted}
    return [*strangers, *(p for p in judged.problems if p.place is None or p.place.file in names)]


def _within(name: str, files: Collection[str]) -> list[str]:
    """The files in a directory."""
    top = os.path.join(os.path.realpath(name), "")
    return [file for file in files if file.startswith(top)] if os.path.isdir(name) else []


def _stranger(file: str, first: str) -> Problem:
    """What is to be said of a file that is none of the rules."""
    if not os.path.lexists(file):
        return problem("ENG001", hint=mislaid.path(file), file=file, reason="there is no such file")
    return problem("ENG077", Place(file), hint=_of_a_fixture(file), file=file, entry=os.path.basename(first))


def _of_a_fixture(file: str) -> str:
    """Who reads it, where `include:` may not name it."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            is_one = any(line.startswith("cases:") for line in opened)
    except OSError:
        return ""
    return f"it is a fixture: `engine test {file}` judges it" if is_one else ""


def _text(problems: Sequence[Problem], console: Console) -> None:
    console.problems(problems, severity, aside=False)
    if not problems:
        console.err(console.colour_aside("no problems", "green"))
        return
    errors = sum(severity(p) == "error" for p in problems)
    each = [plural(n, word) for n, word in ((errors, "error"), (len(problems) - errors, "warning")) if n]
    files = len({p.place.file for p in problems if p.place})
    where = f" in {plural(files, 'file')}" if files else ""
    console.err(f"{plural(len(problems), 'problem')}{where}: {', '.join(each)}")


def _json(problems: Sequence[Problem], console: Console) -> None:
    nowhere = dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    rows = [row(p, severity(p)) for p in problems]
    console.json([told if p.place else {**told, **nowhere} for p, told in zip(problems, rows, strict=True)])


def _sarif(problems: Sequence[Problem], console: Console) -> None:
    """For code scanning, and for editors."""
    from engine import __version__
    from engine.core.report.sarif import sarif_of_problems

    console.json(sarif_of_problems(problems, __version__))


def _github(problems: Sequence[Problem], console: Console) -> None:
    """Annotations."""
    for p in problems:
        level, where = severity(p), {"title": p.code}
        if p.place:
            where = {"file": p.place.file, "line": str(p.place.line), "col": str(p.place.column), **where}
        console.command(level, f"{p.message}\nFix: {p.hint}" if p.hint else p.message, where)


FORMATS: Mapping[str, Callable[[Sequence[Problem], Console], None]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}
