"""Hooks and deliveries as REST, webhooks and pages show them."""

import json
from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.urls import Urls

_HIDDEN = "********"
_SENT_OK = range(200, 300)


def config(hook: Row) -> dict[str, Any]:
    """Where it goes; of the secret only that there is one."""
    found = {
        "content_type": hook["content_type"],
        "insecure_ssl": str(hook["insecure_ssl"]),
        "url": hook["url"],
    }
    return found | ({"secret": _HIDDEN} if hook["secret"] else {})


def hook(forge: Forge, urls: Urls, row: Row, repository: Row) -> dict[str, Any]:
    """A repository's hook."""
    url = urls.repo(repository["full_name"], "hooks", row["id"])
    return {
        "type": "Repository",
        **_about(row),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": _last_response(forge, row),
    }


def _about(row: Row) -> dict[str, Any]:
    """Of whomever it is."""
    return {
        "id": row["id"],
        "name": "web",
        "active": bool(row["active"]),
        "events": json.loads(row["events_json"]),
        "config": config(row),
        "updated_at": row["updated_at"],
        "created_at": row["created_at"],
    }


def pinged(forge: Forge, urls: Urls, row: Row, repository: Row | None) -> dict[str, Any]:
    """A hook in the body of its `ping`; an App's where there is no repository."""
    if repository is not None:
        return hook(forge, urls, row, repository)
    return {
        "type": "App",
        **_about(row),
        "app_id": row["app"],
        "deliveries_url": urls.rest("app", "hook", "deliveries"),
    }


def delivery_item(row: Row) -> dict[str, Any]:
    """One line of a list of deliveries."""
    return {
        "id": row["id"],
        "guid": row["guid"],
        "delivered_at": row["sent_at"],
        "redelivery": bool(row["redelivery"]),
        "duration": row["duration"],
        "status": status(row),
        "status_code": row["status_code"] or 0,
        "event": row["event"],
        "action": row["action"],
        "installation_id": row["installation"],
        "repository_id": row["repository"],
        "throttled_at": None,
    }


def delivery(row: Row, url: str) -> dict[str, Any]:
    """One delivery with everything that was said; `url` is its hook's."""
    answered = json.loads(row["response_json"])
    return {
        **delivery_item(row),
        "url": url,
        "request": {"headers": json.loads(row["request_json"]), "payload": json.loads(row["body"])},
        "response": {"headers": answered["headers"], "payload": answered["payload"]},
    }


def status(row: Row) -> str:
    """How a delivery that was sent went, in a few words."""
    code = row["status_code"]
    if code is None:
        failure: str = json.loads(row["response_json"])["failure"]
        return failure
    return "OK" if code in _SENT_OK else f"Invalid HTTP Response: {code}"


def _last_response(forge: Forge, row: Row) -> dict[str, Any]:
    sql = "SELECT * FROM deliveries WHERE hook = ? AND state = 'sent' ORDER BY id DESC LIMIT 1"
    last = forge.kept.row(sql, row["id"])
    if last is None:
        return {"code": None, "status": "unused", "message": None}
    return {
        "code": last["status_code"],
        "status": "active" if last["status_code"] in _SENT_OK else "failed",
        "message": status(last),
    }
