"""What a verdict would be made with today: digests of the controller's policies, Terraform module and lock file.

They are compared with those that a verdict carries, so they are computed exactly as the actions do that plan and judge.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.adapters.files import failed
from engine.run.context import Controller
from engine.run.given import setup

if TYPE_CHECKING:
    from engine.adapters.settings import Settings


def digests(controller: Controller, settings: "Settings") -> Mapping[str, str | None]:
    """By their names in `core/verdict/about.MADE_WITH`; null for a lock file that the module does not have.

    Raises:
        EngineError: the policies or the module cannot be read.
    """
    from engine.adapters.policy.bundle import read_directory
    from engine.adapters.terraform.template import LOCK_FILE, digest_of, files_in_use
    from engine.core.canonical import digest_bytes

    try:
        files = files_in_use(setup(settings, controller.module, None))
    except OSError as error:
        raise failed("ENG001", error.filename or controller.module, error) from error
    return {
        "policy": _policy(tuple(read_directory(controller.policies).items())),
        "module": digest_of(files),
        "lock_file": digest_bytes(files[LOCK_FILE]) if LOCK_FILE in files else None,
    }


@lru_cache(maxsize=1)
def _policy(files: tuple[tuple[str, bytes], ...]) -> str:
    """The digest of the policies in these files, which are checked for it: once, however often a process asks."""
    from engine.adapters.policy.bundle import policy_set

    return policy_set(dict(files)).digest
