"""What several commands read alike: the event, the rules, the store."""

import os
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import failure

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.rules.model import Rules


class Given(NamedTuple):
    """An event as somebody handed it over."""

    data: bytes
    name: str | None  # None: it has to tell by itself
    file: str


def read_event_file(file: str | None, name: str | None) -> Given:
    """The event of `--event` and `--event-name`, or that of the GitHub Actions job we run in.

    Raises:
        EngineError: there is none, or it cannot be read.
    """
    from engine.adapters import files
    from engine.core.events.body import LIMIT

    if file is None:
        from engine.adapters.settings import actions_event

        file, known = actions_event()
        name = name or known
    if file is None:
        raise failure("ENG202")
    return Given(files.read(file, LIMIT), name, file)


def open_store(uses: str) -> "Store":
    """The store that ENGINE_STORE names, for the command `uses`.

    Raises:
        EngineError: ENG203, it names none; or it cannot be used.
    """
    from engine.adapters import settings
    from engine.adapters.storage.named import opened

    place = settings.read().store
    if place is None:
        raise failure("ENG203", uses=uses, reason="ENGINE_STORE names none")
    return opened(place)


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
