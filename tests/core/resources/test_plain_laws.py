"""What is read in one pass is what the long way reads, to the order of the keys; and what is in doubt is left to it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.core.resources import plain, tfvars
from engine.errors import EngineError

BLANK = st.sampled_from(["", " ", "  ", "\t"])
REST = st.sampled_from(["\n", "\n", " # c }\n", '//c "\n', "#\n", "\n\n", " \n\t// é\n".replace("é", "e")])
STRINGS = st.text(st.sampled_from("a1 .:/*-_#={}[],'<>&"), max_size=6).map(lambda text: f'"{text}"')
SCALARS = STRINGS | st.sampled_from(["true", "false", "0", "7", "123456789012345"])
NAMES = st.sampled_from(["a", "B", "_c", "a-b", "a_b", "environment", "true1", "fortune", "e5", "x1e5", "A9--"])
KEYS = NAMES | STRINGS


@st.composite
def items(draw, depth: int):
    """`name = value`, as people lay it out."""
    end, kinds = draw(REST), ["scalar", "scalar", "list", "object", "map", "map"]
    text, rows = "", draw(st.lists(NAMES if depth == 0 else KEYS, unique_by=lambda k: k.strip('"'), max_size=4))
    for key in rows:
        kind = draw(st.sampled_from(kinds[: 6 if depth < 3 else 4]))
        if kind == "map":
            value = "{" + draw(REST) + draw(items(depth + 1)) + draw(BLANK) + "}"
        elif kind == "list":
            gaps = st.sampled_from(["", " ", "\n", "\n  "])
            listed = draw(st.lists(SCALARS, max_size=3))
            tail = draw(st.sampled_from(["", ","])) if listed else ""
            value = "[" + draw(gaps) + f",{draw(gaps)}".join(listed) + tail + draw(gaps) + "]"
        elif kind == "object":
            pairs = [
                draw(KEYS) + draw(BLANK) + "=" + draw(BLANK) + draw(SCALARS) for _ in range(draw(st.integers(0, 2)))
            ]
            tail = draw(st.sampled_from(["", ","])) if pairs else ""
            value = "{" + draw(BLANK) + ", ".join(pairs) + tail + draw(BLANK) + "}"
        else:
            value = draw(SCALARS)
        comma = draw(st.sampled_from(["", ""] if depth == 0 else ["", ",", " ,"]))
        text += draw(BLANK) + key + draw(BLANK) + "=" + draw(BLANK) + value + comma + end
    return text


FILES = items(0)
SLIPS = st.sampled_from(
    [*',{}[]"=:#-10a $%\\()\n\t\ré\u202e\ufeff', *["", "//", "/*", "for ", "null", "e5", ".5", "${", "<<E\n"]]
)


@given(FILES)
@example("")
@example("# nothing")
@example("a = 1")
@example('a = { "" = 1 }\nb = {\n"" = 2\n}\n')
@example("z = {\n  b = 1\n  a = 2 }\n")
@example("a = {\n}\n")
@example('b = [\n  "x",\n  true,\n]\na = {\n  k = [\n\n1]\n  l = 1\n}\n')
def test_read_alike(text):
    _alike(text)


@given(FILES, st.lists(st.tuples(st.integers(0, 200), SLIPS), min_size=1, max_size=3))
@example("a = 1\n", [(4, "e5")])
@example("a = {\nb = 1\n}\n", [(12, ",")])
def test_with_slips_of_the_keyboard_too(text, slips):
    for at, slip in slips:
        text = text[:at] + slip + text[at + (not slip) :]
    _alike(text)


def test_an_ordinary_file_is_read_in_one_pass():
    """Else the laws say nothing."""
    text = (
        'environment = "development" # where\n\ns3_buckets = {\n  // two\n  "lake" = {\n    versioning = true\n'
        '    names = ["a", "b"]\n    tags = { Owner = "a@example.com", "Cost Center" = "7" }\n  },\n  b = {}\n}\n'
    )
    read = plain.read(text)
    assert read is not None
    assert read.lines == {"lake": 5, "b": 10}
    assert list(read.values["s3_buckets"]) == ["b", "lake"]  # type: ignore[arg-type]
    assert text[: read.ends["environment"]] == 'environment = "development"'
    _alike(text)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("a name twice, told by the long way", "a = 1\na = 2\n"),
        ("a name twice, quoted once", 'm = {\na = 1\n"a" = 2\n}\n'),
        ("a name twice on one line", "m = { a = 1, a = 2 }\n"),
        ("a quoted name at the top", '"a" = 1\n'),
        ("a comma at the top", "a = 1,\n"),
        ("a comma after a map at the top", "a = {\n},\n"),
        ("a comma after an opening brace", "a = {,\n}\n"),
        ("two items on a line", "a = {\nb = 1 c = 2\n}\n"),
        ("a list without its comma", "a = [1 2]\n"),
        ("a list with one too many", "a = [1,,2]\n"),
        ("an escape", 'a = "\\u0061"\n'),
        ("an expression in a string", 'a = "${b}"\n'),
        ("a dollar sign, which might begin one", 'a = "$5"\n'),
        ("a directive", 'a = "%{ if true }"\n'),
        ("a reference", "a = b\n"),
        ("nothing", "a = null\n"),
        ("a word as a key", "a = {\ntrue = 1\n}\n"),
        ("an expression that begins like a key", "a = {\nfor = 1\n}\n"),
        ("a fraction", "a = 0.1\n"),
        ("more digits than are exact", "a = 1234567890123456\n"),
        ("a leading zero", "a = 01\n"),
        ("a minus", "a = -1\n"),
        ("a call", 'a = file("b")\n'),
        ("a heredoc", "a = <<E\nx\nE\n"),
        ("a comment that may end anywhere", "/* a = 1 */\n"),
        ("a line end of Windows", "a = 1\r\n"),
        ("a character that is not ASCII", 'a = "é"\n'),
        ("a character that is not seen, in a comment", "# \u202e\na = 1\n"),
        ("a control in a comment", "# \x07\na = 1\n"),
        ("a tab in a string", 'a = "\t"\n'),
        ("a string over two lines", 'a = "b\nc"\n'),
        ("a map that stays open", "a = {\n"),
        ("a brace too many", "a = {\n}\n}\n"),
        ("a block", "a {\n}\n"),
        ("maps in maps in maps", "a = {\n" * 9 + "}\n" * 9),
    ],
)
def test_the_long_way(reason, text):
    assert plain.read(text) is None, reason


def _alike(text: str) -> None:
    read = plain.read(text)
    if read is None:
        return
    data = text.encode()
    try:
        full = tfvars.read_in_full(data, "x.tfvars")
    except EngineError as error:
        raise AssertionError(f"{text!r} is read, and refused in full: {error}") from None
    assert repr(read) == repr(plain.Plain(dict(full.values), dict(full.lines), dict(full.ends))), text
    assert not full.warned
    assert tfvars.read(data, "x.tfvars")[:5] == full[:5]
