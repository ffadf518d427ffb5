"""What a pull request's page has to say now: where it stands, which validation that is of, and what is missing.

Labels, checks, comment and answers are made of this one value, so that they cannot contradict each other. Gates that
this pipeline has not asked are asked here, of the same facts; nothing is permitted by it.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.outcome import Outcome

if TYPE_CHECKING:
    from engine.core.decision.document import FactDocument
    from engine.core.decision.gates import GateResult
    from engine.core.report.labels import Validation
    from engine.core.report.model import Gate, Report
    from engine.core.report.state import State
    from engine.run.context import Context

MERGE, SIGN = "github.merge", "verdict.sign"
FOUND = ("terraform.plan", "policy.evaluate", SIGN)  # actions whose outputs are shown
APPLY = "terraform.apply"
ASKS = (SIGN, MERGE, APPLY)  # actions whose gates are told of
_ACCOUNTS = ("github.settle", "github.account")  # actions that sign for a merge


class Pull(NamedTuple):
    """Which pull request it is about, of the facts."""

    repo: str
    number: int
    head: str
    base: str


class Telling(NamedTuple):
    """Everything that is told."""

    pull: Pull
    document: "FactDocument"  # with the verdict that was signed just now
    state: "State"
    validation: "Validation"  # the newest of the present head
    sequence: int  # number of that verdict; 0: none was signed
    gates: "tuple[Gate, ...]"  # those of merging; of what is merged, those of applying
    asked: "tuple[GateResult, ...]"  # the same, with their causes
    is_overridden: bool
    is_merged: bool
    is_settled: bool  # we have signed for its merge
    problems: tuple[Any, ...]  # what could not be done in this run


def pull_of(ctx: "Context") -> Pull:
    """As `pull_in`, of the facts that this run has begun with."""
    return pull_in(ctx.document)


def pull_in(document: "FactDocument") -> Pull:
    """The pull request that the facts are about.

    Raises:
        EngineError: ENG556, it is not known.
    """
    from engine.errors import failure

    if state := document.state("pr"):
        raise failure("ENG556", name="pr", reason=state[1])
    pr = document.facts["pr"]
    return Pull(pr["base"]["repo"], pr["number"], pr["head"]["sha"], pr["base"]["ref"])


def outputs(ctx: "Context", uses: str) -> Mapping[str, Any] | None:
    """What an action before this one has left, by its name; None: it was not carried out."""
    return next((one.outputs for one in ctx.ran if one.uses == uses and one.status == "done"), None)


def telling(ctx: "Context", *, is_started: bool = False) -> Telling:
    """`is_started`: a validation of the present head has just begun.

    Raises:
        EngineError: ENG556, the pull request is not known.
    """
    from engine.core.report import state as states

    pull, document = pull_of(ctx), _with_verdict(ctx)
    is_merged = outputs(ctx, MERGE) is not None or document.facts["pr"]["merged"]
    was_merged = document.facts["pr"]["merged"] and APPLY in ctx.rules.protect  # before this run
    merging, signing = judged(ctx, document, APPLY if was_merged else MERGE), judged(ctx, document, SIGN)
    problems = tuple(problem for one in ctx.ran for problem in one.problems)
    is_overridden = any(gate.override for gate in merging)
    validation, sequence = _validation(ctx, document, signing, problems, pull)
    if is_started:
        validation = "running"
    told = tuple(map(gate, merging))
    if is_merged:
        state = states.merged(pull.base, is_unaccounted=_is_unaccounted(ctx, document))
    elif validation == "running":
        state = states.STALE
    elif validation == "nothing":
        state = states.NOTHING
    elif problems and not sequence:
        state = states.State("Failed: ", "it could not be judged")
    elif against := next((gate for gate in signing if gate.outcome in (Outcome.FAIL, Outcome.ERROR)), None):
        found = states.of(document, told, is_overridden)
        state = found if found.words.startswith("Refused") else states.refused(against.because)
    else:
        state = states.of(document, told, is_overridden)
    return Telling(
        pull,
        document,
        state,
        validation,
        sequence,
        told,
        tuple(merging),
        is_overridden,
        is_merged,
        _is_settled(ctx, document),
        problems,
    )


def _is_settled(ctx: "Context", document: "FactDocument") -> bool:
    merged = document.facts.get("merged")
    signed = [said for uses in _ACCOUNTS if (said := outputs(ctx, uses)) and said["decision"]]
    return outputs(ctx, MERGE) is not None or bool(signed) or bool(merged and merged["accounted"])


def _is_unaccounted(ctx: "Context", document: "FactDocument") -> bool:
    """Was it merged by our App, and nothing of ours says why?"""
    merged = document.facts.get("merged")
    return bool(merged and merged["ours"]) and not _is_settled(ctx, document)


def judged(ctx: "Context", document: "FactDocument", action: str) -> "list[GateResult]":
    """What the gates of an action say of these facts, whether this pipeline has asked them or not."""
    from engine.core.decision import gates as asking

    context = asking.context(document, ctx.rules)
    known = {} if document is not ctx.document else {gate.name: gate for gate in ctx.result.gates}
    names = dict.fromkeys(ctx.rules.protect.get(action, ()))
    return [known.get(name) or asking.judge(ctx.rules.gates[name], context) for name in names]


def _with_verdict(ctx: "Context") -> "FactDocument":
    """The facts, with the verdict that this run has signed."""
    from engine.core.decision.belief import believe
    from engine.core.decision.document import freeze

    signed = outputs(ctx, SIGN)
    if signed is None:
        return ctx.document
    before = ctx.document
    absent = {name: why for name, why in before.absent.items() if name != "verdict"}
    facts = {**before.facts, "verdict": signed["verdict"], "statements": _followed(before, signed["verdict"])}
    if "now" in facts:  # it was signed after these facts were fetched
        facts["now"] = max(facts["now"], signed["verdict"]["confirmed_at"])
    failed = {name: why for name, why in before.failed.items() if name not in ("verdict", "statements")}
    return believe(freeze(facts, {n: w for n, w in absent.items() if n not in facts}, failed, before.origin), ctx.rules)


def _followed(document: "FactDocument", verdict: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements, with the newest one."""
    from engine.core.verdict.about import content

    names = ("sequence", "signed_at", "confirmed_at", "head_sha", "base_ref", "result", "hands")
    rows = [row for row in document.facts.get("statements", ()) if row["sequence"] < verdict["sequence"]]
    return [*rows, {**{name: verdict[name] for name in names}, "content": content(verdict)}]


