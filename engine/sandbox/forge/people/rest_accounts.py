"""REST of people and organisations: who is who, and who belongs where."""

from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, missing, number, paged, text
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access, accounts, organizations, shapes


def named(call: Call) -> Row:
    """The account that `{username}` names.

    Raises:
        ForgeError: 404, nobody.
    """
    found = accounts.by_login(call.forge, call.path["username"])
    if found is None:
        raise missing()
    return found


def organization(call: Call, *, member: bool = False, owner: bool = False) -> Row:
    """The organisation that `{org}` names.

    Raises:
        ForgeError: 404, none; 403, the viewer is no member or owner, where that is needed.
    """
    found = organizations.by_login(call.forge, call.path["org"])
    if found is None:
        raise missing()
    if member and not organizations.within(call.forge, call.viewer, found["id"]):
        raise ForgeError(403, "You must be a member of the organization to see this.")
    if owner:
        demand_owner(call, found["id"])
    return found


def demand_owner(call: Call, number: int) -> None:
    """Refuse whoever does not own an organisation; an App has been asked for its grant already.

    Raises:
        ForgeError: 403.
    """
    if call.viewer.kind == "installation":
        allowed = organizations.within(call.forge, call.viewer, number)
    else:
        allowed = organizations.role(call.forge, number, call.viewer.account) == "admin"
    if not allowed:
        raise ForgeError(403, "You must be an admin to do this.")


def _user(call: Call) -> Answer:
    return _person(call, call.forge.account(call.viewer.account))


def _by_number(call: Call) -> Answer:
    return _person(call, call.forge.account(number(call.path["account_id"], 0)))


def _by_login(call: Call) -> Answer:
    return _person(call, named(call))


def _person(call: Call, account: Row | None) -> Answer:
    if account is None or account["deleted"]:
        raise missing()
    own = call.viewer.kind == "user" and call.viewer.account == account["id"]
    shape = shapes.private_user if own else shapes.public_user
    return Answer(shape(call.forge, call.urls, account))


def _emails(call: Call) -> Answer:
    account = call.forge.account(call.viewer.account) or {}
    further = call.forge.kept.rows("SELECT email FROM emails WHERE account = ? ORDER BY email", account["id"])
    linked = [account["email"], *(row["email"] for row in further), accounts.no_reply(account)]
    return paged(
        call,
        [email for email in linked if email],
        lambda email: {
            "email": email,
            "primary": email == account["email"],
            "verified": True,
            "visibility": "private" if email == account["email"] else None,
        },
    )


def _own_organizations(call: Call) -> Answer:
    found = organizations.of(call.forge, call.viewer.account or 0)
    return paged(call, found, lambda row: shapes.organization(call.urls, row))


def _organizations(call: Call) -> Answer:
    account = named(call)["id"]
    found = organizations.of(call.forge, account)
    # Memberships are concealed unless somebody publishes hers, so only those within see them.
    seen = [row for row in found if organizations.within(call.forge, call.viewer, row["id"])]
    return paged(call, seen, lambda row: shapes.organization(call.urls, row))


def _organization(call: Call) -> Answer:
    return Answer(shapes.full_organization(call.forge, call.urls, organization(call)))


def _members(call: Call) -> Answer:
    owner = organization(call)
    wanted = call.query.get("role", "all")
    if wanted not in ("all", "admin", "member"):
        raise ForgeError(422, "Validation Failed")
    inside = organizations.within(call.forge, call.viewer, owner["id"])
    found = organizations.members(call.forge, owner["id"], wanted) if inside else []
    return paged(call, found, lambda row: shapes.simple_user(call.urls, row))


def _member(call: Call) -> Answer:
    owner, who = organization(call), named(call)
    if not organizations.within(call.forge, call.viewer, owner["id"]):
        public = call.urls.rest("orgs", owner["login"], "public_members", who["login"])
        return Answer(None, 302, {"Location": public})
    if organizations.role(call.forge, owner["id"], who["id"]) is None:
        raise missing()
    return Answer(None, 204)


def _membership(call: Call) -> Answer:
    owner, who = organization(call, member=True), named(call)
    role = organizations.role(call.forge, owner["id"], who["id"])
    if role is None:
        raise missing()
    return Answer(_shaped(call, owner, who, role))


def _set_membership(call: Call) -> Answer:
    owner, who = organization(call, owner=True), named(call)
    role = text(call, "role", "OrganizationMembership") or "member"
    organizations.set_member(call.forge, owner["id"], who["id"], role)
    return Answer(_shaped(call, owner, who, role))


def _remove_membership(call: Call) -> Answer:
    owner, who = organization(call, owner=True), named(call)
    if organizations.role(call.forge, owner["id"], who["id"]) is None:
        raise missing()
    organizations.remove_member(call.forge, owner["id"], who["id"])
    return Answer(None, 204)


def _shaped(call: Call, owner: Row, who: Row, role: str) -> dict[str, Any]:
    api = call.urls.rest("orgs", owner["login"])
    return {
        "url": f"{api}/memberships/{who['login']}",
        "state": "active",
        "role": role,
        "organization_url": api,
        "organization": shapes.organization(call.urls, owner),
        "user": shapes.simple_user(call.urls, who),
    }


def demand_pusher(call: Call, what: str) -> None:
    """Refuse whoever may not push; GitHub asks for it though its description does not say so.

    Raises:
        ForgeError: 403.
    """
    viewer = call.viewer
    if viewer.kind != "installation" and not access.at_least(
        access.permission(call.forge, viewer.account, call.repo), "write"
    ):
        raise ForgeError(403, f"Must have push access to view {what}.")


_MEMBERSHIP = "/orgs/{org}/memberships/{username}"
ROUTES = (
    Route("GET", "/user", _user, who="user"),
    Route("GET", "/user/emails", _emails, who="user"),
    Route("GET", "/user/orgs", _own_organizations, who="user"),
    Route("GET", "/user/{account_id}", _by_number),
    Route("GET", "/users/{username}", _by_login),
    Route("GET", "/users/{username}/orgs", _organizations),
    Route("GET", "/orgs/{org}", _organization),
    Route("GET", "/orgs/{org}/members", _members, grant="members:read"),
    Route("GET", "/orgs/{org}/members/{username}", _member, grant="members:read"),
    Route("GET", _MEMBERSHIP, _membership, grant="members:read", who="signed-in"),
    Route("PUT", _MEMBERSHIP, _set_membership, grant="members:write"),
    Route("DELETE", _MEMBERSHIP, _remove_membership, grant="members:write"),
)
