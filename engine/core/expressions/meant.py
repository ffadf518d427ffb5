"""Values where others belong, and what was meant: from what is known of both, how it is written here.

What is told is right as it stands, or names the choices; where nobody knows, it is empty.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.core.duration import is_duration, seconds
from engine.core.expressions import types
from engine.core.expressions.others import NO_CALENDAR, OF_OTHERS
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import code
from engine.core.expressions.terms import Term
from engine.core.expressions.types import Type
from engine.names import choice

OF_LISTS = frozenset(
    {"all", "alltrue", "any", "anytrue", "count", "every", "filter", "find", "select", "some", "where"}
)
_LACKING = {"ran_in": "'24h'", "join": "['a', 'b']", "default": "`false`"}  # the last argument
OF_GROUPS = frozenset({"member", "ismember", "ingroup", "inteam", "memberof", "isingroup", "isinteam"})

# Words of Terraform's for what is none of the actions of a plan.
OF_ENUMS = {
    "replace": "a replacement is a delete and a create: ask for 'delete'",
    "destroy": "write 'delete'",
    "add": "write 'create'",
    "change": "write 'update'",
    "modify": "write 'update'",
}

_YES, _NO = frozenset({"true", "yes", "on", "1", "True"}), frozenset({"false", "no", "off", "0", "", "False"})
_TIME = re.compile(r"^'[0-9]{4}-[0-9]{2}-|(?:^|[._])(?:now|at|time|when|same_since)$")
_OF_TEXTS = frozenset({"name", "value", "text", "login", "ref", "string", "id", "title"})  # what people ask of a text
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SEVERITIES = ("info", "low", "medium", "high", "critical")
_TELLING = (
    "login",
    "ref",
    "result",
    "state",
    "environment",
    "name",
    "repo",
    "path",
)  # the fields that people mean, first to last


def literal_as(value: Any, kinds: Iterable[str]) -> str:
    """How to write a literal as what it was meant to be, one of `kinds`; empty where it can be none."""
    for kind in kinds:
        if isinstance(value, str):
            if kind == "number" and re.fullmatch(r"-?[0-9]{1,15}", value):
                return f"`{int(value)}`"
            if kind == "boolean" and value in _YES | _NO:
                return "`true`" if value in _YES else "`false`"
            if kind == "array":
                parts = [part.strip() for part in value.strip("[] ").split(",")]
                return str(parts) if any(parts) else "`[]`"
        elif isinstance(value, bool):
            if kind == "string":
                return f"'{str(value).lower()}'"
        elif isinstance(value, int):
            if kind == "string":
                return f"'{value}'"
            if kind == "boolean" and value in (0, 1):
                return "`true`" if value else "`false`"
    return ""


def number(word: str) -> str:
    """How to write a number that is none of JSON's."""
    plain = word.strip("'\" ").replace(",", "").replace("_", "").replace(" ", "")
    if plain.isdecimal() and plain.isascii():
        return f"write `` `{int(plain)}` ``"
    if is_duration(plain):
        return f"write `` `{seconds(plain)}` ``, in seconds"
    if word.lower() in _DIGITS:
        return f"write `` `{_DIGITS.index(word.lower())}` ``"
    return "write a number, such as `` `10` ``"


def condition(term: Term, negated: bool = False) -> str:
    """What to ask of a value that is no condition."""
    text, type_ = term.text, term.type
    kind = next(iter(type_.kinds - {"null"}), "")
    if term.kind in ("field", "index") and type_.nullable:
        return f"write {code(f'!present({text})' if negated else f'present({text})')}"
    if kind in ("array", "number"):
        counted = f"length({text})" if kind == "array" else text
        return f"write {code(f'{counted} == `0`' if negated else f'{counted} > `0`')}"
    if kind == "object" and not fields(type_, "boolean") and (within := list_within(term)):
        return f"ask one of its lists: {code(f'contains({within}, …)')}"
    if kind == "object":
        yes = [f"!({text}.{name})" if negated else f"{text}.{name}" for name in fields(type_, "boolean")]
        return f"name one of its fields, such as {choice(list(map(code, yes)))}" if yes else "name one of its fields"
    if kind != "string":
        return ""
    sign = "!=" if negated else "=="
    if term.kind != "literal" and type_.texts is not None and len(type_.texts) < 4:
        return f"write {choice([f'`{text} {sign} {one!r}`' for one in sorted(type_.texts)])}"
    if term.kind == "literal" and term.value in (*_YES, *_NO, ""):
        return f"write {code(literal_as(term.value, ['boolean']))}"
    return f"write `{text} {sign} '…'`" if term.kind != "literal" else "compare it with something: `… == " + text + "`"


