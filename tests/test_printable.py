"""Whatever a name or a value holds, what goes out is lines of text and commands nobody."""

import pytest

from engine.printable import command, harmless, in_json, in_line, printable, uncoloured


@pytest.mark.parametrize(
    ("why", "text", "shown"),
    [
        ("plain text", "a\tb\nc", "a\tb\nc"),
        ("Windows' line ends", "a\r\nb", "a\nb"),
        ("a carriage return alone", "a\rb", "a\\rb"),
        ("an escape", "\x1b[31mred", "\\x1b[31mred"),
        ("a title that never ends hides nothing", "\x1b]0;title and all the rest", "\\x1b]0;title and all the rest"),
        ("the eighth bit's escape", "\x9b2J", "\\x9b2J"),
        ("line ends of Unicode", "a\x85b\u2028c\u2029d", "a\\x85b\\u2028c\\u2029d"),
        ("older line ends", "a\x0bb\x0cc\x1cd", "a\\x0bb\\x0cc\\x1cd"),
        ("reading order", "a\u202eb\u2066c\u200fd", "a\\u202eb\\u2066c\\u200fd"),
        ("tags", "a\U000e0041", "a\\U000e0041"),
        ("blanks that are none", "a\u00a0b\u3000c", "a\\xa0b\\u3000c"),
        ("no width", "a\u200bb\u2060c\u3164d", "a\\u200bb\\u2060c\\u3164d"),
        ("a byte that is not UTF-8", "a\udcffb", "a\\xffb"),
        ("half a pair", "a\ud800b", "a\\ud800b"),
        ("pictures", "👩‍💻 ❤️ 1️⃣", "👩‍💻 ❤️ 1️⃣"),
        ("a script that joins", "می‌خواهم", "می‌خواهم"),
        ("letters", "Übergröße дедлайн 東京", "Übergröße дедлайн 東京"),
    ],
)
def test_printable(why, text, shown):
    assert printable(text) == shown, why


def test_a_name_is_one_line():
    assert in_line("a\nb\tc\rd") == "a\\nb\\tc\\rd"


@pytest.mark.parametrize(
    ("why", "text", "shown"),
    [
        ("behind nothing", "::error::x", ": :error::x"),
        ("behind blanks", "a\n  ::error::x", "a\n  : :error::x"),
        ("behind a carriage return, which ends a line to the runner", "a\r::error::x", "a\\r::error::x"),
        ("behind a blank of Unicode, which the runner trims", "a\n\u3000::error::x", "a\n\\u3000::error::x"),
        ("behind a line end of Unicode", "a\u2028::error::x", "a\\u2028::error::x"),
        ("the older form, anywhere", "a ##[error]x", "a # #[error]x"),
        ("in the middle", "S3::x", "S3::x"),
    ],
)
def test_harmless(why, text, shown):
    assert harmless(text) == shown, why


def test_only_our_own_colours_stay():
    ours = "\x1b[31m::error::x\x1b[0m \x1b[41mtheirs"
    assert harmless(ours, coloured=True) == "\x1b[31m: :error::x\x1b[0m \\x1b[41mtheirs"
    assert "\x1b" not in harmless(ours)


def test_json_means_the_same():
    assert in_json('"\x85\u202e\U000e0041##[x]"') == '"\\u0085\\u202e\\udb40\\udc41#\\u0023[x]"'


def test_a_command_is_escaped_as_the_runner_wants_it():
    said = command("error", "100%\r\n::x\rb\x1b", file="a:b,c\n.yaml", line="3")
    assert said == "::error file=a%3Ab%2Cc%0A.yaml,line=3::100%25%0A::x\\rb\\x1b"


def test_colours_of_a_program_are_no_part_of_what_it_said():
    assert uncoloured("\x1b[1m\x1b[31mno\x1b[0m") == "no"
