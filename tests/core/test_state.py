"""What a state is: whose, how old, and what it says. Everything else is none."""

import json

import pytest

from engine.core.state import State, is_pushed, numbered, read

STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 3,
    "lineage": "5f0e",
    "outputs": {},
    "resources": [{"type": "aws_sns_topic", "instances": [{"attributes": {"n": 1.5}}]}],
    "check_results": None,
}


def of(text: str) -> State:
    found = read(text.encode())
    assert found
    return found


def state(**more):
    return of(json.dumps({**STATE, **more}))


def test_a_state():
    found = state()
    assert (found.lineage, found.serial, found.version) == ("5f0e", 3, None)
    assert json.loads(found.data) == STATE
    assert "aws_sns_topic" not in repr(found), "its content is secret"


@pytest.mark.parametrize(
    ("why", "data"),
    [
        ("no object", b""),
        ("an empty line", b"\n"),
        ("nobody has written to it", json.dumps({**STATE, "serial": 0, "lineage": "", "resources": []}).encode()),
        ("nor said what it has", b'{"version": 4, "serial": 0, "lineage": ""}'),
    ],
)
def test_none_yet(why, data):
    assert read(data) is None, why


@pytest.mark.parametrize(
    ("why", "same", "more"),
    [
        ("who pulls it", True, {"terraform_version": "1.12.0"}),
        ("a resource less", False, {"resources": []}),
        ("another output", False, {"outputs": {"a": {"value": 1}}}),
        ("another serial", False, {"serial": 4}),
        ("another lineage", False, {"lineage": "5f0f"}),
        ("a key more", False, {"more": 1}),
        ("a number that a float does not tell from another", False, None),
    ],
)
def test_the_digest_is_of_what_it_says(why, same, more):
    if more is None:
        data = json.dumps(STATE)
        found = [of(data.replace("1.5", number)) for number in ("1.5", "1.50000000000000000000001")]
    else:
        found = [state(), state(**more)]
    assert (found[0].digest == found[1].digest) is same, why


def test_the_digest_is_not_of_how_it_is_written():
    text = json.dumps(dict(reversed(STATE.items())), indent=4) + "\n"
    assert of(text).digest == state().digest


@pytest.mark.parametrize(
    ("why", "data"),
    [
        ("no JSON", b"Error: no"),
        ("no object", b"[]"),
        ("an empty object", b"{}"),
        ("an older form", json.dumps({**STATE, "version": 3}).encode()),
        ("a form that is no number", json.dumps({**STATE, "version": True}).encode()),
        ("a form of another type", json.dumps({**STATE, "version": 4.0}).encode()),
        ("no lineage", json.dumps({**STATE, "lineage": None}).encode()),
        ("no lineage, and it was written to", json.dumps({**STATE, "lineage": ""}).encode()),
        ("no lineage, and it has something", json.dumps({**STATE, "lineage": "", "serial": 0}).encode()),
        ("no serial", json.dumps({**STATE, "serial": None}).encode()),
        ("a serial that is true", json.dumps({**STATE, "serial": True}).encode()),
        ("a serial with a part", json.dumps({**STATE, "serial": 1.5}).encode()),
        ("a serial below nothing", json.dumps({**STATE, "serial": -1}).encode()),
        ("a key twice", b'{"version": 4, "serial": 1, "lineage": "a", "lineage": "b"}'),
        ("half a character", b'{"version": 4, "serial": 1, "lineage": "\\ud800"}'),
        ("no end", json.dumps(STATE).encode()[:-5]),
    ],
)
def test_what_is_no_state(why, data):
    with pytest.raises(ValueError, match=r"\w"):
        read(data)


def test_another_serial_is_all_that_differs():
    made = of(json.dumps(json.loads(numbered(json.dumps(STATE).encode(), 9))))
    assert (made.serial, made.lineage) == (9, state().lineage)
    assert made.digest != state().digest
    back = read(numbered(made.data, state().serial))
    assert back is not None
    assert back.digest == state().digest
    with pytest.raises(ValueError, match="somebody"):
        numbered(b'{"version": 4, "serial": 0, "lineage": ""}', 3)


@pytest.mark.parametrize(
    ("why", "changes", "is_it"),
    [
        ("the very same", {}, True),
        ("its serial was counted on", {"serial": 99}, True),
        ("it was given a lineage", {"lineage": "another"}, True),
        ("something else stands in it", {"outputs": {"x": {"value": 1, "type": "number"}}}, False),
    ],
)
def test_what_a_push_leaves(why, changes, is_it):
    pushed = json.dumps(STATE).encode()
    assert is_pushed(of(json.dumps({**STATE, **changes})), pushed) is is_it, why
    assert not is_pushed(None, pushed)
