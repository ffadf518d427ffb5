"""What one job hands to the next: whole, ours, and of this very run, or refused."""

import pytest

from engine.core import handover
from engine.core.handover import Binding, Handover, close, compare, open_
from engine.errors import EngineError

KEY = b"k" * 32
OF = Binding("7001", "1", "acme/dev", 12, "a" * 40, "dev", "validate", "verdict", 6)
HANDED = Handover(OF, {"0a" * 20: (b'{"a":1}', b'{"b":"\xc3\xa4"}')})


def reason(data, key=KEY):
    with pytest.raises(EngineError) as error:
        open_(data, key)
    assert error.value.problems[0].code == "ENG576"
    return error.value.problems[0].message


def test_what_is_closed_opens_again():
    assert open_(close(HANDED, KEY), KEY) == HANDED


def test_a_bit_anywhere():
    for at in range(len(close(HANDED, KEY))):
        data = bytearray(close(HANDED, KEY))
        data[at] ^= 1
        assert reason(bytes(data)), at


def test_cut_anywhere():
    for length in range(len(close(HANDED, KEY))):
        assert reason(close(HANDED, KEY)[:length]), length


@pytest.mark.parametrize(
    ("why", "data", "said"),
    [
        ("something behind it", close(HANDED, KEY) + b"\n", "altered"),
        ("another key", close(HANDED, b"x" * 32), "another key"),
        ("the id of our key on another's code", close(HANDED, b"x" * 32).replace(
            handover.key_id(b"x" * 32).encode(), handover.key_id(KEY).encode()), "altered"),
        ("no code", b"interlock-handover \n{}", "no hand-over"),
        ("bytes that are no text", b"\xff\xfe \xff \xff\n", "no hand-over"),
        ("a code that is no text", f"interlock-handover {handover.key_id(KEY)} \xff\n{{}}".encode("latin1"), "altered"),
        ("nothing", b"", "no hand-over"),
        ("too large", b"x" * (handover.LIMIT + 1), "larger"),
    ],
)  # fmt: skip
def test_what_is_refused(why, data, said):
    assert said in reason(data), why


def test_what_nobody_would_open_is_not_written():
    with pytest.raises(EngineError) as refused:
        close(Handover(OF, {"run": (b"x" * handover.LIMIT,)}), KEY)
    assert "larger than 64 MiB" in refused.value.problems[0].message


@pytest.mark.parametrize("field", Binding._fields)
def test_one_of_something_else(field):
    expected = {**OF._asdict(), field: "other"}
    compare(OF, OF._asdict())
    with pytest.raises(EngineError) as error:
        compare(OF, expected)
    message = error.value.problems[0].message
    assert field.replace("_", " ") in message
    assert "not other" in message


def test_a_newer_engine_has_written_it(monkeypatch):
    monkeypatch.setattr(handover, "VERSION", 2)
    data = close(HANDED, KEY)
    monkeypatch.undo()
    assert "newer" in reason(data)


def test_a_code_is_of_one_use():
    """A line's code is none of a hand-over, nor the id of the key."""
    uses = {
        handover.mac(domain, b"x", KEY) for domain in (b"interlock hand-over 1\n", b"interlock journal line 1\n", b"")
    }
    assert len(uses) == 3
    assert handover.key_id(KEY) != handover.key_id(b"x" * 32)
