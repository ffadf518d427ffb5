"""Who can let a change through, as a tree of sentences and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from engine.core.analysis.who import IF, NEVER, Answer, Asked, Tried
from engine.core.decision.approvals import group_names
from engine.core.decision.explain import people
from engine.core.duration import spoken
from engine.core.rules.model import Approvals, Gate, Group, Override
from engine.names import choice


def told(answer: Answer) -> str:
    """The whole answer."""
    return "\n".join(_lines(answer))


def _lines(answer: Answer) -> Iterator[str]:
    question = answer.question
    touching = f" that touches {people(question.types)} and nothing else" if question.types else ""
    where = f"account {answer.account}" if answer.account else "no account: merged, never applied"
    yield f"A change of {question.environment}{touching} goes to branch {answer.branch} ({where})."
    for repo, owns in answer.sources:
        yield f"  {repo} may send one, of what it owns: {', '.join(owns)}"
    counting = [one.gate.approvals for one in answer.asked if one.gate.approvals and one.when != NEVER]
    alike = (
        [line for line in _terms(counting[0]) if all(line in _terms(other) for other in counting)] if counting else []
    )
    for one in answer.asked:
        yield ""
        yield from _gate(one, answer, alike)
    if alike:
        yield ""
        yield "Of every approval:"
        yield from (f"  {line}" for line in alike)
    for tried in answer.tried:
        yield ""
        yield from _tried(tried, question.overrider or "")
    yield ""
    for few in answer.enough:
        if few.people:
            yield f"Enough for {people(few.gates)}, for example:"
            yield from (f"  {people(names)}" for names in few.people)
        else:
            yield f"Nobody can open {people(few.gates)}: of those who may there are too few."
    if not answer.enough:
        yield "No gate asks for anybody's approval."
    if answer.conditions:
        yield ""
        yield "Besides, whoever approves:"
    yield from (f"  {gate.name}: {_condition(gate)}{_only(gate)}{_otherwise(gate)}" for gate in answer.conditions)


def _condition(gate: Gate) -> str:
    if gate.require:
        return f"`{gate.require.text}` has to hold"
    return f"`{gate.reject.text}` must not hold" if gate.reject else "what it depends on has to be through"


def _only(gate: Gate) -> str:
    return f", if `{gate.when.text}`" if gate.when else ""


def _otherwise(gate: Gate) -> str:
    """What people are told where it does not hold, if that can be read without knowing expressions."""
    text = gate.message.text if gate.message else ""
    return f' (else: "{text}")' if text and "(" not in text else ""


def _gate(one: Asked, answer: Answer, alike: Sequence[str]) -> Iterator[str]:
    gate = one.gate
    condition = f"`{gate.when.text}`" if gate.when else ""
    if one.when == NEVER:
        yield f"{gate.name}: not asked, as {condition} does not hold"
        return
    yield f"{gate.name}: {_wanted(gate.approvals) if gate.approvals else _condition(gate)}"
    if one.when == IF:
        yield f"  asked if {f'it {choice(one.deeds)} something' if one.deeds else f'{condition} holds'}"
    elif condition:
        yield f"  asked, as {condition} holds"
    yield f"  before {', '.join(one.before)}"
    if gate.approvals:
        for name in group_names(gate.approvals):
            yield f"  {members(answer.groups[name])}"
        yield from (f"  {line}" for line in _terms(gate.approvals) if line not in alike)
    if gate.override:
        override = answer.overrides[gate.override]
        besides = people(override.besides)
        yield f"  or overridden ({override.name}): a comment `{override.command} reason` on the present head"
        for name in override.groups:
            yield f"    by somebody who had no hand in the change: {members(answer.groups[name])}"
        yield f"    besides {besides}, by somebody else; it holds for {spoken(override.expires_s)}"
        yield f"    never of {choice(('what could not be judged', *(f'a {one} finding' for one in override.never)))}"


def _wanted(approvals: Approvals) -> str:
    """`2 approvals from security, or 1 approval from ciso`."""
    if parts := approvals.any or approvals.all:
        return (", or " if approvals.any else ", and ").join(
            f"({_wanted(part)})" if part.any or part.all else _wanted(part) for part in parts
        )
    return f"{approvals.need} approval{'s' if approvals.need != 1 else ''} from {choice(approvals.groups)}"


def _terms(approvals: Approvals) -> list[str]:
    hands = choice([said for role, said in _ROLES.items() if role in approvals.exclude])
    after = {"head": "the present head", "verdict": "what the verdict says, or of an older head that says the same"}
    nameless = "nobody's counts" if approvals.unknown == "error" else "one more is asked for"
    return [
        f"it is of {after[approvals.after]}, after the verdict" if approvals.after else "it is of the present head",
        f"it is not by {hands} of the change, nor by a bot" if hands else "it is not by a bot",
        f"for each contributor behind whom no account stands {nameless}",
        *(["a request for changes stops it all until its author takes it back"] if approvals.veto else []),
    ]


_ROLES = {
    "author": "an author",
    "co_authors": "a co-author",
    "pushers": "a pusher",
    "committers": "a committer",
}


def members(group: Group) -> str:
    """A group with who is in it: `reviewers: ann, bob and the members of acme/platform`."""
    teams = [f"the members of {team}" for team in group.teams]
    return f"{group.name}: {people([*group.users, *teams])}"


def _tried(tried: Tried, login: str) -> Iterator[str]:
    if not tried.counts:
        yield f"An override by {login} counts for nothing ({tried.override.name}): {tried.because}"
        return
    yield f"If {login} overrides ({tried.override.name}):"
    if tried.teams:
        yield f"  if {login} is a member of {choice(tried.teams)}:"
    yield f"  passes {people(tried.opens)}, for {spoken(tried.override.expires_s)}"
    yield f"  once there is, without {login}: {people(tried.override.besides)}"
    if tried.leaves:
        yield f"  does not pass {people(tried.leaves)}, nor any condition below"
    yield from (f"  {one}" for one in tried.never)


def to_json(answer: Answer) -> dict[str, Any]:
    """The whole answer, for machines."""
    return {
        "version": 1,
        "environment": answer.question.environment,
        "branch": answer.branch,
        "account": answer.account,
        "touches": list(answer.question.types),
        "sources": [{"repo": repo, "owns": list(owns)} for repo, owns in answer.sources],
        "gates": [_asked_json(one) for one in answer.asked],
        "conditions": [_condition_json(gate) for gate in answer.conditions],
        "groups": {n: {"users": list(g.users), "teams": list(g.teams)} for n, g in answer.groups.items()},
        "enough": [{"gates": list(e.gates), "people": [list(p) for p in e.people]} for e in answer.enough],
        "overrides": [_override_json(override) for override in answer.overrides.values()],
        "tried": [
            {
                "override": tried.override.name,
                "by": answer.question.overrider,
                "counts": tried.counts,
                "because": tried.because,
                "if_member_of": list(tried.teams),
                "opens": list(tried.opens),
                "leaves": list(tried.leaves),
                "never": list(tried.never),
            }
            for tried in answer.tried
        ],
    }


def _asked_json(one: Asked) -> dict[str, Any]:
    gate = one.gate
    return {
        "name": gate.name,
        "asked": one.when,
        "condition": gate.when.text if gate.when else None,
        "deeds": list(one.deeds),
        "before": list(one.before),
        "approvals": _wanted_json(gate.approvals) if gate.approvals else None,
        "override": gate.override,
    }


def _wanted_json(approvals: Approvals) -> dict[str, Any]:
    terms = {"after": approvals.after, "exclude": list(approvals.exclude), "veto": approvals.veto}
    if approvals.any or approvals.all:
        parts = [_wanted_json(part) for part in approvals.any or approvals.all]
        return {"any" if approvals.any else "all": parts, **terms}
    return {"count": approvals.need, "from": list(approvals.groups), **terms}


def _override_json(override: Override) -> dict[str, Any]:
    return {
        "name": override.name,
        "command": override.command,
        "from": list(override.groups),
        "besides": list(override.besides),
        "never": list(override.never),
        "expires_s": override.expires_s,
    }


def _condition_json(gate: Gate) -> dict[str, Any]:
    says = {"requires": gate.require, "rejects": gate.reject}
    said: dict[str, Any] = {name: one.text for name, one in says.items() if one} or {"order": gate.order}
    return {"name": gate.name, "when": gate.when.text if gate.when else None, **said}
