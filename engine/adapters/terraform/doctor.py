"""What `engine doctor` checks of Terraform: the program, where providers come from, a module that initialises."""

from typing import NamedTuple

from engine.adapters.terraform import mirror
from engine.adapters.terraform.template import Setup, find_or_make, find_program
from engine.errors import EngineError, problem


class Check(NamedTuple):
    """One line of the doctor."""

    name: str
    ok: bool
    message: str
    remedy: str = ""


def check(setup: Setup) -> tuple[Check, ...]:
    """The checks in the order in which they matter; what follows a failed one is not tried."""
    rows: list[Check] = []
    try:
        providers = mirror.choose(setup.mirror, setup.cli_config, setup.home)
        found = find_program(setup, providers)
        rows.append(Check("terraform", True, f"{found.name} {found.version} ({found.argv[-1]})"))
        rows.append(Check("providers", True, _told(providers)))
        template = find_or_make(setup, None)
        rows.append(Check("module", True, f"{setup.module} is initialised ({template.module_digest[:19]})"))
    except EngineError as error:
        rows.append(_failed(("terraform", "providers", "module")[len(rows)], error))
    except OSError as error:
        why = problem("ENG418", reason=f"{error.strerror or error} ({error.filename or setup.cache_dir})")
        rows.append(Check("cache", False, why.message, why.hint))
    return tuple(rows)


def _told(providers: mirror.Providers) -> str:
    if providers.mirror:
        return f"from the mirror {providers.mirror}"
    if providers.file:
        return f"as {providers.file} says"
    return "downloaded from the registry, once"


def _failed(name: str, error: EngineError) -> Check:
    first = error.problems[0]
    return Check(name, False, f"{first.code} {first.message}", first.hint)
