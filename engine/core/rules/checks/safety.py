"""Rules that are well spelt and must not run all the same: a gate that is not there, a state with two owners."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations

from engine.core.duration import seconds
from engine.core.rules.checks.people import MOST_WAYS, number_of_ways
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import Entry, Unread
from engine.core.rules.ownership import TooManyError, Work, alike, one_state, overlap
from engine.errors import Place, Problem, problem


def twice(subject: Subject) -> Iterator[Problem]:
    """Names that two units claim: keys of one mapping cannot, but files and lists can."""
    draft = subject.draft
    pipelines = [(p.entry.name, p.entry.place("pipeline")) for p in draft.pipelines]
    groups = [(g.name, g.place()) for g in draft.groups]
    sources = [(s.data["repo"].lower(), s.place("repo")) for s in draft.sections["sources"]]
    steps = [[(s.data["id"], s.place("id")) for s in p.steps] for p in draft.pipelines]
    people = [list(_logins(group)) for group in draft.groups]
    listed = (*(("id", s) for s in steps), *(("member", p) for p in people))
    for what, names in (("pipeline", pipelines), ("group", groups), ("source", sources), *listed):
        first: dict[str, Place] = {}
        for name, place in names:
            if name in first:
                earlier = first[name]
                yield problem("ENG061", place, what=what, name=name, first=f"{earlier.file}:{earlier.line}")
            first.setdefault(name, place)


def _logins(group: Entry) -> Iterator[tuple[str, Place]]:
    """The logins and teams of a group, in whatever case: GitHub has one of each for all of them."""
    for number, team in enumerate(group.data.get("teams", ()) if group.path else ()):
        yield team.lower(), group.place("teams", number)
    for number, user in enumerate(group.data.get("users", ())):
        path = ("users", number) if group.path else (number,)
        yield (user["login"] if isinstance(user, dict) else user).lower(), group.place(*path)


def branches(subject: Subject) -> Iterator[Problem]:
    """Two environments on one branch would share their state keys. On many disks so would `dev` and `Dev`."""
    draft = subject.draft
    mapped = [(e.name, e.data["branch"], e.place("branch")) for e in draft.sections["environments"]]
    if draft.entry and "otherwise" in draft.settings:
        place = draft.entry.place("otherwise", "branch")
        mapped.append(("otherwise", draft.settings["otherwise"]["branch"], place))
    first: dict[str, str] = {}
    for name, branch, place in mapped:
        if branch.lower() in first:
            yield problem("ENG064", place, branch=branch, one=first[branch.lower()], other=name)
        first.setdefault(branch.lower(), name)


def other_accounts(subject: Subject) -> Iterator[Problem]:
    """Whoever takes a role of another account works there, and not where the environment is."""
    for entry, roles in _roles(subject):
        account = entry.data.get("account")
        for use in ("plan", "apply"):
            of = roles[use].split(":")[4]
            if account and of != account:
                yield problem("ENG940", entry.place("roles", use), name=entry.name, role=roles[use], account=account)


def shared_roles(subject: Subject) -> Iterator[Problem]:
    """A role that two jobs take has the rights of both, and is open to both."""
    first: dict[str, str] = {}
    for entry, roles in _roles(subject):
        for use in ("plan", "apply"):
            what = f"{entry.name}, {use}"
            if roles[use] in first:
                yield problem("ENG941", entry.place("roles", use), role=roles[use], one=first[roles[use]], other=what)
            first.setdefault(roles[use], what)


def odd_roles(subject: Subject) -> Iterator[Problem]:
    """Roles where nothing is applied, or beside a profile: nobody could say which of the two counts."""
    for entry, _ in _roles(subject):
        if "profile" in entry.data or "account" not in entry.data:
            why = "a profile" if "profile" in entry.data else "no account"
            yield problem("ENG942", entry.place("roles"), name=entry.name, why=why)


def sessions(subject: Subject) -> Iterator[Problem]:
    """What AWS gives: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html."""
    for entry, roles in _roles(subject):
        if "session" in roles and not 900 <= seconds(roles["session"]) <= 12 * 3600:
            yield problem("ENG952", entry.place("roles", "session"), session=roles["session"])


def _roles(subject: Subject) -> Iterator[tuple[Entry, Mapping[str, str]]]:
    rows = subject.draft.sections["environments"]
    return ((entry, entry.data["roles"]) for entry in rows if "roles" in entry.data)


_EVERYTHING = ("*", "**", "*/**", "**/*")


def owners(subject: Subject) -> Iterator[Problem]:
    """Two sources that own one path would write one state. A service may be written `S3` or `s3`."""
    rows = [
        (source, index) for source in subject.draft.sections["sources"] for index in range(len(source.data["owns"]))
    ]
    globs = [(source.data["repo"].lower(), source.data["owns"][index].lower()) for source, index in rows]
    work = Work()
    found: list[tuple[int, int, bool]] = []
    try:
        for first, second in alike(globs, work):  # a source that is there twice is reported as that
            pair = globs[first][1], globs[second][1]
            same = overlap(*pair, work)
            if same or one_state(*pair, work):
                found.append((first, second, same))
        # Where one path has two owners, that its other form has them too follows from it.
        found.sort(key=lambda one: (not one[2], *one))
        meets = Counter(number for *pair, _ in found for number in pair)
        told: set[int | tuple[str, ...]] = set()
        for first, second, same in found:
            wide, other = max(
                (second, first), (first, second), key=lambda one: (meets[one[0]], globs[one[0]][1] in _EVERYTHING)
            )
            forms = (*sorted((globs[first][0], globs[second][0])), globs[wide][1].removesuffix("/**"))
            if told.isdisjoint((wide, forms)):  # however many it meets, and both forms of it
                (own, at), (theirs, index) = rows[wide], rows[other]
                hint = "" if same else "`name.tfvars` and `name/` are one resource: give both forms to one owner"
                glob, meant = own.data["owns"][at], theirs.data["owns"][index]
                yield problem(
                    "ENG065", own.place("owns", at), hint=hint, glob=glob, theirs=meant, repo=theirs.data["repo"]
                )
            told |= {wide, forms}
    except TooManyError:
        yield problem("ENG349", rows[0][0].place("owns"))


def cycles(subject: Subject) -> Iterator[Problem]:
    """`then`s, `else`s and `besides` that come back to where they began. (`define`s are expanded, and found so.)"""
    draft = subject.draft
    pipelines = {p.entry.name: p.entry for p in draft.pipelines}
    gates = {e.name: e for e in draft.sections["gates"]}
    besides = {e.name: e.data["besides"] for e in draft.sections["overrides"]}
    graphs: Iterable[tuple[str, Mapping[str, Entry], Mapping[str, Iterable[str]]]] = (
        ("then", pipelines, {name: [e.data[k] for k in _FOLLOW if k in e.data] for name, e in pipelines.items()}),
        ("besides", gates, {name: besides.get(e.data.get("override", ""), ()) for name, e in gates.items()}),
    )
    for what, entries, edges in graphs:
        for path in _cycles(edges):
            place = _edge(subject, what, entries[path[0]], path[1] if path[1:] else path[0])
            yield problem("ENG062", place, what=what, path=" → ".join((*path, path[0])))


_FOLLOW = ("then", "else")


def _edge(subject: Subject, what: str, entry: Entry, target: str) -> Place:
    """Where it is said that `target` comes after the unit."""
    if what == "then":
        return entry.place(next(key for key in _FOLLOW if entry.data.get(key) == target))
    override = next(e for e in subject.draft.sections["overrides"] if e.name == entry.data["override"])
    return override.place("besides", override.data["besides"].index(target))


def _cycles(edges: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Each cycle that a walk from each name meets, once; without recursion."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        stack = [(start, iter(edges.get(start, ())))] if start not in done else []
        path += [start] if stack else []
        while stack:
            name, following = stack[-1]
            target = next((t for t in following), None)
            if target is None:
                done.add(name)
                stack.pop()
                path.pop()
            elif target in path:
                yield tuple(path[path.index(target) :])
            elif target not in done:
                path.append(target)
                stack.append((target, iter(edges.get(target, ()))))


def clocks(subject: Subject) -> Iterator[Problem]:
    """`types` and `when` of a trigger that has no event to look at."""
    for entry in subject.draft.sections["events"]:
        for name in ("types", "when") if "every" in entry.data else ():
            if name in entry.data:
                yield problem("ENG074", entry.place(name, key=True), name=name)


def _protected(subject: Subject) -> Collection[str]:
    """The actions that `protect` names; any where one is misspelt, as such a row is told where it stands."""
    named = subject.draft.known["protect"]
    return named if named <= subject.catalog.actions.keys() else Unread()


def unprotected(subject: Subject) -> Iterator[Problem]:
    """An action that merges or writes infrastructure, and no row of `protect` for it."""
    protected = _protected(subject)
    for pipeline in subject.draft.pipelines:
        for step in pipeline.steps:
            action = subject.catalog.actions.get(step.data["uses"])
            if action and action.writes and action.name not in protected:
                yield problem("ENG066", step.place("uses"), name=action.name)


def ungated(subject: Subject) -> Iterator[Problem]:
    """`gates: none` where an action writes, or has gates of its own."""
    protected = {e.name for e in subject.draft.sections["protect"]}
    for pipeline in subject.draft.pipelines:
        for step in pipeline.steps if pipeline.entry.data.get("gates") == "none" else ():
            action = subject.catalog.actions.get(step.data["uses"])
            if step.data["uses"] in protected or (action and action.writes):
                yield problem("ENG067", pipeline.entry.place("gates"), name=step.data["uses"])
                break


def gateless(subject: Subject) -> Iterator[Problem]:
    """No gates, and no word that none are wanted."""
    protected = _protected(subject)
    for pipeline in subject.draft.pipelines:
        is_protected = any(step.data["uses"] in protected for step in pipeline.steps)
        are_known = all(step.data["uses"] in subject.catalog.actions for step in pipeline.steps)
        is_whole = pipeline.whole and not pipeline.strays and are_known
        if is_whole and "gates" not in pipeline.entry.data and not is_protected:
            yield problem("ENG068", pipeline.entry.place("pipeline"), name=pipeline.entry.name)


def one_person(subject: Subject) -> Iterator[Problem]:
    """An override that one person could carry out: nothing in `besides` always asks another for approval."""
    gates = {e.name: e.data for e in subject.draft.sections["gates"]}
    for entry in subject.draft.sections["overrides"]:
        besides = [gates.get(name) for name in entry.data["besides"]]
        asks = (gate is None or ("approvals" in gate and "when" not in gate) for gate in besides)
        round_about = any(gate and gate.get("override") == entry.name for gate in besides)  # told as a cycle
        if not any(asks) and not round_about:
            yield problem("ENG076", entry.place("besides", key=True), name=entry.name)


def unmet_approvals(subject: Subject) -> Iterator[Problem]:
    """`unmet` beside what has fixed outcomes: it would say one thing, and another would be done."""
    for entry in subject.draft.sections["gates"]:
        if "unmet" in entry.data and not {"approvals", "order"}.isdisjoint(entry.data):
            yield problem("ENG073", entry.place("unmet", key=True))


def one_command(subject: Subject) -> Iterator[Problem]:
    """Commands of which one begins the other: one comment would be both overrides, each with its own scope."""
    for one, other in combinations(subject.draft.sections["overrides"], 2):
        first, second = one.data["command"], other.data["command"]
        if first.startswith(second) or second.startswith(first):
            yield problem("ENG078", other.place("command"), command=second, other=one.name, theirs=first)


def many_ways(subject: Subject) -> Iterator[Problem]:
    """Approvals that can be met in more ways than can be tried."""
    for entry in subject.draft.sections["gates"]:
        ways = number_of_ways(entry.data.get("approvals", {}))
        if ways > MOST_WAYS:
            yield problem("ENG079", entry.place("approvals", key=True), ways=ways, most=MOST_WAYS)


CHECKS = (
    Check("ENG061", twice),
    Check("ENG062", cycles),
    Check("ENG064", branches),
    Check("ENG065", owners),
    Check("ENG066", unprotected),
    Check("ENG067", ungated),
    Check("ENG068", gateless),
    Check("ENG073", unmet_approvals),
    Check("ENG074", clocks),
    Check("ENG076", one_person),
    Check("ENG078", one_command),
    Check("ENG079", many_ways),
    Check("ENG940", other_accounts),
    Check("ENG941", shared_roles),
    Check("ENG942", odd_roles),
    Check("ENG952", sessions),
)
