"""Is this a query that GitHub takes, and have we a resolver for all of it? Before anything is carried out.

What GitHub has not is refused in GitHub's words. What GitHub has and nothing here resolves is refused by its name: an
answer that leaves it out would be a wrong answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Undefined,
    ValueNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    print_ast,
    specified_rules,
    type_from_ast,
    value_from_ast,
    visit,
)

from engine.sandbox.forge.graphql.schema import beyond

# What Words says itself, and the rule that `bounds` asks for first.
_OURS = frozenset(
    {
        "FieldsOnCorrectTypeRule",
        "KnownArgumentNamesRule",
        "OverlappingFieldsCanBeMergedRule",
        "ProvidedRequiredArgumentsRule",
        "ScalarLeafsRule",
    }
)
RULES = [rule for rule in specified_rules if rule.__name__ not in _OURS]
LAST_RULES = [rule for rule in specified_rules if rule.__name__ == "OverlappingFieldsCanBeMergedRule"]


class Words(Visitor):
    """Walks through a query beside its types; collects errors, and names that nothing here resolves."""

    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.schema, self.info = schema, info
        self.errors: list[GraphQLError] = []
        self.unresolved: list[str] = []
        self._path: list[str] = []

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """`query`, or `query Name`."""
        self._path = [f"{node.operation.value} {node.name.value}" if node.name else node.operation.value]

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        """`fragment Name`."""
        self._path = [f"fragment {node.name.value}"]
        return self._condition(node.type_condition.name.value, node)

    def enter_selection_set(self, node: SelectionSetNode, _: Any, parent: Any, *__: Any) -> None:
        """`{ }` is no query; of a field `_selections` says so."""
        if not node.selections and not isinstance(parent, FieldNode):
            self._error("selectionMismatch", "Expected a field, found none", node)

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> Any:
        """`... on Type`."""
        named = node.type_condition
        self._path.append(f"... on {named.name.value}" if named else "...")
        return self._condition(named.name.value, node) if named else None

    def leave_inline_fragment(self, *_: Any) -> None:
        """Back to what it stands in."""
        self._path.pop()

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        """A field: is it there, are its arguments, has it fields exactly if it needs them?"""
        name = node.name.value
        self._path.append(node.alias.value if node.alias else name)
        parent = self.info.get_parent_type()
        if parent is None:
            return None
        definition = self.info.get_field_def()
        if definition is None:
            return self._absent(parent.name, name, node)
        given = {argument.name.value for argument in node.arguments or ()}
        for argument in sorted(given - definition.args.keys()):
            if not self._is_beyond(parent.name, f"{name}({argument})"):
                said = f"Field '{name}' doesn't accept argument '{argument}'"
                self._error("argumentNotAccepted", said, node, name=name, typeName="Field", argumentName=argument)
        missing = sorted(each for each, kind in definition.args.items() if _lacks(each, kind, given))
        if missing:
            said = f"Field '{name}' is missing required arguments: {', '.join(missing)}"
            self._error(
                "missingRequiredArguments", said, node, className="Field", name=name, arguments=", ".join(missing)
            )
        self._selections(node, get_named_type(definition.type))
        return None

    def enter_argument(self, node: ArgumentNode, _: Any, __: Any, ___: Any, ancestors: Any) -> None:
        """An argument of a field: a word or number of its type. (What is in objects, the rules look at.)"""
        argument, field = self.info.get_argument(), ancestors[-1]
        if argument is None or not isinstance(field, FieldNode) or not _is_literal(node.value):
            return
        if value_from_ast(node.value, argument.type) is Undefined:
            said = f"Argument '{node.name.value}' on Field '{field.name.value}' has an invalid value"
            said += f" ({print_ast(node.value):.200}). Expected type '{argument.type}'."
            code, name = "argumentLiteralsIncompatible", node.name.value
            self._error(code, said, field, typeName="Field", argumentName=name)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
        """A field of an input object."""
        parent, name = self.info.get_parent_input_type(), node.name.value
        kind = get_named_type(parent) if parent is not None else None
        if not isinstance(kind, GraphQLInputObjectType) or name in kind.fields:
            return None
        if not self._is_beyond(kind.name, name):
            said = f"InputObject '{kind.name}' doesn't accept argument '{name}'"
            self._error("argumentNotAccepted", said, node, name=kind.name, typeName="InputObject", argumentName=name)
        return self.SKIP

    def leave_field(self, *_: Any) -> None:
        """Back to what it stands in."""
        self._path.pop()

    def _selections(self, node: FieldNode, kind: Any) -> None:
        name = node.name.value
        if is_leaf_type(kind) and node.selection_set is not None:
            inner = [each.name.value for each in node.selection_set.selections if isinstance(each, FieldNode)]
            said = f"Selections can't be made on scalars (field '{name}' returns {kind} but has selections [\""
            said += '", "'.join(inner) + '"])'
            self._error("selectionMismatch", said, node, nodeName=f"field '{name}'", typeName=str(kind))
        elif not is_leaf_type(kind) and not (node.selection_set and node.selection_set.selections):
            said = f"Field must have selections (field '{name}' returns {kind} but has no selections."
            said += f" Did you mean '{name} {{ ... }}'?)"
            self._error("selectionMismatch", said, node, nodeName=f"field '{name}'", typeName=str(kind))

    def _absent(self, parent: str, name: str, node: FieldNode) -> Any:
        if not self._is_beyond(parent, name):
            said = f"Field '{name}' doesn't exist on type '{parent}'"
            self._error("undefinedField", said, node, typeName=parent, fieldName=name)
        self._path.pop()  # what is skipped is not left
        return self.SKIP

    def _condition(self, name: str, node: Node) -> Any:
        if name in self.schema.type_map:
            return None
        if name in beyond()["*"]:
            self.unresolved.append(name)
        else:
            said = f"No such type {name}, so it can't be a fragment condition"
            self._error("undefinedType", said, node, typeName=name)
        if isinstance(node, InlineFragmentNode):
            self._path.pop()
        return self.SKIP

    def _is_beyond(self, parent: str, name: str) -> bool:
        there = name in beyond().get(parent, ())
        if there:
            self.unresolved.append(f"{parent}.{name}")
        return there

    def _error(self, code: str, said: str, node: Node, **extensions: str) -> None:
        error = GraphQLError(said, [node], path=list(self._path), extensions={"code": code, **extensions})
        self.errors.append(error)


def words(schema: GraphQLSchema, document: DocumentNode) -> tuple[list[GraphQLError], Sequence[str]]:
    """GitHub's errors, and what nothing here resolves, in the order of the query."""
    info = TypeInfo(schema)
    found = Words(schema, info)
    visit(document, TypeInfoVisitor(info, found))
    return found.errors, found.unresolved


def unresolved_input(
    schema: GraphQLSchema, operation: OperationDefinitionNode, values: Mapping[str, Any]
) -> str | None:
    """The first field of a variable's value that GitHub has and nothing here looks at."""
    for each in operation.variable_definitions or ():
        kind = type_from_ast(schema, each.type)
        found = _unread(kind, values.get(each.variable.name.value)) if kind is not None else None
        if found is not None:
            return found
    return None


def _unread(kind: Any, value: Any) -> str | None:
    kind = get_named_type(kind)
    if isinstance(value, list):
        return next((found for each in value if (found := _unread(kind, each))), None)
    if not isinstance(kind, GraphQLInputObjectType) or not isinstance(value, Mapping):
        return None
    left = next((name for name in value if name in beyond().get(kind.name, ())), None)
    if left is not None:
        return f"{kind.name}.{left}"
    inner = (_unread(field.type, value[name]) for name, field in kind.fields.items() if name in value)
    return next(filter(None, inner), None)


def _is_literal(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return all(_is_literal(each) for each in value.values)
    return not isinstance(value, VariableNode | ObjectValueNode)


def _lacks(name: str, argument: GraphQLArgument, given: set[str]) -> bool:
    return name not in given and is_required_argument(argument)