def fields(type_: Type, kind: str) -> list[str]:
    """The fields of an object that are of this kind; the telling ones, if there are any."""
    inner = {name: types.field(type_, name) for name in types.names(type_)}
    found = [name for name, one in inner.items() if one is not None and one.known and kind in one.kinds]
    return sorted(found, key=lambda name: _TELLING.index(name) if name in _TELLING else len(_TELLING))


def equal(left: Term, right: Term, operator: str) -> tuple[Term, str]:
    """Where two values cannot be equal, and what to write: the one that is wrong, and how the whole was meant."""
    for one, other in ((left, right), (right, left)):
        text, no = one.text, "!" if operator == "!=" else ""
        kinds = other.type.kinds - {"null"}
        if one.type.without_null().only("array"):
            items = types.item(one.type)
            if other.kind == "literal" and other.value == "":
                return right, f"write {code(f'length({text}) {operator} `0`')}"
            if kinds == {"number"}:
                return right, f"compare how many there are: `length({text})`"
            if "string" in kinds and "string" in items.kinds:
                return right, f"write {code(f'{no}contains({text}, {other.text})')}"
            if "string" in kinds and items.known and items.without_null().only("object"):
                asked = _holding(items, other)
                return right, f"write {choice([code(f'{no}contains({text}[*].{f}, {other.text})') for f in asked])}"
        if one.type.without_null().only("object") and len(kinds) == 1:
            asked = _holding(one.type, other) if "string" in kinds else fields(one.type, next(iter(kinds)))[:3]
            if "string" in kinds and not {*_TELLING}.intersection(asked) and (within := list_within(one)):
                return one, f"write {code(f'{no}contains({within}, {other.text})')}"
            if asked:
                return one, f"write {choice([code(f'{text}.{name}') for name in asked])}"
        if other.kind == "literal" and one.kind != "literal":
            if one.kind == "not":
                inner = one.children[0]
                same = "==" if operator == "!=" else "!="
                if inner.type.kinds & kinds:
                    return one, f"write {code(f'{inner.text} {same} {other.text}')}"
            if "boolean" in one.type.kinds and (said := literal_as(other.value, ["boolean"])):
                yes = (said == "`true`") is (operator == "==")
                if yes and one is left:
                    return right, f"leave {code(f'{operator} {other.text}')} out"
                return right, f"write {code(text if yes else f'!({text})')}"
            if mended := literal_as(other.value, one.type.kinds & {"number", "string"}):
                kind = ", a number" if mended.startswith("`") else ", a text"
                return other, f"write {code(mended)}{kind}"
    return right, ""


def _holding(items: Type, other: Term) -> list[str]:
    """The fields of a list's objects that a text may be of."""
    found = fields(items, "string")
    if other.kind == "literal":
        listed = [f for f in found if (t := types.field(items, f)) is not None and other.value in (t.texts or ())]
        path = ["path"] if "path" in found and {"/", "."}.intersection(str(other.value)) else []
        found = listed or path or found
    return found[:3]


def items_holding(what: Term, where: Term) -> str:
    """Where a list of objects is asked for a text: the list of what its items call so."""
    items = types.item(where.type)
    if what.type.without_null().only("object") and "string" in items.kinds:
        return f"write {choice([code(f'{what.text}.{name}') for name in fields(what.type, 'string')[:3]])}"
    if not items.known or not items.without_null().only("object") or "string" not in what.type.kinds:
        return ""
    if where.text == "files" and isinstance(what.value, str) and "*" in what.value:
        return f"write `changed_any('{what.value if '/' in what.value else f'**/{what.value}'}')`"
    return f"write {choice([code(f'contains({where.text}[*].{name}, {what.text})') for name in _holding(items, what)])}"


def list_within(term: Term) -> str:
    """The list that was meant by an object which has one: `groups.security` by its members."""
    for name in fields(term.type, "array"):
        items = types.item(types.field(term.type, name) or types.ANY)
        inner = fields(items, "string")[:1] if items.without_null().only("object") else []
        return f"{term.text}.{name}{f'[*].{inner[0]}' if inner else ''}"
    return ""


def shown(term: Term) -> str:
    """What to show of a value that is too much for a text."""
    text, type_ = term.text, term.type.without_null()
    if type_.only("object") and (asked := fields(type_, "string")[:3]):
        return f"write {choice([code(f'{text}.{name}') for name in asked])}"
    if type_.only("array"):
        items = types.item(type_)
        listed = f"join(', ', {text})" if items.known and "string" in items.kinds else f"length({text})"
        return f"write {code(listed)}"
    return ""


