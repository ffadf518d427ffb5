"""Judges plans by one of the engines: findings and receipts, in an order that no engine decides."""

import re
import threading
from collections.abc import Sequence
from functools import partial

from engine.adapters.policy.annotations import own_names
from engine.adapters.policy.bundle import PolicySet
from engine.adapters.policy.engines import ENGINES
from engine.adapters.policy.port import BY_NAME, TIMEOUT_S, Judgement, Plan, Programs, Reply, Terms
from engine.core.exact import DEPTH
from engine.core.exceptions import EXPIRED, NEVER, Excuse, apply, read
from engine.core.findings import Effect, Finding, Severity
from engine.core.plan.deep import withhold
from engine.core.plan.form import RefusedPlanError
from engine.core.plan.mask import secrets
from engine.core.plan.model import check
from engine.core.receipts import EVERY, WHOLE, Asked, Receipts, Ruling, Said, subjects, take
from engine.core.redact import Redactor
from engine.core.source import Document
from engine.errors import Place, failure
from engine.names import either

_SEVERITIES = list(Severity)
_RULINGS = {Effect.DENY: Ruling.DENIED, Effect.WARN: Ruling.WARNED, Effect.EXCEPTION: Ruling.EXCEPTED}
_SILENT, _DEEP = "POL-001", "DOC-001"
_OWN = {EXPIRED: (WHOLE,), _SILENT: (WHOLE,), _DEEP: (EVERY, WHOLE)}  # rules that no policy has, with what they judge
_ID = re.compile(r"[\"']([A-Za-z][A-Za-z0-9_.-]*)[\"']")


def judge(plans: Sequence[Plan], policies: PolicySet, engine: str, terms: Terms, *, now: str = NEVER) -> Judgement:
    """Findings of `engine` about all plans of a change, worst first, in an order that does not depend on the engine;
    and the receipts: what each rule came to about each resource.

    Messages may quote the plan: the caller passes them through `core.redact`. Exceptions hold until their day, as `now`
    (a moment) tells; without it none holds.

    Raises:
        EngineError: ENG5xx; nothing was judged, or not everything, or not beyond doubt.
    """
    if engine not in ENGINES:
        raise failure("ENG520", name=engine, known=either(ENGINES))
    if not plans:
        raise failure("ENG516")
    for plan in plans:
        _check(plan)
    plans, deep = _shallow(plans, engine)
    redact = Redactor(frozenset().union(*(secrets(dict(plan.plan)) for plan in plans)))
    file, excuses = excuses_of(policies)
    reply = ENGINES[engine](plans, policies, terms._replace(redact=redact))
    environments = {plan.resource: _environment(plan) for plan in plans}
    raised = [*(finding for _, finding in reply.found), *_silent(plans, reply, engine), *deep]
    found = list(apply(raised, excuses, environments, now, file))
    return Judgement(tuple(sorted(set(found), key=_order)), _receipts(plans, reply, found, bool(excuses)))


def evaluate(
    plans: Sequence[Plan],
    policies: PolicySet,
    engine: str = "rego",
    timeout_s: float = TIMEOUT_S,
    *,
    programs: Programs = BY_NAME,
    cancel: threading.Event | None = None,
    now: str = NEVER,
) -> tuple[Finding, ...]:
    """The findings alone, for whoever needs no receipts.

    Raises:
        EngineError: as `judge`.
    """
    return judge(plans, policies, engine, Terms(programs, timeout_s, cancel), now=now).findings


def _receipts(plans: Sequence[Plan], reply: Reply, found: Sequence[Finding], excuses: bool) -> Receipts:
    """`found` are the reply's findings in their order, after exceptions; then those of rules of our own."""
    own = {finding.rule for finding in found[len(reply.found) :]} | ({EXPIRED} if excuses else set())
    names = [*(name for name, _ in reply.found), *(finding.rule for finding in found[len(reply.found) :])]
    said = [Said(name, f.resource, f.address, _RULINGS[f.effect]) for name, f in zip(names, found, strict=True)]
    asked = [*reply.asked, *(Asked(rule, _OWN[rule]) for rule in own)]
    judged = [subject for plan in plans for subject in subjects(plan.resource, plan.plan)]
    return take(asked, judged, [*reply.passed, *said])


def excuses_of(policies: PolicySet) -> tuple[str, tuple[Excuse, ...]]:
    """Where the exceptions of a policy set are, and what they are. A rule is known when some policy has its id, or
    is `<package>.<rule>`, which stands for it where findings have no id.

    Raises:
        EngineError: ENG517, ENG518, ENG519.
    """
    settings = policies.data.get("settings")
    listed = settings.get("exceptions", []) if isinstance(settings, dict) else []
    texts = [*policies.modules.values(), *policies.checks.values()]
    ids = {_DEEP, _SILENT, *(name for text in texts for name in _ID.findall(text)), *own_names(policies.modules)}
    file = f"{policies.origin}/data.json" if policies.origin else "data.json"
    said = policies.settings
    return file, read(listed, file, ids, said and partial(_place, said))


def _place(said: Document, path: tuple[str | int, ...], key: bool) -> Place:
    return said.place("settings", "exceptions", *path, key=key)


def _shallow(plans: Sequence[Plan], engine: str) -> tuple[Sequence[Plan], list[Finding]]:
    """The plans without documents that no engine is sure to read, and a finding about each."""
    shown, found = [], []
    for plan in plans:
        value, withheld = withhold(plan.plan)
        shown.append(Plan(plan.resource, value))
        message = f"A document is nested deeper than {DEPTH} levels, which cannot be judged."
        mend = "Flatten it, or excuse it in the settings with a reason."
        for address, is_policy in withheld:
            severity, effect = (Severity.HIGH, Effect.DENY) if is_policy else (Severity.LOW, Effect.WARN)
            found.append(Finding(_DEEP, severity, effect, message, plan.resource, address, mend, engine=engine))
    return shown, found


def _silent(plans: Sequence[Plan], reply: Reply, engine: str) -> list[Finding]:
    """What the guards warn of, as findings about the first plan: it is about the policies, so once is enough."""
    resource = min(plan.resource for plan in plans)
    found = []
    for warned in reply.warned:
        place = warned.place or Place("")
        message = f"{place.file}:{place.line}: {warned.message}, so this part of a policy judges nothing."
        mend = f"{warned.hint[:1].upper()}{warned.hint[1:]}"
        found.append(
            Finding(
                _SILENT,
                Severity.LOW,
                Effect.WARN,
                message,
                resource,
                remediation=mend,
                policy=place.file,
                engine=engine,
            )
        )
    return found


def _environment(plan: Plan) -> str:
    variables = plan.plan.get("variables")
    variable = variables.get("environment") if isinstance(variables, dict) else None
    value = variable.get("value") if isinstance(variable, dict) else None
    return value if isinstance(value, str) else ""


def _check(plan: Plan) -> None:
    """Refuse what is no complete plan, as `engine run` does: a policy finds nothing wrong with an empty object."""
    try:
        check(dict(plan.plan))
    except RefusedPlanError as error:
        raise failure("ENG515", hint=error.mend, resource=plan.resource, reason=error.reason) from error


def _order(finding: Finding) -> tuple[str | int, ...]:
    worst = _SEVERITIES.index(finding.severity)
    effect = ("deny", "warn", "exception").index(finding.effect.value)
    return (effect, worst, finding.resource, finding.rule, finding.address, *map(str, finding[3:]))
