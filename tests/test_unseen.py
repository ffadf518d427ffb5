"""One list of what nobody sees, in two classes, and the places where writing needs it."""

import unicodedata

import pytest

from engine import unseen


@pytest.mark.parametrize(
    "ranges",
    [
        "0-8", "B-C", "E-1F", "7F-9F", "61C", "200E-200F", "2028-202E", "2066-206F", "FDD0-FDEF", "FEFF", "FFFE-FFFF",
        "E0000-E007F", "1FFFE-1FFFF", "10FFFE-10FFFF",
    ],
)  # fmt: skip
def test_no_reviewed_text_may_hold(ranges):
    for character in of(ranges):
        assert [f.character for f in unseen.forbidden(f"a{character}b")] == [character], hex(ord(character))


@pytest.mark.parametrize(
    "ranges",
    [
        "A0", "AD", "34F", "115F-1160", "1680", "17B4-17B5", "180B-180F", "2000-200D", "202F", "205F", "2060-2065",
        "2800", "3000", "3164", "FE00-FE0F", "FFA0", "FFF0-FFFB", "E0100-E01EF",
    ],
)  # fmt: skip
def test_names_may_not_hold(ranges):
    for character in of(ranges):
        assert [f.forbidden for f in unseen.unseen(f"a{character}b")] == [False], hex(ord(character))
        assert [*unseen.forbidden(f"a{character}b")] == []


def of(ranges):
    first, _, last = ranges.partition("-")
    return map(chr, range(int(first, 16), int(last or first, 16) + 1))


def test_the_list_has_every_character_that_unicode_calls_a_format_or_a_blank():
    """But for signs that are seen: those in front of Arabic and other numbers, and Egypt's, which join hieroglyphs."""
    seen = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13456)}
    for code in range(0x110000):
        if unicodedata.category(chr(code)) in ("Cf", "Cc", "Zs", "Zl", "Zp") and chr(code) not in " \t\n":
            assert code in seen or [*unseen.unseen(chr(code))], hex(code)


@pytest.mark.parametrize(
    ("why", "text", "found"),
    [
        ("lines", "a\tb\nc\r\nd", ""),
        ("a carriage return alone", "a\rb", "\r"),
        ("one before a line end", "a\r\r\n", "\r"),
        ("letters", "Übergröße дедлайн 東京 naïve", ""),
        ("an emoji", "❤️ ‼️ 1️⃣ 👩‍💻 👩🏽‍🚀 ❤️‍🔥", ""),
        ("letters that join, or do not", "می‌خواهم क्‍ष", ""),
        ("a joiner in a word that does not need it", "ad\u200dmin", "\u200d"),
        ("a joiner at the end", "م\u200d", "\u200d"),
        ("a variant of a letter", "a\ufe0f", "\ufe0f"),
        ("two variants", "❤\ufe0f\ufe0f", "\ufe0f"),
        ("a flag made of tags", "🏴\U000e0067", "\U000e0067"),
    ],
)
def test_what_writing_needs_is_ordinary(why, text, found):
    assert "".join(f.character for f in unseen.unseen(text)) == found, why


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("abc", 3),
        (" a b\t", 2),
        ("a\u0301", 1),
        ("\u0301" * 9, 0),
        ("\u200b\u3164\u2800", 0),
        ("👩‍💻", 2),
        ("...", 3),
        ("東京", 2),
    ],
)
def test_visible(text, seen):
    assert unseen.visible(text) == seen


def test_a_character_has_the_name_that_unicode_gives_it():
    assert (unseen.name("\u202e"), unseen.name("\r"), unseen.name("\U000e0041")) == ("U+202E", "U+000D", "U+E0041")


def test_what_we_write_ourselves_is_plain_and_nothing_unseen_is_in_it():
    ours = "".join(map(chr, unseen._OURS))
    assert unseen.is_plain(ours)
    assert not [*unseen.unseen("".join(f"a{c}b" for c in ours), ordinary=False)]
    for hidden in "\u202e\u200b\ufe0f\u2800\u3164\x00\r":
        assert not unseen.is_plain(ours + hidden), f"U+{ord(hidden):04X}"
