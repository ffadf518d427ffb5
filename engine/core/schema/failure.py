"""One way in which a document does not fit its schema, as jsonschema tells it and we use it."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Inputs: TypeAlias = Mapping[str, Mapping[str, bool]]  # action → its inputs, and whether each has to be given


class Failure(NamedTuple):
    """What we use of a jsonschema error."""

    rule: str
    wanted: Any  # the keyword's value
    found: Any  # the value that does not fit
    schema: Mapping[str, Any]  # that holds the keyword
    path: Path
    message: str
    inner: tuple["Failure", ...]  # why each branch of a union did not fit
    branch: int  # in a union: which branch
    of_name: bool  # is `found` a key rather than a value?
    implied: bool  # by another key's presence (`then`)
    root: Mapping[str, Any]  # the whole schema
    inputs: Inputs

    @property
    def defs(self) -> Mapping[str, Any]:
        """What its `$ref`s lead to."""
        found: Mapping[str, Any] = self.root.get("$defs", {})
        return found

    def part(self, name: str) -> Mapping[str, Any]:
        """What the schema says of the key `name`, with what it refers to."""
        found: Mapping[str, Any] = self.schema.get("properties", {}).get(name, {})
        return {**self.resolved(found), **found}

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `$ref` leads to."""
        referred: Mapping[str, Any] = self.defs.get(schema.get("$ref", "").removeprefix("#/$defs/"), schema)
        return referred


def strange(error: Failure) -> list[str]:
    """The keys that the schema does not know."""
    known = error.schema.get("properties", {})
    return [name for name in error.found if name not in known]


def missing(error: Failure) -> str:
    """The key that is missing: jsonschema makes one error of each, and names it only in the message."""
    return error.message.split("'")[1] if error.message.startswith("'") else ""


def wanted_by(error: Failure) -> list[str]:
    """The keys of which one is missing, if that is what is wrong."""
    if error.rule == "required":
        return [missing(error)]
    if error.rule in ("oneOf", "anyOf") and isinstance(error.found, Mapping):
        names = [n for branch in error.wanted if set(branch) == {"required"} for n in branch["required"]]
        return [] if any(name in error.found for name in names) else names
    return []
