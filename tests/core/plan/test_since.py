"""What may have become of a state while an apply came to no known end."""

import json

import pytest

from engine.core.plan.since import strangers
from engine.errors import EngineError


def an_object(name, key=None, *, mode="managed", module=None, provider="p", id=None, standing=None, **attributes):
    instance = {"schema_version": 0, "attributes": {"id": id or name, **attributes}, **(standing or {})}
    if key is not None:
        instance["index_key"] = key
    more = {"module": module} if module else {}
    return {"mode": mode, "type": "aws_x", "name": name, "provider": provider, "instances": [instance], **more}


def a_state(*resources):
    return json.dumps({"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": list(resources)}).encode()


A, B = an_object("a", v=1), an_object("b", v=1)
BEFORE = a_state(A, B)
TABLE = [
    ("nothing has changed", BEFORE, [], [], []),
    ("the approved one was changed", a_state(an_object("a", v=2), B), ["aws_x.a"], [], []),
    ("the approved one was made anew", a_state(an_object("a", id="n"), B), ["aws_x.a"], [], []),
    ("the approved one is there now", a_state(A, B, an_object("c")), ["aws_x.c"], [], []),
    ("the approved one is gone", a_state(A), ["aws_x.b"], [], []),
    ("another one is gone", a_state(B), ["aws_x.b"], [], ["aws_x.a"]),
    ("another one is there", a_state(A, B, an_object("c")), ["aws_x.a"], [], ["aws_x.c"]),
    ("another one is another object", a_state(an_object("a", id="evil"), B), [], [], ["aws_x.a"]),
    ("another one has another ARN", a_state(an_object("a", v=1, arn="evil"), B), [], [], ["aws_x.a"]),
    ("another one is tainted", a_state(an_object("a", v=1, standing={"status": "tainted"}), B), [], [], ["aws_x.a"]),
    ("another one has left an object", a_state(A, an_object("b", v=1, standing={"deposed": "0"})), [], [], ["aws_x.b"]),
    ("another provider", a_state(an_object("a", v=1, provider="evil"), B), [], [], ["aws_x.a"]),
    ("how another one was found, and it is as it should be", a_state(an_object("a", v=2), B), [], [], []),
    ("how another one was found, and it would be changed", a_state(an_object("a", v=2), B), [], ["aws_x.a"],
     ["aws_x.a"]),
    ("what was read is read again", a_state(A, B, an_object("d", mode="data")), [], [], []),
    ("an item of several", a_state(A, B, an_object("c", 'k"x')), ['aws_x.c["k\\"x"]'], [], []),
    ("an item by number, in a module", a_state(A, B, an_object("c", 0, module="module.m")), [], [],
     ["module.m.aws_x.c[0]"]),
    ("all of it is gone", None, ["aws_x.a"], [], ["aws_x.b"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "now", "may", "planned", "found"), TABLE)
def test_what_nobody_can_explain(why, now, may, planned, found):
    assert strangers(BEFORE, now, may, planned) == found, why


def test_where_there_was_none_all_of_it_is_to_be_explained():
    assert strangers(None, BEFORE, ["aws_x.a"], []) == ["aws_x.b"]


@pytest.mark.parametrize(
    ("why", "data"),
    [
        ("no JSON", b"{"),
        ("too deep", b"[" * 100_000),
        ("another version", b'{"version": 5}'),
        ("no resources", b'{"version": 4, "resources": {}}'),
        ("no object", b'{"version": 4, "resources": [1]}'),
    ],
)
def test_what_is_no_state_is_believed_nothing(why, data):
    with pytest.raises(EngineError) as caught:
        strangers(BEFORE, data, [], [])
    assert caught.value.problems[0].code == "ENG736", why
