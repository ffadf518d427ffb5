"""Why a text is not JSON, in the words of whoever wrote it: read off the characters at which the parser was lost.

Runs only on texts that are wrong.
"""

import re
from typing import NamedTuple


class Slip(NamedTuple):
    """What somebody did, and what to do about it."""

    at: int  # position in the text
    length: int
    reason: str
    hint: str


MARKER = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)
_BARE = re.compile(r"[A-Za-z_$][\w.:/$-]*")
_HCL = re.compile(r'[a-z]\w*[ \t]+(?:"[^"\n]*"[ \t]*)*[{=]')
_WORDS = {"True": "true", "False": "false", "None": "null", "yes": "true", "no": "false", "nil": "null"}
_CURLY = "“”„‘’"
_STRING = r'"(?:[^"\\\n]|\\.)*+(?:"|$)'
_LATE = re.compile(r'"(\w{1,60}):[^"\n]{0,60}"$')
CLOSES = {"{": "}", "[": "]"}


def slip(text: str, at: int, said: str) -> Slip | None:
    """What is wrong where the parser stopped (`said`: its words); None where nothing of ours explains it."""
    if found := MARKER.search(text):
        reason = f"`{found[1]}` marks a merge conflict that nobody has settled"
        return Slip(found.start(), len(found[0]), reason, "keep one side of it and remove all its markers")
    here, before = text[at : at + 1], text[:at].rstrip()
    if "control character" in said or "Unterminated" in said:
        begin = _opened_in_line(text, at)
        return Slip(begin, 1, "the quote that opens here is never closed on its line", 'close it with `"`')
    if "escape" in said:
        return Slip(at, 2, f"`{text[at : at + 2]}` is no escape", "write `\\\\` for a backslash")
    if here in _CURLY and here:
        return Slip(at, 1, "these quotes are those of a word processor", 'write `"`')
    if here.isspace() and here not in " \t\r\n":
        return Slip(at, 1, f"this is no white space of JSON but U+{ord(here):04X}", "write a plain space")
    if here == "'":
        length = max(text.find("'", at + 1) - at + 1, 1)
        return Slip(at, length, "JSON has no single quotes", 'write `"` for each of the two')
    if here == "#" or text[at : at + 2] in ("//", "/*"):
        return Slip(at, len(text[at:].partition("\n")[0]), "JSON has no comments", "remove it")
    if here in ("}", "]") and before.endswith(","):
        return Slip(len(before) - 1, 1, f"nothing follows this comma before `{here}`", "remove it")
    return _around(text, at, said)


def _around(text: str, at: int, said: str) -> Slip | None:
    here, word = text[at : at + 1], _BARE.match(text, at)
    if not here or here in "]}":
        closes_nothing = Slip(at, 1, f"`{here}` closes nothing", "remove it, or look for one too many above")
        return _brackets(text, at) or (closes_nothing if here else None)
    if "Extra data" in said:
        return Slip(at, 1, "a second value begins here, and a document is one", "remove one of them")
    if "':'" in said and (late := _LATE.search(text[:at])):
        return Slip(late.start(), 1, "the quote that opens here is closed too late", f'write `"{late[1]}":`')
    if "':'" in said and here == "=":
        return Slip(at, 1, "`=` stands where JSON has a colon", "write `:`")
    if "':'" in said:
        sign = "`,`" if here == "," else "the value"
        return Slip(at, 1, f"a colon belongs between a name and its value, before {sign}", 'write `"name": value`')
    if here == ":" and _innermost(text, at) == "[":
        return _brackets(text, at)
    if "','" in said:
        if not text[:at].strip():
            return None
        shown = text[at:].partition("\n")[0].strip()[:30]
        line = text.count("\n", 0, len(text[:at].rstrip())) + 1
        return Slip(at, 1, f"a comma is missing before `{shown}`", f"write `,` at the end of line {line}")
    if word and "Expecting value" in said and at == len(text) - len(text.lstrip()):
        if _HCL.match(text, at):
            return Slip(at, len(word[0]), "this is Terraform's language, and not JSON", 'write `{"name": value, …}`')
        if ":" in text:
            return Slip(at, len(word[0]), "this is YAML, or has no braces", 'write `{"name": value, …}`')
    if word:
        bare = word[0].rstrip(":")
        right = _WORDS.get(bare)
        hint = f"write `{right}`" if right else f'put it in quotes: "{bare}"'
        return Slip(at, len(bare), f"`{bare}` is no value of JSON", hint)
    if here == ",":
        return Slip(at, 1, "nothing stands before this comma", "remove it, or write what belongs there")
    return None


def _brackets(text: str, at: int) -> Slip | None:
    """Which bracket is open where the text ends, or another one closes."""
    opened = _open(text, at)
    if not opened:
        return None
    sign = text[opened[-1]]
    return Slip(opened[-1], 1, f"`{sign}` opens here and is never closed", f"close it with `{CLOSES[sign]}`")


def _innermost(text: str, at: int) -> str:
    opened = _open(text, at)
    return text[opened[-1]] if opened else ""


def _open(text: str, at: int) -> list[int]:
    """Where the brackets stand that are open at a position."""
    opened: list[int] = []
    for found in re.finditer(rf"{_STRING}|[\[\]{{}}]", text[:at], re.MULTILINE):
        if found[0] in CLOSES:
            opened.append(found.start())
        elif found[0] in ("]", "}") and opened:
            opened.pop()
    return opened


def _opened_in_line(text: str, at: int) -> int:
    """Where the last quote of a line opens that does not close in it."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", begin)
    line = text[begin : end if end >= 0 else len(text)]
    unclosed = next((m for m in re.finditer(_STRING, line) if not m[0].endswith('"') or len(m[0]) == 1), None)
    return begin + unclosed.start() if unclosed else at
