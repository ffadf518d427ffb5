"""Where a value differs from what GitHub describes: JSON Schemas that refer to each other by `URI#/$defs/NAME`.

Almost nothing in them forbids further properties, so unknown ones are looked for here, at every depth. Nearly every
value is right: a fast library says so, and the one that says what is wrong is asked only where something is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Schema = Mapping[str, Any]


class Shapes:
    """The schemas of one description, by name. None of them is changed, nor one that is handed in."""

    def __init__(self, uri: str, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._registry: Any = Registry().with_resource(uri, DRAFT202012.create_resource({"$defs": definitions}))
        said = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}
        self._fast = jsonschema_rs.Registry([(uri, said)])
        # By the schema's id, with the schema: it must live on, or another gets that id.
        self._right: dict[int, tuple[Schema, jsonschema_rs.Draft202012Validator]] = {}
        self._parts: dict[int, tuple[Schema, tuple[Schema, ...]]] = {}

    def differences(self, value: Any, schema: Schema) -> Iterator[str]:
        """Where a value breaks a schema, or has properties that the schema does not have."""
        if id(schema) not in self._right:
            right = jsonschema_rs.Draft202012Validator(dict(schema), registry=self._fast, validate_formats=False)
            self._right[id(schema)] = schema, right
        if not self._right[id(schema)][1].is_valid(value):
            for error in Draft202012Validator(schema, registry=self._registry).iter_errors(value):
                yield f"{error.json_path.removeprefix('$')}: {error.message[:300]}"
        yield from self._unknown(value, [schema], "")

    def names(self, schema: Schema) -> list[str]:
        """The properties that a schema of an object speaks of."""
        return sorted({name for branch in self._branches(schema) for name in branch.get("properties", ())})

    def _unknown(self, value: Any, schemas: Sequence[Schema], path: str) -> Iterator[str]:
        if isinstance(value, dict):
            branches = [branch for schema in schemas for branch in self._branches(schema)]
            known = [branch["properties"] for branch in branches if "properties" in branch]
            if not known or any(branch.get("additionalProperties") not in (None, False) for branch in branches):
                return
            for name, child in value.items():
                described = [properties[name] for properties in known if name in properties]
                if not described:
                    yield f"{path}.{name}: GitHub has no such property"
                elif isinstance(child, dict | list):
                    yield from self._unknown(child, described, f"{path}.{name}")
        elif isinstance(value, list):
            branches = [branch for schema in schemas for branch in self._branches(schema)]
            items = [branch["items"] for branch in branches if "items" in branch]
            for index, child in enumerate(value if items else ()):
                yield from self._unknown(child, items, f"{path}[{index}]")

    def _branches(self, schema: Schema) -> tuple[Schema, ...]:
        if id(schema) not in self._parts:
            self._parts[id(schema)] = schema, tuple(self._found(schema))
        return self._parts[id(schema)][1]

    def _found(self, schema: Schema) -> Iterator[Schema]:
        if "$ref" in schema:
            yield from self._branches(self._definitions[schema["$ref"].rpartition("/")[2]])
            return
        yield schema
        for name in ("anyOf", "allOf", "oneOf"):
            for part in schema.get(name, ()):
                yield from self._branches(part)
