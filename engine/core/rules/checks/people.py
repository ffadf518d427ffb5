"""People who cannot do what the rules ask of them: too few, counted twice, or the only ones who may."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from engine.core.assignment import assign
from engine.core.command import OF_TWO
from engine.core.duration import seconds
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import Path
from engine.core.rules.pins import logins
from engine.errors import Problem, problem
from engine.names import either, plural

MOST_WAYS = 64  # `any`s add up, and those inside an `all` multiply: 16 pairs are 65,536 ways
_LONGEST_OVERRIDE = 90 * 86_400  # seconds; beyond that it is no exception any more
_TEAM = 101  # more than `count` may be: who is in a team of GitHub's stands in no file


class _Leaf(NamedTuple):
    """So many people of these groups, and where that is said."""

    path: Path
    need: int
    groups: Sequence[str]


_Members: TypeAlias = Mapping[str, frozenset[str]]


def _members(subject: Subject) -> _Members:
    """Group → its logins in one case, and for each team more of them than any rule can ask for."""
    found: dict[str, frozenset[str]] = {}
    for group in subject.draft.groups:
        users = {login.lower() for login in logins(group.data.get("users", ()))}
        teams = {f"{team.lower()}#{number}" for team in group.data.get("teams", ()) for number in range(_TEAM)}
        found[group.name] = frozenset(users | teams)
    return found


def _leaves(part: Mapping[str, Any], path: Path) -> Iterator[_Leaf]:
    if "from" in part:
        yield _Leaf((*path, "count" if "count" in part else "from"), part.get("count", 1), part["from"])
    for key in ("any", "all"):
        for index, inner in enumerate(part.get(key, ())):
            yield from _leaves(inner, (*path, key, index))


def ways(part: Mapping[str, Any]) -> list[list[_Leaf]]:
    """Every way to satisfy approvals, as leaves that must hold together; what asks for more than 64 is refused."""
    if "any" in part:
        return [way for inner in part["any"] for way in ways(inner)]
    if "all" in part:
        return [[leaf for way in chosen for leaf in way] for chosen in product(*map(ways, part["all"]))]
    return [list(_leaves(part, ()))]


def number_of_ways(part: Mapping[str, Any]) -> int:
    """How many those are, without making them."""
    if "any" in part:
        return sum(map(number_of_ways, part["any"]))
    number = 1
    for inner in part.get("all", ()):
        number *= number_of_ways(inner)
    return number


def _filled(way: Sequence[_Leaf], members: _Members, without: Iterable[str] = ()) -> int:
    """How many of its places can be filled, each by somebody else."""
    gone = frozenset(without)
    eligible = [frozenset[str]().union(*(members[name] for name in leaf.groups)) - gone for leaf in way]
    number = {login: at for at, login in enumerate(sorted(frozenset[str]().union(*eligible)))}
    found = assign([leaf.need for leaf in way], [[number[login] for login in those] for those in eligible])
    return sum(map(len, found))


def _can(approvals: Mapping[str, Any], members: _Members, without: Iterable[str] = ()) -> bool:
    return any(_filled(way, members, without) == sum(leaf.need for leaf in way) for way in ways(approvals))


def _is_known(approvals: Mapping[str, Any], members: _Members) -> bool:
    """Are all its groups there, and are its ways few enough? What is not is told elsewhere."""
    named = {name for leaf in _leaves(approvals, ()) for name in leaf.groups}
    return named <= members.keys() and number_of_ways(approvals) <= MOST_WAYS


def too_few(subject: Subject) -> Iterator[Problem]:
    """More people than the named groups have, asked for an approval or for a command."""
    members = _members(subject)
    for entry in subject.draft.sections["gates"]:
        for leaf in _leaves(entry.data.get("approvals", {}), ("approvals",)):
            have = _have(leaf, members)
            if have is not None and have < leaf.need:
                yield problem("ENG089", entry.place(*leaf.path), need=leaf.need, have=plural(have, "person", "people"))


def _have(leaf: _Leaf, members: _Members) -> int | None:
    if not members.keys() >= {*leaf.groups}:
        return None
    return len(frozenset[str]().union(*(members[name] for name in leaf.groups)))


def too_few_together(subject: Subject) -> Iterator[Problem]:
    """Parts of `all` each of which has its people, and all of which have not: one person counts once."""
    members = _members(subject)
    for entry in subject.draft.sections["gates"]:
        yield from (
            problem("ENG985", entry.place(*path, key=True), need=need, have=have)
            for path, need, have in _short(entry.data.get("approvals", {}), ("approvals",), members)
        )


def _short(part: Mapping[str, Any], path: Path, members: _Members) -> Iterator[tuple[Path, int, int]]:
    """Each outermost `all` that nobody can meet: where, how many it asks for, and for how many there is somebody."""
    parts = part.get("all", ())
    alone = all(_can(inner, members) for inner in parts) if parts and _is_known(part, members) else False
    if alone and not _can(part, members):
        tried = [(sum(leaf.need for leaf in way) - (have := _filled(way, members)), have) for way in ways(part)]
        lacking, have = min(tried)
        yield (*path, "all"), lacking + have, have
        return
    for key in ("any", "all"):
        for index, inner in enumerate(part.get(key, ())):
            yield from _short(inner, (*path, key, index), members)


def too_few_say_it(subject: Subject) -> Iterator[Problem]:
    """A command that more people have to say than its groups have."""
    members = _members(subject)
    for entry in subject.draft.sections["commands"]:
        need = max(entry.data.get("count", 1), 2 if entry.name in OF_TWO else 1)
        have = _have(_Leaf((), need, entry.data["from"]), members)
        if have is not None and have < need and not entry.data.get("writers"):
            place = entry.place("count") if "count" in entry.data else entry.place("from", key=True)
            yield problem("ENG986", place, need=need, name=entry.name, have=plural(have, "person", "people"))


def only_themselves(subject: Subject) -> Iterator[Problem]:
    """An override for which nobody else is left to do what `besides` asks for."""
    members = _members(subject)
    gates = {entry.name: entry.data for entry in subject.draft.sections["gates"]}
    for entry in subject.draft.sections["overrides"]:
        if not members.keys() >= {*entry.data["from"]}:
            continue
        who = sorted(frozenset[str]().union(*(members[name] for name in entry.data["from"])))
        for index, name in enumerate(entry.data["besides"]):
            gate = gates.get(name, {})
            approvals = gate.get("approvals")
            if not approvals or "when" in gate or not _is_known(approvals, members) or not _can(approvals, members):
                continue
            if any("#" in login for login in who) or any(_can(approvals, members, (login,)) for login in who):
                continue
            place = entry.place("besides", index)
            yield problem(
                "ENG987", place, name=entry.name, gate=name, people=either(_spelt(subject, entry.data["from"]))
            )


def _spelt(subject: Subject, groups: Iterable[str]) -> set[str]:
    """The logins of groups, as they are written."""
    return {login for group in subject.draft.groups if group.name in groups for login in logins(group.data["users"])}


def nested(subject: Subject) -> Iterator[Problem]:
    """The name of a group among logins: it would be an account of GitHub's that happens to be called so."""
    people = {group.name: logins(group.data.get("users", ())) for group in subject.draft.groups}
    for group in subject.draft.groups:
        for index, login in enumerate(group.data.get("users", ())):
            # One that is pinned is meant, and so is that of a group that is called after its one member.
            if isinstance(login, str) and login in people and login not in people[login]:
                path = ("users", index) if group.path else (index,)
                hint = f"write the logins: {', '.join(people[login])}" if people[login] else ""
                yield problem("ENG988", group.place(*path), hint=hint, name=login, group=group.name)


def too_long(subject: Subject) -> Iterator[Problem]:
    """An override that holds for so long that it is a rule, which nobody has reviewed."""
    for entry in subject.draft.sections["overrides"]:
        if seconds(entry.data["expires"]) > _LONGEST_OVERRIDE:
            yield problem("ENG989", entry.place("expires"), name=entry.name, span=entry.data["expires"])


CHECKS = (
    Check("ENG089", too_few, ("groups",)),
    Check("ENG985", too_few_together, ("groups",)),
    Check("ENG986", too_few_say_it, ("groups",)),
    Check("ENG987", only_themselves, ("groups",)),
    Check("ENG988", nested, ("groups",)),
    Check("ENG989", too_long),
)
