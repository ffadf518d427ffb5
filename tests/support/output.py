"""Who reads our output sees more lines than we write: terminals, .NET's ReadLine, `str.splitlines` know many ends."""

import re

LINE_ENDS = "\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]"
# Pieces of which hostile text is made, for the laws: alone most characters do nothing.
PIECES = (
    "::error::x", "::", ":", "##[", "##", "#", "[", "]", "add-mask", "%0A", "%", " ", "\t", "\n", "\r", "\r\n",
    "\x0b", "\x0c", "\x1b[31m", "\x1b[0m", "\x1b]0;t\x07", "\x1b", "[0m", "\x9b", "\x85", "\x1c", "\x00",
    "\x7f", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\u200d", "\ufe0f", "\u00a0", "\u3000", "\ufeff",
    "\U000e0041", "\udc80", "é", "👩", "❤", "م", "\\u001b", "\\r", "a", "|", "`", "<", ",",
)  # fmt: skip


def lines(text: str) -> list[str]:
    """`text` split at every line end that somebody knows."""
    return re.split(LINE_ENDS, text)


def commands(text: str) -> list[str]:
    """The lines that the runner takes for commands: it looks behind white space, and for `##[` anywhere."""
    return [line for line in lines(text) if line.strip().startswith("::") or "##[" in line]


def unprintable(text: str) -> set[str]:
    """What must not reach a terminal: controls but line ends, and what turns the reading order round or is a tag."""
    return set(
        re.findall(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\U000e0000-\U000e007f]", text
        )
    )
