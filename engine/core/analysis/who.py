"""Who can let a change through, by the rules alone: nobody is asked, and nothing is read but what `Rules` holds.

A pull request is made up in which everything is in order but the people, and the gates themselves judge it: what they
say of it is the answer, never a second reading of the rules. What they would have to know and nobody has said (what is
planned, which repository it comes from) is left out of it; a gate that asks for that is told with its condition.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product, zip_longest
from typing import Any, NamedTuple

from engine.core.analysis.made_up import MadeUp
from engine.core.decision.approvals import group_names
from engine.core.decision.belief import believe
from engine.core.decision.gates import Context, context, excuse, judge
from engine.core.decision.protect import gates_of
from engine.core.expressions.model import Expression
from engine.core.outcome import Outcome
from engine.core.rules.model import Approvals, Gate, Group, Override, Rules
from engine.errors import EngineError, failure
from engine.names import closest, listing

ALWAYS, NEVER, IF = "always", "never", "if"
OTHERWISE = "otherwise"
_EXAMPLES = 4  # of people who are enough together
_TRIED = 6  # people around whom an example is looked for: each costs two judgements for each of all
_SILENT = ("default(", "present(")  # these answer for what is missing, too: then nothing is known by their answer


class Question(NamedTuple):
    """What somebody wants to know."""

    environment: str
    types: tuple[str, ...] = ()  # of Terraform resources that the change touches, all of them; none: not said
    overrider: str | None = None


class Asked(NamedTuple):
    """One gate that asks for people, or for an override."""

    gate: Gate
    when: str  # ALWAYS, NEVER or IF
    deeds: tuple[str, ...]  # what of `DEEDS` makes it ask, where just that does
    before: tuple[str, ...]  # the actions and pipelines that wait for it


class Enough(NamedTuple):
    """People who open all of `gates` together; removing one of them closes one."""

    gates: tuple[str, ...]
    people: tuple[tuple[str, ...], ...]  # examples, fewest people first; none: nobody can


class Tried(NamedTuple):
    """What becomes of an override by the one who was named."""

    override: Override
    counts: bool
    because: str
    teams: tuple[str, ...]  # one of which they would have to be a member of; none: the rules name them
    opens: tuple[str, ...]  # gates that it passes
    leaves: tuple[str, ...]  # gates that ask for people all the same
    never: tuple[str, ...]  # what is said where a finding is of such a severity


class Answer(NamedTuple):
    """Who can, by these rules."""

    question: Question
    branch: str
    account: str | None
    sources: tuple[tuple[str, tuple[str, ...]], ...]  # repository, paths that it owns
    asked: tuple[Asked, ...]
    conditions: tuple[Gate, ...]  # that have to hold besides, whoever approves
    groups: Mapping[str, Group]
    overrides: Mapping[str, Override]
    enough: tuple[Enough, ...]  # of what is always asked; and of all, where some is asked only under a condition
    tried: tuple[Tried, ...]


def who_can(rules: Rules, question: Question) -> Answer:
    """The answer to `question`.

    Raises:
        EngineError: there is no such environment (ENG760), or nobody of that name (ENG761).
    """
    known = {**rules.environments, OTHERWISE: rules.otherwise}
    if question.environment not in known:
        branch_of = [name for name, one in known.items() if one.branch == question.environment]
        hint = f"that is the branch of `{branch_of[0]}`" if branch_of else closest(question.environment, known)
        raise failure("ENG760", hint=hint, name=question.environment, known=listing(known))
    environment = known[question.environment]
    stage = _Stage(rules, question)
    asked = tuple(stage.asked())
    counting = [one.gate for one in asked if one.when != NEVER]
    tried = tuple(stage.tried(counting))
    opened = {name for one in tried if one.counts for name in one.opens}
    by_people = [gate for gate in counting if gate.approvals or gate.name in opened]
    always = [gate for gate in by_people if _when(asked, gate) == ALWAYS]
    sets = [always, by_people] if always and len(always) < len(by_people) else [by_people]
    named = dict.fromkeys(name for gate in counting for name in _groups_of(gate, rules))
    return Answer(
        question,
        environment.branch,
        environment.account,
        tuple((source.repo, source.owns) for source in rules.sources),
        asked,
        tuple(stage.conditions()),
        {name: rules.groups[name] for name in named},
        {name: rules.overrides[name] for gate in counting if (name := gate.override)},
        tuple(stage.enough(gates) for gates in sets if gates),
        tried,
    )


def _when(asked: Iterable[Asked], gate: Gate) -> str:
    return next(one.when for one in asked if one.gate is gate)


def _groups_of(gate: Gate, rules: Rules) -> tuple[str, ...]:
    by_override = rules.overrides[gate.override].groups if gate.override else ()
    return (*(group_names(gate.approvals) if gate.approvals else ()), *by_override)


class _Stage:
    """The pull request that is made up, and what the gates say of it."""

    def __init__(self, rules: Rules, question: Question) -> None:
        self._rules = rules
        self._overrider = self._known(question.overrider) if question.overrider else None
        most = max((sum(_places(gate.approvals)) for gate in rules.gates.values() if gate.approvals), default=1)
        teams = dict.fromkeys(team for group in rules.groups.values() for team in group.teams)
        # Who is in a team is not said in the rules: these stand for them.
        self._teams_of = {team: [f"{_ordinal(n)} member of {team}" for n in range(1, most + 2)] for team in teams}
        members = {
            name: (*group.users, *self._joined(group), *(one for team in group.teams for one in self._teams_of[team]))
            for name, group in rules.groups.items()
        }
        branch = {**rules.environments, OTHERWISE: rules.otherwise}[question.environment].branch
        self._everybody = list(dict.fromkeys(login for those in members.values() for login in those))
        self._whole: dict[str, Context] = {}  # by severity of the finding: with everybody's approval
        self._made = MadeUp(rules, question.environment, branch, question.types, self._overrider, members)
        self._read = {
            pipeline.name: [rules.gates[name] for name in gates_of(pipeline, rules)]
            for pipeline in rules.pipelines.values()
        }

    def _known(self, login: str) -> str:
        """Somebody as the rules write them, or who may be in a team that may override."""
        rules = self._rules
        users = {one.casefold(): one for group in rules.groups.values() for one in group.users}
        if login.casefold() in users:
            return users[login.casefold()]
        hint = closest(login, users.values())
        if hint or not any(rules.groups[name].teams for one in rules.overrides.values() for name in one.groups):
            raise failure("ENG761", hint=hint, login=login, known=listing(users.values()))
        return login

    def _joined(self, group: Group) -> tuple[str, ...]:
        """The overrider, where only a team could have them."""
        listed = any(self._overrider in one.users for one in self._rules.groups.values())
        may = any(group.name in override.groups for override in self._rules.overrides.values())
        return (self._overrider,) if self._overrider and group.teams and may and not listed else ()

    def _with_people(self) -> list[tuple[str, list[Gate]]]:
        """The pipelines that people have a say in."""
        return [(name, gates) for name, gates in self._read.items() if any(g.approvals or g.override for g in gates)]

    def _teams(self, override: Override) -> tuple[str, ...]:
        groups = [self._rules.groups[name] for name in override.groups]
        if any(self._overrider in group.users for group in groups):
            return ()
        return tuple(team for group in groups for team in group.teams)

    def asked(self) -> Iterable[Asked]:
        """Each gate that asks for people, in the order of the rules."""
        for gate in dict.fromkeys(g for _, gates in self._with_people() for g in gates if g.approvals or g.override):
            when, deeds = self._when(gate.when)
            uses = {step.uses for pipeline in self._rules.pipelines.values() for step in pipeline.steps}
            before = [one for one, names in self._rules.protect.items() if gate.name in names and one in uses]
            own = [f"pipeline {p.name}" for p in self._rules.pipelines.values() if gate.name in p.gates]
            yield Asked(gate, when, deeds, (*before, *own))

    def conditions(self) -> Iterable[Gate]:
        """Each other gate of the same pipelines, unless it is certainly not asked."""
        for gate in dict.fromkeys(gate for _, gates in self._with_people() for gate in gates):
            if not gate.approvals and not gate.override and self._when(gate.when)[0] != NEVER:
                yield gate

    def _when(self, condition: Expression | None) -> tuple[str, tuple[str, ...]]:
        """Does it hold, whatever is not known?"""
        if condition is None:
            return ALWAYS, ()
        answers: dict[str, set[bool | None]] = {}
        for deed, scope in self._made.scopes():
            answers.setdefault(deed, set()).add(self._value(condition, scope))
        said = set().union(*answers.values())
        if len(said) == 1 and None not in said:
            return (ALWAYS if said == {True} else NEVER), ()
        whole = all(len(one) == 1 and None not in one for one in answers.values())
        return IF, tuple(deed for deed, one in answers.items() if one == {True}) if whole else ()

    def _value(self, condition: Expression, scope: Mapping[str, Any]) -> bool | None:
        silent = any(word in text for text in self._spelled_out(condition.text) for word in _SILENT)
        if silent and not all(_said(scope, path.replace("[*]", ".*").split(".")) for path in condition.paths):
            return None
        try:
            return condition.evaluate(scope) is True
        except EngineError:
            return None

    def _spelled_out(self, text: str) -> Sequence[str]:
        """With the definitions that it names, and those that they name."""
        texts, define = [text], self._rules.define
        for one in texts:
            texts += [said for name, said in define.items() if f"{name}(" in one and said not in texts]
        return texts

    def enough(self, gates: Sequence[Gate]) -> Enough:
        """Who opens all of `gates` together."""

        def opens(approvers: Sequence[str]) -> bool:
            return self.opened(gates, approvers)

        found: dict[frozenset[str], tuple[str, ...]] = {}
        groups = self._able(gates)
        able = list(dict.fromkeys(login for members in groups for login in members))
        if opens(able):
            # Of each group the first, then of each the second: whoever is needed for what only few may give is early.
            ranked = [login for row in zip_longest(*groups) for login in row if login is not None]
            for one, order in product(list(dict.fromkeys(ranked))[:_TRIED], (able[::-1], able)):
                few = _fewest(opens, [*(other for other in order if other != one), one])
                few = tuple(sorted(self._alike(few), key=able.index))
                found.setdefault(frozenset(few), few)
        shown = sorted(found.values(), key=lambda few: (len(few), *map(able.index, few)))[:_EXAMPLES]
        return Enough(tuple(gate.name for gate in gates), tuple(shown))

    def _alike(self, people: Iterable[str]) -> Iterable[str]:
        """The same with the first of those who stand for a team: one is as good as another."""
        left = {team: list(members) for team, members in self._teams_of.items()}
        of = {member: team for team, members in self._teams_of.items() for member in members}
        return [left[of[one]].pop(0) if one in of else one for one in people]

    def _able(self, gates: Sequence[Gate]) -> list[Sequence[str]]:
        """Whoever may be needed: of each group as many as all of its places, and one more in place of the overrider."""
        besides = (self._rules.overrides[gate.override].besides for gate in gates if gate.override)
        asking = [*gates, *(self._rules.gates[name] for names in besides for name in names)]
        asking = [gate for gate in asking if gate.approvals]
        most = sum(sum(_places(gate.approvals)) for gate in asking if gate.approvals) + 1
        names = dict.fromkeys(name for gate in asking if gate.approvals for name in group_names(gate.approvals))
        return [self._made.members[name][:most] for name in names]

    def opened(self, gates: Iterable[Gate], approvers: Sequence[str]) -> bool:
        """Do all of `gates`, asked, pass with these approvals (and the override, where somebody was named)?"""
        ctx = self._context(approvers)
        return all(_passes(gate._replace(when=None, needs=()), ctx) for gate in gates)

    def tried(self, gates: Sequence[Gate]) -> Iterable[Tried]:
        """What an override comes to, of each kind that the gates name."""
        if not self._overrider:
            return
        for name in dict.fromkeys(gate.override for gate in gates if gate.override):
            override = self._rules.overrides[name]
            judgement, used = excuse(name, self._context(self._everybody))
            opens = tuple(gate.name for gate in gates if gate.override == name)
            severe = [excuse(name, self._context(self._everybody, severity=one))[0].because for one in override.never]
            yield Tried(
                override,
                used is not None,
                judgement.because,
                self._teams(override),
                opens,
                tuple(gate.name for gate in gates if gate.approvals and gate.name not in opens),
                tuple(severe),
            )

    def _context(self, approvers: Sequence[str], severity: str = "low") -> Context:
        if severity not in self._whole:
            document = believe(self._made.document(self._everybody, severity), self._rules)
            self._whole[severity] = context(document, self._rules)
        whole = self._whole[severity]
        reviews = [one for one in whole.document.facts["reviews"] if one["user"]["login"] in approvers]
        document = whole.document._replace(facts={**whole.document.facts, "reviews": reviews})
        return Context(document, self._rules, {**whole.scope, "reviews": reviews})


def _said(value: Any, path: Sequence[str]) -> bool:
    """Does this path lead to something?"""
    for step in path:
        value = (value[0] if value else None) if step == "*" and isinstance(value, list) else value
        if step != "*" and (not isinstance(value, Mapping) or step not in value):
            return False
        value = value[step] if step != "*" else value
    return True


def _passes(gate: Gate, ctx: Context) -> bool:
    if gate.approvals:
        return judge(gate, ctx).outcome is Outcome.PASS
    assert gate.override
    return excuse(gate.override, ctx)[0].outcome is Outcome.PASS


def _places(approvals: Approvals) -> Iterable[int]:
    """How many people each leaf asks for."""
    parts = (*approvals.any, *approvals.all)
    return [need for part in parts for need in _places(part)] if parts else [approvals.need]


def _ordinal(number: int) -> str:
    return {1: "a", 2: "a second", 3: "a third"}.get(number, f"a {number}th")


def _fewest(opens: Callable[[Sequence[str]], bool], people: Sequence[str]) -> tuple[str, ...]:
    """Of people who are enough, so few that nobody can be taken away; the first are taken away first.

    Many at once as long as that goes: more approvals never close a gate, so the last round, one by one, is the proof.
    """
    kept, size = list(people), max(len(people) // 2, 1)
    while True:
        for gone in [frozenset(kept[start : start + size]) for start in range(0, len(kept), size)]:
            fewer = [one for one in kept if one not in gone]
            kept = fewer if opens(fewer) else kept
        if size == 1:
            return tuple(kept)
        size //= 2
