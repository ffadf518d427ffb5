"""What a service of the module takes, for whoever writes tfvars: as rows, text, JSON, JSON Schema and an example."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.columns import wrapped
from engine.core.resources.documents import beside
from engine.core.resources.services import COMMON, ORDER, Said, Services
from engine.core.resources.types import Attribute, Many, Primitive, Record, Type, describe

DOCUMENTS = "A document is named as a file beside the tfvars (`…_file`), or its text is given (`…_json`)."
_NARROW = 24  # columns: what stands beside the names takes at least so many
LIMITS = "What is said of values that are refused:"
_JSON_TYPES = {"string": "string", "number": "number", "bool": "boolean"}
_STANDS_FOR = {"string": '"…"', "number": "1", "bool": "true"}


class Row(NamedTuple):
    """One attribute, those of objects within it below it."""

    path: str  # `logging.target_bucket`
    type: str  # `a string`
    required: bool
    default: str  # as the module has it; empty: none
    said: str


class Variable(NamedTuple):
    """One variable of a service."""

    name: str
    type: Type
    said: Said
    rows: tuple[Row, ...]


def variables(services: Services, service: str) -> tuple[Variable, ...]:
    """The variables of a service (its name in lower case), in the order of the module."""
    found = services.variables[service]
    nothing = Said("", ())
    return tuple(Variable(n, t, services.said.get(n, nothing), tuple(_rows(_entry(t)))) for n, t in found.items())


def _entry(type_: Type) -> Type:
    """What a map of the module's has for each name."""
    return type_.item if isinstance(type_, Many) and type_.kind == "map" else type_


def _rows(type_: Type, before: str = "") -> Iterator[Row]:
    while isinstance(type_, Many):
        type_ = type_.item
    if not isinstance(type_, Record):
        return
    for name, one in type_.attributes.items():
        required = not one.optional
        if one.document:
            what = {"map": "documents by name", "list": "documents"}.get(_kind(one.type), "a document")
            yield Row(f"{before}{beside(name)}", f"{what} ({one.document})", required, one.written, one.said)
            continue
        yield Row(f"{before}{name}", describe(one.type), required, _shortened(one.written), one.said)
        yield from _rows(one.type, f"{before}{name}.")


def _kind(type_: Type) -> str:
    return type_.kind if isinstance(type_, Many) else ""


def _shortened(text: str) -> str:
    return " ".join(text.split())


def text(services: Services, service: str, width: int = 0) -> str:
    """All of a service, as a person reads it in so many columns (0: as wide as it comes)."""
    lines: list[str] = []
    for one in variables(services, service):
        lines += [f"{one.name}: {describe(one.type)}", *wrapped(one.said.description, width, "  "), ""]
        names = [_below(row.path) for row in one.rows]
        column = 4 + max(map(len, names), default=0)
        rest = column if not width or column + _NARROW <= width else 6
        for name, row in zip(names, one.rows, strict=True):
            default = "required" if row.required else f"default {row.default}" if row.default else ""
            said = "; ".join(filter(None, (row.type, default, row.said)))
            lines += wrapped(said, width, f"  {name:<{column - 2}}", " " * rest)
        if any(row.type.startswith(("a document", "documents")) for row in one.rows):
            lines += ["", *wrapped(DOCUMENTS, width, "  ")]
        lines += ["", *(f"  {LIMITS}" for _ in one.said.limits[:1])]
        lines += [line for limit in one.said.limits for line in wrapped(limit, width, "  - ", " " * 4)]
        lines += [""] if one.said.limits else []
    shown = (f"  {line}".rstrip() for line in example(services, service).splitlines())
    return "\n".join([*lines, "for example", *shown])


def _below(path: str) -> str:
    """A name as it stands in a tfvars: its own, deeper than what it belongs to."""
    *above, name = path.split(".")
    return "  " * len(above) + name


def to_json(services: Services, service: str) -> dict[str, Any]:
    """The same for machines."""
    return {
        "service": service,
        "variables": [
            {
                "name": one.name,
                "type": describe(one.type),
                "description": one.said.description,
                "attributes": [row._asdict() for row in one.rows],
                "limits": list(one.said.limits),
            }
            for one in variables(services, service)
        ],
        "example": example(services, service),
    }


def example(services: Services, service: str) -> str:
    """The least that a tfvars of the service says: what is required, with `…` for what only its author knows."""
    one = variables(services, service)[0]
    lines = [f'{COMMON} = "development"', ""]
    if isinstance(one.type, Many) and one.type.kind == "map":
        return "\n".join([*lines, f"{one.name} = {{", *_indented(f'"my-name" = {_value(one.type.item)}'), "}"])
    return "\n".join([*lines, f"{one.name} = {_value(one.type)}"])


def _value(type_: Type) -> str:
    match type_:
        case Primitive(name):
            return _STANDS_FOR[name]
        case Many("map", _):
            return "{}"
        case Many():
            return "[]"
        case Record(attributes):
            rows = [_assigned(name, one) for name, one in attributes.items() if not one.optional]
            wide = max((len(name) for name, _ in rows), default=0)
            inner = [line for name, value in rows for line in _indented(f"{name:<{wide}} = {value}")]
            return "\n".join(["{", *inner, "}"]) if inner else "{}"
        case _:
            return "null"


def _assigned(name: str, one: Attribute) -> tuple[str, str]:
    if not one.document:
        return name, _value(one.type)
    value = '"my-name.json"' if one.type == Primitive("string") else _value(one.type)
    return beside(name), value


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def schema(services: Services, service: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of a tfvars of the service, as JSON has it."""
    properties: dict[str, Any] = {
        COMMON: {"type": "string", "description": "where it goes: an environment of the rules"},
        ORDER: {"type": "array", "items": {"type": "string"}, "description": "resources that come before, by path"},
    }
    for one in variables(services, service):
        properties[one.name] = {**_schema(one.type), "description": one.said.description}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{service}.tfvars",
        "type": "object",
        "properties": properties,
        "required": [COMMON],
        "additionalProperties": False,
    }


def _schema(type_: Type) -> dict[str, Any]:
    match type_:
        case Primitive(name):
            return {"type": _JSON_TYPES[name]}
        case Many("map", item):
            return {"type": "object", "additionalProperties": _schema(item)}
        case Many(kind, item):
            return {"type": "array", "items": _schema(item), **({"uniqueItems": True} if kind == "set" else {})}
        case Record(attributes):
            return _object(attributes)
        case _:
            return {}


def _object(attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    either: list[dict[str, Any]] = []
    for name, one in attributes.items():
        said = {"description": one.said} if one.said else {}
        names = [name, beside(name)] if one.document else [name]
        found = _schema(one.type)
        if one.optional and "type" in found:  # as Terraform has it: null is as good as nothing
            found["type"] = [found["type"], "null"]
        properties |= {each: {**found, **said} for each in names}
        required += [name] if not one.optional and len(names) == 1 else []
        if len(names) > 1:
            one_of = {"oneOf": [{"required": [each]} for each in names]}
            either.append({"not": {"required": names}} if one.optional else one_of)
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **({"allOf": either} if either else {}),
    }
