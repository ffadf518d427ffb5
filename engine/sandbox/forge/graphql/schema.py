"""The schema, made at the first request: GitHub's types as far as they are resolved, each field with its function."""

import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.sandbox.forge.graphql import resolvers
from engine.sandbox.forge.graphql.people import Resolver

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo, GraphQLSchema

_HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA, BEYOND = (os.path.join(_HERE, name) for name in ("schema.graphql", "beyond.txt"))


@functools.cache
def schema() -> "GraphQLSchema":
    """Types and resolvers; 0.1 s."""
    from graphql import GraphQLObjectType, build_schema, is_abstract_type

    from engine.sandbox.forge.graphql.scalars import SCALARS

    with open(SCHEMA, encoding="utf-8") as file:
        built = build_schema(file.read(), assume_valid=True, no_location=True)
    rows = resolvers.table()
    for name, kind in built.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType):
            functions = {resolvers.arguments(key)[0]: function for key, function in rows.get(name, {}).items()}
            functions = {**resolvers.general(name), **functions}
            grants = resolvers.GRANTS.get(name, {})
            for field_name, field in kind.fields.items():
                field.resolve = _bound(functions[field_name], grants.get(field_name))
        elif is_abstract_type(kind):
            kind.resolve_type = _kind_of
        elif name in SCALARS:
            for method in ("parse_value", "coerce_input_value"):  # graphql-core 3.2's name, and 3.3's
                setattr(kind, method, SCALARS[name])
    return built


@functools.cache
def beyond() -> Mapping[str, frozenset[str]]:
    """What GitHub has and nothing here resolves: type → its fields, arguments as `field(argument)`; `*`: types."""
    with open(BEYOND, encoding="utf-8") as file:
        lines = [line.split() for line in file if not line.startswith("#")]
    return {line[0].rstrip(":"): frozenset(line[1:]) for line in lines}


def _bound(function: Resolver, grant: str | None) -> Callable[..., Any]:
    def resolve(parent: Any, _: "GraphQLResolveInfo[Any]", **args: Any) -> Any:
        return function(parent, args)

    def granted(parent: Any, _: "GraphQLResolveInfo[Any]", **args: Any) -> Any:
        parent.ask.granted(grant)
        return function(parent, args)

    return resolve if grant is None else granted


def _kind_of(node: Any, *_: Any) -> str:
    kind: str = node.kind
    return kind
