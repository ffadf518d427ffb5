"""Terraform's type constraints, as far as a variable of the controller's module may use them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from engine.core.resources.naming import Form


class Primitive(NamedTuple):
    """`string`, `number`, `bool`."""

    name: str


class Whatever(NamedTuple):
    """`any`."""


class Many(NamedTuple):
    """`list(…)`, `set(…)`: an array; `map(…)`: an object with any keys."""

    kind: str
    item: "Type"


class Attribute(NamedTuple):
    """One attribute of an object."""

    type: "Type"
    optional: bool
    document: str = ""  # the kind, of an attribute that takes one
    default: str | bool | None = None  # a plain text, true or false; None: none of these
    names: "Form | None" = None  # in which form its value names something, if that is not an ARN
    ordered: bool = True  # must what it names be there before?
    written: str = ""  # its default as the module has it; empty: none
    said: str = ""  # what the comment behind it says to people


class Record(NamedTuple):
    """`object({…})`."""

    attributes: Mapping[str, Attribute]


Type: TypeAlias = Primitive | Whatever | Many | Record


def describe(type_: Type) -> str:
    """What a person should write: `a string`, `a list of strings`, `an object`."""
    match type_:
        case Primitive(name):
            return {"string": "a string", "number": "a number", "bool": "true or false"}[name]
        case Many("map", item):
            return f"a map of {_plural(item)}"
        case Many(_, item):
            return f"a list of {_plural(item)}"
        case Record():
            return "an object"
        case _:
            return "a value"


def _plural(type_: Type) -> str:
    match type_:
        case Primitive(name):
            return {"string": "strings", "number": "numbers", "bool": "booleans"}[name]
        case Many("map", _):
            return "maps"
        case Many():
            return "lists"
        case Record():
            return "objects"
        case _:
            return "values"
