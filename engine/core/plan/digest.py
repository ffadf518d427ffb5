"""Keyed digest of what a plan would do: equal exactly when applying either plan would do the same.

Blind to what two runs of the same plan do not share, and to nothing else that somebody could hide a change in:

- the plan's own time, the order of keys and of resources;
- values known only after apply (that, and where, a value is unknown counts);
- a time that AWS keeps and that the plan leaves as it is (`last_modified`): equal before and after, or of something
  that will be gone. A time that the plan sets (an expiry in a lifecycle rule) counts, and so does every time of what
  is made anew, whether or not it had the same before;
- `tags` and `tags_all` that are null or {}: AWS provider 5.100 returns either for "no tags".

Numbers count with all their digits, and by their value: 1 is 1.0, 0.1 is not 0.1000000000000000000001.

It also covers where the providers are pointed: the same change in another account or region is another change. The key
keeps the digest from being an oracle for secret values that somebody guesses.
"""

import hmac
import re
from collections.abc import Callable, Iterator

from engine.core.canonical import canonical
from engine.core.exact import Json, plain
from engine.core.plan.form import RefusedPlanError
from engine.core.plan.model import Change, Path, at, changes, outputs, texts, true_paths

_DOMAIN, _ONE = b"interlock change set 2\n", b"interlock change 1\n"
_TAGS = ("tags", "tags_all")
# RFC 3339, and Lambda's `2026-01-31T10:00:00.000+0000`.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def change_set_digest(plan: dict[str, Json], key: bytes) -> str:
    """`hmac-sha256:<hex>` of the plan's change set.

    Raises:
        EngineError: not a complete plan in a form that is known.
    """
    return _keyed(key, _DOMAIN, change_set(plan))


def change_digests(plan: dict[str, Json], key: bytes) -> list[str]:
    """`hmac-sha256:<hex>` of each of `changes(plan)`, in their order: so that one that is still to be made is known.

    Raises:
        EngineError: not a complete plan in a form that is known.
    """
    return list(map(digester(plan, key), changes(plan)))


def digester(plan: dict[str, Json], key: bytes) -> Callable[[Change], str]:
    """What `change_digests` says of one change, were it one of the plan's.

    Raises:
        EngineError: it has no configuration in a form that is known.
    """
    providers = _keyed(key, _ONE, _providers(plan))
    return lambda change: _keyed(key, _ONE, {"resource": _entry(change), "providers": providers})


def _keyed(key: bytes, domain: bytes, value: Json) -> str:
    try:
        data = canonical(plain(value))
    except ValueError as error:  # a number that JSON cannot hold
        raise RefusedPlanError(str(error)) from error
    return "hmac-sha256:" + hmac.new(key, domain + data, "sha256").hexdigest()


def key_id(key: bytes) -> str:
    """Says which key a digest was made with, and nothing of the key."""
    return "hmac-sha256:" + hmac.new(key, b"interlock digest key id\n", "sha256").hexdigest()[:16]


def change_set(plan: dict[str, Json]) -> dict[str, Json]:
    """What is digested: holds secrets in clear."""
    return {
        "resources": [_entry(c) for c in changes(plan)],
        "outputs": [_entry(c) for c in outputs(plan)],
        "providers": _providers(plan),
    }


def _entry(change: Change) -> dict[str, Json]:
    before, after = _tags(change.before), _tags(change.after)
    times: tuple[Path, ...] = ()
    if change.mode == "managed" and change.before is not None:
        gone = change.after is None
        kept = after if "create" not in change.actions else None
        times = tuple(path for path, value in texts(before) if _is_kept_time(path, value, kept, gone))
        before = _without(before, frozenset(times))
        after = after if gone else _without(after, frozenset(times))
    return {
        "address": change.address,
        "type": change.type,
        "mode": change.mode,
        "actions": list(change.actions),
        "before": before,
        "after": after,
        # Paths beside the values, not marks among them: no value can be spelt like a mark.
        "times": [list(path) for path in times],
        "unknown": [list(path) for path in sorted(true_paths(change.unknown), key=str)],
        "replace_paths": [list(path) for path in change.replace_paths],
        "reason": change.reason,
        "previous_address": change.previous_address,
        "importing": change.importing,
        "identity": list(change.identity),
        "deposed": change.deposed,
        "provider": change.provider,
    }


def _providers(plan: dict[str, Json]) -> dict[str, Json]:
    """The providers' configuration with the variables it reads; all variables where it reads something else, too."""
    configuration = plan.get("configuration")
    configured = configuration.get("provider_config") if isinstance(configuration, dict) else None
    variables = plan.get("variables") or {}
    if not isinstance(variables, dict):
        raise RefusedPlanError("`variables` is not an object")
    references = set(_references(configured))
    read = {name.split(".")[1] for name in references if name.startswith("var.")}
    if any(not name.startswith("var.") for name in references):
        read = set(variables)
    return {"configuration": configured, "variables": {name: variables.get(name) for name in sorted(read)}}


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        named = value.get("references")
        if isinstance(named, list):
            yield from (str(name) for name in named)
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _tags(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    return {name: None if name in _TAGS and item == {} else item for name, item in value.items()}


def _is_kept_time(path: Path, value: str, after: Json, gone: bool) -> bool:
    return bool(_TIME.fullmatch(value)) and (gone or at(after, path) == value)


def _without(value: Json, paths: frozenset[Path], here: Path = ()) -> Json:
    """A copy of `value` with null at each of `paths`."""
    if here in paths:
        return None
    if isinstance(value, dict):
        return {k: _without(v, paths, (*here, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_without(v, paths, (*here, n)) for n, v in enumerate(value)]
    return value
