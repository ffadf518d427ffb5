"""Paths that lead nowhere, and the ones that were meant: names of other tools, fields a level too high or too low.

A guess counts only if it is there: each is walked through the schemas of what can be named where it would stand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from engine.core.expressions import types
from engine.core.expressions.types import Type
from engine.names import choice

_MOST = 3  # guesses that are told
_DEEPEST = 3  # steps that a word may stand for

# What other tools call the facts, by how their paths begin; the longest counts.
_BEGINNINGS: Mapping[str, Sequence[str]] = {
    "github": ("", "event"),
    "github.actor": ("pr.author.login", "event.sender.login"),
    "github.base_ref": ("pr.base.ref", "event.pull_request.base.ref"),
    "github.event": ("event", ""),
    "github.event.pull_request": ("pr", "event.pull_request"),
    "github.event.repository.full_name": ("source.repo", "event.repository.full_name"),
    "github.event_name": ("event.action",),
    "github.head_ref": ("pr.head.ref", "event.pull_request.head.ref"),
    "github.ref": ("ref.name", "event.ref"),
    "github.ref_name": ("ref.branch", "event.ref"),
    "github.repository": ("source.repo", "event.repository.full_name"),
    "github.sha": ("ref.sha", "pr.head.sha"),
    "github.triggering_actor": ("pr.author.login", "event.sender.login"),
    "event.pull_request": ("pr",),
    "event.repository.full_name": ("source.repo",),
    "event.sender": ("pr.author",),
    "event": ("",),
    "facts": ("", "event"),
    "input": ("", "event"),
    "input.pull_request": ("pr", "event.pull_request"),
    "data": ("", "event"),
    "context": ("", "event"),
    "pull_request": ("pr", "event.pull_request"),
    "pullrequest": ("pr", "event.pull_request"),
    "pull": ("pr", "event.pull_request"),
    "merge_request": ("pr", "event.pull_request"),
    "mr": ("pr", "event.pull_request"),
    "pr": ("event.pull_request", ""),
    "repo": ("source.repo", "event.repository.full_name"),
    "repository": ("source.repo", "event.repository"),
    "repository.full_name": ("source.repo", "event.repository.full_name"),
    "repository.name": ("source.repo", "event.repository.name"),
    "source": ("event.repository", ""),
    "source.repo": ("event.repository.full_name",),
    "actor": ("pr.author.login", "event.sender.login"),
    "author": ("pr.author.login", "event.pull_request.user.login"),
    "sender": ("pr.author", "event.sender"),
    "user": ("pr.author", "event.sender"),
    "branch": ("pr.base.ref", "event.ref"),
    "base": ("pr.base.ref", "event.pull_request.base.ref"),
    "head": ("pr.head.ref", "event.pull_request.head.ref"),
    "pr.mergeable": ("merge.clean",),
    "base_branch": ("pr.base.ref", "event.pull_request.base.ref"),
    "target_branch": ("pr.base.ref", "event.pull_request.base.ref"),
    "source_branch": ("pr.head.ref", "event.pull_request.head.ref"),
    "changed_files": ("files",),
    "paths": ("files[*].path",),
    "frozen": ("freeze.active",),
    "policy": ("verdict",),
    "opa": ("verdict",),
    "plan": ("verdict",),
    "findings": ("verdict.findings",),
    "violations": ("verdict.findings",),
    "changes": ("verdict.resources[*].changes",),
    "label": ("labels", "event.label.name"),
    "ref": ("event.ref", "event.pull_request.head.ref"),
    "ref.name": ("event.ref", "event.pull_request.head.ref"),
    "event.ref": ("event.pull_request.head.ref", "event.pull_request.base.ref", "ref.name"),
    "event.comment": ("event.review",),
    "event.number": ("event.pull_request.number", "pr.number"),
    "comment": ("event.comment",),
    "time": ("now",),
    "today": ("now",),
    "date": ("now",),
    "timestamp": ("now",),
}

# What other tools call a field; a name of two words may be a path of two steps, which needs no row.
_FIELDS: Mapping[str, Sequence[str]] = {
    "actor": ("author.login", "sender.login"),
    "author": ("user",),
    "branch": ("ref",),
    "commit": ("head.sha", "sha"),
    "closed": ("state",),
    "open": ("state",),
    "conclusion": ("result",),
    "created_by": ("author",),
    "creator": ("author", "user"),
    "destination": ("base",),
    "env": ("environment",),
    "filename": ("path",),
    "file": ("path",),
    "frozen": ("active",),
    "from": ("head.ref",),
    "handle": ("login",),
    "id": ("number",),
    "is_bot": ("bot",),
    "level": ("severity",),
    "merged_at": ("merged",),
    "name": ("login", "ref", "repo", "path", "full_name"),
    "full_name": ("repo",),
    "owner": ("author", "user"),
    "opener": ("author", "user"),
    "outcome": ("result",),
    "passed": ("result",),
    "repository": ("repo",),
    "sha": ("head.sha",),
    "source": ("head",),
    "source_branch": ("head.ref",),
    "status": ("state", "result"),
    "state": ("result", "status"),
    "failed": ("result",),
    "success": ("result",),
    "target": ("base",),
    "target_branch": ("base.ref",),
    "to": ("base.ref",),
    "user": ("author",),
    "users": ("members[*].login",),
    "logins": ("members[*].login",),
    "people": ("members[*].login",),
    "username": ("login",),
}
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


def meant(names: Sequence[str], wrong: int, roots: Mapping[str, Type]) -> str:
    """`write …` for the path `names`, whose step `wrong` leads nowhere from `roots`; empty where nobody knows."""
    whole = Type(frozenset({"object"}), fields=roots)
    for cut in dict.fromkeys((len(names), wrong + 1)):  # what follows it may be wrong by itself
        found = list(dict.fromkeys(islice(_begun(list(names[:cut]), whole), 50)))
        if len(found) == 1 and names[wrong] in _texts(found[0], whole):  # `verdict.passed`
            return f"write `{found[0]} == '{names[wrong]}'`"
        if found:
            return f"write {choice([f'`{path}`' for path in found[:_MOST]])}"
    return ""


def _texts(path: str, whole: Type) -> frozenset[str]:
    """The texts that stand at the end of a path, where its schema lists them."""
    for name in path.split("."):
        whole = types.field(whole, name) or types.ANY
    return whole.texts or frozenset()


def meant_of(names: Sequence[str], item: Type) -> str:
    """The same for a path from an item of a list."""
    for begin in range(len(names)):  # `this.severity`
        found = list(dict.fromkeys(islice(_walked(list(names[begin:]), item, "", 1, item=True), _MOST)))
        if found:
            break
    return f"write {choice([f'`{path}`' for path in found])}" if found else ""


def _begun(names: list[str], whole: Type) -> Iterator[str]:
    """Paths that `names` may stand for: as other tools begin them, then as they stand."""
    as_it_stands = list(_walked(names, whole, "", 1)) if names[0] in types.names(whole) else []
    yield from as_it_stands
    folded = [_snake(name) for name in names] if not as_it_stands else []
    for size in range(len(folded), 0, -1):
        ways = _BEGINNINGS.get(".".join(folded[:size]), ())
        found = [path for way in ways for path in _walked(_steps(way) + names[size:], whole, "", 1) if path]
        for way in ways if not found else ():
            ahead = [*_steps(way), *names[size:]]
            if ahead and len(ahead) < len(names):  # it ends: what is asked again is shorter
                found += _begun(ahead, whole)
        yield from found
        if found:
            return
    yield from _walked(names, whole, "", 1)
    if len(names) == 1:  # a field that is named without what it is a field of
        for root in types.names(whole):
            if (inner := types.field(whole, root)) is not None and names[0] in types.names(inner):
                yield f"{root}.{names[0]}"


def _walked(names: list[str], type_: Type, done: str, left: int, item: bool = False) -> Iterator[str]:
    """Where `names` lead from a value of `type_`, of which `left` may be called otherwise."""
    if not names:
        yield done
        return
    name, rest = names[0], names[1:]
    bare = name.removesuffix("[*]")
    inner = types.field(type_, bare)
    if bare in types.names(type_) or (done == "groups" and inner is not None):  # which the rules name
        if inner is not None:
            inner = types.item(inner) if bare != name else inner
            yield from _walked(rest, inner, f"{done}.{name}" if done else name, left)
    elif left > -_DEEPEST:
        folded = _snake(name)
        words = [word.lower() for word in _WORDS.findall(name)]
        ways = [[folded]] if folded != name else []
        ways += [list(way) for way in (words, words[1:] if words[:1] == ["is"] else ()) if way and way != [folded]]
        ways += [["_".join(words[:-1]), words[-1]]] if len(words) > 2 else []
        ways += [_steps(way) for way in _FIELDS.get(folded, ()) if done or item]
        found = [path for way in ways for path in _walked(way + rest, type_, done, left - 1)]
        yield from found
        if not found and done:  # a level too high: `pr.login`
            for outer in types.names(type_):
                inner = types.field(type_, outer)
                if inner is not None and inner.without_null().only("object") and name in types.names(inner):
                    yield from _walked(rest, types.field(inner, name) or types.ANY, f"{done}.{outer}.{name}", left - 1)


def _steps(path: str) -> list[str]:
    return path.split(".") if path else []


def _snake(name: str) -> str:
    """`baseRef` as `base_ref`."""
    return "_".join(_WORDS.findall(name)).lower() if name.isascii() else name
