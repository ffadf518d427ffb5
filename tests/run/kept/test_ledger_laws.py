"""Whatever is done to a ledger: it is read as it was signed, or as the beginning of that, or not at all."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.storage.memory import Memory
from engine.core.kept import keys as places
from engine.core.kept.ledger import Entry
from engine.errors import EngineError
from engine.run.kept.ledger import entries
from tests.support.ledger import keys, tell
from tests.support.merges import KEY

OTHER = "S3/dev/logs/terraform.tfstate"


def _told() -> tuple[dict[str, bytes], tuple[Entry, ...]]:
    store = Memory()
    tell(store, "failed", "partial", "stopped", "applied", "applied")
    tell(store, "applied", "failed", "applied", key=OTHER)
    return {key: item.data for key in store.list("ledger/") if (item := store.get(key))}, entries(store, KEY, keys())


ITEMS, SIGNED = _told()
PLACES = [places.numbered(places.ledger(key), number) for key in (KEY, OTHER) for number in range(1, 7)]
_place = st.sampled_from(PLACES)
_edit = (
    st.tuples(st.just("move"), _place, _place)
    | st.tuples(st.just("copy"), _place, _place)
    | st.tuples(st.just("remove"), _place, _place)
    | st.tuples(st.just("flip"), _place, st.integers(0, 10**6))
)


@given(st.lists(_edit, min_size=1, max_size=4))
def test_any_edit_of_a_series_is_refused(edits: list[tuple[str, str, str | int]]) -> None:
    """Nobody learns of what was cut off at the end: then it is the beginning of what was signed."""
    items = dict(ITEMS)
    for kind, one, other in edits:
        data = items.get(one)
        if data is None:
            continue
        if kind in ("move", "remove"):
            del items[one]
        if kind in ("move", "copy"):
            items[str(other)] = data
        if kind == "flip":
            at = int(other) % len(data)
            items[one] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    store = Memory()
    for key, data in items.items():
        store.put_if_absent(key, data)
    with suppress(EngineError):
        found = entries(store, KEY, keys())
        assert [(one.digest, one.said) for one in found] == [(one.digest, one.said) for one in SIGNED[: len(found)]]
        assert all(items.get(place) in (ITEMS.get(place), None) for place in PLACES[:6])
