"""Have enough of the right people approved? One person counts once, in whichever part they are needed most.

`any` and `all` are spelled out into alternatives, each a set of demands; an alternative holds if distinct people can be
assigned to all its places (augmenting paths), so that nobody is counted twice and nobody is wasted.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

from engine.core.assignment import TooMany, assign, spared, withstands
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Counted, Doubt, Judgement, Missing, people
from engine.core.decision.people import WAY_OUT, Group, authors, facts_of, groups, involved
from engine.core.decision.reviews import After, Approval, Terms, vetoes
from engine.core.decision.reviews import approvals as counted
from engine.core.decision.standing import FACTS as STANDING
from engine.core.decision.standing import statements
from engine.core.outcome import ALL, ANY, Outcome, combine
from engine.core.rules.model import Approvals
from engine.names import plural


class _Demand(NamedTuple):
    """One leaf: so many people of these groups."""

    need: int
    groups: tuple[Group, ...]
    eligible: frozenset[int] = frozenset()  # who has approved and may fill it

    def __str__(self) -> str:
        names = " or ".join(g.name for g in self.groups)
        return f"{plural(self.need, 'approval')} from {names}"

    def members(self) -> Mapping[int, str]:
        return {identity: login for group in self.groups for identity, login in group.members.items()}


def facts_needed(approvals: Approvals) -> frozenset[str]:
    """Facts that judging `approvals` may read."""
    needed = {"groups", "pr", "reviews"} | facts_of(approvals.exclude)
    if approvals.after:
        needed |= STANDING | {"commits"}
    if approvals.veto:
        needed.add("permissions")
    return frozenset(needed)


def group_names(approvals: Approvals) -> tuple[str, ...]:
    """All groups that `approvals` names, each once, in order."""
    inner = (name for part in (*approvals.any, *approvals.all) for name in group_names(part))
    return tuple(dict.fromkeys((*approvals.groups, *inner)))


def judge(approvals: Approvals, document: FactDocument, without: Collection[int] = ()) -> Judgement:
    """Count who has approved; people in `without` cannot count (their veto can).

    Raises:
        Doubt: something is unknown that could have changed the outcome.
    """
    named = {group.name: group for group in groups(document, group_names(approvals))}
    reviews, pr = document.known("reviews"), document.known("pr")
    hands = involved(document, approvals.exclude)
    retargeted, untold = _retargeted(pr)
    terms = Terms(
        head=pr["head"]["sha"],
        after=_after(approvals.after, document) if approvals.after else None,
        excluded=hands.known,
        without=frozenset(without),
        retargeted=retargeted,
    )
    given, remarks, doubtful, nameless = counted(reviews, terms)
    strict = approvals.unknown == "error"
    unknown = () if strict else hands.unknown
    ways = _alternatives(approvals, named)
    enough = _enough(ways, given, terms, unknown)
    if enough.outcome is Outcome.PASS:
        barred = [f"{who} is unknown, and could be anybody who approves; {WAY_OUT}" for who in hands.unknown if strict]
        if doubts := [why for why in (hands.doubt, *barred, untold) if why]:
            raise Doubt(doubts[0])
    elif doubtful or nameless:
        more = tuple(Approval(-review, "somebody unknown", review, "") for review in nameless)
        everybody = frozenset(approval.id for approval in more)
        if _enough(ways, (*given, *doubtful, *more), terms, unknown, everybody).outcome is Outcome.PASS:
            doubts = [f"whether the approval of {who.login} counts is unknown: {who.doubt}" for who in doubtful]
            raise Doubt([*doubts, *(f"review {review} approves, but its author is unknown" for review in nameless)][0])
    against, taken_back = objections(approvals, document)
    outcome = combine(ALL, [enough.outcome, *(c.outcome for c in against if c.outcome)])
    decisive = [c.text for c in against if c.outcome is outcome] or [enough.because]
    return Judgement(
        outcome,
        "; ".join(dict.fromkeys(decisive)),
        (*against, *enough.causes, *remarks),
        (*taken_back, *enough.missing),
        enough.people if outcome is Outcome.PASS else (),
    )


def _after(which: str, document: FactDocument) -> After:
    """What approvals have to follow; the rest is asked for only where somebody has approved."""
    signed_at = document.known("verdict")["signed_at"]
    return After(signed_at, which == "head", cache(partial(statements, document)), cache(partial(authors, document)))


def _retargeted(pr: Mapping[str, Any]) -> tuple[str | None, str]:
    """When the base was last another one, and why that may not be known."""
    found = pr.get("retargeted")
    if found is None:
        return None, "whether the pull request was retargeted after somebody approved is unknown"
    when = max((change["when"] for change in found), default=None)
    base = pr["base"]["ref"]
    if when and all(change["to"] != base for change in found if change["when"] == when):
        return when, f"the pull request was last retargeted to another base than {base}"
    return when, ""


def objections(approvals: Approvals, document: FactDocument) -> tuple[tuple[Cause, ...], tuple[Missing, ...]]:
    """The vetoes that stand, whatever the verdict is or whether there is one, and what would end them.

    Raises:
        Doubt: the reviews or the groups are not known.
    """
    if not approvals.veto:
        return (), ()
    named = groups(document, group_names(approvals))
    found = vetoes(document.known("reviews"), named, document)
    against = [veto.cause for veto in found]
    standing = [veto for veto in found if veto.by]
    if standing:  # a failed lookup beside a veto is an error, even where others sufficed
        against += [Cause(Outcome.ERROR, group.trouble) for group in named if group.trouble]
    what = "the veto taken back, by a new approval or a dismissal of their own"
    return tuple(against), tuple(Missing(what, veto.by) for veto in standing)


def _alternatives(approvals: Approvals, named: Mapping[str, Group]) -> list[tuple[_Demand, ...]]:
    """Every way to satisfy the tree, as demands that must hold together.

    Raises:
        Doubt: a part that asks for nobody; such rules do not load, and must not pass if they are built by hand.
    """
    if approvals.any:
        return [way for part in approvals.any for way in _alternatives(part, named)]
    if approvals.all:
        parts = [_alternatives(part, named) for part in approvals.all]
        return [tuple(demand for way in ways for demand in way) for ways in product(*parts)]
    if approvals.need < 1 or not approvals.groups:
        raise Doubt("approvals without `count` or `from` ask for nobody")
    return [(_Demand(approvals.need, tuple(named[name] for name in approvals.groups)),)]


def _enough(
    ways: Sequence[tuple[_Demand, ...]],
    given: Sequence[Approval],
    terms: Terms,
    unknown: Sequence[str],
    anybody: Collection[int] = frozenset(),
) -> Judgement:
    """Do the approvals suffice, whichever of them come from the `unknown` contributors?

    `anybody`: approvals that may be of members of any group.

    Raises:
        Doubt: there are too many people and groups to tell.
    """
    approved = frozenset(a.id for a in given)
    able = [[d._replace(eligible=frozenset(approved & {*d.members(), *anybody})) for d in way] for way in ways]
    if unknown:
        try:
            safe = withstands(able, len(unknown))
        except TooMany:
            raise Doubt(f"with {len(unknown)} unknown contributors too many cases would have to be tried") from None
        if safe:
            counts = frozenset[int]().union(*(d.eligible for way in able for d in way))
            because = f"approved by {people(sorted(a.login for a in given if a.id in counts))}"
            who = _nobody_behind(unknown)
            remark = Cause(None, f"{who}, and could be any of them; enough others have approved")
            return Judgement(Outcome.PASS, because, (Cause(Outcome.PASS, because), remark), (), _counted(given, counts))
    judged = _either([_judge_all(way, given, terms, len(unknown)) for way in able])
    if not unknown:
        return judged
    remark = Cause(None, f"{_nobody_behind(unknown)}, and could be anybody who approves")
    link = Missing(f"or contributors that are known: {WAY_OUT}")
    return judged._replace(causes=(*judged.causes, remark), missing=(*judged.missing, link))


def _nobody_behind(unknown: Sequence[str]) -> str:
    more = f" and {len(unknown) - _TOLD} others" if len(unknown) > _TOLD else ""
    return f"no account stands behind {', '.join(unknown[:_TOLD])}{more}"


_TOLD = 3  # unknown contributors by name; a thousand commits may have a thousand


def _judge_all(demands: Sequence[_Demand], given: Sequence[Approval], terms: Terms, unknown: int) -> Judgement:
    """One alternative: all demands at once, with distinct people, and `unknown` more for each."""
    assigned = assign([demand.need for demand in demands], [demand.eligible for demand in demands])
    logins, says = {a.id: a.login for a in given}, {a.id: a.says for a in given}
    causes, missing, outcomes = [], [], []
    used = {identity for those in assigned for identity in those}
    for demand, those, short in zip(demands, assigned, _short(demands, assigned, unknown), strict=True):
        count = sorted(demand.eligible if unknown else those, key=lambda identity: (logins[identity], identity))
        troubles = [group.trouble for group in demand.groups if group.trouble]
        outcome = Outcome.PASS if not short else Outcome.ERROR if troubles else Outcome.PENDING
        outcomes.append(outcome)
        below = [Cause(Outcome.PASS, says[identity]) for identity in count]
        if short:
            below += [Cause(Outcome.ERROR, trouble) for trouble in troubles]
            could = _could(demand, terms, logins)
            more = f"{plural(short, 'more approval')} from {' or '.join(g.name for g in demand.groups)}"
            enough = len(could) >= short or bool(troubles)
            missing.append(Missing(more if enough else f"{more}, who have only {len(could)} left that may", could))
        spare = f", and {unknown} more for who is unknown" if unknown else ""
        causes.append(Cause(outcome, f"{demand}{spare}: {len(count)} of {demand.need + unknown}", (), tuple(below)))
    outcome = combine(ALL, outcomes)
    return Judgement(
        outcome,
        _sentence(outcome, causes, sorted(logins[i] for i in used)),
        tuple(causes),
        tuple(missing),
        _counted(given, used),
    )


def _counted(given: Sequence[Approval], used: Collection[int]) -> tuple[Counted, ...]:
    return tuple(Counted(one.id, one.login, one.review) for one in given if one.id in used)


def _short(demands: Sequence[_Demand], assigned: Sequence[Sequence[int]], unknown: int) -> list[int]:
    """How many more approvals each demand asks for."""
    alone = [
        max(d.need - len(those), d.need + unknown - len(d.eligible) if unknown else 0)
        for d, those in zip(demands, assigned, strict=True)
    ]
    if not unknown or any(alone):
        return alone
    # Each has enough by itself, but they want the same people.
    eligible = [demand.eligible for demand in demands]
    return [sum(more) - sum(map(len, assign(more, eligible))) for more in spared([d.need for d in demands], unknown)]


def _sentence(outcome: Outcome, causes: Sequence[Cause], names: Sequence[str]) -> str:
    if outcome is Outcome.PASS:
        return f"approved by {people(names)}"
    if outcome is Outcome.ERROR:
        return "; ".join(dict.fromkeys(b.text for c in causes for b in c.causes if b.outcome is Outcome.ERROR))
    return "; ".join(c.text for c in causes if c.outcome is outcome)


def _either(alternatives: Sequence[Judgement]) -> Judgement:
    """One yes is enough; then only that one is told."""
    if len(alternatives) == 1:
        return alternatives[0]
    outcome = combine(ANY, (a.outcome for a in alternatives))
    if outcome is Outcome.PASS:
        return next(a for a in alternatives if a.outcome is outcome)
    return Judgement(
        outcome,
        " — or ".join(dict.fromkeys(a.because for a in alternatives if a.outcome is outcome)),
        (Cause(outcome, "one of these", (), tuple(c for a in alternatives for c in a.causes)),),
        tuple(dict.fromkeys(m for a in alternatives for m in a.missing)),
    )


def _could(demand: _Demand, terms: Terms, given: Collection[int]) -> tuple[str, ...]:
    barred = {*terms.excluded, *terms.without, *given}
    return tuple(sorted(login for identity, login in demand.members().items() if identity not in barred))
