"""One query: read, checked, measured, paid for, carried out; and its errors as GitHub writes them."""

import functools
import re
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    VariableDefinitionNode,
    parse,
    print_ast,
    validate,
)
from graphql import execute as run

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.graphql import bounds, check
from engine.sandbox.forge.graphql.endpoint import RESOURCE, Asked
from engine.sandbox.forge.graphql.nodes import Ask, QueryError, exceeded
from engine.sandbox.forge.graphql.schema import schema
from engine.sandbox.forge.urls import Urls

_KINDS = {401: "FORBIDDEN", 403: "FORBIDDEN", 404: "NOT_FOUND"}
_SHORT = 20_000  # characters of a query that is remembered
_MOST_ERRORS = 20
Body = dict[str, Any]


class Prepared(NamedTuple):
    """A query that was read and checked: it may be carried out, or it never will be."""

    document: DocumentNode
    errors: Sequence[Body] = ()
    unresolved: str = ""  # GitHub has it, and nothing here resolves it


def execute(forge: Forge, viewer: Viewer, urls: Urls, asked: Asked) -> tuple[int, Body]:
    """HTTP's status (200; 501 for what nothing here resolves) and GraphQL's answer."""
    try:
        prepared = (_known if len(asked.query) < _SHORT else _prepare)(asked.query)
        if prepared.unresolved:
            return _beyond(prepared.unresolved)
        if prepared.errors:
            return 200, {"errors": prepared.errors}
        operation = _operation(prepared.document, asked.operation)
        unread = check.unresolved_input(schema(), operation, asked.variables)
        if unread is not None:
            return _beyond(unread)
        return 200, _run(Ask(forge, viewer, urls), prepared.document, operation, asked)
    except GraphQLSyntaxError as error:
        return 200, {"errors": [_syntax(error)]}
    except RecursionError:  # it is nested too deeply to be read
        return 200, {"errors": [_plain(exceeded())]}
    except QueryError as refused:
        return 200, {"errors": [_plain(refused)]}


def _prepare(query: str) -> Prepared:
    document = parse(query, max_tokens=bounds.MOST_TOKENS)
    built = schema()
    errors, unresolved = check.words(built, document)
    if not errors and unresolved:
        return Prepared(document, unresolved=unresolved[0])
    errors = errors or validate(built, document, check.RULES, max_errors=_MOST_ERRORS)
    if not errors:
        bounds.fields(document)
        errors = validate(built, document, check.LAST_RULES, max_errors=_MOST_ERRORS)
    return Prepared(document, [_invalid(error) for error in errors])


# Clients ask the same few queries again and again, with other variables.
_known = functools.lru_cache(maxsize=256)(_prepare)


def _beyond(name: str) -> tuple[int, Body]:
    return 501, {"errors": [{"type": "NOT_IMPLEMENTED", "message": f"The sandbox does not resolve {name}."}]}


def _run(ask: Ask, document: DocumentNode, operation: OperationDefinitionNode, asked: Asked) -> Body:
    built = schema()
    size = bounds.Bounds(built, document, asked.variables).size(operation)
    points = bounds.cost(size)
    if not ask.forge.limits.count(ask.viewer.payer, RESOURCE, points):
        raise QueryError("RATE_LIMITED", f"API rate limit exceeded for user ID {ask.viewer.account}.")
    ask.cost = {"cost": points, "nodeCount": size.nodes}
    result = run(
        built,
        document,
        root_value=ask,
        variable_values=dict(asked.variables),
        operation_name=asked.operation,
        is_awaitable=_never,
    )
    assert isinstance(result, ExecutionResult)
    return _body(result)


def _never(_: object) -> TypeGuard[Awaitable[Any]]:
    """No resolver waits."""
    return False


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None and len(found) > 1:
        raise QueryError("", "An operation name is required")
    named = [each for each in found if name is None or (each.name is not None and each.name.value == name)]
    if not named:
        raise QueryError("", f'No operation named "{name}"' if name else "A query attribute must have an operation.")
    return named[0]


