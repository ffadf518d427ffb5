"""What the verbs share: the store that the environment names."""

from typing import TYPE_CHECKING

from engine.errors import failure

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.adapters.storage.port import Store


def opened_store() -> "tuple[Store, Settings]":
    """The store, and the settings that name it.

    Raises:
        EngineError: ENG203, they name none; it cannot be opened.
    """
    from engine.adapters import settings
    from engine.adapters.storage.named import opened

    values = settings.read()
    if values.store is None:
        raise failure("ENG203", uses="engine state", reason="ENGINE_STORE names none")
    return opened(values.store), values
