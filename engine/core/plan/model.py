"""The changes of a plan, read from `terraform show -json` (format 1.x): one way, whoever asks.

What this module does not know it refuses: a new kind of action or of deferral must not slip past a gate unseen.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from engine.core.exact import Json
from engine.core.plan.form import NEWER, RefusedPlanError, check_form, known_keys

# Terraform's actions, in its order, and the one word that people use.
VERBS: dict[tuple[str, ...], str] = {
    ("no-op",): "no-op",
    ("read",): "read",
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
    ("create", "forget"): "replace",
    ("forget", "create"): "replace",
}
# Keys of a row and of its change, as Terraform 1.10 to 1.17 and OpenTofu write them.
_ROW = frozenset([
    "address", "previous_address", "module_address", "mode", "type", "name", "index", "provider_name", "deposed",
    "change", "action_reason",
])  # fmt: skip
_CHANGE = frozenset([
    "actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive", "replace_paths",
    "importing", "generated_config", "before_identity", "after_identity",
])  # fmt: skip

Path: TypeAlias = tuple[str | int, ...]


class Change(NamedTuple):
    """What a plan would do to one Terraform resource, or to one output (`type` is then empty)."""

    address: str
    type: str
    mode: str  # managed, data, output
    actions: tuple[str, ...]
    before: Json
    after: Json
    unknown: Json  # True where a value is known only after apply
    before_sensitive: Json
    after_sensitive: Json
    replace_paths: tuple[Path, ...]  # what forces a replacement
    reason: str | None  # why Terraform does it, where it says so: `tainted`, `delete_because_each_key`
    previous_address: str | None  # it was moved in the state
    importing: dict[str, Json] | None  # it will be imported: by `id`, or by `identity` (Terraform 1.12)
    identity: tuple[Json, Json]  # before and after
    deposed: str | None  # key of an object that a failed replacement left
    provider: str

    @property
    def verb(self) -> str:
        """The actions as one word."""
        return VERBS[self.actions]

    @property
    def acts(self) -> bool:
        """Would applying it do anything, to the world or to the state?"""
        return self.actions != ("no-op",) or self.previous_address is not None or self.importing is not None


def check(plan: dict[str, Json]) -> None:
    """Believe nothing of a plan that is not whole.

    Raises:
        RefusedPlanError: it is no plan, not complete, does what nothing here judges, or contradicts itself.
    """
    found = _resources(plan)
    planned = next(_planned(plan.get("planned_values")), None)
    if planned is not None and not found:
        raise RefusedPlanError(f"it plans values of {planned}, and has no changes")
    acting = [change for change in (*found, *outputs(plan)) if change.acts]
    if plan.get("applyable") is True and not acting:
        raise RefusedPlanError("it would do something, and has no change that says so", "plan without -refresh-only")


def changes(plan: dict[str, Json]) -> tuple[Change, ...]:
    """Changes of resources that would do something, in order of address; reading a data source counts.

    Raises:
        RefusedPlanError: not a complete plan in a form that is known.
    """
    return tuple(sorted((c for c in _resources(plan) if c.acts), key=lambda c: (c.address, c.deposed or "")))


def outputs(plan: dict[str, Json]) -> tuple[Change, ...]:
    """Changes of outputs, in order of name.

    Raises:
        RefusedPlanError: not a complete plan in a form that is known.
    """
    check_form(plan)
    rows = plan.get("output_changes", {})
    if not isinstance(rows, dict):
        raise RefusedPlanError("`output_changes` is not an object")
    found = [_change(f"output.{name}", "", "output", _object(row), {}) for name, row in sorted(rows.items())]
    return tuple(c for c in found if c.acts)


def _resources(plan: dict[str, Json]) -> list[Change]:
    check_form(plan)
    rows = plan.get("resource_changes", [])  # absent where a plan has no resources
    if not isinstance(rows, list):
        raise RefusedPlanError("`resource_changes` is not a list")
    found = [_resource(_object(row)) for row in rows]
    names = {(change.address, change.deposed) for change in found}
    if len(names) != len(found):
        raise RefusedPlanError("it has two changes of one address")
    return found


def _planned(values: Json) -> Iterator[str]:
    """Addresses of the managed resources that will be there."""
    modules = [values.get("root_module")] if isinstance(values, dict) else []
    while modules:
        module = modules.pop()
        if isinstance(module, dict):
            children, resources = module.get("child_modules"), module.get("resources")
            modules += children if isinstance(children, list) else []
            for resource in resources if isinstance(resources, list) else []:
                if isinstance(resource, dict) and resource.get("mode") == "managed":
                    yield str(resource.get("address"))


def _resource(row: dict[str, Json]) -> Change:
    address, kind, mode = row.get("address"), row.get("type"), row.get("mode")
    if not (isinstance(address, str) and isinstance(kind, str) and mode in ("managed", "data")):
        raise RefusedPlanError("a resource change without address, type or mode")
    known_keys(row, _ROW, address)
    return _change(address, kind, str(mode), _object(row.get("change")), row)


def _change(address: str, kind: str, mode: str, change: dict[str, Json], row: dict[str, Any]) -> Change:
    known_keys(change, _CHANGE, address)
    named = change.get("actions")
    actions = tuple(str(a) for a in named) if isinstance(named, list) else ()
    if actions not in VERBS:
        raise RefusedPlanError(f"{address} has the actions {named!r}", NEWER if actions else "")
    importing = change.get("importing")
    return Change(
        address=address,
        type=kind,
        mode=mode,
        actions=actions,
        before=change.get("before"),
        after=change.get("after"),
        unknown=change.get("after_unknown", False),
        before_sensitive=change.get("before_sensitive", False),
        after_sensitive=change.get("after_sensitive", False),
        replace_paths=_paths(address, change.get("replace_paths") or []),
        reason=_text(row.get("action_reason")),
        previous_address=_text(row.get("previous_address")),
        importing=None if importing is None else _object(importing),
        identity=(change.get("before_identity"), change.get("after_identity")),
        deposed=_text(row.get("deposed")),
        provider=_text(row.get("provider_name")) or "",
    )


def _paths(address: str, paths: Json) -> tuple[Path, ...]:
    if isinstance(paths, list) and all(isinstance(path, list) for path in paths):
        return tuple(
            tuple(step if isinstance(step, int) else str(step) for step in path)
            for path in paths
            if isinstance(path, list)
        )
    raise RefusedPlanError(f"{address} has replace_paths that are not lists")


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise RefusedPlanError("a change that is not an object")
    return value


def items(value: Json) -> Iterator[tuple[str | int, Json]]:
    """The steps into an object or a list, with what they lead to."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def texts(value: Json, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in it, with where it stands."""
    if isinstance(value, str):
        yield path, value
    else:
        for step, item in items(value):
            yield from texts(item, (*path, step))


def true_paths(marks: Json, path: Path = ()) -> Iterator[Path]:
    """Where `marks` (Terraform's form for unknown and sensitive) says true."""
    if marks is True:
        yield path
    else:
        for step, item in items(marks):
            yield from true_paths(item, (*path, step))


def at(value: Json, path: Path) -> Json:
    """The value at `path`, None where there is none."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
