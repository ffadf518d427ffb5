"""What commands read from disk: one file, or the rules."""

import os
from typing import TYPE_CHECKING

from engine.errors import failure

if TYPE_CHECKING:
    from engine.core.rules.model import Rules


def read(file: str) -> bytes:
    """The bytes of a file.

    Raises:
        EngineError: ENG001.
    """
    try:
        with open(file, "rb") as handle:
            return handle.read()
    except OSError as error:
        raise failure("ENG001", file=file, reason=error.strerror or str(error)) from error


def load_rules(path: str) -> "Rules":
    """The rules of a directory, or those that begin in a file.

    Raises:
        EngineError: all that keeps them from loading.
    """
    from engine.core.rules.draft import ENTRY
    from engine.core.rules.load import load
    from engine.run.catalog import catalog
    from engine.run.trusted import read_rules

    directory, entry = (path, ENTRY) if os.path.isdir(path) else os.path.split(path)
    return load(read_rules(directory or ".", entry), catalog(), entry)
