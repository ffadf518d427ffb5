"""Is a document what its JSON Schema says? The answer is fast when it is yes and complete when it is no.

Validators are generated from `schemas/*.schema.json` (`make schemas`), committed, and import nothing; only a failure
loads jsonschema, which lists everything that is wrong.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from engine.core.schema.failure import Inputs
from engine.core.schema.invalid import InvalidError
from engine.core.source import Document
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.core.schema.failures import Mistake

__all__ = ["Inputs", "check", "is_valid", "validate"]


def validate(name: str, document: Document) -> None:
    """Check `document` against `schemas/<name>.schema.json`.

    Raises:
        EngineError: all that is wrong, each with its place and a way out.
    """
    found = check(name, document)
    if found:
        raise EngineError(*(mistake.problem for mistake in found))


def check(name: str, document: Document, inputs: Inputs | None = None) -> "Sequence[Mistake]":
    """All that is wrong, with the paths of the values; empty when `document` fits.

    `inputs` are those that actions have: who leaves `with:` out meant one of them.
    """
    if is_valid(name, document.data):
        return ()
    from engine.core.schema.failures import mistakes

    return mistakes(import_module(_module(name)).SCHEMA, document, inputs or {})


def is_valid(name: str, data: object) -> bool:
    """Does a value fit `schemas/<name>.schema.json`?"""
    try:
        import_module(_module(name)).validate(data)
    except InvalidError:
        return False
    return True


def _module(name: str) -> str:
    return f"engine.core.schema.generated.{name.replace('-', '_')}"
