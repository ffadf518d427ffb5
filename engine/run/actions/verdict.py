"""`verdict.*`: sign what validation found."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import Place, Problem, problem

if TYPE_CHECKING:
    from engine.run.context import Context

_RESOURCE = ("path", "service", "name", "state_key", "tree", "plan", "changes")  # of `verdict.resources`


def sign(ctx: "Context", plan: Mapping[str, Any], policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """Sign one statement about exactly these trees, plans and findings.

    Raises:
        EngineError: no key, or the statement cannot be kept.
    """
    from engine import __version__
    from engine.adapters import files
    from engine.core.canonical import canonical, digest_bytes
    from engine.core.findings import Finding
    from engine.core.signature import sign as seal
    from engine.core.verdict.statement import About, MadeFrom, build

    key = ctx.ports.secrets.signer("verdict")
    pr = ctx.document.facts["pr"]
    about = About(
        origin="local",
        repo=ctx.document.facts["source"]["repo"],
        pr=pr["number"],
        head_sha=pr["head"]["sha"],
        base_ref=pr["base"]["ref"],
        environment=ctx.discovery.environment or "",
        branch=ctx.discovery.branch or "",
        rules=ctx.rules.digest,
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
    )
    unplanned = [Problem.from_json(row["problem"]) for row in plan["resources"] if row["problem"]]
    doubts = _of_policy(ctx, plan, policy)
    statement = build(
        about,
        [{name: row[name] for name in _RESOURCE} for row in plan["resources"]],
        [Finding.from_json(row) for row in policy["findings"]],
        [*ctx.discovery.refused, *unplanned, *doubts],
        made_from,
        sequence=1,
        signed_at=ctx.now,
        expires_s=ctx.rules.verdict_expires_s,
    )
    payload = canonical(statement)
    file = os.path.join(ctx.work.out, "statement.json")
    files.write(file, seal(payload, key))
    verdict = statement["predicate"]["verdict"]
    ctx.work.progress(f"  signed   verdict {verdict['result']} with {key.id}")
    return {
        "result": verdict["result"],
        "verdict": verdict,
        "digest": digest_bytes(payload),
        "key": key.id,
        "file": file,
        "doubts": [why.to_json() for why in doubts],
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
        inputs={"plan": {"type": "object"}, "policy": {"type": "object"}},
        outputs=("result", "verdict", "digest", "key", "file", "doubts"),
        permissions=(),
        repeat=Repeat.SAFE,
        needs=("pr", "source", "resources"),
        secrets=("verdict",),
        result=lambda outputs: outputs["result"],
        doc="Sign the verdict: exactly these trees, plans and findings, of this head.",
    ),
)
