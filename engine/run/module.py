"""The controller's Terraform module as bytes: discovery reads from it what each service may set."""

import os
from collections.abc import Mapping

from engine import data
from engine.adapters import files


def module_directory(controller: str) -> str:
    """`terraform/` of the controller's checkout; the shipped module where the checkout has none."""
    own = os.path.join(controller, "terraform")
    return own if os.path.isdir(own) else data.path("terraform")


def read_module(directory: str) -> Mapping[str, bytes]:
    """The module's `.tf` files by name.

    Raises:
        EngineError: ENG001, one cannot be read.
    """
    with files.failing("ENG001", directory):
        names = sorted(name for name in os.listdir(directory) if name.endswith(".tf"))
    return {name: files.read(os.path.join(directory, name)) for name in names}
