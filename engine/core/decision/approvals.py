"""Have enough of the right people approved? One person counts once, in whichever part they are needed most.

`any` and `all` are spelled out into alternatives, each a set of demands; an alternative holds if distinct people can be
assigned to all its places (augmenting paths), so that nobody is counted twice and nobody is wasted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt, Judgement, Missing, people
from engine.core.decision.people import Group, excluded, facts_of, groups
from engine.core.decision.reviews import Approval, Terms, vetoes
from engine.core.decision.reviews import approvals as counted
from engine.core.outcome import ALL, ANY, Outcome, combine
from engine.core.rules.model import Approvals


class _Demand(NamedTuple):
    """One leaf: so many people of these groups."""

    need: int
    groups: tuple[Group, ...]

    def __str__(self) -> str:
        names = " or ".join(g.name for g in self.groups)
        return f"{self.need} approval{'s' if self.need != 1 else ''} from {names}"

    def members(self) -> Mapping[int, str]:
        return {identity: login for group in self.groups for identity, login in group.members.items()}


def facts_needed(approvals: Approvals) -> frozenset[str]:
    """Facts that judging `approvals` may read."""
    needed = {"groups", "pr", "reviews"} | facts_of(approvals.exclude)
    if approvals.after:
        needed.add(approvals.after)
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
    reviews = document.known("reviews")
    since = document.known(approvals.after)["signed_at"] if approvals.after else None
    terms = Terms(
        head=document.known("pr")["head"]["sha"],
        since=since,
        since_what=approvals.after or "",
        excluded=excluded(document, approvals.exclude),
        without=frozenset(without),
    )
    given, remarks = counted(reviews, terms)
    alternatives = [_judge_all(demands, given, terms) for demands in _alternatives(approvals, named)]
    enough = _either(alternatives)
    against, taken_back = objections(approvals, document)
    outcome = combine(ALL, [enough.outcome, *(c.outcome for c in against if c.outcome)])
    decisive = [c.text for c in against if c.outcome is outcome] or [enough.because]
    return Judgement(
        outcome,
        "; ".join(dict.fromkeys(decisive)),
        (*against, *enough.causes, *remarks),
        (*taken_back, *enough.missing),
    )


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


def _judge_all(demands: Sequence[_Demand], given: Sequence[Approval], terms: Terms) -> Judgement:
    """One alternative: all demands at once, with distinct people."""
    members = [demand.members() for demand in demands]
    eligible = [[a.id for a in given if a.id in those] for those in members]
    assigned = assign([demand.need for demand in demands], eligible)
    logins = {a.id: a.login for a in given}
    causes, missing, outcomes = [], [], []
    used = {identity for those in assigned for identity in those}
    for demand, those in zip(demands, assigned, strict=True):
        names = sorted(logins[identity] for identity in those)
        troubles = [group.trouble for group in demand.groups if group.trouble]
        short = demand.need - len(those)
        outcome = Outcome.PASS if not short else Outcome.ERROR if troubles else Outcome.PENDING
        outcomes.append(outcome)
        below = [Cause(Outcome.PASS, f"{name} approved") for name in names]
        if short:
            below += [Cause(Outcome.ERROR, trouble) for trouble in troubles]
            could = _could(demand, terms, used)
            more = f"{short} more approval{'s' if short != 1 else ''} from {' or '.join(g.name for g in demand.groups)}"
            enough = len(could) >= short or bool(troubles)
            missing.append(Missing(more if enough else f"{more}, who have only {len(could)} left that may", could))
        causes.append(Cause(outcome, f"{demand}: {len(those)} of {demand.need}", (), tuple(below)))
    outcome = combine(ALL, outcomes)
    return Judgement(
        outcome, _sentence(outcome, causes, sorted(logins[i] for i in used)), tuple(causes), tuple(missing)
    )


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


def _could(demand: _Demand, terms: Terms, used: Collection[int]) -> tuple[str, ...]:
    barred = {*terms.excluded, *terms.without, *used}
    return tuple(sorted(login for identity, login in demand.members().items() if identity not in barred))


def assign(needs: Sequence[int], eligible: Sequence[Iterable[int]]) -> list[list[int]]:
    """Give each demand up to its need of people, nobody twice, as many places filled as can be."""
    places = [demand for demand, need in enumerate(needs) for _ in range(need)]
    wanted = [sorted(set(ids)) for ids in eligible]
    place_of: dict[int, int] = {}  # by person
    person_at: dict[int, int] = {}  # by place

    def fill(start: int) -> None:
        """Find somebody free, straight away or by moving others on, each to a place that can have them too."""
        asked: dict[int, int] = {}  # person → the place that wants them
        looked_at: set[int] = set()  # demands: places of one want the same people
        waiting = [start]
        for place in waiting:
            if places[place] in looked_at:
                continue
            looked_at.add(places[place])
            for person in wanted[places[place]]:
                if person in asked:
                    continue
                asked[person] = place
                if person not in place_of:
                    move(person, asked)
                    return
                waiting.append(place_of[person])

    def move(free: int, asked: Mapping[int, int]) -> None:
        person: int | None = free
        while person is not None:
            place = asked[person]
            place_of[person] = place
            moved, person = person, person_at.get(place)
            person_at[place] = moved

    for place in range(len(places)):
        fill(place)
    return [sorted(p for p, place in place_of.items() if places[place] == demand) for demand in range(len(needs))]
