"""Whatever HashiCorp's parser reads as literal values, ours reads too, and as the same values."""

import pygohcl
from hypothesis import example, given
from hypothesis import strategies as st

from engine.core.resources import tfvars
from engine.errors import EngineError

# What a person may write between two tokens; a line may end only where HCL lets it.
SPACE = st.sampled_from(["", " ", "  ", "\t", " /* c */ ", "/**/", '/* 1e5 " {\n*/'])
LINE = st.sampled_from(["\n", "\r\n", "\n\n", " # c\n", '//c "\n', " # 1e5 } EOT\r\n"])
ANY = SPACE | LINE

DIGITS = st.sampled_from(["0", "1", "007", "42", "3456", "12345678901234567890"])
NUMBERS = st.tuples(
    st.sampled_from(["", "", "-", "- "]),
    DIGITS,
    st.sampled_from(["", "", ".0", ".1", ".25"]),
    st.sampled_from(["", "e0", "e5", "E5", "e+2", "E-3", "e05"]),
).map("".join)
PIECES = st.sampled_from(
    [
        "a",
        "é",
        "日",
        " ",
        "1e5",
        "\\n",
        '\\"',
        "\\\\",
        "\\u00e9",
        "\\U0001F600",
        "$${",
        "%%{",
        "$$$${",
        "$",
        "%",
        "}",
        "{",
        "#",
    ]
)
STRINGS = st.lists(PIECES, max_size=6).map(lambda pieces: '"' + "".join(pieces).replace("${", "$ {") + '"')
LINES = st.lists(st.sampled_from(["x", "  1e5", "\ty", "", '{"a": "b"}', "EOTX", "$${x} %%{y}", '\\n "', "# no", "é"]))
HEREDOCS = st.tuples(st.sampled_from(["<<EOT", "<<-EOT"]), LINES, st.sampled_from(["\n", "\r\n"])).map(
    lambda row: row[2].join([row[0], *row[1], "EOT"])
)
NAMES = st.sampled_from(
    ["a", "b", "a-b", "_c", "é", "日本", "e5", "x1e5", "é-1e5", "x-1e5", "x--1e5", "for_each", "d1"]
)
KEYS = NAMES | st.sampled_from(['"a b"', '""', '"1e5"', '"100005"', '"100%"', '"$"', '"é"', '"a.b/c"', '"1e05"'])


@st.composite
def values(draw, depth: int = 3):
    """A literal value, in some layout."""
    kind = draw(st.sampled_from(["number", "number", "string", "word", "list", "object"][: 6 if depth else 4]))
    if kind == "number":
        return draw(NUMBERS)
    if kind == "string":
        return draw(STRINGS)
    if kind == "word":
        return draw(st.sampled_from(["true", "false", "null"]))
    items = []
    names = draw(st.lists(KEYS, unique_by=lambda key: key.strip('"'), max_size=3))
    for name in names:
        value = draw(values(depth=depth - 1) | HEREDOCS.map(lambda text: text + "\n"))
        if kind == "object":
            value = name + draw(SPACE) + draw(st.sampled_from(["=", ":"])) + draw(SPACE) + value
        items.append(value)
    text = draw(ANY)
    for i, item in enumerate(items):
        is_last = i == len(items) - 1
        comma = "" if is_last and draw(st.booleans()) else ","
        if kind == "object" and not item.endswith("\n"):  # an object's items end at a comma or at a line
            text += item + draw(SPACE) + (draw(LINE) if not is_last and draw(st.booleans()) else comma + draw(ANY))
        elif kind == "object":
            text += item
        else:
            text += item + comma + draw(ANY)
    return "[" + text + "]" if kind == "list" else "{" + text + "}"


@st.composite
def files(draw):
    """A whole file."""
    text = draw(st.sampled_from(["", "\ufeff", "# c\n", "/* c */\n", "\n\n"]))
    for name in draw(st.lists(NAMES, unique=True, max_size=4)):
        text += name + draw(SPACE) + "=" + draw(SPACE) + draw(values() | HEREDOCS.map(lambda text: text + "\n"))
        text += "" if text.endswith("\n") else draw(LINE)
    return text


NOT_OURS = {"ENG321", "ENG323", "ENG324", "ENG325", "ENG339", "ENG308"}  # refused, and for a reason that is told


@given(files())
@example("a = 1e5\nb = 1E+5\nc = -1e5\nd = [1e5,2E-2]\ne = { f=1e5, 'g' = 3456e2 }\n".replace("'", '"'))
@example('"1e5" = 1\n')
@example('a = { "1e5" = 1, "1005" = 2, x-1e5 = 3 } # 1e5\n')
@example("a = <<E-1e5\nE-1005\nE-1e5\n")
def test_what_hashicorps_parser_reads_is_read(text):
    expected, read = _theirs(text), _ours(text)
    if isinstance(read, set):
        assert expected is None or read & NOT_OURS, read
        return
    assert read.values == expected
    for name, value in read.values.items():  # places: names and keys are read from the text as it is
        assert read.place(name, key=True).line
        for key in value if isinstance(value, dict) else ():
            assert read.place(name, key, key=True) != read.place(name), key


@given(files(), st.integers(0, 400), st.sampled_from(["", "", "1e5", ",", "\n", "{", '"', "=", "#", "-", "e", "${x}"]))
def test_a_slip_of_the_keyboard_is_read_alike_or_refused(text, at, slip):
    """HashiCorp's parser takes `{-a = 1}` for a key of that name; Terraform would not evaluate it."""
    slipped = text[:at] + slip + text[at + (not slip) :]
    read = _ours(slipped)
    assert isinstance(read, set) or read.values == _theirs(slipped)


def _theirs(text: str) -> dict | None:
    try:
        values: dict = pygohcl.loads(text.removeprefix("\ufeff"))
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        return None
    return values


def _ours(text: str) -> tfvars.Tfvars | set[str]:
    try:
        return tfvars.read(text.encode(), "x.tfvars")
    except EngineError as error:
        return {p.code for p in error.problems}
