import json
import time

import pytest

from engine.core.events.body import DEPTH, LIMIT, VALUES, read_body
from engine.errors import EngineError

UNCHANGED = "hand over the event as GitHub sent it, unchanged"


@pytest.mark.parametrize(
    ("why", "data", "code", "said"),
    [
        ("nothing at all", b"", "ENG150", "is empty"),
        ("white space is nothing", b" \n\t", "ENG150", "is empty"),
        ("one byte more than GitHub sends", b"{" + b" " * LIMIT, "ENG151", "more than 25 MB"),
        ("text", b"hello", "ENG152", "expecting value"),
        ("a form, as GitHub sends when the webhook's content type is wrong", b"payload=%7B%7D", "ENG152", "not JSON"),
        ("cut short", b'{"action": "opened', "ENG152", "unterminated string"),
        ("rubbish after the object", b"{} {}", "ENG152", "extra data"),
        ("a trailing comma", b'{"a": 1,}', "ENG152", "expecting property name"),
        ("Latin-1", b'{"a": "\xe9"}', "ENG152", "byte 8 is not UTF-8"),
        ("UTF-16", '{"a": 1}'.encode("utf-16"), "ENG152", "byte 1 is not UTF-8"),
        ("half a surrogate pair in a value", b'{"a": "\\ud800"}', "ENG152", "surrogate"),
        ("half a surrogate pair in a key", b'{"\\udfff": 1}', "ENG152", "surrogate"),
        ("a key twice: two readers would see two events", b'{"a": 1, "a": 2}', "ENG153", '`"a"` stands twice'),
        ("a key twice, deep inside", b'{"a": [{"b": 1, "b": 1}]}', "ENG153", '`"b"` stands twice'),
        ("a key twice, spelt differently", b'{"a": 1, "\\u0061": 2}', "ENG153", '`"a"` stands twice'),
        ("a key twice that would break the line", b'{"\\n": 1, "\\n": 2}', "ENG153", r'`"\n"` stands twice'),
        ("not a number", b'{"a": NaN}', "ENG153", "`NaN`"),
        ("infinity", b'{"a": -Infinity}', "ENG153", "`-Infinity`"),
        ("infinity by another name", b'{"a": 1e999}', "ENG153", "too large"),
        ("a number that readers round differently", b'{"a": 9007199254740993}', "ENG153", "beyond 2^53"),
        ("the same below zero", b'{"a": -9007199254740993}', "ENG153", "beyond 2^53"),
        ("a million digits", b'{"a": ' + b"9" * 1_000_000 + b"}", "ENG153", "beyond 2^53"),
        ("too deep", b'{"a":' * DEPTH + b"1" + b"}" * DEPTH, "ENG153", "deeper than 64"),
        ("deeper than the parser's stack", b"[" * 900_000, "ENG153", "deeper than 64"),
        ("a million values", b'{"a":[' + b"0," * VALUES + b"0]}", "ENG153", "more than 1,000,000 values"),
        ("a million that hold nothing", b'{"a":[' + b"[],{}" * VALUES + b"0]}", "ENG153", "more than 1,000,000 values"),
        ("and a text without an end", b'{"a":[' + b"0," * VALUES + b'"', "ENG153", "more than 1,000,000 values"),
        ("a list", b"[]", "ENG154", "is a list"),
        ("a string", b'"push"', "ENG154", "is a string"),
        ("null", b"null", "ENG154", "is null"),
        ("true", b"true", "ENG154", "is true or false"),
    ],
)
def test_refused(why: str, data: bytes, code: str, said: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_body(data, "event.json")
    (problem,) = caught.value.problems
    assert problem.code == code, why
    assert said in problem.message, why
    assert "\n" not in problem.message, why
    assert problem.place is not None
    assert problem.place.file == "event.json"


@pytest.mark.parametrize(
    ("why", "data", "value"),
    [
        ("an object", b'{"a": [1, -2.5, true, null, "x"]}', {"a": [1, -2.5, True, None, "x"]}),
        ("commas in a text are no values", b'{"a": "' + b"," * VALUES + b'"}', {"a": "," * VALUES}),
        ("a byte order mark, as Windows editors leave", b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ("CRLF", b'{\r\n"a": 1\r\n}\r\n', {"a": 1}),
        ("a whole pair", b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        ("the largest number that all readers agree on", b'{"a": 9007199254740992}', {"a": 2**53}),
        ("as deep as allowed", b'{"a":' * (DEPTH - 1) + b"1" + b"}" * (DEPTH - 1), None),
    ],
)
def test_read(why: str, data: bytes, value: object) -> None:
    body = read_body(data, "event.json")
    assert body == (value if value is not None else json.loads(data)), why


def test_a_key_twice_among_many_is_found_at_once() -> None:
    many = b",".join(b'"%d":1' % n for n in range(200_000))
    started = time.process_time()
    with pytest.raises(EngineError):
        read_body(b"{" + many + b',"199999":1}', "event.json")
    assert time.process_time() - started < 10, "linear: a fraction of a second"


def test_syntax_error_has_line_and_column() -> None:
    with pytest.raises(EngineError) as caught:
        read_body(b'{\n  "action" "opened"\n}', "event.json")
    assert str(caught.value.problems[0].place) == "event.json:2:12"
    assert caught.value.problems[0].hint == UNCHANGED
