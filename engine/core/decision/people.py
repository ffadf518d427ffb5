"""Who people are to a change: members of a group, part of it and so excluded, or allowed to veto.

People are compared by user id: logins can be renamed and taken over. An identity that is unknown where it could have
mattered is a Doubt.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Doubt

Person: TypeAlias = Mapping[str, Any]  # id, login, bot
_WRITERS = ("admin", "maintain", "write")
_PARTICIPANTS = ("author", "co_authors", "committers", "pushers")
EXCLUDABLE = (*_PARTICIPANTS, "bots")  # what `exclude:` may hold


class Group(NamedTuple):
    """An approver group as it was resolved; `trouble` says why it cannot be relied on."""

    name: str
    members: Mapping[int, str]  # id → login
    trouble: str = ""


def groups(document: FactDocument, names: Iterable[str]) -> tuple[Group, ...]:
    """The named groups. One that is empty or unreachable is in trouble.

    Raises:
        Doubt: the groups could not be had at all.
    """
    known = document.known("groups")
    return tuple(_group(name, known.get(name)) for name in names)


def _group(name: str, found: Mapping[str, Any] | None) -> Group:
    if found is None:
        return Group(name, {}, f"group {name} was not fetched")
    if "failed" in found or "members" not in found:
        return Group(name, {}, f"group {name} could not be resolved: {found.get('failed', 'no members were given')}")
    members = {m["id"]: m["login"] for m in found["members"] if not is_bot(m)}
    if not members:
        return Group(name, {}, f"group {name} {'has only bots' if found['members'] else 'is empty'}")
    return Group(name, members)


def _commits(document: FactDocument) -> Sequence[Mapping[str, Any]]:
    """The commits, if they are those of the head.

    Raises:
        Doubt: they are not, so that somebody who had a hand in the change may be missing.
    """
    commits: Sequence[Mapping[str, Any]] = document.known("commits")
    head = document.known("pr")["head"]["sha"]
    if all(commit["sha"] != head for commit in commits):
        raise Doubt(f"the head, {head:.7}, is not among the commits, so who had a hand in it is unknown")
    return commits


def _authors(document: FactDocument) -> Iterable[tuple[Person | None, str]]:
    yield document.known("pr")["author"], "the author of the pull request"
    for commit in _commits(document):
        yield commit["author"], f"the author of commit {commit['sha']:.7}"


def _co_authors(document: FactDocument) -> Iterable[tuple[Person | None, str]]:
    for commit in _commits(document):
        for person in commit["co_authors"]:
            yield person, f"a co-author of commit {commit['sha']:.7}"


def _committers(document: FactDocument) -> Iterable[tuple[Person | None, str]]:
    for commit in _commits(document):
        yield commit["committer"], f"the committer of commit {commit['sha']:.7}"


def _pushers(document: FactDocument) -> Iterable[tuple[Person | None, str]]:
    pushers = document.known("pushers")
    if not pushers:
        raise Doubt("nobody is known to have pushed to the branch, yet somebody has")
    for person in pushers:
        yield person, "somebody who pushed to the branch"


class _Role(NamedTuple):
    holders: Callable[[FactDocument], Iterable[tuple[Person | None, str]]]
    facts: tuple[str, ...]


_ROLES: Mapping[str, _Role] = {
    "author": _Role(_authors, ("pr", "commits")),
    "co_authors": _Role(_co_authors, ("pr", "commits")),
    "committers": _Role(_committers, ("pr", "commits")),
    "pushers": _Role(_pushers, ("pushers",)),
    "bots": _Role(lambda _: (), ()),  # bots never count, said or not
}


def facts_of(exclude: Iterable[str]) -> frozenset[str]:
    """The facts that tell who holds these roles."""
    return frozenset(fact for role in exclude for fact in _ROLES[role].facts)


def excluded(document: FactDocument, exclude: Iterable[str]) -> Mapping[int, str]:
    """Who may not approve, and what they are to the change (the first role found).

    Raises:
        Doubt: a role is held by somebody unknown, who could be any approver; or its facts are not there.
    """
    found: dict[int, str] = {}
    for role in exclude:
        for person, what in _ROLES[role].holders(document):
            if person is None:
                raise Doubt(f"{what} is unknown, and could be anybody who approves")
            found.setdefault(person["id"], what)
    return found


def may_write(document: FactDocument, person: Person) -> bool:
    """Has this person write access to the source repository?

    Raises:
        Doubt: nobody asked, or the answer did not come.
    """
    permission = document.known("permissions").get(str(person["id"]))
    if permission is None:
        raise Doubt(f"the permission of {person['login']} was not fetched")
    return permission in _WRITERS


def is_bot(person: Person) -> bool:
    """Bots neither approve nor veto nor override."""
    return bool(person.get("bot", False))
