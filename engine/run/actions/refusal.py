"""`ledger.refuse`: what is merged and may not be applied, for good, frees its resources.

Nothing is decided here that applying would not decide: its gates are asked, of the same facts. Only a clear no is
written down. What is pending may still come about, and what is in doubt is nobody's no.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.core.outcome import ALL, Outcome, combine

if TYPE_CHECKING:
    from engine.core.decision.gates import GateResult
    from engine.core.resources.model import Resource
    from engine.core.signature import TrustedKeys
    from engine.run.context import Context

APPLY = "terraform.apply"


def refuse(ctx: "Context") -> Mapping[str, Any]:
    """The action: the state keys of which the ledger now says `refused`, and why.

    Raises:
        EngineError: ENG742, somebody is at work on it; the ledger is not believed; the store fails.
    """
    from engine.core.kept import keys
    from engine.run import trusted
    from engine.run.kept.claims import locked

    merged = ctx.document.facts.get("merged")
    resources = ctx.discovery.resources if ctx.discovery.applies else ()
    gates = asked(ctx) if merged and resources else ()
    if merged is None or not gates or combine(ALL, (gate.outcome for gate in gates)) is not Outcome.FAIL:
        return {"keys": [], "why": ""}
    against = [gate for gate in gates if gate.outcome is Outcome.FAIL]
    why = "; ".join(f"{gate.name}: {gate.because}" for gate in against)
    pr = ctx.document.facts["pr"]
    wanted = [keys.working("apply", pr["base"]["repo"], pr["number"], merged["commit"])]
    wanted += [keys.alone(resource.state_key) for resource in resources]
    with locked(ctx.ports.store, wanted, ctx.journal, ctx.ports.now):
        return {"keys": list(_refused(ctx, trusted.keys(ctx.settings.trusted_keys), why)), "why": why}


def asked(ctx: "Context") -> "tuple[GateResult, ...]":
    """What the gates of applying say of these facts."""
    from engine.core.decision import gates

    context = gates.context(ctx.document, ctx.rules)
    return tuple(gates.judge(ctx.rules.gates[name], context) for name in ctx.rules.protect.get(APPLY, ()))


def _refused(ctx: "Context", known: "TrustedKeys", why: str) -> Iterator[str]:
    from engine.core.audit.record import Said
    from engine.run import trusted
    from engine.run.kept import ledger

    pr, commit = ctx.document.facts["pr"], ctx.document.facts["merged"]["commit"]
    repo_id, controller = _repository_id(ctx), trusted.commit(ctx.controller.directory, ctx.settings.path)
    for resource in ctx.discovery.resources:
        tried = ledger.entries(ctx.ports.store, resource.state_key, known)
        if any(entry.said["commit"] == commit for entry in tried):
            continue  # what became of it is known, and it holds nothing any more

        def make(_number: int, _earlier: object, resource: "Resource" = resource) -> Mapping[str, Any]:
            return _said(ctx, resource, repo_id, why, controller)

        said = Said(
            "apply", "refused", pr["base"]["repo"], pr["number"], resource.state_key, why, None, {"commit": commit}
        )
        ctx.ports.audit.say(said)
        ledger.add(ctx.ports.store, ctx.ports.secrets.signer("audit"), known, make, resource.state_key)
        yield resource.state_key


def _repository_id(ctx: "Context") -> int:
    assert ctx.ports.forge is not None
    pr = ctx.document.facts["pr"]
    return ctx.ports.forge.pull(pr["base"]["repo"], pr["number"], ()).repo_id


def _said(ctx: "Context", resource: "Resource", repo_id: int, why: str, controller: str | None) -> Mapping[str, Any]:
    pr, merged = ctx.document.facts["pr"], ctx.document.facts["merged"]
    decision = merged["decision"]
    return {
        "outcome": "refused",
        "repository": {"id": repo_id, "name": pr["base"]["repo"]},
        "pr": pr["number"],
        "commit": merged["commit"],
        "contains": [],  # what it carries along was not refused
        "verdict": decision["verdict"] if decision else None,
        "merge": decision["digest"] if decision else None,
        "controller": controller,
        "module": None,
        "values": None,
        "service": resource.service,
        "name": resource.name,
        "environment": resource.environment,
        "state": None,
        "addresses": {},
        "done": {},
        "backup": None,
        "why": why[:_LONGEST],
        "people": [],
        "run": ctx.run,
        "time": ctx.ports.now(),
    }


_LONGEST = 1000  # characters

ACTIONS = (
    Action(
        "ledger.refuse",
        refuse,
        inputs={},
        outputs=("keys", "why"),
        permissions=("contents:read", "pull_requests:read"),
        repeat=Repeat.SAFE,
        needs=("pr", "resources", "merged"),
        asks=(APPLY,),
        secrets=("audit",),
        shared=True,
        doc="Say in the ledger that what is merged was refused, where a gate of applying has said no for good. It "
        "holds its resources no more; only a person's `/engine apply` or `/engine replan`, or the next merge, goes on.",
    ),
)
