"""Hooks: made, changed and removed, pinged, tested; what REST and pages do goes through here."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.sandbox.forge.answer import ForgeError, dump, invalid, missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks import shapes
from engine.sandbox.forge.hooks.bodies import common
from engine.sandbox.forge.hooks.outbox import new_secret, post
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.urls import is_http

MOST = 20  # hooks of one repository for one event
_ZEN = "Half measures are as bad as nothing at all."
_URL = 2048
_OURS = "engine_webhook"  # setting: the address that an App's hook had because of the engine here


class Config(NamedTuple):
    """Where a hook goes, and how."""

    url: str
    content_type: str
    secret: str
    insecure_ssl: bool


def config(given: Mapping[str, Any], before: Row | None = None) -> Config:
    """A hook's configuration out of a request; what is not said stays as it was `before`.

    Raises:
        ForgeError: 422, no http address, or another thing than GitHub takes.
    """
    old = before or {"url": "", "content_type": "form", "secret": "", "insecure_ssl": 0}
    found = {name: given.get(name, old[name]) for name in Config._fields}
    url, kind, secret = found["url"], found["content_type"], found["secret"]
    if not isinstance(url, str) or len(url) > _URL or not is_http(url):
        raise invalid("Hook", "url", "custom", "url is missing or not an http address")
    if kind not in ("json", "form"):
        raise invalid("Hook", "content_type")
    if not isinstance(secret, str) or len(secret) > _URL:
        raise invalid("Hook", "secret")
    if str(found["insecure_ssl"]) not in ("0", "1"):
        raise invalid("Hook", "insecure_ssl")
    return Config(url, kind, secret, str(found["insecure_ssl"]) == "1")


def events(given: object) -> list[str]:
    """The names of events out of a request.

    Raises:
        ForgeError: 422, no list of names.
    """
    if not isinstance(given, list) or not all(isinstance(name, str) and name and len(name) < 100 for name in given):
        raise invalid("Hook", "events")
    return sorted(set(given))


def create(forge: Forge, repository: Row, sender: int | None, to: Config, wanted: list[str], *, active: bool) -> Row:
    """A new hook of a repository, which is pinged.

    Raises:
        ForgeError: 422, there is one like it, or there are too many.
    """
    with forge.kept.change():
        there = forge.kept.rows("SELECT * FROM hooks WHERE repository = ?", repository["id"])
        for name in wanted:
            same = [hook for hook in there if name in json.loads(hook["events_json"])]
            if any((hook["url"], hook["content_type"]) == (to.url, to.content_type) for hook in same):
                raise ForgeError(422, "Validation Failed", [_error("Hook already exists on this repository")])
            if len(same) >= MOST:
                said = f'The "{name}" event cannot have more than {MOST} hooks'
                raise ForgeError(422, "Validation Failed", [_error(said)])
        now = forge.now()
        number = forge.kept.insert(
            "hooks",
            repository=repository["id"],
            **to._asdict(),
            events_json=dump(wanted),
            active=active,
            created_at=now,
            updated_at=now,
        )
        hook = one(forge, number, repository["id"])
        ping(forge, hook, repository, sender)
    return hook


def edit(forge: Forge, hook: Row, **columns: object) -> Row:
    """Change columns of a hook; the row as it is then."""
    with forge.kept.change():
        forge.kept.update("hooks", hook["id"], **columns, updated_at=forge.now())
    found = forge.kept.row("SELECT * FROM hooks WHERE id = ?", hook["id"])
    if found is None:
        raise missing()
    return found


def delete(forge: Forge, hook: Row) -> None:
    """Remove a hook, and what was sent or is to be sent by it."""
    with forge.kept.change():
        forge.kept.run("DELETE FROM deliveries WHERE hook = ?", hook["id"])
        forge.kept.run("DELETE FROM hooks WHERE id = ?", hook["id"])


def one(forge: Forge, number: int, repository: int) -> Row:
    """A repository's hook.

    Raises:
        ForgeError: 404.
    """
    found = forge.kept.row("SELECT * FROM hooks WHERE id = ? AND repository = ?", number, repository)
    if found is None:
        raise missing()
    return found


def of_app(forge: Forge, app: int) -> Row:
    """An App's hook; made at the first call, without an address to go to.

    Its secret stays what it is for as long as the sandbox's state.
    """
    with forge.kept.change():
        found = forge.kept.row("SELECT * FROM hooks WHERE app = ?", app)
        if found is None:
            now, wanted = forge.now(), forge.kept.value("SELECT events_json FROM apps WHERE id = ?", app)
            columns = {"url": "", "secret": new_secret(), "events_json": wanted, "created_at": now, "updated_at": now}
            forge.kept.insert("hooks", app=app, **columns)
            found = forge.kept.row("SELECT * FROM hooks WHERE app = ?", app)
    if found is None:
        raise missing()
    return found


def send_app_to(forge: Forge, app: int, url: str) -> None:
    """Give an App's hook an address, and ping it there if that is a new one.

    Raises:
        ForgeError: 422, not an http address.
    """
    hook = of_app(forge, app)
    if url == hook["url"]:
        return
    with forge.kept.change():
        changed = edit(forge, hook, url=config({"url": url}, hook).url)
        ping(forge, changed, None, None)


def send_here(forge: Forge, app: int, url: str) -> None:
    """Give an App's hook the address of the engine here, unless it has one that somebody else gave it. No ping."""
    hook = of_app(forge, app)
    if hook["url"] in ("", forge.setting(_OURS)):
        with forge.kept.change():
            edit(forge, hook, url=url, content_type="json")
            forge.set_setting(_OURS, url)


def ping(forge: Forge, hook: Row, repository: Row | None, sender: int | None) -> None:
    """Send `ping`, which every hook gets whatever it wants."""
    body = {"zen": _ZEN, "hook_id": hook["id"], "hook": shapes.pinged(forge, forge.urls, hook, repository)}
    with forge.kept.change():
        if repository is None:
            post(forge, hook, "ping", body)
        else:
            post(forge, hook, "ping", body | common(forge, repository, sender), repository=repository["id"])


def test(forge: Forge, hook: Row) -> None:
    """Send a repository's newest push once more, to a hook that wants pushes; nothing where there was none."""
    if not {"*", "push"}.intersection(json.loads(hook["events_json"])):
        return
    sql = "SELECT body FROM deliveries WHERE repository = ? AND event = 'push' ORDER BY id DESC LIMIT 1"
    newest = forge.kept.value(sql, hook["repository"])
    if newest is not None:
        body = json.loads(newest)
        body.pop("installation", None)  # it may have gone to an App
        with forge.kept.change():
            post(forge, hook, "push", body, repository=hook["repository"])


def _error(message: str) -> dict[str, str]:
    return {"resource": "Hook", "code": "custom", "message": message}
