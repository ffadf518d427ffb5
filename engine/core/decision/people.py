"""Who people are to a change: members of a group, part of it and so excluded, or allowed to veto.

People are compared by user id: logins can be renamed and taken over. Who is unknown is counted; whether that matters is
for those to say who ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Doubt

Person: TypeAlias = Mapping[str, Any]  # id, login, bot; as a contributor: or email alone
_Held: TypeAlias = tuple[Person | None, str]  # who, and what they are to the change
_WRITERS = ("admin", "maintain", "write")
_PARTICIPANTS = ("author", "co_authors", "committers", "pushers")
EXCLUDABLE = (*_PARTICIPANTS, "bots")  # what `exclude:` may hold
WAY_OUT = "link the address to an account on GitHub, or rewrite the commit"  # the way out with unknown contributors
_WEB, _WEB_EMAIL = 19864447, "noreply@github.com"  # GitHub's account `web-flow`
_GHOST = 10137  # GitHub's stand-in for every account that was deleted


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


class Involved(NamedTuple):
    """Who had a hand in the change."""

    known: Mapping[int, str]  # user id → what they are to the change, the first role found
    unknown: tuple[str, ...]  # contributors behind whom no account stands, each told once
    doubt: str  # why somebody may be among neither; empty when nobody can be


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


def _author(document: FactDocument) -> Iterable[_Held]:
    author = _somebody(document.known("pr")["author"])
    if author is not None:
        yield author, "the author of the pull request"
    for commit in _commits(document):
        yield commit["author"], f"the author of commit {commit['sha']:.7}"
    if author is None:
        raise Doubt("the author of the pull request is unknown, and could be anybody who approves")


def _co_authors(document: FactDocument) -> Iterable[_Held]:
    for commit in _commits(document):
        for person in commit["co_authors"]:
            yield person, f"a co-author of commit {commit['sha']:.7}"


def _committers(document: FactDocument) -> Iterable[_Held]:
    for commit in _commits(document):
        if not (_is_web(commit["committer"]) and commit.get("github_signed")):
            yield commit["committer"], f"the committer of commit {commit['sha']:.7}"


def _pushers(document: FactDocument) -> Iterable[_Held]:
    pushers = document.known("pushers")
    if not pushers:
        raise Doubt("nobody is known to have pushed to the branch, yet somebody has")
    known = [person for person in map(_somebody, pushers) if person is not None]
    for person in known:
        yield person, "somebody who pushed to the branch"
    if len(known) < len(pushers):
        raise Doubt("somebody who pushed to the branch is unknown, and could be anybody who approves")


class _Role(NamedTuple):
    holders: Callable[[FactDocument], Iterable[_Held]]
    facts: tuple[str, ...]


_ROLES: Mapping[str, _Role] = {
    "author": _Role(_author, ("pr", "commits")),
    "co_authors": _Role(_co_authors, ("pr", "commits")),
    "committers": _Role(_committers, ("pr", "commits")),
    "pushers": _Role(_pushers, ("pushers",)),
    "bots": _Role(lambda _: (), ()),  # bots never count, said or not
}


def facts_of(exclude: Iterable[str]) -> frozenset[str]:
    """The facts that tell who holds these roles."""
    return frozenset(fact for role in exclude for fact in _ROLES[role].facts)


def involved(document: FactDocument, exclude: Iterable[str]) -> Involved:
    """Who holds one of these roles.

    Two addresses that differ in case alone are one contributor; where not even an address is known, each is another.
    """
    known, unknown, doubts = dict[int, str](), dict[object, str](), list[str]()
    for role in exclude:
        try:
            for person, what in _ROLES[role].holders(document):
                if somebody := _somebody(person):
                    known.setdefault(somebody["id"], what)
                    continue
                email = _WEB_EMAIL if _is_web(person) else (person or {}).get("email", "")
                unknown.setdefault(email.casefold() or len(unknown), f"{what} ({email:.100})" if email else what)
        except Doubt as doubt:
            doubts.append(str(doubt))
    return Involved(known, tuple(unknown.values()), doubts[0] if doubts else "")


def _is_web(person: Person | None) -> bool:
    """GitHub's web committer: merges and edits in the browser, and whoever writes its address into a commit.

    Only GitHub's own signature tells these apart; without it, it is nobody that we know.
    """
    return person is not None and person.get("id") == _WEB


def account(person: Person | None) -> Person | None:
    """The person, if there is an account behind them, and still is."""
    return person if person is not None and person.get("id", _GHOST) != _GHOST else None


def _somebody(person: Person | None) -> Person | None:
    """The person, if that tells who it was."""
    return None if _is_web(person) else account(person)


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
