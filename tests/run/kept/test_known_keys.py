"""A change of the trusted keys is said in the trail, once."""

from typing import Any

import pytest

from engine.adapters.keys import Keyring
from engine.adapters.storage.memory import Memory
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import entry
from engine.run.audit_read import lines, records
from engine.run.kept import known_keys
from engine.run.ports import Ports
from tests.support.signing import LATER, NOW, signer
from tests.support.trail import trail


def key(seed: int, **changes: Any) -> str:
    one = signer(seed)
    row = entry(TrustedKey(one.id, one.public, ("verdict",), LATER, None)._replace(**changes)).split("keys:\n")[1]
    return row + (f"\n    revoked: {changes['revoked']}" if changes.get("revoked") else "")


@pytest.mark.parametrize(
    ("why", "now", "said"),
    [
        ("the same", [key(1), key(2)], []),
        ("a key more", [key(1), key(2), key(3)], ["added"]),
        ("a key less", [key(1)], ["removed"]),
        ("revoked", [key(1), key(2, revoked=NOW)], ["revoked"]),
        ("for another purpose", [key(1), key(2, purposes=("merge",))], ["changed"]),
        ("a file that makes nobody trusted", ["nonsense"], []),
    ],
)
def test_what_is_another_is_said_once(tmp_path, why, now, said):
    store, file = Memory(), tmp_path / "keys.yaml"
    ports = Ports(store, Keyring({}), lambda: NOW, trail(store))

    def look(rows):
        file.write_text("version: 1\nkeys:\n" + "\n".join(rows) + "\n")
        known_keys.look(ports, "r", str(file))

    look([key(1), key(2)])
    before = len(list(records(lines(store))))
    assert before == 2
    look(now)
    look(now)
    assert [one.said.outcome for one in list(records(lines(store)))[before:]] == said, why
