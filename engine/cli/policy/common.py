"""What the verbs of `engine policy` share: which policies, and where the optional programs are."""

import os
from argparse import ArgumentTypeError
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import failure

if TYPE_CHECKING:
    from engine.adapters.policy.bundle import PolicySet
    from engine.adapters.policy.port import Programs

_HERE = "policies"


def policies(directory: str | None, namespaces: Sequence[str] = (), *, shipped: bool = False) -> "PolicySet":
    """The policy set of a directory, by default `./policies`; the one that comes with the engine only when asked for.

    Raises:
        EngineError: ENG535, there is no such default; a file cannot be read, or is no policy.
    """
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.data import path

    if not shipped and directory is None and not has_own():
        raise failure("ENG535")
    place = path(_HERE) if shipped else directory or _HERE
    return policy_set(read_directory(place), (directory or _HERE).rstrip("/"), tuple(namespaces))


def has_own() -> bool:
    """Is there a `./policies`?"""
    return os.path.isdir(_HERE)


def programs() -> "Programs":
    """Where `opa` and Checkov are, as the settings say."""
    from engine.adapters import settings
    from engine.adapters.policy.port import Programs

    values = settings.read()
    return Programs(values.opa, values.checkov, values.path)


def seconds(text: str) -> float:
    """The value of `--timeout`.

    Raises:
        ArgumentTypeError: there is no such time.
    """
    return _between(text, 0.001, 24 * 3600, "seconds")


def percent(text: str) -> float:
    """The value of `--fail-under`.

    Raises:
        ArgumentTypeError: it is no number from 0 to 100; nothing is less than `nan`, so that all would pass.
    """
    return _between(text, 0, 100, "percent")


def _between(text: str, least: float, most: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not least <= value <= most:
        raise ArgumentTypeError(f"{text!r} is no number of {unit} from {least:g} to {most:g}")
    return value
