"""The controller's Terraform module as bytes: discovery reads from it what each service may set."""

import os
from collections.abc import Mapping

from engine import data
from engine.adapters import files
from engine.errors import failure


def module_directory(controller: str, *, shipped: bool = False) -> str:
    """`terraform/` of the controller's checkout; with `shipped` the engine's own where the checkout has none.

    Raises:
        EngineError: ENG905, it has none: nobody plans by another module than the one that people have looked at.
    """
    own = os.path.join(controller, "terraform")
    if os.path.isdir(own):
        return own
    if not shipped:
        raise failure("ENG905", directory=controller)
    return data.path("terraform")


def read_module(directory: str) -> Mapping[str, bytes]:
    """The module's `.tf` files by name.

    Raises:
        EngineError: ENG001, one cannot be read.
    """
    with files.failing("ENG001", directory):
        names = sorted(name for name in os.listdir(directory) if name.endswith(".tf"))
    return {name: files.read(os.path.join(directory, name)) for name in names}
