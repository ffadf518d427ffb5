"""How much a query may ask for, found out before it runs: GitHub's rules of pages and nodes, and a limit of fields.

Counted with every fragment where it is used; each fragment is counted once, so the counting itself is quick.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from engine.sandbox.forge.graphql.nodes import QueryError, exceeded

MOST_TOKENS = 20_000
MOST_FIELDS = 5_000
MOST_ALIKE = 200  # selections of one place: comparing each with each is quadratic
MOST_NODES = 500_000
MOST_A_PAGE = 100
_POINT = 100  # requests that a point of the rate limit pays for


class Size(NamedTuple):
    """What a selection asks for: fields as they stand there, nodes and connections for one parent at most."""

    fields: int = 0
    nodes: int = 0
    requests: int = 0


class Bounds:
    """Measures one document with its variables."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.schema = schema
        definitions = document.definitions
        self.fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self.variables = dict(variables)
        self._sizes: dict[str, Size] = {}

    def size(self, operation: OperationDefinitionNode) -> Size:
        """Of an operation.

        Raises:
            QueryError: a connection without a page, a page or the whole too large.
        """
        for each in operation.variable_definitions or ():
            if each.default_value is not None:
                self.variables.setdefault(each.variable.name.value, _literal(each.default_value))
        found = self._selection(operation.selection_set, self.schema.get_root_type(operation.operation))
        if found.nodes > MOST_NODES:
            said = f"This query requests up to {found.nodes:,} possible nodes which exceeds the maximum limit of"
            raise QueryError("MAX_NODE_LIMIT_EXCEEDED", f"{said} {MOST_NODES:,}.")
        return found

    def _selection(self, selection: SelectionSetNode | None, kind: Any) -> Size:
        if selection is None:
            return Size()
        if len(selection.selections) > MOST_ALIKE:
            raise exceeded()
        found = Size()
        fields = nodes = requests = 0
        for each in selection.selections:
            if isinstance(each, FieldNode):
                found = self._field(each, kind)
            elif isinstance(each, FragmentSpreadNode):
                found = self._fragment(each.name.value)
            elif isinstance(each, InlineFragmentNode):
                on = each.type_condition
                inner = self.schema.get_type(on.name.value) if on is not None else kind
                found = self._selection(each.selection_set, inner)
            fields, nodes, requests = fields + found.fields, nodes + found.nodes, requests + found.requests
            if fields > MOST_FIELDS:
                raise exceeded()
        return Size(fields, nodes, requests)

    def _fragment(self, name: str) -> Size:
        if name not in self._sizes:
            fragment = self.fragments[name]
            self._sizes[name] = self._selection(
                fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value)
            )
        return self._sizes[name]

    def _field(self, node: FieldNode, parent: Any) -> Size:
        name = node.name.value
        definition = getattr(parent, "fields", {}).get(name)
        if definition is None:  # __typename, __schema: bounded by their depth
            return Size(1)
        kind = get_named_type(definition.type)
        inner = self._selection(node.selection_set, kind) if is_composite_type(kind) else Size()
        if not {"first", "last"} <= definition.args.keys():
            return Size(inner.fields + 1, inner.nodes, inner.requests)
        each = self._page(name, {argument.name.value: argument.value for argument in node.arguments or ()})
        return Size(inner.fields + 1, each * (1 + inner.nodes), 1 + each * inner.requests)

    def _page(self, name: str, arguments: Mapping[str, Any]) -> int:
        said = {which: self._number(arguments.get(which)) for which in ("first", "last")}
        given = {which: number for which, number in said.items() if number is not None}
        if not given:
            message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            raise QueryError("MISSING_PAGINATION_BOUNDARIES", message)
        if len(given) > 1:
            message = f"Passing both `first` and `last` values to paginate the `{name}` connection is not supported."
            raise QueryError("INVALID_PAGINATION_BOUNDARIES", message)
        ((which, number),) = given.items()
        if number < 0:
            message = f"`{which}` on the `{name}` connection cannot be less than zero."
            raise QueryError("INVALID_PAGINATION_BOUNDARIES", message)
        if number > MOST_A_PAGE:
            message = f"Requesting {number} records on the `{name}` connection exceeds the `{which}` limit of"
            raise QueryError("EXCESSIVE_PAGINATION", f"{message} {MOST_A_PAGE} records.")
        return number

    def _number(self, value: Any) -> int | None:
        found = self.variables.get(value.name.value) if isinstance(value, VariableNode) else _literal(value)
        return found if isinstance(found, int) and not isinstance(found, bool) else None


def cost(size: Size) -> int:
    """Points of the rate limit: one for each hundred connections that have to be read, and at least one."""
    return max(1, round(size.requests / _POINT))


def _literal(value: Any) -> int | None:
    return int(value.value) if isinstance(value, IntValueNode) and len(value.value) < 12 else None
