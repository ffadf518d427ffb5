"""REST of webhooks: an App's hook, repositories' hooks, and the deliveries of both."""

from typing import Any
from urllib.parse import urlencode

from engine.sandbox.forge.answer import MOST, PAGE, Answer, Call, Route, dump, invalid, missing, number, paged
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks import manage, shapes
from engine.sandbox.forge.hooks.outbox import redeliver
from engine.sandbox.forge.kept import Row

_BIG = 2**63 - 1


# An App's own hook


def app_config(call: Call) -> Answer:
    """`GET /app/hook/config`."""
    return Answer(shapes.config(_app_hook(call)))


def edit_app_config(call: Call) -> Answer:
    """`PATCH /app/hook/config`."""
    hook = _app_hook(call)
    return Answer(shapes.config(manage.edit(call.forge, hook, **manage.config(call.body, hook)._asdict())))


def app_deliveries(call: Call) -> Answer:
    """`GET /app/hook/deliveries`."""
    return _list(call, _app_hook(call))


def app_delivery(call: Call) -> Answer:
    """`GET /app/hook/deliveries/{delivery_id}`."""
    hook = _app_hook(call)
    return Answer(shapes.delivery(_sent(call, hook), hook["url"]))


def attempt_app_delivery(call: Call) -> Answer:
    """`POST /app/hook/deliveries/{delivery_id}/attempts`."""
    redeliver(call.forge, _sent(call, _app_hook(call)))
    return Answer({}, 202)


def _app_hook(call: Call) -> Row:
    if call.viewer.app is None:
        raise missing()
    return manage.of_app(call.forge, call.viewer.app)


# A repository's hooks


def hooks(call: Call) -> Answer:
    """`GET /repos/{owner}/{repo}/hooks`."""
    rows = call.forge.kept.rows("SELECT * FROM hooks WHERE repository = ? ORDER BY id", call.repo["id"])
    return paged(call, rows, lambda row: shapes.hook(call.forge, call.urls, row, call.repo))


def create_hook(call: Call) -> Answer:
    """`POST /repos/{owner}/{repo}/hooks`."""
    body = call.body
    if body.get("name", "web") != "web":
        raise invalid("Hook", "name")
    if not isinstance(body.get("config"), dict):
        raise invalid("Hook", "config", "missing_field")
    to, wanted = manage.config(body["config"]), manage.events(body.get("events", ["push"]))
    active = _flag(body, "active", otherwise=True)
    made = manage.create(call.forge, call.repo, call.viewer.account, to, wanted, active=active)
    shown = shapes.hook(call.forge, call.urls, made, call.repo)
    return Answer(shown, 201, {"Location": shown["url"]})


def hook(call: Call) -> Answer:
    """`GET /repos/{owner}/{repo}/hooks/{hook_id}`."""
    return Answer(shapes.hook(call.forge, call.urls, _hook(call), call.repo))


def edit_hook(call: Call) -> Answer:
    """`PATCH /repos/{owner}/{repo}/hooks/{hook_id}`."""
    row, body = _hook(call), call.body
    columns: dict[str, Any] = {"active": _flag(body, "active", otherwise=bool(row["active"]))}
    if "config" in body:  # it is replaced whole, its secret too
        columns |= manage.config(body["config"] if isinstance(body["config"], dict) else {})._asdict()
    wanted = set(shapes.hook(call.forge, call.urls, row, call.repo)["events"])
    wanted = set(manage.events(body["events"])) if "events" in body else wanted
    wanted |= set(manage.events(body.get("add_events", [])))
    wanted -= set(manage.events(body.get("remove_events", [])))
    columns["events_json"] = dump(sorted(wanted))
    changed = manage.edit(call.forge, row, **columns)
    return Answer(shapes.hook(call.forge, call.urls, changed, call.repo))


def delete_hook(call: Call) -> Answer:
    """`DELETE /repos/{owner}/{repo}/hooks/{hook_id}`."""
    manage.delete(call.forge, _hook(call))
    return Answer(status=204)


def hook_config(call: Call) -> Answer:
    """`GET /repos/{owner}/{repo}/hooks/{hook_id}/config`."""
    return Answer(shapes.config(_hook(call)))


def edit_hook_config(call: Call) -> Answer:
    """`PATCH /repos/{owner}/{repo}/hooks/{hook_id}/config`."""
    row = _hook(call)
    return Answer(shapes.config(manage.edit(call.forge, row, **manage.config(call.body, row)._asdict())))


def ping_hook(call: Call) -> Answer:
    """`POST /repos/{owner}/{repo}/hooks/{hook_id}/pings`."""
    manage.ping(call.forge, _hook(call), call.repo, call.viewer.account)
    return Answer(status=204)


