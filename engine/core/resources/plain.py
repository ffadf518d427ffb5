"""The plainest tfvars, read in one pass: lines `name = value` of printable ASCII, with nothing to interpret.

Most files are written so, and two parsers then only agree on what everybody sees. Whatever else there is (an escape, a
`$`, a fraction, a minus, a heredoc, a name twice, a mistake) is not read here at all but the long way, which also tells
what is wrong. A law (`test_plain_laws.py`) says that what is read here is read the same there.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.core.resources.tfvars import Json

_DEEPEST = 8

_BLANK = r"[ \t]*+"
_STRING = r'"[ !#&-\[\]-~]*+"'  # no `"`, `$`, `%`, `\`
_SCALAR = rf"(?:{_STRING}|true|false|(?:0|[1-9][0-9]{{0,14}}+))"
_KEY = rf"(?:(?!(?:true|false|null|for|in|if)\b)[A-Za-z_][A-Za-z0-9_-]*+|{_STRING})"
_LIST = rf"\[[ \t\n]*+(?:{_SCALAR}{_BLANK}(?:,[ \t\n]*+|[ \t\n]*+(?=\])))*+\]"
_OBJECT = rf"\{{{_BLANK}(?:{_KEY}{_BLANK}={_BLANK}{_SCALAR}{_BLANK}(?:,{_BLANK}|(?=\}})))*+\}}"
_VALUE = rf"(?:({_SCALAR})|({_LIST})|({_OBJECT})|(\{{))"
_ITEM = rf"(?:({_KEY}){_BLANK}={_BLANK}{_VALUE}|(\}}))({_BLANK},)?"
_LINE = re.compile(rf"{_BLANK}(?:{_ITEM})?{_BLANK}(?:(?:#|//)[\t -~]*+)?(?:\n|\Z)")
_WORDS = {"true": True, "false": False}
_ITEMS = re.compile(_SCALAR)
_PAIRS = re.compile(rf"(?<![A-Za-z0-9_-])({_KEY}){_BLANK}={_BLANK}({_SCALAR})")  # a name is tried from its start alone


class Plain(NamedTuple):
    """What such a file says; keys in order of their names, as HashiCorp's parser hands them over."""

    values: "dict[str, Json]"
    lines: dict[str, int]  # names in the maps at the top → line, in the order of the file
    ends: dict[str, int]  # names at the top → the byte after their value


def read(text: str) -> Plain | None:
    """Read a text; None when it has to be read the long way."""
    here: dict[str, Json] = {}
    above: list[tuple[str, dict[str, Json]]] = []  # the maps around, each with the name of what is inside
    lines: dict[str, int] = {}
    inside: dict[str, int] = {}  # the lines of the map at the top that is open
    ends: dict[str, int] = {}
    at, line = 0, 0
    while at < len(text):
        match = _LINE.match(text, at)
        if match is None:
            return None
        at, line = match.end(), line + 1
        key, scalar, items, pairs, opens, closes, comma = match.groups()
        if key:
            name = _name(key)
            if name in here or (comma and (opens or not above)) or (key[0] == '"' and not above):
                return None
            if opens:
                if len(above) == _DEEPEST:
                    return None
                above.append((name, here))
                here = {}
            elif scalar:
                here[name] = _scalar(scalar)
            elif items:
                here[name] = [_scalar(item) for item in _ITEMS.findall(items)]
            else:
                found = _PAIRS.findall(pairs)
                values = {_name(inner): _scalar(value) for inner, value in found}
                if len(values) != len(found):
                    return None
                here[name] = _sorted(values)
                if not above:
                    lines.update(dict.fromkeys(values, line))
            if len(above) - bool(opens) == 1:
                inside[name] = line
            line += items.count("\n") if items else 0
        elif closes:
            if not above or (comma and len(above) == 1):
                return None
            name, outer = above.pop()
            outer[name] = _sorted(here)
            here = outer
            if not above:
                lines.update(inside)
                inside = {}
        if not above and (key or closes):
            ends[name] = match.end(match.lastindex or 0)  # no comma may follow here
    return None if above else Plain(_sorted(here), lines, ends)


def _name(key: str) -> str:
    return key[1:-1] if key[0] == '"' else key


def _scalar(text: str) -> "Json":
    return text[1:-1] if text[0] == '"' else _WORDS[text] if text in _WORDS else int(text)


def _sorted(values: "dict[str, Json]") -> "dict[str, Json]":
    return dict(sorted(values.items()))
