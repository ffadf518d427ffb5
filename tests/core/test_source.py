"""YAML 1.2 core and JSON: what values are, where they are, and what is refused."""

import json

import pytest

from engine.core.source import Document, load_json, load_yaml
from engine.core.source.yaml12 import COMPOSER, PureComposer
from engine.errors import EngineError

COMPOSERS = [COMPOSER, PureComposer]


def refused(text: str | bytes, load=load_yaml, **options: object) -> list[str]:
    """`line:column code` of every problem."""
    with pytest.raises(EngineError) as error:
        load(text if isinstance(text, bytes) else text.encode(), "f", **options)
    return [f"{p.place.line}:{p.place.column} {p.code}" for p in error.value.problems if p.place]


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize(
    ("why", "text", "value"),
    [
        ("`on`, `yes`, `NO` are words in 1.2", "[on, off, yes, NO, y]", ["on", "off", "yes", "NO", "y"]),
        ("so are its keys", "on: 1", {"on": 1}),
        ("three spellings of each boolean", "[true, True, FALSE, tRUE]", [True, True, False, "tRUE"]),
        ("null has four, and none at all", "[null, Null, NULL, ~, nUll]\n", [None, None, None, None, "nUll"]),
        ("an empty value is null", "a:\nb: ''", {"a": None, "b": ""}),
        ("integers", "[0, -1, +7, 0o17, 0x1F]", [0, -1, 7, 15, 31]),
        ("floats", "[1.5, -.5, 1e3, 1.]", [1.5, -0.5, 1000.0, 1.0]),
        ("1.1's octal, binary, sixty and underscores are text", "[0b1, 1:30, 1_000]", ["0b1", "1:30", "1_000"]),
        ("dates are text", "2026-11-23", "2026-11-23"),
        ("quotes make text", "['1', \"true\", '007']", ["1", "true", "007"]),
        ("a block of text", "a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("an alias is its anchor's value", "a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a quoted << is a key like any other", "'<<': 1", {"<<": 1}),
        ("a byte order mark is no content", "\ufeffa: 1", {"a": 1}),
        ("Windows line ends", "a: 1\r\nb: |\r\n  x\r\n", {"a": 1, "b": "x\n"}),
        ("characters beyond the basic plane", "a: 😀", {"a": "😀"}),
        (
            "pictures and scripts that need a joiner, in prose",
            "description: 👩‍💻 می‌خواهم",
            {"description": "👩‍💻 می‌خواهم"},
        ),
        ("what is odd there is warned of", "Message: a\u200b\u00a0b", {"Message": "a\u200b\u00a0b"}),
        ("and in what tags hold", "tags: {team: {x: a\u200bb}}", {"tags": {"team": {"x": "a\u200bb"}}}),
    ],
)
def test_values(why: str, text: str, value: object, composer: type) -> None:
    assert load_yaml(text.encode(), "f", composer=composer).data == value, why


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize(
    ("why", "text", "problems"),
    [
        ("not one byte of content", b"", ["0:0 ENG022"]),
        ("only comments", "# x\n", ["1:1 ENG022"]),
        ("Latin-1", b"a: caf\xe9", ["1:7 ENG021"]),
        ("a surrogate as bytes", b"a: \xed\xa0\x80", ["1:4 ENG021"]),
        ("a byte order mark moves no column", b"\xef\xbb\xbfa: \xe9", ["1:4 ENG021"]),
        ("a carriage return alone is a line end to YAML only", "a: 1\rb: 2", ["1:5 ENG023"]),
        ("a form feed", "a: \x0c", ["1:4 ENG023"]),
        ("a line separator", "a: x\u2028y", ["1:5 ENG023"]),
        ("reading order marks, all of them", "a: \u202ax\nb: \u2066", ["1:4 ENG023", "2:4 ENG023"]),
        ("tags and marks in a comment too", "a: 1 # \U000e0041\u200f", ["1:8 ENG023", "1:9 ENG023"]),
        (
            "the same as escapes",
            'a: "x\\u202e"\n"\\U000E0041": 1\nb: "\\r"',
            ["1:6 ENG023", "2:2 ENG023", "3:4 ENG023"],
        ),
        (
            "no width, in keys and names",
            "a\u200bb: 1\nc: d\u3164\ne: 👩\u200d💻",
            ["1:2 ENG023", "2:5 ENG023", "3:5 ENG023"],
        ),
        ("an ARN is no description", "description: arn:aws:s3:::b\u200d", ["1:28 ENG023"]),
        ("a tab as indentation", "a:\n\tb: 1", ["2:1 ENG025"]),
        ("several documents", "a: 1\n---\nb: 1", ["2:1 ENG026"]),
        ("duplicate keys, each of them", "a: 1\na: 2\nb: {c: 1, 'c': 2}", ["2:1 ENG027", "3:12 ENG027"]),
        ("keys that are not text", "1: a\n~: b\n[x]: c", ["1:1 ENG028", "2:1 ENG028", "3:1 ENG028"]),
        ("every explicit tag", "a: !!str 1\nb: !x y\nc: !!set {}", ["1:4 ENG029", "2:4 ENG029", "3:4 ENG029"]),
        ("leading zeros", "a: 007\nb: -01.5\nc: 00", ["1:4 ENG033", "2:4 ENG033", "3:4 ENG033"]),
        ("no JSON numbers", "a: .nan\nb: -.INF\nc: 1e999", ["1:4 ENG034", "2:4 ENG034", "3:4 ENG034"]),
        ("a number of thousands of digits", "a: " + "9" * 5000, ["1:4 ENG034"]),
        ("different mistakes in one go", "a: 007\n1: x\na: 2", ["1:4 ENG033", "2:1 ENG028", "3:1 ENG027"]),
        ("an undefined alias", "a: *x", ["1:4 ENG024"]),
        ("a character that nothing begins with", "a: @x", ["1:4 ENG024"]),
        ("a quote that is never closed", 'a: 1\nb: "x\nc: 2', ["2:4 ENG024"]),
        ("a bracket that is never closed", "a: [1\nb: 2", ["1:4 ENG024"]),
    ],
)
def test_refusals(why: str, text: str | bytes, problems: list[str], composer: type) -> None:
    assert refused(text, composer=composer) == problems, why


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize("opening", ["[", "- ", "? ", "{a: "])
def test_depth_ends_with_an_error_and_not_the_process(opening: str, composer: type) -> None:
    assert refused(opening * 50_000, composer=composer)[0].split()[1] in {"ENG032", "ENG024"}


@pytest.mark.parametrize("composer", COMPOSERS)
def test_half_a_surrogate_pair_is_no_character(composer: type) -> None:
    assert refused('a: "\\ud800"', composer=composer)[0].split()[1] in {"ENG024", "ENG036"}
    assert refused('a: "\\U00110000"', composer=composer) in (["1:7 ENG024"], ["1:1 ENG024"])


def test_aliases_cost_what_they_stand_for() -> None:
    laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{n}: &{n} [{', '.join(['*' + before] * 10)}]\n" for before, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert refused(laughs)[0].endswith("ENG031")
    assert refused("a: &a [*a]") == ["1:4 ENG037"]
    assert refused("&a [[*a]]")[0].endswith("ENG037")


def test_size_is_limited_before_anything_is_read() -> None:
    assert refused(b"\xff" * 100, limit=99) == ["0:0 ENG020"]
    assert refused(b"\xff" * 100, load=load_json, limit=99) == ["0:0 ENG020"]


YAML = """\
gates:
  policy: {require: "a == 'b'", needs: [verdict, pr]}
  quoted: {reject: 'it''s'}
  text: |
    first
    second
list:
- a
-   b: 1
"""


@pytest.mark.parametrize(
    ("why", "path", "key", "at", "shows"),
    [
        ("a key", ("gates", "policy"), True, "2:3", "policy"),
        ("a mapping begins at its brace", ("gates", "policy"), False, "2:11", "{"),
        ("inside the quotes", ("gates", "policy", "require"), False, "2:22", "a == 'b'"),
        ("an item", ("gates", "policy", "needs", 1), False, "2:50", "pr"),
        ("at the quote, where the text has escapes", ("gates", "quoted", "reject"), False, "3:20", "'it''s'"),
        ("the first line of a block", ("gates", "text"), False, "5:5", "first"),
        ("inside an item", ("list", 1, "b"), False, "9:8", "1"),
        ("what is not there: its nearest parent", ("gates", "policy", "nothing", 3), False, "2:11", "{"),
        ("the name of what is not there: its parent", ("list", 7), True, "8:1", "-"),
        ("the document", (), False, "1:1", "g"),
    ],
)
def test_places(why: str, path: tuple, key: bool, at: str, shows: str) -> None:
    for composer in COMPOSERS:
        place = load_yaml(YAML.encode(), "f", composer=composer).place(*path, key=key)
        assert str(place) == f"f:{at}", why
        assert place.excerpt[place.column - 1 :][: place.length] == shows, why


JSON = '{"a": [1, {"b": "x\\ny"}],\n "\\u0063": {}, "d": -1.5e3, "long": "%s"}' % ("x" * 30_000)


@pytest.mark.parametrize(
    ("why", "path", "key", "at", "length"),
    [
        ("an item", ("a", 0), False, "1:8", 1),
        ("a text, inside its quotes", ("a", 1, "b"), False, "1:18", 4),
        ("its name", ("a", 1, "b"), True, "1:13", 1),
        ("a name with escapes", ("c",), True, "2:3", 6),
        ("a number", ("d",), False, "2:21", 6),
        ("what is not there", ("a", 1, "z"), False, "1:11", 1),
    ],
)
def test_places_in_json(why: str, path: tuple, key: bool, at: str, length: int) -> None:
    document = load_json(JSON.encode(), "f")
    assert str(document.place(*path, key=key)) == f"f:{at}", why
    assert document.place(*path, key=key).length == length, why
    assert document.place("d").excerpt == "", "a line of thousands of characters is not shown"
    assert document.place("a").excerpt != ""


@pytest.mark.parametrize(
    ("why", "text", "problems"),
    [
        ("nothing", b"", ["0:0 ENG022"]),
        ("not UTF-8", b'{"a": "\xe9"}', ["1:8 ENG021"]),
        ("a comma too many", '{"a": 1,}', ["1:8 ENG035"]),
        ("cut short", '{"a": [1, 2', ["1:7 ENG035"]),
        ("two values", "1 2", ["1:3 ENG035"]),
        (
            "duplicate keys, each of them",
            '{"a": 1,\n "a": 2, "b": {"c": 1, "\\u0063": 2}}',
            ["2:3 ENG027", "2:25 ENG027"],
        ),
        ("no JSON numbers", "[NaN, -Infinity, 1e999]", ["1:2 ENG034", "1:7 ENG034", "1:18 ENG034"]),
        ("thousands of digits", "[" + "9" * 5000 + "]", ["1:2 ENG034"]),
        ("half a surrogate pair", '["\\ud83d\\ude00", "\\ud83d"]', ["1:19 ENG036"]),
        ("brackets in a text count for nothing", '["\\"[\\"[", ' + "[" * 101 + "]" * 102, ["1:111 ENG032"]),
        ("too deep", "[" * 101 + "]" * 101, ["1:101 ENG032"]),
        ("far too deep", "[" * 100_000, ["1:101 ENG032"]),
    ],
)
def test_json_refusals(why: str, text: str | bytes, problems: list[str]) -> None:
    assert refused(text, load=load_json) == problems, why


def test_json_reads_what_json_says() -> None:
    document: Document = load_json(b'{"a": "\\ud83d\\ude00", "b": [true, null, 1e3], "c": "[{"}', "f")
    assert document.data == {"a": "😀", "b": [True, None, 1000.0], "c": "[{"}
    assert load_json(b"[" * 100 + b"]" * 100, "f").data


@pytest.mark.parametrize(
    ("why", "text", "at", "character"),
    [
        ("a mark in an ARN", '{"Resource": "arn:aws:s3:::b/\u202e*"}', "1:30", "U+202E"),
        ("the same as an escape", '{"Resource": "arn:aws:s3:::b/\\u202e*"}', "1:30", "U+202E"),
        ("in a key", '{"a\\u2066": 1}', "1:4", "U+2066"),
        ("a tag, written as two halves", '["\\udb40\\udc41"]', "1:3", "U+E0041"),
        ("a carriage return alone", '{"a":\r1}', "1:6", "U+000D"),
        ("one in a value", '["a\\rb"]', "1:3", "U+000D"),
        ("an escape of terminals in a value", '["\\u001b[2J"]', "1:3", "U+001B"),
        ("a blank that is none in a value", '["a\u00a0b"]', "1:4", "U+00A0"),
        ("no width in a key, among prose", '{"description": {"a\\u200b": 1}}', "1:20", "U+200B"),
    ],
)
def test_json_that_people_review(why: str, text: str, at: str, character: str) -> None:
    with pytest.raises(EngineError) as error:
        load_json(text.encode(), "f", reviewed=True)
    said = [(p.code, str(p.place), p.message.split()[1]) for p in error.value.problems]
    assert said == [("ENG023", f"f:{at}", character)], why
    assert load_json(text.encode(), "f"), "what nobody reviews may quote an attacker"


@pytest.mark.parametrize(
    "text", ['["a\\r\\nb\\n\\t"]', '{"Description": "👩‍💻 می‌خواهم"}', '{"tags": {"team": "a\u00a0b"}}']
)
def test_json_that_people_review_and_understand(text: str) -> None:
    assert load_json(text.encode(), "f", reviewed=True).data == json.loads(text)


def test_what_is_odd_in_prose_is_warned_of_at_its_place() -> None:
    document = load_json('{\n"description": "a\u200bb"}'.encode(), "f", reviewed=True)
    assert [(str(p.place), p.code) for p in document.warned] == [("f:2:18", "ENG039")]
    assert load_yaml("a: 1 # \u00a0".encode(), "f").warned[0].code == "ENG039"


def test_fixtures_quote_what_attackers_write() -> None:
    assert load_yaml(b'a: "\\u202e"', "f", quotes=True).data == {"a": "\u202e"}
    with pytest.raises(EngineError, match="U\\+202E"):
        load_yaml("a: \u202e".encode(), "f", quotes=True)
