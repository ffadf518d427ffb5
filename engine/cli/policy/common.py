"""What the verbs of `engine policy` share: which policies, and where the optional programs are."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.adapters.policy.bundle import PolicySet
    from engine.adapters.policy.port import Programs

_HERE = "policies"


def policies(directory: str | None, namespaces: Sequence[str] = ()) -> "PolicySet":
    """The policy set of a directory; without one that of `./policies`, or the shipped one.

    Raises:
        EngineError: a file cannot be read, or is no policy.
    """
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.data import path

    place = directory or (_HERE if os.path.isdir(_HERE) else path(_HERE))
    return policy_set(read_directory(place), (directory or _HERE).rstrip("/"), tuple(namespaces))


def programs() -> "Programs":
    """Where `opa` and Checkov are, as the settings say."""
    from engine.adapters import settings
    from engine.adapters.policy.port import Programs

    values = settings.read()
    return Programs(values.opa, values.checkov, values.path)
