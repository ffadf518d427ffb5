"""What one resource says of order: what it defines, what it refers to, and what it waits for in so many words.

A reference *orders* where AWS refuses what is not there: the role of a function, the principal of a policy. What is
only named (the `Resource` of a policy, a condition, a tag) may come later, and often has to: a queue names its topic.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.core.resources.naming import HERE, Name, of_arn
from engine.core.resources.services import COMMON, Services
from engine.core.resources.tfvars import Json
from engine.core.resources.types import Many, Primitive, Record, Type

Path = tuple[str | int, ...]

_PRINCIPALS = frozenset({"Principal", "NotPrincipal"})
_BEGINNINGS = ("arn:", "https://sqs.", "AROA")
_UUID = r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
_KEY = re.compile(rf"(?:key/)?({_UUID})")
_QUEUE = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([0-9]{12})/([A-Za-z0-9_.-]+)")
_ROLE = re.compile(r"(AROA[A-Z0-9]{12,})(?::.*)?")
_WILD = re.compile(r"[*?]|\$\{")

# What AWS itself has in every account.
_OF_AWS = (("iam", "role/aws-service-role/"), ("iam", "role/aws-reserved/"), ("kms", "alias/aws/"))


class Reference(NamedTuple):
    """One text that names something else."""

    name: Name
    text: str  # as it stands there
    path: Path  # in the variables; where that is a document, what names it is somewhere in it
    line: int  # of the entry that says it; 0: not known
    orders: bool
    given: str = ""  # a kind of name that AWS gives when the thing is made: `key`, `queue`, `role`
    document: bool = False


class Said(NamedTuple):
    """Of one resource, wherever it lies; names without account and region are of its environment's."""

    environment: str
    defines: tuple[tuple[Name, bool], ...]  # and whether it stands for all that lies below it
    refers: tuple[Reference, ...]
    waits_for: tuple[str, ...]  # `depends_on`: resources by path


def said(
    service: str,
    variables: Mapping[str, Json],
    waits_for: tuple[str, ...],
    lines: Mapping[str, int],
    services: Services,
) -> Said:
    """Read it out of values that fit their service."""
    types = services.variables[service.lower()]
    defines: dict[tuple[Name, bool], None] = {}
    refers: dict[tuple[Name, str], Reference] = {}
    for variable, value in variables.items():
        if variable not in types:
            continue
        type_ = types[variable]
        for form in services.defines.get(variable, ()):
            if isinstance(value, dict) and isinstance(type_, Many) and isinstance(type_.item, Record):
                for key, entry in value.items():
                    name = form.of_entry(key, entry, type_.item.attributes) if isinstance(entry, dict) else None
                    if name is not None:
                        defines[name, form.below] = None
        for one in _walk(value, type_, (variable,), lines):
            before = refers.get((one.name, one.given))
            if before is None or (one.orders and not before.orders):
                refers[one.name, one.given] = one
    environment = variables.get(COMMON)
    return Said(str(environment), tuple(defines), tuple(refers.values()), waits_for)


def is_of_aws(name: Name) -> bool:
    """Is it something that AWS has in every account?"""
    return any(name.service == service and name.resource.startswith(begins) for service, begins in _OF_AWS)


def is_pattern(name: Name) -> bool:
    """Does it stand for many, or for what AWS fills in?"""
    return _WILD.search(name.resource) is not None


def _walk(value: Json, type_: Type, path: Path, lines: Mapping[str, int]) -> Iterator[Reference]:
    match type_, value:
        case Record(attributes), dict():
            for name, child in value.items():
                attribute = attributes[name]
                here = (*path, name)
                if attribute.document:
                    for text in _texts(child):
                        yield from _document(text, here, lines)
                elif attribute.names is not None or not attribute.ordered:
                    for text in _texts(child):
                        named = attribute.names.of_value(text) if attribute.names else None
                        yield from _named(text, here, lines, orders=attribute.ordered, otherwise=named)
                else:
                    yield from _walk(child, attribute.type, here, lines)
        case Many("map", Primitive()), dict():  # tags, environment variables: AWS looks at none of them
            for key, child in value.items():
                if isinstance(child, str):
                    yield from _named(child, (*path, key), lines, orders=False)
        case Many(_, item), dict():
            for key, child in value.items():
                yield from _walk(child, item, (*path, key), lines)
        case Many(_, item), list():
            for i, child in enumerate(value):
                yield from _walk(child, item, (*path, i), lines)
        case Primitive("string"), str():
            yield from _named(value, path, lines, orders=True)
        case _:  # any value at all: nobody knows what it is for
            for text in _texts(value):
                yield from _named(text, path, lines, orders=False)


def _named(
    text: str, path: Path, lines: Mapping[str, int], *, orders: bool, otherwise: Name | None = None
) -> Iterator[Reference]:
    """What one text names; `otherwise` where it is no ARN."""
    name = of_arn(text) if text.startswith(_BEGINNINGS) else None
    if name is None and otherwise is None and not text.startswith(_BEGINNINGS):
        return
    line = lines.get(str(path[1]), 0) if len(path) > 1 else 0
    if match := _QUEUE.fullmatch(text):
        yield Reference(Name("sqs", *match.groups()), text, path, line, orders, "queue")
    elif match := _ROLE.fullmatch(text):
        yield Reference(Name("iam", "", HERE, f"role/{match[1]}"), text, path, line, orders, "role")
    elif (name := name or otherwise) is not None:
        is_key = name.service == "kms" and _KEY.fullmatch(name.resource) is not None
        yield Reference(name, text, path, line, orders, "key" if is_key else "")


def _document(text: str, path: Path, lines: Mapping[str, int]) -> Iterator[Reference]:
    """Of a document that was checked: those whom it names as principals have to be there."""
    for inside, leaf in _leaves(json.loads(text), ()):
        if leaf.startswith(_BEGINNINGS):
            for one in _named(leaf, path, lines, orders=not _PRINCIPALS.isdisjoint(inside)):
                yield one._replace(document=True)


def _leaves(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(child, (*path, step))


def _texts(value: Json) -> Iterator[str]:
    return (text for _, text in _leaves(value, ()))
