"""Is what a fresh plan would do what was approved, and nothing else?

Each fresh change must be one that was approved: by its keyed digest, and once. What was approved and is not planned any
more must have been done by us; otherwise somebody else has changed the resource, and what is left was never looked at.

A change that is left over after half of an apply is one of its own kind: what it takes from a resource that is made by
now (an ARN, say) was not known when it was approved, and is known now. It is the approved one if it is the same with
such values taken out again. They are what Terraform would have put there in the first go, as long as the module, which
says what is put where, is the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

from engine.core.exact import Json
from engine.core.plan.digest import digester
from engine.core.plan.model import VERBS, Change, Path, changes, texts, true_paths
from engine.core.plan.told import Why

Row: TypeAlias = Mapping[str, Any]  # of `verdict.resources[].changes`: address, type, actions, digest
_MOST = 10  # values of one change that may have become known: each doubles the ways in which it may have been approved
_SHORTEST = 4  # characters of a value that is known again where it stands
_TAINTED = "replace_because_tainted"


class Odd(NamedTuple):
    """A change that keeps a plan from being the approved one."""

    address: str
    approved: str | None  # verb; None: none was
    fresh: str | None  # verb; None: none is planned
    why: Why


class Comparison(NamedTuple):
    """What a fresh plan is, measured by what was approved."""

    odd: tuple[Odd, ...]  # empty: it is what was approved
    left: Mapping[str, str]  # what is still to be done: the change's name → the digest under which it was approved
    done: Mapping[str, str]  # what was approved and is done, likewise


def name(change: Change) -> str:
    """What a change is known by in one plan."""
    return f"{change.address} (deposed {change.deposed})" if change.deposed else change.address


def compare(
    plan: dict[str, Json], key: bytes, approved: Sequence[Row], done: Collection[str] | None, *, same_module: bool
) -> Comparison:
    """Compare a fresh plan with the changes that were approved.

    `done` are the digests of those that we have done; None: nobody knows which, since an apply of them has come to no
    known end. Then each that is not planned any more is taken as done; what the state says must be looked at besides.

    Raises:
        EngineError: not a complete plan in a form that is known.
    """
    digest = digester(plan, key)
    waiting = {row["digest"]: row for row in approved}
    odd: list[Odd] = []
    left: dict[str, str] = {}
    later: list[Change] = []
    for change in changes(plan):
        found = digest(change)
        if found in waiting and found not in (done or ()):
            del waiting[found]
            left[name(change)] = found
        else:
            later.append(change)
    known = _values(plan, waiting.values(), done) if same_module and later else frozenset()
    for change in later:
        rows = {sha: row for sha, row in waiting.items() if _same_kind(row, change) and sha not in (done or ())}
        found_as = next((sha for one in _less_known(change, known) if (sha := digest(one)) in rows), None)
        if found_as:
            del waiting[found_as]
            left[name(change)] = found_as
        else:
            odd.append(_odd(change, waiting.values(), digest(change) in (done or ())))
    told = {one.address for one in odd}
    for sha, row in waiting.items():
        is_done = done is None or sha in done or tuple(row["actions"]) == ("read",)
        if not is_done and row["address"] not in told:
            odd.append(Odd(row["address"], _verb(row), None, "gone"))
    finished = {row["address"]: sha for sha, row in waiting.items() if row["address"] not in told}
    return Comparison(tuple(sorted(odd, key=lambda one: (one.address, one.why))), left, finished)


def _odd(change: Change, approved: Iterable[Row], is_again: bool) -> Odd:
    row = next((row for row in approved if row["address"] == change.address), None)
    if is_again:
        return Odd(change.address, change.verb, change.verb, "again")
    approved_as = _verb(row) if row else None
    why: Why = "other" if row else "new"
    return Odd(change.address, approved_as, change.verb, "tainted" if change.reason == _TAINTED else why)


def _verb(row: Row) -> str:
    return VERBS[tuple(row["actions"])]


def _same_kind(row: Row, change: Change) -> bool:
    return (row["address"], row["type"], tuple(row["actions"])) == (change.address, change.type, change.actions)


def _values(plan: dict[str, Json], approved: Iterable[Row], done: Collection[str] | None) -> frozenset[str]:
    """Texts in the resources that are made by now, of those that were to be made."""
    addresses = {row["address"] for row in approved if done is None or row["digest"] in done}
    prior = plan.get("prior_state")
    values = prior.get("values") if isinstance(prior, dict) else None
    modules = [values.get("root_module")] if isinstance(values, dict) else []
    found: set[str] = set()
    while modules:
        module = modules.pop()
        if not isinstance(module, dict):
            continue
        children, resources = module.get("child_modules"), module.get("resources")
        modules += children if isinstance(children, list) else []
        for resource in resources if isinstance(resources, list) else []:
            if isinstance(resource, dict) and resource.get("address") in addresses:
                found |= {text for _, text in texts(resource.get("values")) if len(text) >= _SHORTEST}
    return frozenset(found)


def _less_known(change: Change, known: frozenset[str]) -> Iterator[Change]:
    """The change as it may have been planned when some values in it were not known, the least known one first."""
    paths = [path for path, text in texts(change.after) if any(value in text for value in known)]
    if not paths or len(paths) > _MOST:
        return
    unknown = tuple(true_paths(change.unknown))
    for number in range(len(paths), 0, -1):
        for some in combinations(paths, number):
            after = change.after
            for path in some:
                after = _left_out(after, path)
            yield change._replace(after=after, unknown=_marks((*unknown, *some)))


def _left_out(value: Json, path: Path) -> Json:
    """As Terraform shows what is not known: no member of an object, null in a list."""
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        if not rest:
            return {key: item for key, item in value.items() if key != step}
        return {key: _left_out(item, rest) if key == step else item for key, item in value.items()}
    assert isinstance(value, list)
    return [(_left_out(item, rest) if rest else None) if n == step else item for n, item in enumerate(value)]


def _marks(paths: Iterable[Path]) -> Any:
    """Marks that say true at these paths; steps into lists are keys like others."""
    marks: Any = {}
    for path in paths:
        if not path:
            return True
        here = marks
        for step in path[:-1]:
            here = here.setdefault(step, {})
            if here is True:  # all of it is not known already
                break
        else:
            here[path[-1]] = True
    return marks
