"""Static types: what a JSON Schema, or the row of a function, says about a value before there is one.

A type is the set of JSON types that a value may have, with the shape of its parts as far as they are known. An object
whose schema lists `properties` has no others unless `additionalProperties` says so: a path to one is a misspelling.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from engine.core.declare import Schema

Defs = Mapping[str, Schema]
KINDS = frozenset({"null", "boolean", "number", "string", "array", "object"})
_SAID = {"boolean": "true or false", "string": "text", "number": "a number", "array": "a list", "object": "an object"}
_KIND_OF: Mapping[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
}


class Shape(NamedTuple):
    """A schema with the definitions that its `$ref`s mean."""

    schema: Schema
    defs: Defs


class Type(NamedTuple):
    """What a value may be. `kinds` is empty for the items of a list that has none."""

    kinds: frozenset[str] = KINDS
    texts: frozenset[str] | None = None  # when it is a text, one of these
    shapes: tuple[Shape, ...] = ()  # when it is an object or a list: alternatives
    items: "Type | None" = None  # when it is a list; for an `expref`: what it yields
    fields: "Mapping[str, Type] | None" = None  # when it is an object

    @property
    def known(self) -> bool:
        """Does anything say what this is?"""
        return self.kinds != KINDS

    @property
    def nullable(self) -> bool:
        """Does the schema say that this may be null?"""
        return self.known and "null" in self.kinds

    def only(self, kind: str) -> bool:
        """Is it always of this kind?"""
        return self.kinds == {kind}

    def without_null(self) -> "Type":
        """The same, null ruled out."""
        return self._replace(kinds=self.kinds - {"null"}) if self.known else self

    def __str__(self) -> str:
        kinds = sorted(self.kinds, key=lambda k: (k == "null", k))
        return " or ".join(_SAID.get(k, k) for k in kinds) if self.known and kinds else "of unknown type"


ANY = Type()
BROKEN = Type(items=Type(), fields=None)  # of something already reported: says nothing more
NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT = (
    Type(frozenset({k})) for k in ("null", "boolean", "number", "string", "array", "object")
)
SCALAR = Type(frozenset({"string", "number", "boolean"}))


def kind(value: object) -> str:
    """The JSON type of a value; a bool is no number."""
    return _KIND_OF[type(value)]


def said(value: object) -> str:
    """The JSON type of a value, for a person."""
    return _SAID.get(kind(value), "null")


def of(schema: Schema | bool, defs: Defs) -> Type:
    """What `schema` says.

    Raises:
        KeyError: a `$ref` to nothing: a bug in the schema, not a type that may be anything.
    """
    for _ in range(len(defs) + 1):
        if isinstance(schema, bool) or "$ref" not in schema:
            break
        schema = defs[str(schema["$ref"]).removeprefix("#/$defs/")]
    if isinstance(schema, bool) or not schema:
        return ANY
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return union(of(part, defs) for part in schema[key])
    kinds = KINDS
    listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if "type" in schema:
        named = schema["type"]
        kinds = frozenset("number" if k == "integer" else k for k in ([named] if isinstance(named, str) else named))
    elif listed is not None:
        kinds = frozenset(kind(v) for v in listed)
    elif "properties" in schema:
        kinds = frozenset({"object"})
    texts = frozenset(v for v in listed if isinstance(v, str)) if listed is not None else None
    shapes = (Shape(schema, defs),) if kinds & {"object", "array"} else ()
    return Type(kinds, texts, shapes)


def of_value(value: Any) -> Type:
    """The type of a literal."""
    found = kind(value)
    if found == "string":
        return Type(frozenset({"string"}), frozenset({value}))
    if found == "array":
        return Type(frozenset({"array"}), items=union(of_value(v) for v in value))
    if found == "object":
        return Type(frozenset({"object"}), fields={k: of_value(v) for k, v in value.items()})
    return Type(frozenset({found}))


def union(types: Iterable[Type]) -> Type:
    """Any of these."""
    every = list(types)
    if len(every) == 1:
        return every[0]
    kinds = frozenset[str]().union(*(t.kinds for t in every))
    textual = [t.texts for t in every if "string" in t.kinds]
    texts = None if None in textual else frozenset[str]().union(*(t for t in textual if t is not None))
    lists = [item(t) for t in every if "array" in t.kinds and t.known]
    objects = [t for t in every if "object" in t.kinds]
    shapes = tuple(s for t in every for s in t.shapes)
    fields: Mapping[str, Type] | None = None
    if objects and not shapes and all(t.fields is not None for t in objects):
        names = {n for t in objects for n in t.fields or {}}
        fields = {n: union(t.fields[n] for t in objects if t.fields and n in t.fields) for n in names}
    if any("object" in t.kinds and not t.shapes and t.fields is None for t in every):
        shapes = ()  # one of them may hold anything
    items = union(lists) if lists and len(lists) == sum("array" in t.kinds for t in every) else None
    return Type(kinds, texts if textual else None, shapes, items, fields)


def item(type_: Type) -> Type:
    """What a list of this type holds."""
    if type_.items is not None:
        return type_.items
    found = [of(s.schema["items"], s.defs) for s in type_.shapes if "items" in s.schema]
    return union(found) if found else ANY


def field(type_: Type, name: str) -> Type | None:
    """What is under `name`; None: an object of this type has no such field."""
    if type_.fields is not None:
        return type_.fields.get(name)
    shapes = [s for s in type_.shapes if _objects(s.schema)]
    if not shapes:
        return ANY
    found = [of(schema, s.defs) for s in shapes if (schema := _property(s.schema, name)) is not False]
    return union(found) if found else None


def values(type_: Type) -> Type:
    """What the values of an object of this type are."""
    if type_.fields is not None:
        return union(type_.fields.values()) if type_.fields else ANY
    found = []
    for schema, defs in type_.shapes:
        extra = _property(schema, "")
        found += [of(s, defs) for s in schema.get("properties", {}).values() if s is not False]
        found += [] if extra is False else [of(extra, defs)]
    return union(found) if found else ANY


def is_fixed(type_: Type) -> bool:
    """Is it an object whose fields its schema lists, so that nobody counts them?"""
    closed = all(_objects(s.schema) and _property(s.schema, "") is False for s in type_.shapes)
    return type_.without_null().only("object") and bool(type_.shapes) and closed


def names(type_: Type) -> Sequence[str]:
    """The field names that are known of an object of this type."""
    if type_.fields is not None:
        return list(type_.fields)
    return [n for s in type_.shapes for n in s.schema.get("properties", {})]


def _objects(schema: Schema) -> bool:
    named = schema.get("type", "object")
    return named == "object" or (not isinstance(named, str) and "object" in named)


def _property(schema: Schema, name: str) -> Schema | bool:
    listed = schema.get("properties", {})
    if name in listed:
        found: Schema | bool = listed[name]
        return found
    extra: Schema | bool = schema.get("additionalProperties", not listed)
    return extra


# --- declared types of functions: `string`, `string|array[string]`, `'create'|'delete'`, `expref[number]`, `any`


@cache
def declared(text: str) -> Type:
    """The type that a function's row names."""
    alternatives = _split(text)
    if len(alternatives) > 1:
        return union(declared(a) for a in alternatives)
    head, _, inner = text.partition("[")
    if inner:
        return Type(frozenset({head}), items=declared(inner.removesuffix("]")))
    if text.startswith("'"):
        return Type(frozenset({"string"}), frozenset({text.strip("'")}))
    if text == "any":
        return ANY
    assert text in KINDS or text == "expref", text
    return Type(frozenset({text}))


