"""How much a query may ask for, found out before it runs: GitHub's rules of pages and nodes, and a limit of fields."""

from collections.abc import Iterator, Mapping, Sequence
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
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from engine.sandbox.forge.graphql.nodes import QueryError, exceeded

MOST_TOKENS = 20_000
MOST_FIELDS = 5_000  # of a query, each fragment counted where it is used
MOST_ALIKE = 50  # fields with one name at one place: each is compared with each
MOST_NODES = 500_000
MOST_A_PAGE = 100
_POINT = 100  # connections that a point of the rate limit pays for


class Size(NamedTuple):
    """What a selection asks for at most, below one parent."""

    nodes: int = 0
    requests: int = 0  # connections that have to be read


def fields(document: DocumentNode) -> None:
    """Walk through everything that is asked for, as it will be merged and answered.

    Raises:
        QueryError: it is more than is compared and carried out here.
    """
    fragments = _fragments(document)
    left = MOST_FIELDS
    ahead = [[each.selection_set] for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    while ahead:
        places: dict[str, list[SelectionSetNode | None]] = {}
        for field in _flat(ahead.pop(), fragments):
            same = places.setdefault(field.alias.value if field.alias else field.name.value, [])
            same.append(field.selection_set)
            left -= 1
            if left < 0 or len(same) > MOST_ALIKE:
                raise exceeded()
        ahead += [found for same in places.values() if (found := [each for each in same if each is not None])]


def _flat(
    selections: Sequence[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """The fields of selections of one place, those of their fragments among them, each fragment once."""
    seen, ahead = set(), [*selections]
    while ahead:
        for each in ahead.pop().selections:
            if isinstance(each, FieldNode):
                yield each
            elif isinstance(each, InlineFragmentNode):
                ahead.append(each.selection_set)
            elif isinstance(each, FragmentSpreadNode) and each.name.value not in seen:
                seen.add(each.name.value)
                ahead.append(fragments[each.name.value].selection_set)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}


class Bounds:
    """Measures one document with its variables."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.schema, self.fragments = schema, _fragments(document)
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
        found = [self._part(each, kind) for each in (selection.selections if selection else ())]
        return Size(sum(each.nodes for each in found), sum(each.requests for each in found))

    def _part(self, part: SelectionNode, kind: Any) -> Size:
        if isinstance(part, FieldNode):
            return self._field(part, kind)
        if isinstance(part, FragmentSpreadNode):
            return self._fragment(part.name.value)
        assert isinstance(part, InlineFragmentNode)
        on = part.type_condition
        return self._selection(part.selection_set, self.schema.get_type(on.name.value) if on is not None else kind)

    def _fragment(self, name: str) -> Size:
        if name not in self._sizes:
            fragment = self.fragments[name]
            kind = self.schema.get_type(fragment.type_condition.name.value)
            self._sizes[name] = self._selection(fragment.selection_set, kind)
        return self._sizes[name]

    def _field(self, node: FieldNode, parent: Any) -> Size:
        name = node.name.value
        definition = getattr(parent, "fields", {}).get(name)
        if definition is None:  # __typename, __schema: bounded by their depth
            return Size()
        kind = get_named_type(definition.type)
        inner = self._selection(node.selection_set, kind) if is_composite_type(kind) else Size()
        if not {"first", "last"} <= definition.args.keys():
            return inner
        each = self._page(node, name, {argument.name.value: argument.value for argument in node.arguments or ()})
        return Size(each * (1 + inner.nodes), 1 + each * inner.requests)

    def _page(self, node: FieldNode, name: str, arguments: Mapping[str, Any]) -> int:
        said = {which: self._number(arguments.get(which)) for which in ("first", "last")}
        given = {which: number for which, number in said.items() if number is not None}
        if not given:
            shown = _flat([node.selection_set], self.fragments) if node.selection_set else ()
            if not any(each.name.value in ("nodes", "edges") for each in shown):
                return 0  # `totalCount` alone needs no page
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
