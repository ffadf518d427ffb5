"""The short form in which fixtures state facts, spelled out.

A case says only what is special about it: a path (`pr.draft`) replaces one value of what is given, a login stands for a
person, and items of a list have defaults. What comes out is checked against the schema like any recorded document.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from engine.core.canonical import canonical
from engine.core.rules.model import Rules
from engine.core.verdict.about import MADE_WITH

Facts: TypeAlias = dict[str, Any]

# Where a fact holds a person; `*` is every item.
_PERSONS = (
    ("pr", "author"),
    ("pr", "retargeted", "*", "by"),
    ("reviews", "*", "user"),
    ("reviews", "*", "dismissed_by"),
    ("commits", "*", "author"),
    ("commits", "*", "committer"),
    ("commits", "*", "co_authors", "*"),
    ("pushers", "*", "user"),
    ("comments", "*", "user"),
    ("groups", "*", "members", "*"),
)
SAID = ("sequence", "head_sha", "base_ref", "result", "signed_at")  # of a verdict, by its own statement
_HANDS = ("authors", "committers", "pushers")  # of a statement: lists of user ids
_NUMBERED = ("reviews", "comments")  # their items get ids in the order of the list
_BY_ID = "permissions"  # its keys are user ids


class Shared(NamedTuple):
    """What a fixture file says once for all of its cases."""

    people: Mapping[str, Any]  # login → id, or {id, bot}
    defaults: Mapping[str, Mapping[str, Any]]  # fact → what its items hold unless said


def replaced(value: Any, changes: Mapping[str, Any]) -> Facts:
    """A copy of `value` with the value at each path replaced; missing parents are made."""
    copy: Facts = json.loads(canonical(value))
    for path, new in changes.items():
        *parents, last = path.split(".")
        at = copy
        for name in parents:
            at[name] = at.get(name) if isinstance(at.get(name), dict) else {}
            at = at[name]
        at[last] = new
    return copy


class Stated(NamedTuple):
    """What is said of a case, in short form: each layer (shared files, the file, the case) on top of the one before."""

    event: str | None = None
    payload: Mapping[str, Any] = MappingProxyType({})
    pipeline: str | None = None
    facts: Mapping[str, Any] = MappingProxyType({})
    absent: Mapping[str, str] = MappingProxyType({})
    failed: Mapping[str, str] = MappingProxyType({})

    def on_top(self, layer: Mapping[str, Any]) -> "Stated":
        """With the next layer. What it says of a fact replaces what was said, that it is absent or failed included."""
        event, facts = layer.get("event", {}), layer.get("facts", {})
        absent, failed = layer.get("absent", {}), layer.get("failed", {})
        said = {*absent, *failed, *(path.split(".")[0] for path in facts)}
        return Stated(
            event.get("name", self.event),
            replaced(dict(self.payload), event.get("payload", {})),
            layer.get("pipeline", self.pipeline),
            replaced({n: v for n, v in self.facts.items() if n not in absent and n not in failed}, facts),
            {**{n: why for n, why in self.absent.items() if n not in said}, **absent},
            {**{n: why for n, why in self.failed.items() if n not in said}, **failed},
        )


def spelled_out(short: Mapping[str, Any], shared: Shared, unknown: Callable[[str], None]) -> Facts:
    """Facts in full. A login that the file does not list goes to `unknown`."""
    facts: Facts = json.loads(canonical(short))
    for name, default in shared.defaults.items():
        items = facts.get(name)
        if isinstance(items, list):
            facts[name] = [{**default, **item} if isinstance(item, dict) else item for item in items]
    for name in _NUMBERED:
        items = facts.get(name)
        for number, item in enumerate(items if isinstance(items, list) else (), 1):
            if isinstance(item, dict):
                item.setdefault("id", number)

    def person(login: str) -> Any:
        if login not in shared.people:
            unknown(login)
            return login
        known = shared.people[login]
        return {"login": login, **(known if isinstance(known, dict) else {"id": known})}

    for holder, key in _places(facts, ("pushers", "*")):
        if holder[key] is None or isinstance(holder[key], str):  # a push of which nothing else matters
            holder[key] = {"user": holder[key]}
    for path in _PERSONS:
        for holder, key in _places(facts, path):
            if isinstance(holder[key], str):
                holder[key] = person(holder[key])
    for kind in _HANDS:
        for holder, key in _places(facts, ("statements", "*", "hands", kind, "*")):
            if isinstance(holder[key], str):
                somebody = person(holder[key])
                holder[key] = somebody["id"] if isinstance(somebody, dict) else somebody
    permissions = facts.get(_BY_ID)
    if isinstance(permissions, dict):
        facts[_BY_ID] = {
            key if key.isdecimal() else identity(person(key)): granted for key, granted in permissions.items()
        }
    return facts


def in_good_order(facts: Facts, gone: Collection[str], rules: Rules) -> None:
    """Fill in what a case leaves out because nothing is special about it: its verdict is the first one, given under the
    rules, policies and module of today; its pull request was never retargeted; its comments were written about that
    verdict; statements say what the verdict says, and the verdict is one of them. What a case does say, null included,
    stands; what is `gone` stays gone.
    """
    verdict, pr = facts.get("verdict"), facts.get("pr")
    if isinstance(pr, dict):
        pr.setdefault("retargeted", [])
    if "statements" not in gone:
        facts.setdefault("statements", [])
    if not isinstance(verdict, dict):
        return
    today = {**rules.fact(), **dict.fromkeys(MADE_WITH, "sha256:today"), **_mapping(facts.get("rules"))}
    if "rules" not in gone:
        facts.setdefault("rules", today)
    _mapping(facts.get("rules")).update(today)
    for name, value in {"rules": rules.digest, **{n: today[n] for n in MADE_WITH}}.items():
        verdict.setdefault(name, value)
    _complete(facts.get("statements"), verdict)
    comments = facts.get("comments")
    for comment in comments if isinstance(comments, list) else ():
        if isinstance(comment, dict):
            comment.setdefault("head", verdict.get("head_sha"))
            comment.setdefault("verdict", verdict.get("sequence"))


def _complete(statements: Any, verdict: Facts) -> None:
    """Each statement in full, and the verdict's own among them unless a case lists it."""
    rows = [row for row in statements if isinstance(row, dict)] if isinstance(statements, list) else []
    said = {name: verdict[name] for name in SAID if name in verdict}
    if isinstance(statements, list) and all(row.get("sequence") != said.get("sequence") for row in rows):
        rows.append({name: verdict[name] for name in (*SAID, "confirmed_at") if name in verdict})
        statements.append(rows[-1])
    for row in rows:
        # whose hands: of the present head that is what today's facts say, of others it is not known
        for name, value in {**said, "content": "what the verdict says", "hands": None}.items():
            row.setdefault(name, value)
        if "signed_at" in row:
            row.setdefault("confirmed_at", row["signed_at"])


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def identity(person: Any) -> str:
    """The number of somebody, by which a fact names them: of an id, or of {id, …}."""
    return str(person["id"]) if isinstance(person, dict) else str(person)


def _places(value: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) that `path` leads to."""
    step, *rest = path
    keys: list[Any] = []
    if step == "*" and isinstance(value, list):
        keys = list(range(len(value)))
    elif step == "*" and isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, dict) and step in value:
        keys = [step]
    for key in keys:
        if rest:
            yield from _places(value[key], tuple(rest))
        else:
            yield value, key
