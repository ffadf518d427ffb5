"""The controller's Terraform module as bytes: discovery reads from it what each service may set."""

import os
from collections.abc import Mapping

from engine import data
from engine.errors import failure


def module_directory(controller: str) -> str:
    """`terraform/` of the controller's checkout; the shipped module where the checkout has none."""
    own = os.path.join(controller, "terraform")
    return own if os.path.isdir(own) else data.path("terraform")


def read_module(directory: str) -> Mapping[str, bytes]:
    """The module's `.tf` files by name.

    Raises:
        EngineError: ENG001, one cannot be read.
    """
    files: dict[str, bytes] = {}
    try:
        for name in sorted(os.listdir(directory)):
            if name.endswith(".tf"):
                with open(os.path.join(directory, name), "rb") as file:
                    files[name] = file.read()
    except OSError as error:
        raise failure("ENG001", file=error.filename or directory, reason=error.strerror or str(error)) from error
    return files
