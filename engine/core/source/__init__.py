"""Text files as data with a place for every key and value, so that each error can name `file:line:column`."""

from collections.abc import Callable
from typing import Any

from engine.core.source.document import Document, Places, Read, decode
from engine.core.source.strict_json import load_json
from engine.errors import EngineError

__all__ = ["MAX_YAML", "Document", "Read", "is_yaml", "load_json", "load_yaml", "read_yaml"]

MAX_YAML = 1024 * 1024  # bytes


def load_yaml(
    data: bytes, file: str, *, limit: int = MAX_YAML, composer: type[Any] | None = None, quotes: bool = False
) -> Document:
    """Parse a YAML file: YAML 1.2, the strict part of it that `yaml12` describes.

    A text that is plain is read in one pass; with a `composer` of PyYAML always by that. With `quotes` its values may
    hold anything, as escapes: fixtures quote what attackers write.

    Raises:
        EngineError: all that is wrong with it.
    """
    found = read_yaml(data, file, limit=limit, composer=composer, quotes=quotes)
    if found.document is None or found.problems:
        raise EngineError(*found.problems)
    return found.document


def is_yaml(text: str) -> bool:
    """Can a text be parsed? Cheap, as nothing is read off it, and no mend of it is tried."""
    from engine.core.source.composing import COMPOSER, lost

    return lost(text, COMPOSER) is None


def read_yaml(
    data: bytes,
    file: str,
    *,
    limit: int = MAX_YAML,
    composer: type[Any] | None = None,
    quotes: bool = False,
    fits: Callable[[Any], bool] = lambda _: True,
) -> Read:
    """The same, for those who tell what else is wrong: what a file says where its mistakes are mended is never used.

    Where several mends make YAML of it, the first is told after which its data `fits`.
    """
    from engine.core.source import plain

    try:
        text = decode(data, file, limit)
        if composer is None and (found := plain.read(text)):
            value, tree = found
            return Read(Document(file, value, Places(file, text, lambda: tree)))
        from engine.core.source import yaml12

        return yaml12.parse(text, file, composer=composer or yaml12.COMPOSER, quotes=quotes, fits=fits)
    except EngineError as error:
        return Read(None, error.problems)
