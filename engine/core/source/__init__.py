"""Text files as data with a place for every key and value, so that each error can name `file:line:column`."""

from engine.core.source.document import Document
from engine.core.source.strict_json import load_json
from engine.core.source.yaml12 import load_yaml

__all__ = ["Document", "load_json", "load_yaml"]
