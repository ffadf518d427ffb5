"""Characters that nobody sees, or that make others be seen elsewhere: one list for every text that people review.

Two classes (CVE-2021-42574 and its relatives). FORBIDDEN: what turns the reading order round, tags, controls, line
ends that editors do not show, what Unicode calls no character; no reviewed text may hold them, in whatever spelling.
HIDDEN: blanks that are no space, and what has no width; refused in names, and shown as escapes elsewhere, except where
writing needs them: in emoji, and between letters of scripts that join.
"""

from collections.abc import Iterator
from typing import NamedTuple

# Patterns are texts: `re` compiles (and keeps) them when they are first needed, which is not on the way of plain text.
_PLANE_ENDS = "".join(chr(plane << 16 | end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # the last: also how digits look
_TAGS = "\U000e0000-\U000e007f"
_NO_CHARACTERS = f"\ufdd0-\ufdef\ufeff\ufffe\uffff{_PLANE_ENDS}"
_FORBIDDEN = f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029{_BIDIRECTIONAL}{_TAGS}{_NO_CHARACTERS}]|\r(?!\n)"
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000"
_NO_WIDTH = (  # Unicode's Default_Ignorable_Code_Point, less what is forbidden
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0080-\U000e0fff"
)
_HIDDEN = f"[{_BLANKS}{_NO_WIDTH}]"

_PICTURES_JOIN = "\u200d"
_JOINERS = f"\u200c{_PICTURES_JOIN}"
_VARIANTS = "\ufe0e\ufe0f"  # of a symbol: as text, as emoji
_KEYCAP = "\u20e3"
_FIRST_JOINING_SCRIPT = "\u0600"
_OURS = dict.fromkeys(map(ord, "✓✗▸→·…—–“”"))  # what we write ourselves; everybody sees it


class Unseen(NamedTuple):
    """One of them, and where it is in its text."""

    at: int
    character: str
    forbidden: bool


def name(character: str) -> str:
    """`U+202E`."""
    return f"U+{ord(character):04X}"


def is_plain(text: str) -> bool:
    """Is it quick to see that `text` has none of them?"""
    bare = text.replace("\n", "").replace("\t", "")
    return bare.isprintable() and (bare.isascii() or bare.translate(_OURS).isascii())


def forbidden(text: str) -> Iterator[Unseen]:
    """Those that no reviewed text may hold."""
    if not is_plain(text):
        import re

        for match in re.finditer(_FORBIDDEN, text):
            yield Unseen(match.start(), match[0], True)


def unseen(text: str, *, ordinary: bool = True) -> Iterator[Unseen]:
    """All of them, in order; with `ordinary`, without those that an emoji or a script needs where they stand."""
    if not is_plain(text):
        import re

        for match in re.finditer(f"({_FORBIDDEN})|{_HIDDEN}", text):
            if match[1] or not (ordinary and _is_ordinary(text, match.start())):
                yield Unseen(match.start(), match[0], bool(match[1]))


def visible(text: str) -> int:
    """How many characters a person sees; what only changes another one (an accent by itself) is none."""
    from unicodedata import category

    hidden = {found.at for found in unseen(text, ordinary=False)}
    return sum(category(c)[0] in "LNPS" for at, c in enumerate(text) if at not in hidden)


def _is_ordinary(text: str, at: int) -> bool:
    """❤️ and 1️⃣ have a variant, 👩‍💻 a joiner between two pictures, می‌خواهم one between two letters."""
    before, here, after = (text[i : i + 1] if i >= 0 else "" for i in (at - 1, at, at + 1))
    if here in _VARIANTS:
        return _is_picture(before) or after == _KEYCAP
    if here not in _JOINERS:
        return False
    if _is_picture(after) and here == _PICTURES_JOIN:
        return _is_picture(before) or (before in _VARIANTS and at > 1 and _is_picture(text[at - 2]))
    return _joins(before) and _joins(after)


def _is_picture(character: str) -> bool:
    from unicodedata import category

    return not character.isascii() and (category(character)[0] == "S" or character in "‼⁉〰")


def _joins(character: str) -> bool:
    from unicodedata import category

    return character >= _FIRST_JOINING_SCRIPT and category(character)[0] in "LM" and character not in _VARIANTS
