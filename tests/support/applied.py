"""What an apply has left: rows, the trail, the state in its bucket, whatever lies about."""

import http.client
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from engine.core.state import State, read
from tests.support.merged import Merged
from tests.support.trail import told

ASKED = "2026-11-23T23:00:00Z"  # after everything in these tests


def only(rows: Mapping[str, Any]) -> Any:
    """The row of a run about one resource."""
    (row,) = rows.values()
    return row


def path_of(merged: Merged) -> str:
    """The one resource of a merge."""
    (path,) = merged.resources
    return path


def came_to(row: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Outcome, what it waits for, and the problem's code."""
    return row["outcome"], row["waits"], (row["problem"] or {}).get("code")


def said(merged: Merged) -> list[tuple[str, str]]:
    """What the trail has, in order."""
    return [(one["what"], one["outcome"]) for one in told(merged.machine.store)]


def bucket(merged: Merged, method: str, name: str, body: bytes = b"") -> http.client.HTTPResponse:
    """A request to the bucket of states, without any client's library, answered and not read."""
    return of_states(merged.machine.aws, method, name, body)


def of_states(aws: Mapping[str, Any], method: str, name: str, body: bytes = b"") -> http.client.HTTPResponse:
    """The same, of an emulator as `given` tells of it."""
    scope = f"test/20200101/{aws['region']}/s3/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"}
    connection = http.client.HTTPConnection(urlsplit(aws["url"]).netloc, timeout=60)
    connection.request(method, f"/{aws['bucket']}/{name}", body, headers)
    return connection.getresponse()


def state_of(merged: Merged, path: str | None = None) -> bytes:
    """The state as its bucket has it; empty: none yet."""
    answer = bucket(merged, "GET", merged.resource(path or path_of(merged)).state_key)
    data = answer.read()
    return data if answer.status == 200 else b""


def state(merged: Merged, path: str | None = None) -> State:
    """The same, read."""
    found = read(state_of(merged, path))
    assert found is not None
    return found


def put_state(merged: Merged, data: bytes | str | dict[str, Any]) -> None:
    """Somebody else writes the state."""
    body = json.dumps(data).encode() if isinstance(data, dict) else data.encode() if isinstance(data, str) else data
    assert bucket(merged, "PUT", merged.resource(path_of(merged)).state_key, body).status == 200


def things(merged: Merged, path: str | None = None) -> dict[str, str]:
    """What the state has, by name."""
    data = state_of(merged, path)
    found = json.loads(data)["resources"] if data else []
    made = [instance for one in found if one["name"] == "thing" for instance in one["instances"]]
    return {one["index_key"]: one["attributes"]["input"]["value"] for one in made}


def left_behind(merged: Merged) -> list[str]:
    """Claims and work directories that nobody needs any more."""
    kept = merged.machine.workspace.kept
    return [*merged.machine.store.list("claims/"), *(os.listdir(kept) if os.path.isdir(kept) else [])]