def _body(result: ExecutionResult) -> Body:
    errors = [_failed(error) for error in result.errors or ()]
    found: Body = {} if result.data is None and all("path" not in error for error in errors) else {"data": result.data}
    return {**found, **({"errors": errors} if errors else {})}


def _failed(error: GraphQLError) -> Body:
    """What a resolver refused; anything else that it raised is our own mistake, and shown as one."""
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return _variable(error) if error.path is None else _located(error, error.message)
    if isinstance(cause, QueryError):
        return {"type": cause.kind, **_located(error, cause.message)}
    if isinstance(cause, ForgeError):
        kind = _KINDS.get(cause.status, "UNPROCESSABLE")
        return {"type": kind, **_located(error, _said(cause))}
    raise cause


def _said(refused: ForgeError) -> str:
    """REST's message; of a validation what it found."""
    found = [
        each.get("message") or f"{each.get('field', '')} {each.get('code', '')}".strip().replace("_", " ")
        for each in refused.errors
        if isinstance(each, Mapping)
    ]
    return ", ".join(found) or refused.message


def _located(error: GraphQLError, message: str) -> Body:
    found: Body = {}
    if error.path is not None:
        found["path"] = list(error.path)
    if error.extensions:
        found["extensions"] = dict(error.extensions)
    if error.locations:
        found["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    return {**found, "message": message}


def _variable(error: GraphQLError) -> Body:
    """A variable of another type than it is declared with."""
    node = next((node for node in error.nodes or () if isinstance(node, VariableDefinitionNode)), None)
    if node is None:
        return _located(error, error.message)
    said = f"Variable ${node.variable.name.value} of type {print_ast(node.type)} was provided invalid value"
    problems = [{"path": [], "explanation": error.message}]
    return {**_located(error, said), "extensions": {"problems": problems}}


# graphql-core's words → GitHub's
_WORDS: Sequence[tuple[re.Pattern[str], str, str]] = (
    (
        re.compile(r"Unknown fragment '(\w+)'\."),
        "useAndDefineFragment",
        r"Fragment \1 was used, but not defined",
    ),
    (
        re.compile(r"Fragment '(\w+)' is never used\."),
        "useAndDefineFragment",
        r"Fragment \1 was defined, but not used",
    ),
    (
        re.compile(r"Cannot spread fragment '(\w+)' within itself.*"),
        "infiniteLoop",
        r"Fragment \1 contains an infinite loop",
    ),
    (
        re.compile(r"Variable '\$(\w+)' is not defined by operation '(\w+)'\."),
        "variableNotDefined",
        r"Variable $\1 is used by \2 but not declared",
    ),
    (
        re.compile(r"Variable '\$(\w+)' is not defined\."),
        "variableNotDefined",
        r"Variable $\1 is used by anonymous query but not declared",
    ),
    (
        re.compile(r"Variable '\$(\w+)' is never used in operation '(\w+)'\."),
        "variableNotUsed",
        r"Variable $\1 is declared by \2 but not used",
    ),
    (
        re.compile(r"Variable '\$(\w+)' is never used\."),
        "variableNotUsed",
        r"Variable $\1 is declared by anonymous query but not used",
    ),
)


def _invalid(error: GraphQLError) -> Body:
    for pattern, code, said in _WORDS:
        found = pattern.fullmatch(error.message)
        if found:
            return {**_located(error, found.expand(said)), "extensions": {"code": code}}
    return _located(error, error.message)


def _syntax(error: GraphQLSyntaxError) -> Body:
    place = error.locations[0] if error.locations else None
    at = f" at [{place.line}, {place.column}]" if place else ""
    return _located(error, f"Parse error: {error.message.removeprefix('Syntax Error: ')}{at}")


def _plain(refused: QueryError) -> Body:
    return {"type": refused.kind, "message": refused.message} if refused.kind else {"message": refused.message}
