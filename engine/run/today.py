"""What a verdict would be made with today: digests of the controller's policies, Terraform module and lock file.

They are compared with those that a verdict carries, so they are computed exactly as the actions do that plan and judge.
"""

from collections.abc import Mapping

from engine.errors import failure
from engine.run.context import Controller


def digests(controller: Controller) -> Mapping[str, str | None]:
    """By their names in `core/verdict/about.MADE_WITH`; null for a lock file that the module does not have.

    Raises:
        EngineError: the policies or the module cannot be read.
    """
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.adapters.terraform.template import LOCK_FILE, digest_of, module_files
    from engine.core.canonical import digest_bytes

    try:
        files = module_files(controller.module)
    except OSError as error:
        raise failure(
            "ENG001", file=error.filename or controller.module, reason=error.strerror or str(error)
        ) from error
    return {
        "policy": policy_set(read_directory(controller.policies)).digest,
        "module": digest_of(files),
        "lock_file": digest_bytes(files[LOCK_FILE]) if LOCK_FILE in files else None,
    }
