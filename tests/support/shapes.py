"""Where a value differs from what GitHub describes: JSON Schemas that refer to each other by `URI#/$defs/NAME`.

Almost nothing in them forbids further properties, so unknown ones are looked for here, at every depth.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Schema = Mapping[str, Any]


class Shapes:
    """The schemas of one description, by name."""

    def __init__(self, uri: str, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._registry: Any = Registry().with_resource(uri, DRAFT202012.create_resource({"$defs": definitions}))

    def differences(self, value: Any, schema: Schema) -> Iterator[str]:
        """Where a value breaks a schema, or has properties that the schema does not have."""
        for error in Draft202012Validator(schema, registry=self._registry).iter_errors(value):
            yield f"{error.json_path.removeprefix('$')}: {error.message[:300]}"
        yield from self._unknown(value, [schema], "")

    def names(self, schema: Schema) -> list[str]:
        """The properties that a schema of an object speaks of."""
        return sorted({name for branch in self._branches(schema) for name in branch.get("properties", ())})

    def _unknown(self, value: Any, schemas: Sequence[Schema], path: str) -> Iterator[str]:
        branches = [branch for schema in schemas for branch in self._branches(schema)]
        if isinstance(value, dict):
            known = [branch["properties"] for branch in branches if "properties" in branch]
            if not known or any(branch.get("additionalProperties") not in (None, False) for branch in branches):
                return
            for name, child in value.items():
                described = [properties[name] for properties in known if name in properties]
                if described:
                    yield from self._unknown(child, described, f"{path}.{name}")
                else:
                    yield f"{path}.{name}: GitHub has no such property"
        elif isinstance(value, list):
            items = [branch["items"] for branch in branches if "items" in branch]
            for index, child in enumerate(value if items else ()):
                yield from self._unknown(child, items, f"{path}[{index}]")

    def _branches(self, schema: Schema) -> Iterator[Schema]:
        if "$ref" in schema:
            yield from self._branches(self._definitions[schema["$ref"].rpartition("/")[2]])
            return
        yield schema
        for name in ("anyOf", "allOf", "oneOf"):
            for part in schema.get(name, ()):
                yield from self._branches(part)
