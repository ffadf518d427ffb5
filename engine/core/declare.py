"""The shape of a catalog row: what rules may name. `run/catalog` collects the rows; rules and lint are handed them."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core.outcome import Result

Schema: TypeAlias = Mapping[str, Any]  # a JSON Schema (draft 2020-12)
# A key: what it signs, or what it is for: digests of plans, sealing of backups.
Secret: TypeAlias = Literal["verdict", "merge", "audit", "digest", "backup"]


class Repeat(Enum):
    """What may happen when an action is run a second time after its outcome was lost."""

    SAFE = "safe"  # running it again changes nothing more
    RECONCILE = "reconcile"  # look at the world first; never blindly


class Function(NamedTuple):
    """An expression function. Total and linear-time; a wrong type is an error, never a guess."""

    name: str
    call: Callable[..., Any]  # call(scope, *arguments): scope holds the facts it declares
    # Types: any, `string|array[string]`, `'create'|'delete'`; a `?` after one: optional, `...`: one or more
    parameters: tuple[str, ...]
    returns: str  # the same, or `@1`: as the first argument, `@1[]`: as its items, `@*`: as any argument
    doc: str
    facts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()  # what of these facts it looks at: shown in explanations


class Fact(NamedTuple):
    """Something that is fetched about the subject; its shape is in `schemas/facts.schema.json`."""

    name: str
    doc: str


class EventKind(NamedTuple):
    """A kind of event that rules may listen to."""

    name: str
    actions: tuple[str, ...]  # what `types:` may hold; empty: the kind has none
    doc: str
    about: str = ""  # `pull_request`, `ref` or `none`, where that is the same for each event of the kind


def passed(_outputs: Mapping[str, Any]) -> Result:
    """The result of what says nothing of the change: it is done."""
    return "passed"


class Action(NamedTuple):
    """Something a pipeline can do: declaration and function side by side."""

    name: str
    run: Callable[..., Mapping[str, Any]]
    inputs: Mapping[str, Schema]  # by name; a schema with `default` makes the input optional
    outputs: tuple[str, ...]
    permissions: tuple[str, ...]
    repeat: Repeat
    doc: str
    needs: tuple[str, ...] = ()  # facts it reads, fetched before it runs
    writes: bool = False  # merges or writes infrastructure: `gates: none` is refused, `protect` must name it
    secrets: tuple[Secret, ...] = ()  # keys it uses, and gets no others; nothing starts where one is missing
    result: Callable[[Mapping[str, Any]], Result] = passed  # what its outputs say of the change
    shared: bool = False  # it needs a store that others see
    asks: tuple[str, ...] = ()  # actions whose gates it tells of: what these read is fetched, too
    # Of outputs that were written down, and of the actions (`uses`) that are still to run: is a file gone that they
    # name, so that it has to be done again?
    gone: Callable[[Mapping[str, Any], frozenset[str]], bool] = lambda _outputs, _ahead: False
    tells: bool = False  # it says how it goes, to `Work.live`


def is_hosted(action: Action) -> bool:
    """Is it done on GitHub? A run on a clone passes it over: there is nobody to tell, and nothing to change."""
    return any(permission != "contents:read" for permission in action.permissions)


class Catalog(NamedTuple):
    """Everything that rules may name, as one value."""

    events: Mapping[str, EventKind]
    facts: Mapping[str, Fact]
    actions: Mapping[str, Action]
    functions: Mapping[str, Function]
    event_schema: Schema  # `schemas/event.schema.json`, for the static check of `event.…` paths
    fact_schema: Schema  # `schemas/facts.schema.json`
