from hypothesis import given
from hypothesis import strategies as st

from engine.core.verdict.check import Absent, Believed, latest, once_believed
from tests.support.signing import NOW, WANTED, finding, signed, statement, trusted

OURS = [
    *(signed(sequence=n) for n in range(1, 4)),
    *(signed(statement(finding(), sequence=n)) for n in range(2, 5)),
    signed(sequence=5, signed_at="2026-11-01T00:00:00Z"),  # expired
    signed(sequence=6, base_ref="prod"),
]
NOT_OURS = [
    signed(sequence=9, pr=8),
    signed(sequence=9, head_sha="b" * 40),
    signed(sequence=9, repo="acme/evil"),
    signed(sequence=9, origin="local"),
]
SOME_OF_OURS = st.lists(st.sampled_from(OURS), max_size=5)
OTHERS = st.lists(st.sampled_from(NOT_OURS), max_size=5)


def told(envelopes: list[bytes]) -> object:
    found = latest([once_believed(one, trusted()) for one in envelopes], trusted(), NOW, WANTED)
    return found.digest if isinstance(found, Believed) else Absent


@given(SOME_OF_OURS, st.data())
def test_their_order_does_not_matter(envelopes: list[bytes], data: st.DataObject) -> None:
    assert told(data.draw(st.permutations(envelopes))) == told(envelopes)


@given(SOME_OF_OURS, OTHERS, st.data())
def test_what_is_not_ours_neither_counts_nor_blocks(
    ours: list[bytes], others: list[bytes], data: st.DataObject
) -> None:
    assert told(data.draw(st.permutations(ours + others))) == told(ours)
