"""Who people are to a change: members of a group, part of it and so excluded, or allowed to veto.

People are compared by user id: logins can be renamed and taken over. Who is unknown is counted; whether that matters is
for those to say who ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Doubt
from engine.core.decision.standing import missing

if TYPE_CHECKING:
    from engine.core.verdict.statement import Hands

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


def _updates(document: FactDocument) -> Mapping[str, str]:
    """The commits that only merge the base into the branch, each with the branch's head before it.

    They lie on the branch itself: from its head back along first parents. What they bring is the base's, and what git
    makes of it, so whoever made them has no hand in the change.

    Raises:
        Doubt: the commits are not those of the head, so that somebody who had a hand in the change may be missing.
    """
    commits = {commit["sha"]: commit for commit in document.known("commits")}
    head = sha = document.known("pr")["head"]["sha"]
    if head not in commits:
        raise Doubt(f"the head, {head:.7}, is not among the commits, so who had a hand in it is unknown")
    found = dict[str, str]()
    while commit := commits.pop(sha, None):
        parents = commit.get("parents", ())
        sha = parents[0] if parents else ""
        if len(parents) == 2 and commit.get("merges_base") is True:
            found[commit["sha"]] = sha
    return found


def _commits(document: FactDocument) -> Sequence[Mapping[str, Any]]:
    """The commits that somebody has a hand in.

    Raises:
        Doubt: they are not those of the head.
    """
    updates = _updates(document)
    return [commit for commit in document.known("commits") if commit["sha"] not in updates]


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
    pushes, head = document.known("pushers"), document.known("pr")["head"]["sha"]
    told = {push["after"] for push in pushes if push.get("after")}
    updates = _updates(document) if told else {}
    people = [_somebody(push["user"]) for push in pushes if not _updated(push, updates)]
    if not people:
        raise Doubt("nobody is known to have pushed to the branch, yet somebody has")
    for person in people:
        if person is not None:
            yield person, "somebody who pushed to the branch"
    if None in people:
        raise Doubt("somebody who pushed to the branch is unknown, and could be anybody who approves")
    if told and head not in told:
        raise Doubt(f"the push of the head, {head:.7}, is not listed, and whose it was could be anybody's who approves")


def _updated(push: Mapping[str, Any], updates: Mapping[str, str]) -> bool:
    """Did this push nothing but merge the base into the branch as it was?"""
    before = push.get("before")
    return push.get("forced") is False and bool(before) and updates.get(push.get("after", "")) == before


_THEN = {
    "authors": "an author of what was validated as number {}",
    "committers": "a committer of what was validated as number {}",
    "pushers": "somebody who had pushed what was validated as number {}",
}
_NEVER_KNOWN = "could be anybody who approves; open a new pull request for the change"


def _earlier(document: FactDocument, kind: str) -> Iterable[_Held]:
    """Whoever held a role when this pull request was validated holds it still: rewriting the branch clears nobody.

    Of the present head the commits of today are those of then, and say it more exactly.
    """
    if "statements" in document.absent:
        return
    pr = document.known("pr")
    now = (pr["head"]["sha"], pr["base"]["ref"])
    told = _named(document) if kind != "pushers" else frozenset()
    rows, unknown = sorted(document.known("statements"), key=lambda row: row["sequence"]), 0
    for row in rows:
        is_now, number = (row["head_sha"], row["base_ref"]) == now, row["sequence"]
        if row["hands"] is None:
            unknown = unknown if is_now else number
            continue
        for identity in row["hands"][kind]:
            if identity not in (_WEB, _GHOST) and not (is_now and identity in told):
                yield {"id": identity}, _THEN[kind].format(number)
    if lost := missing([row["sequence"] for row in rows]):
        raise Doubt(f"statement {lost} of this pull request is missing: who had a hand in it then {_NEVER_KNOWN}")
    if unknown:
        raise Doubt(f"who had a hand in what was validated as number {unknown} is unknown, and {_NEVER_KNOWN}")


def _named(document: FactDocument) -> frozenset[int]:
    """Whom today's commits name, in whatever role."""
    commits = document.facts.get("commits", ())
    people = (person for c in commits for person in (c["author"], c["committer"], *c["co_authors"]))
    return frozenset(person["id"] for person in people if person and "id" in person)


class _Role(NamedTuple):
    holders: Callable[[FactDocument], Iterable[_Held]]  # today
    kind: str  # how statements call them
    facts: tuple[str, ...]


_ROLES: Mapping[str, _Role] = {  # bots never count, said or not
    "author": _Role(_author, "authors", ("pr", "commits", "statements")),
    "co_authors": _Role(_co_authors, "authors", ("pr", "commits", "statements")),
    "committers": _Role(_committers, "committers", ("pr", "commits", "statements")),
    "pushers": _Role(_pushers, "pushers", ("pr", "commits", "pushers", "statements")),
}


def facts_of(exclude: Iterable[str]) -> frozenset[str]:
    """The facts that tell who holds these roles."""
    return frozenset(fact for role in exclude if role in _ROLES for fact in _ROLES[role].facts)


def involved(document: FactDocument, exclude: Iterable[str]) -> Involved:
    """Who holds one of these roles, or held it when this pull request was validated.

    Two addresses that differ in case alone are one contributor; where not even an address is known, each is another.
    """
    known, unknown, doubts = dict[int, str](), dict[object, str](), list[str]()
    roles = [_ROLES[role] for role in exclude if role in _ROLES]
    today = [partial(role.holders, document) for role in roles]
    for holders in (*today, *(partial(_earlier, document, kind) for kind in dict.fromkeys(r.kind for r in roles))):
        try:
            for person, what in holders():
                if somebody := _somebody(person):
                    known.setdefault(somebody["id"], what)
                    continue
                email = _WEB_EMAIL if _is_web(person) else (person or {}).get("email", "")
                unknown.setdefault(email.casefold() or len(unknown), f"{what} ({email:.100})" if email else what)
        except Doubt as doubt:
            doubts.append(str(doubt))
    return Involved(known, tuple(unknown.values()), doubts[0] if doubts else "")


def authors(document: FactDocument) -> tuple[Mapping[int, str], tuple[str, ...]]:
    """Authors and co-authors of today's commits: login by id, and the addresses behind which no account stands.

    Raises:
        Doubt: the commits are not known, or not those of the head.
    """
    everybody = [person for commit in _commits(document) for person in (commit["author"], *commit["co_authors"])]
    found = [somebody for person in everybody if (somebody := _somebody(person))]
    unknown = [(person or {}).get("email", "somebody") for person in everybody if _somebody(person) is None]
    return {person["id"]: person["login"] for person in found}, tuple(dict.fromkeys(unknown))


def hands(document: FactDocument) -> "Hands | None":
    """What a statement keeps of who had a hand in the change; None where it is not known, as in a clone.

    Contributors behind whom no account stands have no id, and so are not kept: who is told to link the address or to
    rewrite the commit must be able to.
    """
    if document.origin != "github" or "pr" not in document.facts:
        return None
    opened = _somebody(document.facts["pr"]["author"])
    try:
        wrote = {*authors(document)[0], *([opened["id"]] if opened else [])}
        return {
            "authors": sorted(wrote),
            "committers": _ids(_committers(document)),
            "pushers": _ids(_pushers(document)),
        }
    except Doubt:
        return None


def _ids(held: Iterable[_Held]) -> list[int]:
    return sorted({person["id"] for who, _ in held if (person := _somebody(who))})


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
