"""The changes of a plan, read from `terraform show -json` (format 1.x).

What this module does not know it refuses: a new kind of action or of deferral must not slip past a gate unseen.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from engine.core.redact import Json
from engine.errors import EngineError, failure

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
}
# Parts of a plan that do something beside its resource changes, and that nothing here judges.
_REFUSED = (
    "deferred_changes",
    "deferred_action_invocations",
    "action_invocations",
)

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
    import_id: str | None  # it will be imported
    deposed: str | None  # key of an object that a failed replacement left
    provider: str

    @property
    def verb(self) -> str:
        """The actions as one word."""
        return VERBS[self.actions]

    @property
    def acts(self) -> bool:
        """Would applying it do anything, to the world or to the state?"""
        return self.actions != ("no-op",) or self.previous_address is not None or self.import_id is not None


def changes(plan: dict[str, Json]) -> tuple[Change, ...]:
    """Changes of resources that would do something, in order of address; reading a data source counts.

    Raises:
        EngineError: not a complete plan in a form that is known.
    """
    _check(plan)
    found = [_resource(row) for row in _rows(plan, "resource_changes")]
    return tuple(sorted((c for c in found if c.acts), key=lambda c: (c.address, c.deposed or "")))


def outputs(plan: dict[str, Json]) -> tuple[Change, ...]:
    """Changes of outputs, in order of name.

    Raises:
        EngineError: not a complete plan in a form that is known.
    """
    _check(plan)
    rows = plan.get("output_changes") or {}
    if not isinstance(rows, dict):
        raise refused("`output_changes` is not an object")
    found = [_change(f"output.{name}", "", "output", _object(row), {}) for name, row in sorted(rows.items())]
    return tuple(c for c in found if c.acts)


def refused(reason: str) -> EngineError:
    """The error for a plan that is not understood."""
    return failure("ENG430", reason=reason)


def _check(plan: dict[str, Json]) -> None:
    version = plan.get("format_version")
    if not (isinstance(version, str) and version.split(".")[0] == "1"):
        raise refused(f"its format_version is {version!r}, not 1.x")
    if plan.get("errored") or plan.get("complete") is False:
        raise refused("it is not complete")
    for name in _REFUSED:
        if plan.get(name):
            raise refused(f"it has `{name}`, which is not supported")


def _rows(plan: dict[str, Json], name: str) -> list[dict[str, Json]]:
    rows = plan.get(name) or []  # absent where a plan has no resources
    if not isinstance(rows, list):
        raise refused(f"`{name}` is not a list")
    return [_object(row) for row in rows]


def _resource(row: dict[str, Json]) -> Change:
    address, kind, mode = row.get("address"), row.get("type"), row.get("mode")
    if not (isinstance(address, str) and isinstance(kind, str) and mode in ("managed", "data")):
        raise refused("a resource change without address, type or mode")
    return _change(address, kind, str(mode), _object(row.get("change")), row)


def _change(address: str, kind: str, mode: str, change: dict[str, Json], row: dict[str, Any]) -> Change:
    named = change.get("actions")
    actions = tuple(str(a) for a in named) if isinstance(named, list) else ()
    if actions not in VERBS:
        raise refused(f"{address} has the actions {named!r}")
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
        import_id=str(importing.get("id") or "unknown") if isinstance(importing, dict) else None,
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
    raise refused(f"{address} has replace_paths that are not lists")


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise refused("a change that is not an object")
    return value


def items(value: Json) -> Iterator[tuple[str | int, Json]]:
    """The steps into an object or a list, with what they lead to."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


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
