"""Runs a policy program: no environment but PATH, a deadline, and its ways to fail as policy errors."""

import os
from collections.abc import Collection, Sequence

from engine.adapters import process
from engine.adapters.policy.port import Terms
from engine.errors import EngineError, problem

_SHOWN = 500  # characters of what a program said last

_BROKEN = frozenset({"ENG453", "ENG454", "ENG455", "ENG456"})  # killed, odd exit code, not startable, too much output


def run(
    argv: Sequence[str],
    terms: Terms,
    cwd: str,
    *,
    setting: str = "",
    answers: Collection[int] = (0,),
    stdin: bytes | None = None,
) -> process.Done:
    """Run `argv` to its end. `setting` is where its path can be given, if it can.

    Raises:
        EngineError: ENG511 (deadline), ENG512 (broke down), ENG521 (not found), ENG452 (cancelled).
    """
    try:
        return process.run(
            argv,
            cwd=cwd,
            env={"PATH": terms.programs.path, "HOME": cwd, "LC_ALL": "C.UTF-8"},
            timeout_s=terms.timeout_s,
            answers=answers,
            stdin=stdin,
            cancel=terms.cancel,
            grace_s=1,  # nothing to tidy up, and an embedded engine does not see a signal
        )
    except process.ProcessError as error:
        found = error.problems[0]
        if found.code == "ENG450":
            raise EngineError(problem("ENG521", program=argv[0], setting=setting)) from error
        if found.code == "ENG451":
            raise EngineError(problem("ENG511", seconds=f"{terms.timeout_s:g}")) from error
        if found.code in _BROKEN:
            raise EngineError(
                problem("ENG512", engine=os.path.basename(argv[0]), reason=_reason(error, terms))
            ) from error
        raise


def last_words(done: process.Done, terms: Terms) -> str:
    """What it said last, without the secrets of the plans; empty when it said nothing."""
    return terms.redact.excerpt(done.stderr.decode(errors="replace").strip(), _SHOWN, end=True)


def _reason(error: process.ProcessError, terms: Terms) -> str:
    """In one line: of a trace, the last line says what happened."""
    last = last_words(error.done, terms).rpartition("\n")[2] if error.done else ""
    return f"{error.problems[0].message.partition(':')[0]}: {last}" if last else error.problems[0].message
