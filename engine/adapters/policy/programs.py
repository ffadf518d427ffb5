"""Runs a policy program: no environment but PATH, a deadline, and its ways to fail as policy errors."""

import os
from collections.abc import Collection, Sequence

from engine.adapters import process
from engine.adapters.policy.port import Terms
from engine.errors import EngineError, Problem, problem

MEMORY = 4 * 1024**3  # bytes; 10,000 changes take a tenth of it
_SHOWN = 500  # characters of what a program said last

_BROKEN = frozenset({"ENG453", "ENG454", "ENG455", "ENG456"})  # killed, odd exit code, not startable, too much output


def environment(terms: Terms, home: str) -> dict[str, str]:
    """The whole environment of a policy program."""
    return {"PATH": terms.programs.path, "HOME": home, "LC_ALL": "C.UTF-8"}


def run(
    argv: Sequence[str],
    terms: Terms,
    cwd: str,
    *,
    setting: str = "",
    called: str = "",
    answers: Collection[int] = (0,),
    stdin: bytes | None = None,
) -> process.Done:
    """Run `argv` to its end. `setting` is where its path can be given, if it can; `called` how people know it.

    Raises:
        EngineError: ENG511 (deadline), ENG512 (broke down), ENG521 (not found), ENG452 (cancelled).
    """
    name = called or os.path.basename(argv[0])
    try:
        return process.run(
            argv,
            called=name,
            cwd=cwd,
            env=environment(terms, cwd),
            timeout_s=terms.timeout_s,
            answers=answers,
            stdin=stdin,
            cancel=terms.cancel,
            memory=MEMORY,
            grace_s=1,  # nothing to tidy up, and an embedded engine does not see a signal
        )
    except process.ProcessError as error:
        found = error.problems[0]
        if found.code == "ENG450":
            raise EngineError(problem("ENG521", program=argv[0], setting=setting)) from error
        if found.code == "ENG451":
            raise EngineError(problem("ENG511", seconds=f"{terms.timeout_s:g}")) from error
        if found.code in _BROKEN:
            raise broke(name, found, error.done.stderr if error.done else b"", terms) from error
        raise


def last_words(said: bytes, terms: Terms) -> str:
    """What a program said last, without the secrets of the plans; empty when it said nothing."""
    return terms.redact.excerpt(said.decode(errors="replace").strip(), _SHOWN, end=True)


def broke(engine: str, found: Problem, stderr: bytes, terms: Terms) -> EngineError:
    """ENG512, in one line: of a trace, the last line says what happened."""
    last = last_words(stderr, terms).rpartition("\n")[2]
    reason = f"{found.message.partition(':')[0]}: {last}" if last else found.message
    return EngineError(problem("ENG512", engine=engine, reason=reason))
