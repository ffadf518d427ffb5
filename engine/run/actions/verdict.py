"""`verdict.*`: sign what validation found."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import Place, Problem, failure, problem

if TYPE_CHECKING:
    from engine.run.context import Context

_RESOURCE = ("path", "service", "name", "state_key", "tree", "plan", "module", "changes")  # of `verdict.resources`


def sign(ctx: "Context", plan: Mapping[str, Any], policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """Sign one statement about exactly these trees, plans and findings, and put it in the store.

    Raises:
        EngineError: no key; the head has moved on (ENG552); the statement cannot be kept; ENG614, GitHub does not tell
            who had a hand in the change.
    """
    from engine import __version__
    from engine.adapters import files
    from engine.core.audit import says
    from engine.core.canonical import digest as digest_of
    from engine.core.decision.people import hands
    from engine.core.findings import Finding
    from engine.core.verdict.statement import About, MadeFrom, build
    from engine.run import trusted
    from engine.run.kept.statements import Series, add
    from engine.run.planning import is_refused

    if ctx.document.origin == "github":
        for name in ("commits", "pushers"):
            if state := ctx.document.state(name):
                raise failure("ENG614", reason=state[1])
    key = ctx.ports.secrets.signer("verdict")
    pr = ctx.document.facts["pr"]
    about = About(
        origin=ctx.document.origin,
        repo=ctx.document.facts["source"]["repo"],
        pr=pr["number"],
        head_sha=pr["head"]["sha"],
        base_ref=pr["base"]["ref"],
        environment=ctx.discovery.environment or "",
        branch=ctx.discovery.branch or "",
        rules=ctx.rules.digest,
        change=ctx.discovery.change,
        hands=hands(ctx.document),
        applies=ctx.discovery.applies,
    )
    made_from = MadeFrom(
        engine=__version__,
        event=ctx.event.digest,
        decision=ctx.decision,
        policy=policy["bundle"],
        module=plan["module"],
        lock_file=plan["lock_file"],
        digest_key=plan["digest_key"],
        receipts={name: policy["receipts"][name] for name in ("digest", "counts")},
    )
    unplanned = [Problem.from_json(row["problem"]) for row in plan["resources"] if row["problem"]]
    doubts = _of_policy(ctx, plan, policy)
    resources = [{name: row[name] for name in _RESOURCE} for row in plan["resources"]]
    findings = [Finding.from_json(row) for row in policy["findings"]]
    refused = [*ctx.discovery.refused, *unplanned, *doubts]

    def make(number: int, moment: str, earlier: Iterator[Mapping[str, Any]]) -> Mapping[str, Any]:
        return build(
            about,
            resources,
            findings,
            refused,
            made_from,
            sequence=number,
            confirmed_at=moment,
            expires_s=ctx.rules.verdict_expires_s,
            earlier=earlier,
        )

    known = trusted.keys(ctx.settings.trusted_keys) if ctx.settings.store and ctx.settings.trusted_keys else {}
    series = Series(about.origin, about.repo, pr["number"])
    signed = add(ctx.ports.store, series, ctx.run, ctx.ports.now(), known, key, make, ctx.check_head)
    file = os.path.join(ctx.work.out, "statement.json")
    files.write(file, signed.envelope)
    verdict, statement = signed.statement["predicate"]["verdict"], digest_of(signed.statement)
    ctx.ports.audit.say(*says.plans(verdict, statement, pr["author"]))
    ctx.work.progress(f"  signed   verdict {verdict['result']} with {key.id}")
    return {
        "result": verdict["result"],
        "verdict": verdict,
        "digest": statement,
        "key": key.id,
        "file": file,
        "doubts": [why.to_json() for why in doubts],
        "refused": not (doubts or ctx.discovery.refused) and is_refused(plan["resources"]),
    }


def _of_policy(ctx: "Context", plan: Mapping[str, Any], policy: Mapping[str, Any]) -> list[Problem]:
    """Why policy has not judged all of the change, whatever the pipeline handed to whom."""
    if policy["doubts"]:
        return [Problem.from_json(why) for why in policy["doubts"]]
    said = {*policy["judged"], *(row["path"] for row in plan["resources"] if row["problem"])}
    silent = [resource.path for resource in ctx.discovery.resources if resource.path not in said]
    return [problem("ENG561", Place(path), resource=path) for path in silent]


ACTIONS = (
    Action(
        "verdict.sign",
        sign,
        inputs={
            "plan": {"type": "object", "of": "terraform.plan"},
            "policy": {"type": "object", "of": "policy.evaluate"},
        },
        outputs=("result", "verdict", "digest", "key", "file", "doubts", "refused"),
        permissions=(),
        repeat=Repeat.SAFE,
        needs=("pr", "source", "resources", "commits", "pushers"),
        secrets=("verdict",),
        shared=True,
        result=lambda outputs: "failed" if outputs.get("refused") else outputs["result"],
        doc="Sign the verdict: exactly these trees, plans and findings, of this head.",
    ),
)
