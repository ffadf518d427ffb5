"""Strict JSON: no duplicate keys, no NaN, bounded depth; places are scanned only when something is wrong."""

import json
import re

from engine.core.source.document import Document, Places, Span, decode
from engine.errors import EngineError, Errors, Problem, failure
from engine.unseen import is_plain

MAX_BYTES = 25 * 1024 * 1024  # GitHub's largest webhook body
MAX_DEPTH = 100


def load_json(data: bytes, file: str, *, limit: int = MAX_BYTES, reviewed: bool = False) -> Document:
    """Parse a JSON file; `reviewed` says that people read it: it holds nothing that they do not see or that is rounded.

    Raises:
        EngineError: all that is wrong with it.
    """
    text = decode(data, file, limit)
    places = Places(file, text, lambda: _scan(text, None, ""))
    warned: tuple[Problem, ...] = ()
    if reviewed:
        from engine.core.source.reviewed import check_text

        warned = check_text(text, places.of)
    suspect = False

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal suspect
        found = dict(items)
        suspect = suspect or len(found) != len(items)
        return found

    def number(digits: str) -> float:
        nonlocal suspect
        value = float(digits)
        suspect = suspect or value in (float("inf"), float("-inf")) or (reviewed and _is_rounded(digits))
        return value

    def constant(_: str) -> None:
        nonlocal suspect
        suspect = True

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_float=number, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise _syntax(error, text, places) from None
    except RecursionError:
        raise failure("ENG032", places.of(_deep(text)), limit=MAX_DEPTH) from None
    except ValueError:  # an integer of more digits than Python converts
        value, suspect = None, True
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise failure("ENG032", places.of(_deep(text)), limit=MAX_DEPTH)
    if suspect or "\\ud" in text or "\\uD" in text:
        errors = Errors()
        _scan(text, errors, file, exact=reviewed)
        errors.check()
    if reviewed and ("\\" in text or not is_plain(text)):
        from engine.core.source.reviewed import check_values

        errors = Errors()
        check_values(value, lambda h: places.find(h.path, key=h.is_key), errors)
        errors.check()
    return Document(file, value, places, warned)


def _syntax(error: json.JSONDecodeError, text: str, places: Places) -> EngineError:
    from engine.core.source.slips import slip

    place = places.at(error.lineno - 1, error.colno - 1, 1)
    found = slip(text, error.pos, error.msg)
    if found is None:
        return failure("ENG035", place, reason=error.msg[:1].lower() + error.msg[1:])
    return failure("ENG035", places.of(found.at)._replace(length=found.length), reason=found.reason, hint=found.hint)


def _depth(value: object) -> int:
    """Levels of nesting, without recursion."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
    return depth


def _deep(text: str) -> int:
    """Where it begins to be too deep. The text may be no JSON: a string without an end has the rest of it."""
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', text, re.DOTALL):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            return match.start()
    return 0


# Possessive: nothing to go back to. Compiled by `re` when first needed.
_LEXEME = r'"(?:[^"\\]++|\\[\s\S])*+(?:"|\\?\Z)|[\[\]{},:\n]|[^\s\[\]{},:"]++'
_MAX_DIGITS = 400  # far more than any number that means something


def _scan(text: str, errors: Errors | None, file: str, *, exact: bool = False) -> Span:
    """Spans of text that is known to be JSON; with `errors`, everything that only a strict reader minds.

    `exact`: it minds numbers that are not read as they are written, too.
    """
    report = Places(file, text, lambda: root)
    root = Span(0, 0, 1)
    stack: list[tuple[Span, dict[str | int, tuple[Span | None, Span]], bool]] = []
    line, start = 0, 0
    name: tuple[str, Span] | None = None  # the key whose value comes next
    expects_key = False
    for match in re.finditer(_LEXEME, text):
        token = match.group()
        first = token[0]
        if first == "\n":
            line, start = line + 1, match.end()
            continue
        if first == ":":
            continue
        if first == ",":
            expects_key = stack[-1][2]
            continue
        if first in "]}":
            stack.pop()
            expects_key = False
            continue
        column = match.start() - start
        quoted = first == '"'
        span = Span(line, column + quoted, len(token) - 2 * quoted)
        if quoted and errors is not None and "\\u" in token and _lonely(token):
            errors.add("ENG036", report.at(*span[:3]))
        if expects_key:
            key = json.loads(token)
            if errors is not None and key in stack[-1][1]:
                earlier = stack[-1][1][key][0]
                errors.add("ENG027", report.at(*span[:3]), name=key, line=earlier.line + 1 if earlier else 0)
            name, expects_key = (key, span), False
            continue
        if errors is not None and not quoted and first not in "[{":
            if _not_finite(token):
                errors.add("ENG034", report.at(*span[:3]), text=token[:20])
            elif exact and not token.isalpha() and not token.lstrip("-").isdigit() and _is_rounded(token):
                errors.add("ENG396", report.at(*span[:3]), text=token[:20])
        if first in "[{":
            span = Span(line, column, 1, {})
        if not stack:
            root = span
        else:
            siblings = stack[-1][1]
            siblings[name[0] if name else len(siblings)] = (name[1] if name else None, span)
        name = None
        if span.children is not None:
            stack.append((span, span.children, first == "{"))
            expects_key = first == "{"
    return root


def _lonely(token: str) -> bool:
    """Does a string hold half a surrogate pair, which UTF-8 cannot write?"""
    try:
        json.loads(token).encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_rounded(number: str) -> bool:
    """Would a number with a fraction or an exponent be passed on as another one?"""
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(number) != Decimal(repr(float(number)))
    except InvalidOperation:  # an exponent that not even Decimal holds
        return True


def _not_finite(token: str) -> bool:
    if token in ("true", "false", "null"):
        return False
    return len(token) > _MAX_DIGITS or "I" in token or "N" in token or abs(float(token)) == float("inf")
