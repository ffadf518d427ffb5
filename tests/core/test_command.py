"""What a comment says to us, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.command import COMMANDS, Command, read, takes, usage

VALIDATE = Command("validate", "")


@pytest.mark.parametrize(
    ("why", "body", "command"),
    [
        ("a command", "/engine validate", VALIDATE),
        ("as a telephone writes it", "/engine Validate", VALIDATE),
        ("blanks around it", "/engine \t validate  ", VALIDATE),
        ("with a line end", "/engine validate\r\n", VALIDATE),
        ("with prose below", "/engine validate\n\nThe base has moved.", VALIDATE),
        ("about something", "/engine destroy S3/data-lake", Command("destroy", "S3/data-lake")),
        ("about two things", "/engine restore  S3/dev/x  v3 ", Command("restore", "S3/dev/x  v3")),
        ("a word that is none of ours", "/engine dance", Command("dance", "")),
        ("a word with a hyphen", "/engine re-plan", Command("re-plan", "")),
    ],
)
def test_what_is_a_command(why: str, body: str, command: Command) -> None:
    assert read(body) == command, why


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("nothing", ""),
        ("prose", "please /engine validate"),
        ("nothing after it", "/engine"),
        ("blanks after it", "/engine   "),
        ("a longer word", "/engineer validate"),
        ("another case", "/ENGINE validate"),
        ("a colon", "/engine: validate"),
        ("on the second line", "Hello\n/engine validate"),
        ("after an empty line", "\n/engine validate"),
        ("indented, which is code", "    /engine validate"),
        ("one blank before it", " /engine validate"),
        ("quoted", "> /engine validate"),
        ("in a fence", "```\n/engine validate\n```"),
        ("in backticks", "`/engine validate`"),
        ("hidden", "<!-- /engine validate -->"),
        ("in a list", "- /engine validate"),
        ("bold", "**/engine validate**"),
        ("a character without width before it", "\u200b/engine validate"),
        ("... in the word", "/engine vali\u200bdate"),
        ("... after it", "/engine destroy S3/x\u200b"),
        ("a joiner of emoji", "/engine destroy S3/x\u200d"),
        ("a byte order mark", "\ufeff/engine validate"),
        ("a blank that is none", "/engine\u00a0validate"),
        ("turned round", "/engine destroy \u202eS3/x"),
        ("a tag of Unicode", "/engine validate\U000e0041"),
        ("a control", "/engine validate\x00"),
        ("a lone carriage return", "/engine validate\rnot"),
        ("letters of another script", "/engine v\u0430lidate"),
        ("digits", "/engine 1"),
        ("a line without end", "/engine destroy " + "x" * 1000),
        ("an answer to a mail", "/engine validate\n\nOn Mon, 23 Nov 2026 ann <ann@example.com> wrote:\n> hello"),
        ("... in another language", "/engine validate\n\nAm 23. Nov. 2026 schrieb ann <ann@example.com>:\n\nhallo"),
        ("... on two lines", "/engine validate\n\nOn Mon, 23 Nov 2026 at 12:00, a very long name indeed\n"
                             "<ann@example.com> wrote:\n"),
        ("... of one program", "/engine validate\n-----Original Message-----\nhello"),
        ("... of another", "/engine validate\n________________________________\nFrom: ann <ann@example.com>"),
        ("... with its foot", "/engine validate\n\u2014\nReply to this email directly, view it on GitHub"),
        ("a quotation below it", "/engine validate\n> no, do not"),
    ],
)  # fmt: skip
def test_what_is_none(why: str, body: str) -> None:
    assert read(body) is None, why


@given(st.text())
def test_whatever_stands_before_or_inside_makes_it_none(text: str) -> None:
    assert read(f"> {text}") is None
    assert read(f" {text}") is None
    found = read(f"/engine validate{text}")
    assert found is None or found.word.startswith("validate")
    assert found is None or (found.argument.isprintable() and "\n" not in found.argument)


@given(st.sampled_from(list(COMMANDS)), st.text("abc/S3-_.", min_size=1, max_size=20))
def test_every_command_is_read_as_its_usage_is_written(word: str, thing: str) -> None:
    assert read(usage(word)) == Command(word, COMMANDS[word].takes)
    assert read(f"/engine {word} {thing}") == Command(word, thing)


@pytest.mark.parametrize(
    ("word", "argument", "fits"),
    [
        ("help", "", True),
        ("help", "me", False),
        ("destroy", "", False),
        ("destroy", "S3/x", True),
        ("destroy", "S3/x S3/y", False),
        ("why", "", True),
        ("why", "policy", True),
        ("why", "policy free", False),
        ("restore", "KEY", False),
        ("restore", "KEY 3", True),
    ],
)
def test_what_a_command_takes(word: str, argument: str, fits: bool) -> None:
    assert takes(COMMANDS[word], argument) == fits