def ordered(left: Term, right: Term, operator: str) -> str:
    """How two values that have no order can be put in one; empty where they cannot."""
    turned = operator.translate(str.maketrans("<>", "><"))
    for one, other, sign in ((left, right, operator), (right, left, turned)):
        if one.type.only("number") and other.kind == "literal" and isinstance(other.value, str):
            if is_duration(other.value):
                return f"write `` `{seconds(other.value)}` ``, in seconds"
            return f"write {code(mended)}, a number" if (mended := literal_as(other.value, ["number"])) else ""
        if other.kind == "literal" and other.value in _SEVERITIES and one.type.texts == frozenset(_SEVERITIES):
            at = _SEVERITIES.index(other.value)
            listed = _SEVERITIES[at + (sign == ">") :] if ">" in sign else _SEVERITIES[: at + (sign == "<=")]
            return f"write {code(f'in({one.text}, {list(listed)})')}"
        if one.text == "now" and other.type.only("string"):
            return f"write {code(f'seconds_since({other.text}) {sign} `0`')}"
        if one.type.only("array") and other.type.only("number"):
            return f"write `length({one.text})`"
        if one.type.without_null().only("object") and other.type.only("number"):
            counts = [f"{one.text}.{f}" for f in fields(one.type, "number")]
            counts += [f"length({one.text}.{f})" for f in fields(one.type, "array")]
            return f"write {choice(list(map(code, counts[:3])))}" if counts else ""
    if all(term.type.without_null().only("string") and _TIME.search(term.text) for term in (left, right)):
        return f"write {code(f'seconds_since({left.text}) {turned} seconds_since({right.text})')}"
    return ""


def step(base: Term, name: str) -> str:
    """What was asked for by a field of what is no object."""
    text = base.text if base.kind != "current" else ""
    sure = base.type.without_null()
    if name in OF_OTHERS and name not in ("size", "count", "len") and not sure.only("object"):
        return OF_OTHERS[name]
    if name in ("length", "size", "count") and (text or sure.kinds <= {"string", "array"}):
        return f"write `length({text or '@'})`"
    if sure.only("string"):
        if text == "now":
            return NO_CALENDAR
        if _TIME.search(text):
            return f"a time has no parts: ask how long ago it was by `seconds_since({text})`"
        if name in _OF_TEXTS:
            return f"leave `.{name}` out: {f'`{text}`' if text else 'each item'} is the text itself"
        if name in ("owner", "org", "organization", "organisation"):
            return f"write `starts_with({text or '@'}, 'OWNER/')`"
    items = types.item(sure)
    if sure.only("array") and text and name in types.names(items):
        return f"write `{text}[*].{name}` for that of each"
    if sure.only("array") and text and items.known and items.without_null().only("string") and name not in _OF_TEXTS:
        return f"write `contains({text}, '{name}')`"
    if sure.only("array") and text and "name" in types.names(items):
        return f"write `{text}[?name == '{name}']`, which is a list"
    return ""


def counted(name: str, node: Node, text: Callable[[Node], str]) -> str:
    """`any(list[*].field == 'x')`, `count(list, condition)` by the length of a filter; empty where it is neither."""
    whole, condition_, sign = "", "", "=="
    for child in node.children:
        if child.kind == "comparator":
            left, right = child.children
            sign = {"eq": "==", "ne": "!="}.get(child.value, "")
            projected, star, field = text(left).rpartition("[*].")
            if len(node.children) == 1 and star:
                whole, condition_ = projected, f"{field} {sign} {text(right)}"
            elif len(node.children) == 2:
                whole, condition_ = text(node.children[0]), text(child)
    if not whole or not sign:
        return ""
    if name in ("all", "every", "alltrue"):
        return f"length({whole}[?!({condition_})]) == `0`"
    return f"length({whole}[?{condition_}])" + (" > `0`" if name != "count" else "")


def called(name: str, arguments: Sequence[str], asked_of: str, count: tuple[int, float], usage: str, yes: bool) -> str:
    """A call with too few or too many arguments as it was meant, or its usage."""
    least, most = count
    if asked_of and least <= len(arguments) + 1 <= most:  # `text.contains('a')`
        return f"{name}({', '.join((asked_of, *arguments))})"
    texts = all(argument.startswith("'") for argument in arguments[int(most > 1) :])
    if not least and len(arguments) == 1 and texts and usage.endswith("()"):
        return f"{name}() == {arguments[0]}"
    if 1 <= most < len(arguments) and most < 3 and texts:
        first, several = arguments[: int(most) - 1], arguments[int(most) - 1 :]
        if "array" in usage.rpartition(", ")[2]:
            listed = f"[{', '.join(several)}]"
            return f"{name}({', '.join((*first, listed))})"
        if yes:
            return " || ".join(f"{name}({', '.join((*first, one))})" for one in several)
        if not first:
            return " || ".join(f"length({name}({one})) > `0`" for one in several)
    if name == "present" and len(arguments) > 1:
        return " && ".join(f"present({one})" for one in arguments)
    if arguments and len(arguments) < least and name not in ("contains", "in"):
        return f"{name}({', '.join((*arguments, *[_LACKING.get(name, '…')] * (least - len(arguments))))})"
    return usage
