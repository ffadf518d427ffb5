"""What rules settle without deciding anything: who owns what, what is protected by what, what expires when.

No event shows whether a gate is missing in `protect` beside a pipeline that names it too, or that a verdict holds for
seventy days. So fixtures may say what is settled (`settled:`), and coverage counts what none of them says.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.duration import seconds
from engine.core.expressions.model import Expression, Kind
from engine.core.rules.model import Approvals, Environment, Limits, Pipeline, Rules
from engine.core.source import Document
from engine.errors import Errors, Place
from engine.names import closest, either

_IN_ORDER = ("actions",)  # lists in which each item has its place
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


class Settled(NamedTuple):
    """One thing that the rules say, in the words of a fixture."""

    section: str
    name: str
    value: Any
    place: Place

    @property
    def what(self) -> str:
        """As coverage names it."""
        return f"settled: {self.section} {self.name}"


def settled(rules: Rules) -> tuple[Settled, ...]:
    """Everything of the kind, in the order of the rules."""
    return tuple(_settled(rules))


def _settled(rules: Rules) -> Iterator[Settled]:
    for source in rules.sources:
        yield Settled("owns", source.repo, list(source.owns), source.place)
        if source.id or source.installation:
            yield Settled("ids", source.repo, f"{source.id} of installation {source.installation}", source.place)
    for environment in rules.environments.values():
        yield from _of_environment(environment)
    top = rules.otherwise.place
    yield Settled("branches", "otherwise", rules.otherwise.branch, top)
    if table := rules.backend.dynamodb_table:
        yield Settled("backend", "dynamodb_table", table, rules.places.get("backend", top))
    for group in rules.groups.values():
        people = [f"{user} ({group.ids[user]})" if user in group.ids else user for user in group.users]
        yield Settled("groups", group.name, [*people, *group.teams], group.place)
    for gate in rules.gates.values():
        if gate.when:
            yield Settled("when", gate.name, gate.when.text, gate.place)
        if gate.approvals:
            yield Settled("approvals", gate.name, _people(gate.approvals), gate.place)
        if gate.override:
            yield Settled("overrides", gate.name, gate.override, gate.place)
    for override in rules.overrides.values():
        yield Settled("from", override.name, list(override.groups), override.place)
        yield Settled("besides", override.name, list(override.besides), override.place)
        yield Settled("never", override.name, list(override.never), override.place)
        yield Settled("expires", override.name, _span(override.expires_s), override.place)
        if override.label:
            yield Settled("labels", override.name, override.label, override.place)
    verdicts, limited = rules.places.get("verdicts", top), rules.places.get("limits", top)
    yield Settled("expires", "verdicts", _span(rules.verdict_expires_s), verdicts)
    for name, command in rules.commands.items():
        who = f"{command.need} of {' or '.join(command.groups)}{', or who may write' if command.writers else ''}"
        yield Settled("commands", name, who, command.place)
    for action, gates in rules.protect.items():
        yield Settled("protect", action, list(gates), rules.places.get(f"protect.{action}", top))
    for pipeline in rules.pipelines.values():
        yield from _of_pipeline(pipeline)
    if rules.renewed_by:
        yield Settled("then", "verdicts", rules.renewed_by, verdicts)
    limits = rules.limits
    yield Settled("limits", "parallelism", limits.parallelism, limited)
    yield Settled("limits", "plan_timeout", _span(limits.plan_timeout_s), limited)
    yield Settled("limits", "policy_timeout", _span(limits.policy_timeout_s), limited)
    if limits.lock_timeout_s != Limits().lock_timeout_s:
        yield Settled("limits", "lock_timeout", _span(limits.lock_timeout_s), limited)
    if limits.per_account:
        yield Settled("limits", "per_account", limits.per_account, limited)
    if kept := limits.backups:
        yield Settled("limits", "backups", f"{kept.newest} newest, and for {_span(kept.for_s)}", limited)


def _of_environment(environment: Environment) -> Iterator[Settled]:
    """Where a change of it goes, and who Terraform is there."""
    yield Settled("branches", environment.name, environment.branch, environment.place)
    if environment.applies:
        account = f"{environment.account} in {environment.region}"
        yield Settled("accounts", environment.name, account, environment.place)
    if profile := environment.profile:
        yield Settled("profiles", environment.name, profile._asdict(), environment.place)
    if roles := environment.roles:
        said = {"plan": roles.plan, "apply": roles.apply, "session": _span(roles.session_s)}
        yield Settled("roles", environment.name, said, environment.place)


def _of_pipeline(pipeline: Pipeline) -> Iterator[Settled]:
    """What no decision shows of it: what follows, what it holds meanwhile, what runs though something failed."""
    always = [step.id for step in pipeline.steps if step.condition and step.condition.text == "always()"]
    said = (
        ("actions", [step.uses for step in pipeline.steps]),
        ("gates", list(pipeline.gates)),
        ("then", pipeline.then),
        ("else", pipeline.instead),
        ("locks", pipeline.locks.text if pipeline.locks else None),
        ("always", always),
    )
    for section, value in said:
        if value:
            yield Settled(section, pipeline.name, value, pipeline.place)
    for step in pipeline.steps:
        where = f"{pipeline.name}.{step.id}"
        if step.condition and step.condition.text != "always()" and "outputs" in step.condition.needs:
            yield Settled("if", where, step.condition.text, step.place)
        if step.inputs:
            yield Settled("with", where, _written(step.inputs), step.place)
        if step.timeout_s:
            yield Settled("timeouts", where, _span(step.timeout_s), step.place)


def _written(value: Any) -> Any:
    """Inputs as the rules write them."""
    if isinstance(value, Expression):
        return f"${{{value.text}}}" if value.kind is Kind.VALUE else value.text
    if isinstance(value, Mapping):
        return {name: _written(one) for name, one in value.items()}
    return [_written(one) for one in value] if isinstance(value, list) else value


def _people(approvals: Approvals) -> str:
    """`2 of security or 1 of ciso; after head; without author and bots`."""
    conditions = [_part(approvals)]
    conditions += [f"after {approvals.after}"] if approvals.after else []
    conditions += [f"without {', '.join(approvals.exclude)}"] if approvals.exclude else []
    conditions += [] if approvals.veto else ["no veto"]
    return "; ".join(conditions)


def _part(approvals: Approvals) -> str:
    for parts, word in ((approvals.any, " or "), (approvals.all, " and ")):
        if parts:
            return word.join(f"({_part(one)})" if one.any or one.all else _part(one) for one in parts)
    return f"{approvals.need} of {' or '.join(approvals.groups)}"


def _span(span: int) -> str:
    return next((f"{span // size}{unit}" for size, unit in _UNITS if span % size == 0), f"{span}s")


def compare(document: Document, rules: Rules, errors: Errors) -> tuple[str, ...]:
    """What a fixture file states rightly, as coverage names it; what it states wrongly goes to `errors`."""
    stated: Mapping[str, Mapping[str, Any]] = document.data.get("settled", {})
    known = {(one.section, one.name): one for one in settled(rules)} if stated else {}
    right: list[str] = []
    for section, rows in stated.items():
        names = [name for of, name in known if of == section]
        for name, value in rows.items():
            one = known.get((section, name))
            if one is None:
                place = document.place("settled", section, name, key=True)
                errors.add("ENG902", place, hint=closest(name, names), what=section, name=name, known=either(names))
            elif _same(value, one.value, in_order=section in _IN_ORDER):
                right.append(one.what)
            else:
                place = document.place("settled", section, name, *_strange(value, one.value))
                at = f"{one.place.file}:{one.place.line}"
                listed = _said(one.value) if isinstance(value, str) and f"[{value}]" == _said(one.value) else ""
                hint = f"write a list: {listed}" if listed else ""
                errors.add("ENG901", place, hint=hint, what=section, name=name, got=_said(one.value), at=at)
    return tuple(right)


def _strange(stated: Any, value: Any) -> Sequence[int]:
    """Of a list the first item that the rules do not have; of what lacks one, nothing."""
    if not (isinstance(stated, list) and isinstance(value, list)):
        return ()
    left = list(value)
    for number, item in enumerate(stated):
        if item not in left:
            return (number,)
        left.remove(item)
    return ()


def _same(stated: Any, value: Any, *, in_order: bool) -> bool:
    if isinstance(stated, list) and isinstance(value, list):
        said = list(map(str, stated))
        return said == value if in_order else sorted(said) == sorted(value)
    if isinstance(value, str) and isinstance(stated, str) and stated[-1:] in "smhd" and stated[:-1].isdigit():
        return value[:-1].isdigit() and seconds(stated) == seconds(value)
    if isinstance(value, int) and isinstance(stated, str):
        return stated == str(value)
    return bool(stated == value)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_said(one)}' for name, one in value.items())}}}"
    return f"[{', '.join(value)}]" if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
