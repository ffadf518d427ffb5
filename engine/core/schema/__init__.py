"""Is a document what its JSON Schema says? The answer is fast when it is yes and complete when it is no.

Validators are generated from `schemas/*.schema.json` (`make schemas`), committed, and import nothing; only a failure
loads jsonschema, which lists everything that is wrong.
"""

from importlib import import_module

from engine.core.schema.invalid import InvalidError
from engine.core.source import Document
from engine.errors import EngineError

__all__ = ["is_valid", "validate"]


def validate(name: str, document: Document) -> None:
    """Check `document` against `schemas/<name>.schema.json`.

    Raises:
        EngineError: all that is wrong, each with its place and a way out.
    """
    if not is_valid(name, document.data):
        from engine.core.schema.failures import problems

        raise EngineError(*problems(import_module(_module(name)).SCHEMA, document))


def is_valid(name: str, data: object) -> bool:
    """Does a value fit `schemas/<name>.schema.json`?"""
    try:
        import_module(_module(name)).validate(data)
    except InvalidError:
        return False
    return True


def _module(name: str) -> str:
    return f"engine.core.schema.generated.{name.replace('-', '_')}"
