"""What has become of a state since its backup: which resources in it are others now.

Asked only when an apply has come to no known end. What it has changed must be what it was to change, or somebody else
has written the state meanwhile. Whatever applies also writes down how it has found the resources that it leaves alone:
values of the same object may then be others, which says nothing, since Terraform reads each object again by what
identifies it.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from engine.core.canonical import canonical
from engine.errors import failure

Json: TypeAlias = Mapping[str, Any]

_IDENTIFY = ("id", "arn")  # what providers find an object by
_STANDING = ("provider", "deposed", "status")  # of an instance, beside its attributes


def strangers(before: bytes | None, after: bytes | None, may: Collection[str], planned: Collection[str]) -> list[str]:
    """Addresses of resources that have become others, and that none of the changes `may` explains.

    `planned` are the addresses that a fresh plan would change: of the others it says that they are as they should be.
    None is a state that does not exist yet.

    Raises:
        EngineError: ENG736, it is no state that is known here.
    """
    was, now = _instances(before), _instances(after)
    found = []
    for address in sorted(was.keys() | now.keys()):
        old, new = was.get(address, []), now.get(address, [])
        if address in may or canonical(old) == canonical(new):
            continue
        if address in planned or canonical(_identities(old)) != canonical(_identities(new)):
            found.append(address)
    return found


def addresses(state: bytes | None) -> list[str]:
    """What a state has objects of.

    Raises:
        EngineError: ENG736, it is no state that is known here.
    """
    return sorted(_instances(state))


def _identities(instances: list[Json]) -> list[Any]:
    return [
        [*(_object(one.get("attributes")).get(name) for name in _IDENTIFY), *(one.get(name) for name in _STANDING)]
        for one in instances
    ]


def _instances(state: bytes | None) -> dict[str, list[Json]]:
    """Address → the object there, and those that failed replacements have left."""
    found: dict[str, list[Json]] = {}
    for resource in _resources(state):
        if resource.get("mode") == "managed":
            for instance in _list(resource.get("instances")):
                said = {**_object(instance), "provider": resource.get("provider")}
                found.setdefault(_address(resource, said), []).append(said)
    return {address: sorted(objects, key=canonical) for address, objects in found.items()}


def _resources(state: bytes | None) -> Iterator[Json]:
    if not state:
        return
    try:
        value = json.loads(state)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.get("version") != 4:
        raise failure("ENG736", reason="it is no state of version 4")
    yield from map(_object, _list(value.get("resources")))


def _address(resource: Json, instance: Json) -> str:
    """As plans write it."""
    module = f"{resource['module']}." if resource.get("module") else ""
    index = instance.get("index_key")
    key = "" if index is None else f"[{json.dumps(index, ensure_ascii=False)}]"
    return f"{module}{resource.get('type')}.{resource.get('name')}{key}"


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise failure("ENG736", reason="a list of it is none")
    return value


def _object(value: Any) -> Json:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise failure("ENG736", reason="an object of it is none")
    return value
