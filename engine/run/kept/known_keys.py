"""Whose signatures counted when a run last looked: a change of the trusted keys is said in the trail, once."""

from typing import TYPE_CHECKING

from engine.core.audit import says
from engine.core.kept import keys, record
from engine.errors import EngineError
from engine.run import trusted
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.run.ports import Ports


def look(ports: "Ports", run: str, file: str) -> None:
    """Say what is another in the trusted keys than it was. Of two who see it at once both may say it.

    Raises:
        EngineError: ENG720, it cannot be said; ENG193, ENG194, what stands there cannot be believed.
    """
    try:
        now = says.key_rows(trusted.keys(file))
    except EngineError:  # nobody is trusted then, and whoever needs somebody says so
        return
    item = ports.store.get(keys.KNOWN_KEYS)
    before = record.decode("known-keys", item.data, keys.KNOWN_KEYS)["keys"] if item else {}
    if before == now:
        return
    ports.audit.say(*says.key_changes(before, now))
    data = record.encode("known-keys", run=run, keys=now)
    put(ports.store, keys.KNOWN_KEYS, data, item.version if item else None)