def _split(text: str) -> list[str]:
    parts, depth = [""], 0
    for c in text:
        depth += {"[": 1, "]": -1}.get(c, 0)
        if c == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def fits(given: Type, wanted: Type) -> bool:
    """May a value of type `given` be one of type `wanted`? Unknown may; what is known to be another may not."""
    common = given.kinds & wanted.kinds
    if not common or (common == {"null"} and given.kinds != {"null"}):
        return False
    if common == {"string"} and given.texts is not None and wanted.texts is not None:
        return bool(given.texts & wanted.texts)
    if common <= {"array", "expref"} and wanted.items is not None:
        items = item(given)
        return not items.kinds or fits(items, wanted.items)
    return True


def acceptor(wanted: Type) -> Callable[[Any], bool] | None:
    """The same question about a value; None: any will do."""
    if not wanted.known or "expref" in wanted.kinds:
        return None
    classes = frozenset(c for c, k in _KIND_OF.items() if k in wanted.kinds)
    texts, inner = wanted.texts, acceptor(wanted.items) if wanted.items is not None else None
    if texts is None and inner is None:
        return lambda value: type(value) in classes

    def accept(value: Any) -> bool:
        found = type(value)
        if found not in classes:
            return False
        if found is list and inner is not None:
            return all(inner(v) for v in value)
        return found is not str or texts is None or value in texts

    return accept
