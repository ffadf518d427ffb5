"""What is read in one pass is what both of PyYAML's parsers read, to the places; what is in doubt is left to them."""

import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import data
from engine.core.source import load_yaml, plain, yaml12

PLAIN = [
    "a",
    "on",
    "null",
    "true",
    "False",
    "0",
    "7",
    "a b",
    "10m",
    "1:30",
    "github.merge",
    "issues:write",
    "specs/*.yaml",
]
ODD = ["07", "1.5", "a#b", "it's", 'say "a"', "a, b", "1e5", "1_0", "0x1F", "12e", "_", "a:", "a -b", "a" * 40]
WORDS = st.sampled_from(PLAIN + ODD)
STRINGS = st.text(st.sampled_from("a1 :#,{}[]'-&*!|>%@`"), max_size=6).map(lambda text: f'"{text}"')
NAMES = st.sampled_from(["a", "b", "c.d", "e-f", "on", "G_", "null", "true", "x1"])
REST = st.sampled_from(["", "", "", " ", " # c", "  # [", " #", "#", " x"])
GAPS = st.sampled_from(["", "", "", "\n", "# c\n", "      # c\n", "   \n"])


@st.composite
def inline(draw, depth: int = 0):
    """A value in one line."""
    kind = draw(st.sampled_from(["word", "string", "list", "map"][: 4 if depth < 3 else 2]))
    if kind == "word":
        return draw(WORDS)
    if kind == "string":
        return draw(STRINGS)
    rows = draw(st.lists(inline(depth + 1), max_size=3))
    blank, comma = draw(st.sampled_from(["", " "])), draw(st.sampled_from([", ", ",", " , "]))
    if kind == "list":
        return "[" + blank + comma.join(rows) + blank + "]"
    names = draw(st.lists(NAMES, min_size=len(rows), max_size=len(rows)))
    colon = draw(st.sampled_from([": ", ": ", ":  ", ":"]))
    return "{" + blank + comma.join(f"{n}{colon}{row}" for n, row in zip(names, rows, strict=True)) + blank + "}"


@st.composite
def block(draw, margin: int = 0, depth: int = 0):
    """Lines, as people lay them out; mostly right."""
    dashes = draw(st.booleans())
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=draw(st.integers(0, 9)) > 0))
    text = ""
    for name in names:
        column = margin + draw(st.sampled_from([0, 0, 0, 0, 0, 0, 0, 0, 1, -1]))
        text += draw(GAPS) + " " * max(column, 0)
        if dashes:
            text += "-" + draw(st.sampled_from([" ", " ", " ", "  ", ""])) + draw(inline()) + draw(REST) + "\n"
        elif depth < 3 and draw(st.booleans()):
            inner = margin + draw(st.sampled_from([2, 2, 2, 1, 4, 0]))
            text += f"{name}:" + draw(REST) + "\n" + draw(block(inner, depth + 1))
        else:
            text += f"{name}:" + draw(st.sampled_from([" ", " ", " ", "  ", ""])) + draw(inline()) + draw(REST) + "\n"
    return text


MARKS = ["a", "b:", "c: ", "- ", "-", " ", "  ", "\n", "\n", '"', "'", "{", "}", "[", "]", ", ", ",", "#", " # ", ": "]
MARKS += [":", "1", "?", "&a", "*a", "!", "|", ">", "%", "---", "...", "<<", "~", "\\", "\t"]
SOUP = st.lists(st.sampled_from(MARKS), max_size=24).map("".join)


@settings(deadline=None)
@given(block() | block().map(lambda text: text.rstrip("\n")) | SOUP)
@example('a: "b" # c\n')
@example("a: b\n c: d\n")
@example("a:\n- b\n")
@example("- a\n- {b: c}\n")
@example("a: b\n  c\n")
@example("a: 1\na: 2\n")
@example("  a: b\n")
@example("a:\n  b: c\n d: e\n")
@example("a: [b:c, d]\n")
@example('a: {"b": c}\n')
@example("a: b: c\n")
@example("a: - b\n")
def test_both_ways_read_alike(text):
    found = plain.read(text)
    if found is None:
        return
    for composer in (yaml12.COMPOSER, yaml12.PureComposer):
        document = yaml12.parse(text, "f", composer=composer).document
        assert document, "what is plain is right"
        document.place()  # makes the tree of places
        assert (document.data, document.places._tree, document.warned) == (*found, ())


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("an escape may stand for anything", 'a: "\\u202e"'),
        ("what nobody sees", "a: \u200b"),
        ("a tab", "a:\tb"),
        ("a line of Windows", "a: b\r\n"),
        ("a name twice has an error to be told", "a: 1\na: 2"),
        ("and inside brackets", "a: {b: 1, b: 2}"),
        ("a name that is no text", "null: 1"),
        ("nothing is a value too", "a:\n"),
        ("and no document", "# a\n"),
        ("a value over two lines", "a: b\n  c"),
        ("an anchor, an alias", "a: &b c"),
        ("a tag", "a: !!python/object:os.system b"),
        ("a merge", "a: {<<: b}"),
        ("several documents", "---\na: b\n---\nc: d"),
        ("octal to one, decimal to another", "a: 010"),
        ("fractions, signs, infinities", "a: 1.5"),
        ("'…' has escapes of its own", "a: 'b'"),
        ("a text over several lines", "a: |\n  b"),
        ("a list at the margin of its name", "a:\n- b"),
        ("a mapping behind a dash", "- a: b"),
        ("deeper than anybody writes", "a: " + "[" * 20 + "]" * 20),
        ("more than the long way's limit may allow", "- a\n" * 30_000),
    ],
)
def test_what_is_in_doubt_is_read_the_long_way(why, text):
    assert plain.read(text) is None, why


def test_the_shipped_rules_are_plain():
    """All of them, or each start pays for PyYAML: quotes are `"…"`, and what is long has a line of its own."""
    top = os.path.dirname(data.path("deployment-rules.yaml"))
    specs = [os.path.join("specs", name) for name in sorted(os.listdir(data.path("specs")))]
    assert len(specs) > 5
    for file in ["deployment-rules.yaml", "approvers-config.yaml", *specs]:
        with open(os.path.join(top, file), "rb") as opened:
            content = opened.read()
        assert plain.read(content.decode()), file
        assert load_yaml(content, file).data == load_yaml(content, file, composer=yaml12.COMPOSER).data
