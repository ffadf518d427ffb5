"""Versions: of the engine against the one that wrote what is here, of the programs that plan and judge."""

import os
from collections.abc import Iterator, Mapping

from engine import __version__
from engine.core.doctor import Finding, fine
from engine.run.doctor.asking import tried

VENDORED = ".engine/vendored.json"
_PROGRAMS = ("git", "terraform", "opa")
_ABSENT = "ENG007"  # a program that is optional
_OTHERWISE = "what is planned, judged or merged here may come to something else than where it is applied"


def engine(controller: str) -> list[Finding]:
    """The engine itself against the one that wrote rules, policies and module; nothing where none did."""
    file = os.path.join(controller, VENDORED)
    return tried(VENDORED, "", lambda: _engine(file)) if os.path.lexists(file) else []


def _engine(file: str) -> Iterator[Finding]:
    from engine.adapters import files
    from engine.core import schema
    from engine.core.source import load_json

    document = load_json(files.read(file), VENDORED)
    schema.validate("vendored", document)
    theirs, kind = document.data["engine"], document.data["kind"]
    if _order(theirs) > _order(__version__):
        what = f"is {__version__}, and what is here was written by {theirs}"
        why = "an older engine does not know what newer rules mean by a word, or lets pass what they were mended for"
        yield Finding("engine", False, what, why, f"install interlock-engine {theirs} or newer")
    elif theirs != __version__:
        what = f"is {__version__}, and what is here was written by {theirs}"
        why = "a hole that rules or policies of today close is still open here"
        mend = f"engine init {kind} shows what is newer, engine init {kind} --update takes it over"
        yield Finding("engine", False, what, why, mend, "warning")
    else:
        yield fine("engine", f"is {__version__}, as what it wrote here")


def _order(version: str) -> tuple[tuple[int, ...], bool]:
    """`0.10.0` is newer than `0.9.0`, and than a candidate of itself."""
    release, _, rest = version.replace("-", "+").partition("+")
    parts = release.split(".")
    numbers = tuple(int(part) for part in parts if part.isdigit())
    return numbers, not rest and len(numbers) == len(parts)


def programs(controller: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Those that the machine has, and whether they are ones that the engine can believe. Who looks need not plan here.

    Raises:
        EngineError: the settings cannot be read.
    """
    from engine.run.machine import checks

    for check in checks(controller, controller, environ, _PROGRAMS):
        why = check.problem
        if why is None:
            yield fine(check.name, check.found)
        elif why.code != _ABSENT:
            yield Finding(check.name, False, why.message, _OTHERWISE, why.hint, "warning")
