"""Who people are: accounts by their login, members of teams, and what somebody may do in a repository.

One query has all of them, under names of our own: theirs are none in GraphQL. Whom or what there is not is told as
None; whether that matters is for others to say.
"""

from collections.abc import Collection, Mapping

from engine.adapters.github import queries
from engine.adapters.github.client import MOST_PAGES, Client, Json
from engine.adapters.github.door import PAGE
from engine.adapters.github.failures import not_whole
from engine.adapters.github.port import People, Person
from engine.adapters.github.whole import Understood, named, page


def people(client: Client, repo: str, logins: Collection[str], teams: Collection[str]) -> People:
    """Accounts and teams (`organisation/slug`): one request for up to a hundred members of each team.

    Raises:
        EngineError: ENG593 to ENG597.
    """
    what = f"people of {repo}"
    users = {f"u{number}": login for number, login in enumerate(sorted(set(logins)))}
    groups = {f"t{number}": team for number, team in enumerate(sorted(set(teams)))}
    found = _Found(what, users, groups)
    left: dict[str, str | None] = dict.fromkeys(groups)
    with Understood(what):
        for _ in range(MOST_PAGES):
            if not (users or left):
                return found.told()
            variables = {**users, **(named(repo) if users else {}), **_places(groups, left)}
            query = queries.people(users, left, in_repo=bool(users))
            left = found.read(client.graphql(query, variables, missing=[*users, *left]), users, left)
            users = {}
    raise not_whole(what, f"a team has more than {MOST_PAGES * PAGE} members")


class _Found:
    def __init__(self, what: str, users: Mapping[str, str], teams: Mapping[str, str]) -> None:
        self._what, self._teams = what, teams
        self._users: dict[str, Person | None] = dict.fromkeys(users.values())
        self._may: dict[int, str] = {}
        self._members: dict[str, list[Json] | None] = {alias: [] for alias in teams}

    def read(self, data: Json, users: Mapping[str, str], teams: Collection[str]) -> dict[str, str | None]:
        """Adds an answer; the teams of which there is more, and where to go on from."""
        for alias, login in users.items():
            person = self._users[login] = _is(data[alias], login, self._what)
            if person:
                self._may[person.id] = _permission(data["repository"][alias], person)
        ends = {alias: self._read(data[alias], alias) for alias in teams}
        return {alias: end for alias, end in ends.items() if end is not None}

    def _read(self, found: Json | None, alias: str) -> str | None:
        rows = self._members[alias]
        team = found["team"] if found else None
        if team is None or rows is None:
            self._members[alias] = None
            return None
        return page(team["members"], rows, "members", self._what)

    def told(self) -> People:
        """All of it."""
        teams = {
            self._teams[alias]: None if rows is None else tuple(map(_member, rows))
            for alias, rows in self._members.items()
        }
        return People(self._users, teams, self._may)


def _places(teams: Mapping[str, str], left: Mapping[str, str | None]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for alias, after in left.items():
        of, _, slug = teams[alias].partition("/")
        found |= {alias: slug, f"{alias}_of": of, f"{alias}_after": after}
    return found


def _is(user: Json | None, login: str, what: str) -> Person | None:
    if user is None:
        return None
    if user["login"].lower() != login.lower():
        raise not_whole(what, "it is about somebody else")
    return _member(user)


def _member(user: Json) -> Person:
    return Person(int(user["databaseId"]), user["login"])


def _permission(listed: Json, person: Person) -> str:
    """What somebody may do: nothing, where GitHub does not list them."""
    for edge in listed["edges"]:
        if edge["node"]["databaseId"] == person.id:
            return str(edge["permission"].lower())
    return "none"
