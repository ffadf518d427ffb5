"""Who: users, bots, organisations and teams, as GraphQL shows them."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.sandbox.forge.graphql.nodes import Args, Ask, Node, unknown
from engine.sandbox.forge.graphql.pages import PAGE, Edge, Page, page
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row

Resolver = Callable[[Any, Args], Any]
Table = Mapping[str, Mapping[str, Resolver]]


def column(name: str) -> Resolver:
    """What is kept in a column, as it is."""
    return lambda node, _: node.row[name]


def flag(name: str) -> Resolver:
    """0 or 1 in a column."""
    return lambda node, _: bool(node.row[name])


def constant(value: Any) -> Resolver:
    """The same for all."""
    return lambda *_: value


def identity(kind: str) -> Resolver:
    """The `id` of a node whose key is that of its kind."""
    return lambda node, _: node_id(kind, node.key)


def path_of(url: Resolver) -> Resolver:
    """`resourcePath` beside `url`."""
    return lambda node, args: url(node, args).removeprefix(node.ask.urls.base)


def login(row: Row) -> str:
    """GraphQL says a bot's login without the `[bot]` that REST has."""
    return str(row["login"]).removesuffix("[bot]")


def kind_of(row: Row) -> str:
    """An account's type."""
    return str(row["kind"])


def account_by(ask: Ask, name: str, *kinds: str) -> Node | None:
    """The living account of this login."""
    row = ask.forge.kept.row("SELECT * FROM accounts WHERE lower(login) = lower(?) AND NOT deleted", name)
    return ask.row("accounts", row["id"], kind_of) if row is not None and row["kind"] in kinds else None


def _found(what: str, kind: str) -> Resolver:
    def resolve(ask: Ask, args: Args) -> Node:
        node = account_by(ask, args["login"], kind)
        if node is None:
            raise unknown(f"{what} with the login of '{args['login']}'")
        return node

    return resolve


def _viewer(ask: Ask, _: Args) -> Node:
    """A `User` even where an App's bot asks, and then with the login that REST has."""
    row = ask.forge.account(ask.viewer.account) or {}
    return ask.alone("User", row["id"], {**row, "asks": True})


def _profile(node: Node, _: Args) -> str:
    return node.ask.urls.page(*(["apps"] if node.row["kind"] == "Bot" else []), login(node.row))


def _avatar(node: Node, _: Args) -> str:
    return node.ask.urls.page("avatars", f"{node.row['id']}.svg")


_ACTOR: Mapping[str, Resolver] = {
    "avatarUrl(size)": _avatar,
    "createdAt": column("created_at"),
    "databaseId": column("id"),
    "id": lambda node, _: node_id(node.row["kind"], node.row["id"]),
    "login": lambda node, _: node.row["login"] if node.row.get("asks") else login(node.row),
    "resourcePath": path_of(_profile),
    "updatedAt": column("created_at"),
    "url": _profile,
}


def _repositories(node: Node, args: Args) -> Page:
    sql = """SELECT r.*, a.login AS owner_login, a.login || '/' || r.name AS full_name, r.owner AS parent
      FROM repositories r JOIN accounts a ON a.id = r.owner
      WHERE NOT r.deleted AND r.owner IN (SELECT value FROM json_each(?)) ORDER BY r.id"""
    return page([found for found in node.many("repositories", "Repository", sql) if _seen(found)], args)


def _seen(node: Node) -> bool:
    return node.ask.level(node.row) is not None


def repository_named(ask: Ask, owner: str, name: str) -> Node:
    """A repository that the viewer sees.

    Raises:
        QueryError: there is none.
    """
    row = ask.forge.repository(owner, name)
    node = None if row is None else ask.repository(row["id"])
    if node is None:
        raise unknown(f"a Repository with the name '{owner}/{name}'")
    return node


def role_in(ask: Ask, organization: int) -> str | None:
    """What the viewer is in an organisation: member, admin, or (None) nothing."""
    sql = "SELECT role FROM members WHERE organization = ? AND account = ?"
    found = ask.once(("role", organization), lambda: ask.forge.kept.row(sql, organization, ask.viewer.account))
    return None if found is None else str(found["role"])


def _may_look_inside(node: Node) -> bool:
    """Teams are for members of the organisation, and for an App that may read them."""
    viewer = node.ask.viewer
    if viewer.kind == "installation":
        return "members" in (viewer.grants or {})
    return role_in(node.ask, node.row["organization"]) is not None


def team_of(ask: Ask, number: int | None) -> Node | None:
    """A team that the viewer may look into."""
    node = ask.row("teams", number, lambda _: "Team")
    return node if node is not None and _may_look_inside(node) else None


def _team(node: Node, args: Args) -> Node | None:
    sql = "SELECT id FROM teams WHERE organization = ? AND slug = lower(?)"
    return team_of(node.ask, node.ask.forge.kept.value(sql, node.row["id"], args["slug"]))


def _teams(node: Node, args: Args) -> Page:
    sql = "SELECT id FROM teams WHERE organization = ? ORDER BY name, id"
    found = [team_of(node.ask, row["id"]) for row in node.ask.forge.kept.rows(sql, node.row["id"])]
    wanted = [team for team in found if team and not (args.get("rootTeamsOnly") and team.row["parent"])]
    return page(wanted, args)


