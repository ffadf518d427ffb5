"""Whatever somebody does to a trail that is signed is found; what nobody can know is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.audit import chain
from engine.core.audit.verify import Checked, heads_in, verify
from tests.support.signing import NOW, signer, trusted
from tests.support.trail import said

AUDITED = trusted(purposes=("audit",))
SIZES = (3, 1, 2, 4, 1)


def made(sizes=SIZES, who=signer(), text="") -> list[bytes]:  # noqa: B008 - a key of its own for every seed
    """The lines of a trail, each with its end."""
    tip, lines = chain.START, []
    for number, size in enumerate(sizes):
        data, head = chain.batch(
            tip, [said(f"{text}{number}-{n}") for n in range(size)], str, run="r", time=NOW, by="0" * 16, signer=who
        )
        lines += data.splitlines(keepends=True)
        tip = head.tip
    return lines


LINES = made()
HEADS = [n for n, line in enumerate(LINES) if chain.is_head(line)]


def checked(lines, witnesses=(), keys=AUDITED, **options) -> Checked:
    return verify(lines, keys, witnesses, **options)


def test_a_trail_that_nobody_has_touched_is_whole():
    found = checked(LINES, [chain.head(LINES[-1][:-1])])
    assert found.faults == ()
    assert found.unknown == ()
    assert (found.records, found.heads, found.covered, found.key) == (11, 5, 11, signer().id)


@given(st.data())
def test_a_flipped_bit_is_found_wherever_it_is(data):
    whole = b"".join(LINES)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    assert checked(bytes(changed).splitlines(keepends=True) if changed.isascii() else split(bytes(changed))).faults


def split(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + ([rest] if (rest := data.split(b"\n")[-1]) else [])


@given(st.data())
def test_removed_lines_are_found(data):
    first = data.draw(st.integers(0, len(LINES) - 2))
    last = data.draw(st.integers(first + 1, len(LINES) - 1))
    assert checked(LINES[:first] + LINES[last:]).faults


@given(st.data())
def test_lines_put_in_are_found(data):
    other = made(text="other")
    line = data.draw(st.sampled_from(LINES + other))
    at = data.draw(st.integers(0, len(LINES)))
    assert checked([*LINES[:at], line, *LINES[at:]]).faults


@given(st.permutations(range(len(LINES))))
def test_another_order_is_found(order):
    if list(order) != sorted(order):
        assert checked([LINES[n] for n in order]).faults


@given(st.data())
def test_a_tail_that_was_cut_off_is_found_by_a_head_that_a_check_run_carries(data):
    cut = data.draw(st.integers(0, len(LINES) - 1))
    newest = chain.head(LINES[-1][:-1])
    assert any("check run" in one.text for one in checked(LINES[:cut], [newest]).faults)
    if cut in (0, *(at + 1 for at in HEADS)):  # nothing in the trail itself tells
        found = checked(LINES[:cut])
        assert found.faults == ()
        assert any("cut off" in text for text in found.unknown)


@pytest.mark.parametrize("at", range(len(HEADS)))
def test_a_whole_tail_written_anew_is_found_by_any_head_in_it(at):
    """By whoever has stolen the key: everything fits, and is another."""
    start = HEADS[at - 1] + 1 if at else 0
    tip = chain.head(LINES[HEADS[at - 1]][:-1]).tip if at else chain.START
    again = []
    for size in SIZES[at:]:
        data, head = chain.batch(tip, [said("forged")] * size, str, run="r", time=NOW, by="0" * 16, signer=signer())
        again += data.splitlines(keepends=True)
        tip = head.tip
    forged = LINES[:start] + again
    assert checked(forged).faults == ()
    for place in HEADS[at:]:
        found = checked(forged, [chain.head(LINES[place][:-1])])
        assert any("another than the one that a check run carries" in one.text for one in found.faults)


@pytest.mark.parametrize(
    ("why", "lines", "keys", "text"),
    [
        ("a key that nobody trusts", made(who=signer(2)), AUDITED, "is not trusted"),
        ("a key for verdicts", LINES, trusted(), "not for audit"),
        ("a key that was revoked", LINES, trusted(purposes=("audit",), revoked=NOW), "was revoked"),
        (
            "a signature of another head",
            [*LINES[:-1], LINES[-1].replace(b'"sig":"', b'"sig":"A')],
            AUDITED,
            "signature",
        ),
    ],
)
def test_a_signature_that_is_not_believed_is_a_fault(why, lines, keys, text):
    assert any(text in one.text for one in checked(lines, keys=keys).faults), why


def test_what_a_later_key_has_signed_behind_one_that_was_revoked_stands():
    data, _ = chain.batch(
        chain.head(LINES[-1][:-1]).tip, [said()], str, run="r", time=NOW, by="0" * 16, signer=signer(2)
    )
    rows = {**trusted(purposes=("audit",), revoked=NOW), **trusted(signer(2), purposes=("audit",))}
    assert checked([*LINES, *data.splitlines(keepends=True)], keys=rows).faults == ()


def test_what_no_signature_covers_is_said():
    found = checked(made(who=None))
    assert found.faults == ()
    assert found.covered == 0
    assert "who wrote records 1 to 11" in found.unknown[0]


def test_a_torn_end_is_told():
    assert "not whole" in checked([*LINES, b'{"after":"']).faults[0].text
    assert "no head is behind" in checked(LINES[:-1]).faults[0].text


def test_an_empty_trail_has_no_fault_and_proves_nothing():
    assert checked([]).faults == ()
    assert checked([], [chain.head(LINES[-1][:-1])]).faults


def test_heads_are_found_among_what_a_check_run_says():
    text = "passed\n" + LINES[HEADS[2]].decode() + '{"after":"nonsense"}\nmore'
    assert [one.number for one in heads_in(text)] == [3]


@pytest.mark.parametrize("who", [None, signer(2)])
def test_a_head_that_anybody_could_write_accuses_nobody(who):
    forged = chain.head(made(who=who, text="forged")[-1][:-1])
    found = checked(LINES, [forged])
    assert found.faults == ()
    assert any("say nothing" in text for text in found.unknown)


def test_older_signatures_are_checked_where_it_is_asked(monkeypatch):
    from engine.core.audit import verify as module

    monkeypatch.setattr(module, "NEWEST", 2)
    first = LINES[HEADS[0]]
    forged = [*made((3,), who=None)[:-1], first.replace(signer().id.encode(), signer(2).id.encode())]
    tip = chain.head(forged[-1][:-1]).tip
    for size in (1, 1, 1):
        data, head = chain.batch(tip, [said()] * size, str, run="r", time=NOW, by="0" * 16, signer=signer())
        forged += data.splitlines(keepends=True)
        tip = head.tip
    assert checked(forged).faults == ()
    assert any("not believed" in one.text for one in checked(forged, every=True).faults)
