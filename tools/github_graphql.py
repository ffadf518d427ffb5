"""Write the forge's GraphQL schema from GitHub's own and from the table of resolvers: `python tools/github_graphql.py`.

`schema.graphql` has the fields that are resolved, with the types, arguments and nullability that GitHub gives them;
`beyond.txt` the names of everything else, so that the forge knows what GitHub has and it has not. GitHub's schema is
npm's `@octokit/graphql-schema`; no text of it is taken but names and types.
"""

import os
import sys
from collections.abc import Iterable, Iterator

import graphql
from graphql import GraphQLNamedType, GraphQLSchema

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from engine.sandbox.forge.graphql import resolvers  # noqa: E402
from engine.sandbox.forge.graphql.mutations import IGNORED  # noqa: E402
from engine.sandbox.forge.graphql.schema import BEYOND, SCHEMA  # noqa: E402
from tests.support import npm  # noqa: E402

PACKAGE = "@octokit/graphql-schema@15.26.1"
_STANDARD = frozenset(graphql.specified_scalar_types)
_FIELDS = (graphql.GraphQLObjectType, graphql.GraphQLInterfaceType, graphql.GraphQLInputObjectType)


def github(text: str) -> GraphQLSchema:
    """GitHub's schema."""
    return graphql.build_schema(text, assume_valid=True)


def fetch() -> str:
    """The text of GitHub's schema, from npm."""
    with open(npm.unpacked(PACKAGE, "schema.graphql"), encoding="utf-8") as file:
        return file.read()


