"""What AWS has, of the catalogue that is shipped with the policies: read when the first policy document asks."""

from collections.abc import Collection, Mapping
from functools import cache

from engine import data
from engine.adapters import files


def known(service: str) -> Collection[str]:
    """The actions of a service, by its prefix in small letters; of an empty prefix the prefixes of all."""
    levels = _catalogue().get(service, {})
    return _catalogue() if not service else [name for names in levels.values() for name in names.split()]


@cache
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    import json

    read: Mapping[str, Mapping[str, Mapping[str, str]]] = json.loads(files.read(f"{data.path('policies')}/{_FILE}"))
    return read["actions"]


_FILE = "aws/catalogue/data.json"