def _members_with_role(node: Node, args: Args) -> Page:
    sql = """SELECT a.*, m.role, m.organization AS parent FROM members m JOIN accounts a ON a.id = m.account
      WHERE NOT a.deleted AND m.organization IN (SELECT value FROM json_each(?)) ORDER BY a.id"""
    return page(node.many("members", kind_of, sql), args)


_BELOW = """WITH RECURSIVE below (root, id) AS (
    SELECT value, value FROM json_each(?)
    UNION SELECT below.root, t.id FROM teams t JOIN below ON t.parent = below.id)"""
_MEMBERS = f"""{_BELOW} SELECT below.root AS parent, a.*, min(below.root <> below.id) AS inherited,
    max(below.root = below.id AND m.role = 'maintainer') AS maintains
  FROM below JOIN team_members m ON m.team = below.id JOIN accounts a ON a.id = m.account
  WHERE NOT a.deleted GROUP BY below.root, a.id ORDER BY a.login COLLATE NOCASE"""  # noqa: S608 - fixed text
_MEMBERSHIP: Mapping[str, Callable[[Row], bool]] = {
    "ALL": lambda _: True,
    "CHILD_TEAM": lambda row: bool(row["inherited"]),
    "IMMEDIATE": lambda row: not row["inherited"],
}


def _members(node: Node, args: Args) -> Page:
    which = _MEMBERSHIP[args.get("membership", "ALL")]
    found = [member for member in node.many("members", kind_of, _MEMBERS) if which(member.row)]
    if args.get("role") is not None:
        found = [member for member in found if _role(member) == args["role"]]
    return page(found, args)


def _role(member: Node) -> str:
    return "MAINTAINER" if member.row["maintains"] else "MEMBER"


def _member(edge: Edge) -> Node:
    return edge.page.items[edge.at]


_CHILDREN = "SELECT id FROM teams WHERE parent IN (SELECT value FROM json_each(?)) ORDER BY name, id"
_DESCENDANTS = f"{_BELOW} SELECT t.id FROM below JOIN teams t ON t.id = below.id AND t.id <> below.root ORDER BY name"  # noqa: S608 - fixed text


def _child_teams(node: Node, args: Args) -> Page:
    sql = _CHILDREN if args.get("immediateOnly", True) else _DESCENDANTS
    rows = node.ask.forge.kept.rows(sql, f"[{node.key}]")
    return page([team for row in rows if (team := team_of(node.ask, row["id"]))], args)


def _team_url(node: Node, _: Args) -> str:
    return node.ask.urls.page("orgs", _organization(node).row["login"], "teams", node.row["slug"])


def _organization(node: Node, _: Args | None = None) -> Node:
    found = node.one("accounts", "organization", kind_of)
    if found is None:
        raise unknown("an Organization")
    return found


def _app_url(node: Node, _: Args) -> str:
    return node.ask.urls.page("apps", node.row["slug"])


TABLE: Table = {
    "Query": {
        "organization(login)": _found("an Organization", "Organization"),
        "repositoryOwner(login)": lambda ask, args: account_by(ask, args["login"], "User", "Organization"),
        "user(login)": _found("a User", "User"),
        "viewer": _viewer,
    },
    "User": {
        **_ACTOR,
        "email": lambda node, _: (node.row["email"] if node.row["id"] == node.ask.viewer.account else None) or "",
        "isSiteAdmin": flag("site_admin"),
        "isViewer": lambda node, _: node.row["id"] == node.ask.viewer.account,
        "name": column("name"),
        f"repositories({PAGE})": _repositories,
        "repository(name)": lambda node, args: repository_named(node.ask, node.row["login"], args["name"]),
    },
    "Bot": _ACTOR,
    "Mannequin": _ACTOR,
    "Organization": {
        **_ACTOR,
        "description": constant(None),
        f"membersWithRole({PAGE})": _members_with_role,
        "name": column("name"),
        f"repositories({PAGE})": _repositories,
        "repository(name)": lambda node, args: repository_named(node.ask, node.row["login"], args["name"]),
        "team(slug)": _team,
        f"teams({PAGE}, rootTeamsOnly)": _teams,
        "viewerIsAMember": lambda node, _: role_in(node.ask, node.row["id"]) is not None,
        "viewerCanAdminister": lambda node, _: role_in(node.ask, node.row["id"]) == "admin",
    },
    "OrganizationMemberEdge": {"role": lambda edge, _: _member(edge).row["role"].upper()},
    "Team": {
        f"childTeams({PAGE}, immediateOnly)": _child_teams,
        "combinedSlug": lambda node, _: f"{_organization(node).row['login']}/{node.row['slug']}",
        "createdAt": column("created_at"),
        "databaseId": column("id"),
        "description": column("description"),
        "id": identity("Team"),
        f"members({PAGE}, membership, role)": _members,
        "name": column("name"),
        "organization": _organization,
        "parentTeam": lambda node, _: team_of(node.ask, node.row["parent"]),
        "privacy": lambda node, _: "SECRET" if node.row["privacy"] == "secret" else "VISIBLE",
        "resourcePath": path_of(_team_url),
        "slug": column("slug"),
        "updatedAt": column("created_at"),
        "url": _team_url,
    },
    "TeamMemberEdge": {"role": lambda edge, _: _role(_member(edge))},
    "App": {
        "createdAt": column("created_at"),
        "databaseId": column("id"),
        "description": constant(None),
        "id": identity("App"),
        "name": column("name"),
        "slug": column("slug"),
        "updatedAt": column("created_at"),
        "url": _app_url,
    },
}
