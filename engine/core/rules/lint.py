"""All that can be said about rules: what keeps them from loading, and what only looks wrong.

Each question is a row and a function in `checks/`; its code in the table of errors says which of the two it is: exit
code 2 does not load, exit code 1 is a finding. Findings are looked for only in rules that load: an unused gate means
nothing in a file whose pipelines could not be read.
"""

from collections.abc import Mapping

from engine.core.declare import Catalog
from engine.core.rules import load
from engine.core.rules.checks import hygiene, literals, truth
from engine.core.rules.draft import ENTRY
from engine.core.rules.ignored import passed_over
from engine.errors import EngineError, Errors, Problem

FINDINGS = (*hygiene.CHECKS, *literals.CHECKS, *truth.CHECKS)
CHECKS = (*load.CHECKS, *FINDINGS)


def lint(files: Mapping[str, bytes], catalog: Catalog, entry: str = ENTRY) -> tuple[Problem, ...]:
    """Every problem of every file, in the order of their places."""
    errors = Errors()
    try:
        loaded = load.load_judged(files, catalog, entry)
        found = [one for check in FINDINGS for one in check.find(loaded.subject)]
        errors.extend(passed_over(found, files))
        errors.check()
    except EngineError as error:
        return error.problems
    return ()