class Subset:
    """What of GitHub's schema is resolved."""

    def __init__(self, full: GraphQLSchema) -> None:
        self.full = full
        self.kept: dict[str, dict[str, tuple[str, ...]]] = {}  # type → field → arguments
        for name, rows in resolvers.table().items():
            fields = dict(map(resolvers.arguments, rows))
            self._keep(name, fields)
        self._close()
        self._interfaces()

    def text(self) -> str:
        """The schema in GraphQL's own language."""
        return "\n\n".join(self._printed(name) for name in sorted(self.kept.keys() - _STANDARD)) + "\n"

    def beyond(self) -> str:
        """Names of all else, a line for each type."""
        lines = ["# What GitHub has and the forge does not resolve. Made by tools/github_graphql.py."]
        lines.append(
            " ".join(
                [
                    "*:",
                    *sorted(name for name in self.full.type_map if name not in self.kept and not name.startswith("__")),
                ]
            )
        )
        for name in sorted(self.kept):
            missing = sorted(self._missing(name))
            if missing:
                lines.append(" ".join([f"{name}:", *missing]))
        return "\n".join(lines) + "\n"

    def _keep(self, name: str, fields: dict[str, tuple[str, ...]]) -> None:
        kind = self.full.type_map[name]
        assert isinstance(kind, graphql.GraphQLObjectType), name
        for field, arguments in fields.items():
            assert field in kind.fields, f"{name}.{field} is none of GitHub's"
            strange = set(arguments) - kind.fields[field].args.keys()
            assert not strange, f"{name}.{field} has no {strange}"
        self.kept[name] = {**self._general(name, kind), **fields}

    def _general(self, name: str, kind: graphql.GraphQLObjectType) -> dict[str, tuple[str, ...]]:
        return {field: () for field in resolvers.general(name) if field in kind.fields}

    def _close(self) -> None:
        """Add what the kept fields need: connections and edges, enums, scalars, inputs, unions, interfaces."""
        ahead = list(self.kept)
        while ahead:
            for needed in self._needed(ahead.pop()):
                if needed.name not in self.kept:
                    self.kept[needed.name] = self._fields(needed)
                    ahead.append(needed.name)

    def _fields(self, kind: GraphQLNamedType) -> dict[str, tuple[str, ...]]:
        if isinstance(kind, graphql.GraphQLObjectType):
            general = self._general(kind.name, kind)
            assert general, f"{kind.name} is needed, and has no resolvers"
            return general
        if isinstance(kind, graphql.GraphQLInputObjectType):
            return {name: () for name in kind.fields if name not in IGNORED.get(kind.name, ())}
        return {}

    def _needed(self, name: str) -> Iterator[GraphQLNamedType]:
        kind = self.full.type_map[name]
        if isinstance(kind, graphql.GraphQLObjectType | graphql.GraphQLInputObjectType):
            for field, arguments in self.kept[name].items():
                yield graphql.get_named_type(kind.fields[field].type)
                for argument in arguments:
                    yield graphql.get_named_type(kind.fields[field].args[argument].type)
        if isinstance(kind, graphql.GraphQLObjectType):
            yield from kind.interfaces

    def _interfaces(self) -> None:
        """An interface has the fields that each kept type of it has, with the arguments that each has."""
        for name in self.kept:
            kind = self.full.type_map[name]
            if isinstance(kind, graphql.GraphQLInterfaceType):
                types = [self.kept[each] for each in self._possible(kind)]
                self.kept[name] = {
                    field: tuple(arg for arg in kind.fields[field].args if all(arg in rows[field] for rows in types))
                    for field in kind.fields
                    if all(field in fields for fields in types)
                }
        for name in [name for name, fields in self.kept.items() if self._is_bare(name, fields)]:
            del self.kept[name]

    def _is_bare(self, name: str, fields: dict[str, tuple[str, ...]]) -> bool:
        return isinstance(self.full.type_map[name], graphql.GraphQLInterfaceType) and not fields

    def _possible(self, kind: graphql.GraphQLInterfaceType | graphql.GraphQLUnionType) -> list[str]:
        return sorted(each.name for each in self.full.get_possible_types(kind) if each.name in self.kept)

    def _missing(self, name: str) -> Iterator[str]:
        kind = self.full.type_map[name]
        if isinstance(kind, _FIELDS):
            for field, definition in kind.fields.items():
                if field not in self.kept[name]:
                    yield field
                else:
                    arguments: Iterable[str] = getattr(definition, "args", ())
                    yield from (f"{field}({arg})" for arg in arguments if arg not in self.kept[name][field])

    def _printed(self, name: str) -> str:
        kind = self.full.type_map[name]
        if isinstance(kind, graphql.GraphQLScalarType):
            return f"scalar {name}"
        if isinstance(kind, graphql.GraphQLEnumType):
            return f"enum {name} {{\n" + "".join(f"  {value}\n" for value in kind.values) + "}"
        if isinstance(kind, graphql.GraphQLUnionType):
            return f"union {name} = {' | '.join(self._possible(kind))}"
        word = {graphql.GraphQLObjectType: "type", graphql.GraphQLInterfaceType: "interface"}.get(type(kind), "input")
        interfaces = [each.name for each in getattr(kind, "interfaces", ()) if each.name in self.kept]
        implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
        return f"{word} {name}{implements} {{\n" + "".join(self._lines(name)) + "}"

    def _lines(self, name: str) -> Iterator[str]:
        kind = self.full.type_map[name]
        assert isinstance(kind, _FIELDS)
        for field in sorted(self.kept[name]):
            definition = kind.fields[field]
            said = [f"{arg}: {_typed(definition.args[arg])}" for arg in sorted(self.kept[name][field])]
            arguments = f"({', '.join(said)})" if said else ""
            yield f"  {field}{arguments}: {_typed(definition)}\n"


def _typed(definition: object) -> str:
    """Type and default value of an argument or field."""
    default = getattr(definition, "default_value", graphql.Undefined)
    kind = definition.type  # type: ignore[attr-defined]
    if default is graphql.Undefined or default is None:
        return str(kind)
    return f"{kind} = {graphql.print_ast(graphql.ast_from_value(default, kind))}"  # type: ignore[arg-type]


def main() -> int:
    """Write both files."""
    subset = Subset(github(fetch()))
    for path, content in ((SCHEMA, subset.text()), (BEYOND, subset.beyond())):
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
