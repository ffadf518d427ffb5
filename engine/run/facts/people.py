"""Who people are on GitHub: members of the rules' groups by id, and what those who spoke may do. One request for all.

A bare login says nothing for ever: it can be renamed and taken by somebody else. So whose it was first is remembered in
the store, and another holder makes the group fail.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.printable import in_line
from engine.run.facts.once import once
from engine.run.kept import logins

if TYPE_CHECKING:
    from engine.adapters.github.port import Forge, Person
    from engine.adapters.github.port import People as Found
    from engine.adapters.storage.port import Store
    from engine.core.rules.model import Group, Rules

_PIN = "; correct approvers-config.yaml (`engine doctor --pin` writes the ids of today)"


class People:
    """Groups and permissions. Everything is looked up once; thread-safe."""

    def __init__(
        self, forge: "Forge", repo: str, rules: "Rules", store: "Store", spoke: "Callable[[], Iterable[Person]]"
    ) -> None:
        """`spoke`: those whose permission matters."""
        self._forge, self._repo, self._rules, self._store, self._find_spoke = forge, repo, rules, store, spoke

    @once
    def _spoke(self) -> "Mapping[int, Person]":
        return {person.id: person for person in self._find_spoke() if not person.bot}

    @once
    def _found(self) -> "Found":
        groups = self._rules.groups.values()
        logins = {login for group in groups for login in group.users}
        teams = {team for group in groups for team in group.teams}
        return self._forge.people(self._repo, logins | {person.login for person in self._spoke.values()}, teams)

    @property
    def permissions(self) -> dict[str, str]:
        """What those who spoke may do, by id. Whose login is another's by now is not among them."""
        return {
            str(person.id): self._found.permissions[person.id]
            for person in self._spoke.values()
            if self._found.permissions.get(person.id)
        }

    @once
    def groups(self) -> dict[str, Any]:
        """The members of each group, or why they cannot be told."""
        return {name: self._group(group) for name, group in self._rules.groups.items()}

    def _group(self, group: "Group") -> dict[str, Any]:
        members: dict[int, Person] = {}
        for login in group.users:
            person = self._found.users.get(login)
            if person is None:
                return {"failed": f"nobody on GitHub has the login {in_line(login)}{_PIN}"}
            if (owner := group.ids.get(login, person.id)) != person.id:
                return {"failed": f"{in_line(login)} is pinned to account {owner}, and is {person.id} now{_PIN}"}
            if login not in group.ids and (first := logins.first(self._store, login, person.id)) != person.id:
                said = f"{in_line(login)} was account {first} when it was first seen, and is {person.id} now"
                return {"failed": f"{said}{_PIN}"}
            members[person.id] = person
        for team in group.teams:
            found = self._found.teams.get(team)
            if found is None:
                return {"failed": f"there is no team {in_line(team)}, or we may not see it"}
            members |= {person.id: person for person in found}
        return {"members": [somebody(members[identity]) for identity in sorted(members)]}


def somebody(person: "Person | None") -> dict[str, Any] | None:
    """Somebody as facts have them; None: nobody whom GitHub knows any more."""
    if person is None:
        return None
    return {"id": person.id, "login": person.login, **({"bot": True} if person.bot else {})}