def _validation(
    ctx: "Context", document: "FactDocument", signing: "Iterable[GateResult]", problems: tuple[Any, ...], pull: Pull
) -> "tuple[Validation, int]":
    """How the newest validation of the present head ended, and the number of its verdict."""
    signed = outputs(ctx, SIGN)
    if signed is not None:
        return signed["result"], signed["verdict"]["sequence"]
    resources, merge = document.facts.get("resources"), document.facts.get("merge")
    if resources is not None and not resources["resources"] and not resources["refused"]:
        return "nothing", 0
    if resources is not None and (resources["refused"] or (merge is not None and not merge["clean"])):
        return "refused", 0
    if any(gate.outcome is Outcome.FAIL for gate in signing):
        return "refused", 0
    if _validates(ctx) and problems:
        return "error", 0
    if "statements" in document.failed or "verdict" in document.failed:
        return "unknown", 0
    about = [row for row in document.facts.get("statements", ()) if row["head_sha"] == pull.head]
    if about:
        return about[-1]["result"], about[-1]["sequence"]
    return "running", 0


def _validates(ctx: "Context") -> bool:
    return any(step.uses == SIGN for step in ctx.rules.pipelines[ctx.result.name].steps)


def gate(gate: "GateResult") -> "Gate":
    """What a gate has said, as it is shown."""
    from engine.core.report.explanation import sentence
    from engine.core.report.model import Gate

    return Gate(gate.name, gate.outcome, sentence(gate), gate.missing)


def statement_of(ctx: "Context", document: "FactDocument") -> str:
    """Digest of the statement of the verdict.

    Raises:
        EngineError: it cannot be read again.
    """
    from engine.run import trusted
    from engine.run.kept import statements

    pr, verdict = document.facts["pr"], document.facts["verdict"]
    series = statements.Series(document.origin, pr["base"]["repo"], pr["number"])
    known = trusted.keys(ctx.settings.trusted_keys)
    return statements.one(ctx.ports.store, series, verdict["sequence"], known).digest


def report_of(ctx: "Context", told: Telling) -> "Report":
    """The report of what this run has found; where it has found nothing itself, what the last validation has."""
    from engine.run import reports
    from engine.run.kept import comments

    pull = told.pull
    report = reports.about(ctx.event, told.document)._replace(
        repo=pull.repo, pr=pull.number, head_sha=pull.head, base_ref=pull.base
    )
    found = {name: outputs(ctx, name) for name in FOUND}
    if not any(found.values()) and told.sequence:
        found |= comments.found(ctx.ports.store, pull.repo, pull.number, told.sequence)
    if found["terraform.plan"] is None:  # nothing was planned here, or it is not kept: what was signed is told
        found = dict.fromkeys(FOUND)
    plan, policy, verdict = (found[name] for name in FOUND)
    report = reports.of_outputs(report, plan, policy, verdict, ctx.discovery, told.document)
    if plan is None:
        report = report._replace(refused=ctx.discovery.refused)
    # What the gates of this pipeline say is no news there, and what those of merging say stands beside it.
    return report._replace(broken=told.problems, because="")
