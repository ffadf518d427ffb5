"""REST of Apps: what a JWT may ask, the tokens it gets, and what a token may ask about itself. Rate limits too."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, missing, number, paged
from engine.sandbox.forge.git import shapes as git_shapes
from engine.sandbox.forge.ids import new_token
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import apps, shapes
from engine.sandbox.forge.people.rest_accounts import named, organization


def _app(call: Call) -> Answer:
    count = len(apps.installations(call.forge, call.viewer.app or 0))
    return Answer({**(shapes.integration(call.forge, call.urls, call.viewer.app) or {}), "installations_count": count})


def _exchanged(call: Call) -> Answer:
    """What a new App's maker gets for the code, which is the only right that this takes: once, within the hour."""
    with call.forge.kept.change():
        kept = call.forge.kept
        found = kept.row(
            "SELECT * FROM manifests WHERE code = ? AND expires_at > ?", call.path["code"], call.forge.now()
        )
        if found is None:
            raise missing()
        kept.run("DELETE FROM manifests WHERE code = ?", found["code"])
    private = {"client_id": f"Iv1.{found['app']:016x}", "client_secret": new_token("sec"), "pem": found["pem"]}
    shown = shapes.integration(call.forge, call.urls, found["app"]) or {}
    return Answer({**shown, **private, "webhook_secret": found["webhook_secret"]}, 201)


def _by_slug(call: Call) -> Answer:
    found = call.forge.kept.value("SELECT id FROM apps WHERE slug = ?", call.path["app_slug"])
    if found is None:
        raise missing()
    return Answer(shapes.integration(call.forge, call.urls, found))


def _installations(call: Call) -> Answer:
    found = apps.installations(call.forge, call.viewer.app or 0)
    return paged(call, found, lambda row: shapes.installation(call.forge, call.urls, row))


def _installation(call: Call) -> Answer:
    return _shown(call, _named(call))


def _of_repository(call: Call) -> Answer:
    return _shown(call, apps.installed_on(call.forge, call.viewer.app or 0, call.repo))


def _of_account(find: Callable[[Call], Row]) -> Callable[[Call], Answer]:
    return lambda call: _shown(call, apps.installed_for(call.forge, call.viewer.app or 0, find(call)["id"]))


def _shown(call: Call, row: Row | None) -> Answer:
    if row is None:
        raise missing()
    return Answer(shapes.installation(call.forge, call.urls, row))


def _named(call: Call) -> Row:
    return apps.of_app(call.forge, call.viewer.app, number(call.path["installation_id"], 0))


def _new_token(call: Call) -> Answer:
    installation = _named(call)
    wanted = _wanted(call, installation)
    permissions = call.body.get("permissions")
    if not isinstance(permissions, Mapping | None):
        raise ForgeError(422, "Validation Failed")
    token = apps.new_installation_token(call.forge, installation, repositories=wanted, permissions=permissions)
    body: dict[str, Any] = {
        "token": token["token"],
        "expires_at": token["expires_at"],
        "permissions": apps.granted_to(token),
        "repository_selection": "selected" if wanted is not None else installation["selection"],
    }
    if wanted is not None:
        rows = [call.forge.repository_of(found) for found in sorted(set(wanted))]
        body["repositories"] = [git_shapes.repository(call.forge, call.urls, row) for row in rows if row is not None]
    return Answer(body, 201)


def _wanted(call: Call, installation: Row) -> list[int] | None:
    """The repositories that a token is to be limited to, by name or number; 0 for one that is not there."""
    names, numbers = call.body.get("repositories"), call.body.get("repository_ids")
    if names is None and numbers is None:
        return None
    names, numbers = names or [], numbers or []
    fine = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not (fine and isinstance(numbers, list) and all(type(found) is int for found in numbers)):
        raise ForgeError(422, "Validation Failed")
    return [*apps.named(call.forge, installation, names), *numbers]


def _repositories(call: Call) -> Answer:
    viewer = call.viewer
    if viewer.kind != "installation":
        raise ForgeError(403, "Resource not accessible by personal access token")
    installation = apps.of_app(call.forge, viewer.app, viewer.installation or 0)
    numbers = apps.reachable(call.forge, installation)
    if viewer.repositories is not None:
        numbers &= viewer.repositories
    rows = [row for found in sorted(numbers) if (row := call.forge.repository_of(found)) is not None]
    shown = paged(call, rows, lambda row: git_shapes.repository(call.forge, call.urls, row), "repositories")
    selection = installation["selection"] if viewer.repositories is None else "selected"
    return shown._replace(body={**shown.body, "repository_selection": selection})


def _revoke(call: Call) -> Answer:
    if call.viewer.kind != "installation":
        raise ForgeError(403, "Resource not accessible by personal access token")
    call.forge.kept.run("UPDATE tokens SET revoked = 1 WHERE token = ?", call.token)
    return Answer(None, 204)


def _rate_limit(call: Call) -> Answer:
    payer, limits = call.viewer.payer, call.forge.limits
    resources = {name: limits.state(payer, name) for name in ("core", "graphql", "search")}
    return Answer({"resources": resources, "rate": resources["core"]})


ROUTES = (
    Route("GET", "/app", _app, who="app"),
    Route("POST", "/app-manifests/{code}/conversions", _exchanged, who="open"),
    Route("GET", "/apps/{app_slug}", _by_slug),
    Route("GET", "/app/installations", _installations, who="app"),
    Route("GET", "/app/installations/{installation_id}", _installation, who="app"),
    Route("POST", "/app/installations/{installation_id}/access_tokens", _new_token, who="app"),
    Route("GET", "/repos/{owner}/{repo}/installation", _of_repository, who="app"),
    Route("GET", "/orgs/{org}/installation", _of_account(organization), who="app"),
    Route("GET", "/users/{username}/installation", _of_account(named), who="app"),
    Route("GET", "/installation/repositories", _repositories, who="signed-in"),
    Route("DELETE", "/installation/token", _revoke, who="signed-in"),
    Route("GET", "/rate_limit", _rate_limit, counted=False),
)