def test_hook(call: Call) -> Answer:
    """`POST /repos/{owner}/{repo}/hooks/{hook_id}/tests`."""
    manage.test(call.forge, _hook(call))
    return Answer(status=204)


def deliveries(call: Call) -> Answer:
    """`GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries`."""
    return _list(call, _hook(call))


def delivery(call: Call) -> Answer:
    """`GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}`."""
    row = _hook(call)
    return Answer(shapes.delivery(_sent(call, row), row["url"]))


def attempt_delivery(call: Call) -> Answer:
    """`POST /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts`."""
    redeliver(call.forge, _sent(call, _hook(call)))
    return Answer({}, 202)


def _hook(call: Call) -> Row:
    return manage.one(call.forge, _id(call, "hook_id"), call.repo["id"])


# Deliveries of either


def _list(call: Call, row: Row) -> Answer:
    """Newest first; a page's `Link` names the next one by a cursor, since new ones come all the time."""
    size = min(MOST, max(1, number(call.query.get("per_page"), PAGE)))
    wanted = call.query.get("status", "")
    if wanted not in ("", "success", "failure"):
        raise invalid("HookDelivery", "status")
    found = sent(call.forge, row, below=_cursor(call), status=wanted, limit=size + 1)
    links = {}
    if len(found) > size:
        query = urlencode({**call.query, "per_page": size, "cursor": f"v1_{found[size - 1]['id']}"})
        links["Link"] = f'<{call.url}?{query}>; rel="next"'
    return Answer([shapes.delivery_item(one) for one in found[:size]], headers=links)


def sent(forge: Forge, hook: Row, *, below: int = _BIG, status: str = "", limit: int = PAGE) -> list[Row]:
    """Deliveries of a hook that were sent, newest first, without their bodies; `status` success or failure alone."""
    return forge.kept.rows(_SENT, hook["id"], below, status, status == "success", limit)


_SENT = """SELECT id, guid, hook, installation, repository, event, action, redelivery, sent_at, duration, status_code,
    response_json FROM deliveries
  WHERE hook = ? AND id < ? AND state = 'sent'
    AND (? = '' OR (coalesce(status_code, 0) BETWEEN 200 AND 399) = ?) ORDER BY id DESC LIMIT ?"""


def _cursor(call: Call) -> int:
    said = call.query.get("cursor")
    if said is None:
        return _BIG
    version, _, at = said.partition("_")
    below = number(at, -1)
    if version != "v1" or below < 0:
        raise invalid("HookDelivery", "cursor")
    return below


def _sent(call: Call, hook: Row) -> Row:
    sql = "SELECT * FROM deliveries WHERE id = ? AND hook = ? AND state = 'sent'"
    found = call.forge.kept.row(sql, _id(call, "delivery_id"), hook["id"])
    if found is None:
        raise missing()
    return found


def _id(call: Call, name: str) -> int:
    return number(call.path[name], -1)


def _flag(body: dict[str, Any], name: str, *, otherwise: bool) -> bool:
    value = body.get(name, otherwise)
    if not isinstance(value, bool):
        raise invalid("Hook", name)
    return value


_HOOKS = "/repos/{owner}/{repo}/hooks"
_ONE = f"{_HOOKS}/{{hook_id}}"
_READ, _WRITE = "repository_hooks:read", "repository_hooks:write"
ROUTES = (
    Route("GET", "/app/hook/config", app_config, who="app"),
    Route("PATCH", "/app/hook/config", edit_app_config, who="app"),
    Route("GET", "/app/hook/deliveries", app_deliveries, who="app"),
    Route("GET", "/app/hook/deliveries/{delivery_id}", app_delivery, who="app"),
    Route("POST", "/app/hook/deliveries/{delivery_id}/attempts", attempt_app_delivery, who="app"),
    Route("GET", _HOOKS, hooks, "admin", _READ),
    Route("POST", _HOOKS, create_hook, "admin", _WRITE),
    Route("GET", _ONE, hook, "admin", _READ),
    Route("PATCH", _ONE, edit_hook, "admin", _WRITE),
    Route("DELETE", _ONE, delete_hook, "admin", _WRITE),
    Route("GET", f"{_ONE}/config", hook_config, "admin", _READ),
    Route("PATCH", f"{_ONE}/config", edit_hook_config, "admin", _WRITE),
    Route("POST", f"{_ONE}/pings", ping_hook, "admin", _READ),
    Route("POST", f"{_ONE}/tests", test_hook, "admin", _READ),
    Route("GET", f"{_ONE}/deliveries", deliveries, "admin", _READ),
    Route("GET", f"{_ONE}/deliveries/{{delivery_id}}", delivery, "admin", _READ),
    Route("POST", f"{_ONE}/deliveries/{{delivery_id}}/attempts", attempt_delivery, "admin", _WRITE),
)
