"""An action's inputs, resolved. Those that read `outputs` wait for earlier actions, and go through here again then."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.expressions.model import Expression, Kind, Scope
from engine.core.rules.model import Input

_LATER = "outputs"


class Inputs(NamedTuple):
    """`with:` as far as it is known."""

    values: Mapping[str, Any]
    deferred: Mapping[str, Input]  # still to be resolved, once there are outputs


def resolve(inputs: Mapping[str, Input], scope: Scope) -> Inputs:
    """Evaluate the expressions in `inputs`; without `outputs` in `scope`, those that read them are deferred.

    Raises:
        EngineError: an expression cannot be evaluated.
    """
    later = {name: value for name, value in inputs.items() if _LATER not in scope and waits(value)}
    return Inputs({name: _value(value, scope) for name, value in inputs.items() if name not in later}, later)


def waits(value: Input) -> bool:
    """Does it read the outputs of earlier actions?"""
    return any(_LATER in expression.needs for expression in expressions_in(value))


def expressions_in(value: "Input | Mapping[str, Input]") -> Iterator[Expression]:
    """Every expression inside an input."""
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from expressions_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions_in(inner)


def source(value: Input) -> Any:
    """An input as the rules wrote it, for a person."""
    if isinstance(value, Expression):
        return f"${{{value.text}}}" if value.kind is Kind.VALUE else value.text
    if isinstance(value, dict):
        return {name: source(inner) for name, inner in value.items()}
    return [source(inner) for inner in value] if isinstance(value, list) else value


def _value(value: Input, scope: Scope) -> Any:
    if isinstance(value, Expression):
        return value.evaluate(scope)
    if isinstance(value, dict):
        return {name: _value(inner, scope) for name, inner in value.items()}
    return [_value(inner, scope) for inner in value] if isinstance(value, list) else value
