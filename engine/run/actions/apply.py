"""`terraform.apply`: make of a merge what was approved, once, and say in the ledger what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.core.repository import same_repository
from engine.errors import failure

if TYPE_CHECKING:
    from engine.adapters.terraform.workspace import Job
    from engine.core.kept.merge import Merged
    from engine.core.outcome import Result
    from engine.core.signature import TrustedKeys
    from engine.core.verdict.check import Believed
    from engine.run.applying.model import Applying, Judge, Subject
    from engine.run.context import Context

_AGAIN = ("apply", "replan")  # commands by which a person asks for it


def apply(ctx: "Context", parallelism: int | None) -> Mapping[str, Any]:
    """The action: a row for each resource of the merge, applied or not; one that fails does so alone.

    Raises:
        EngineError: nothing of it can be applied: it was not merged by a signed decision, its verdict is not the one in
            the store, the key of the ledger is not trusted; no Terraform, no provider.
    """
    from engine.run import given
    from engine.run.applying.every import apply_all
    from engine.run.applying.model import Target

    resources = ctx.discovery.resources if ctx.discovery.applies else ()
    if not resources:
        ctx.work.progress("  nothing is to be applied")
        return {"resources": [], "summary": None}
    jobs = [given.job(resource, ctx.rules) for resource in resources]
    with applying_of(ctx, jobs, parallelism) as applying:
        pairs = enumerate(zip(resources, jobs, strict=True), 1)
        targets = [Target(number, resource, job) for number, (resource, job) in pairs]
        return apply_all(applying, targets, was=_shown(ctx, applying.subject), live=ctx.work.live)


@contextmanager
def applying_of(ctx: "Context", jobs: "Sequence[Job]", parallelism: int | None = None) -> "Iterator[Applying]":
    """What is applied of a merge, and by what.

    Raises:
        EngineError: as `apply`.
    """
    from engine.adapters.terraform.workspace import prepare
    from engine.run import given, trusted
    from engine.run.applying.model import Applying
    from engine.run.kept import durations, ledger, rollbacks
    from engine.run.ordering import graph_of

    known, secrets = trusted.keys(ctx.settings.trusted_keys), ctx.ports.secrets
    given.apart_from_the_store(ctx.settings, ctx.rules, jobs)
    signer = secrets.signer("audit")
    ledger.check_signer(signer.id, known, ctx.ports.now())
    with _subject(ctx, known) as subject:
        setup = given.setup(ctx.settings, ctx.controller.module, ctx.rules)
        yield Applying(
            subject=subject,
            store=ctx.ports.store,
            trusted=known,
            signer=signer,
            sealing=secrets.backup_keys(),
            digest_key=digested_with(secrets.digest_keys(), subject.verdict),
            trail=ctx.ports.audit,
            journal=ctx.journal,
            locks=ctx.locks,
            step=ctx.step,
            workspace=prepare(setup, ctx.work.cancel),
            limits=ctx.rules.limits,
            credentials=ctx.settings.credentials,
            work=ctx.work,
            judge=_judge(ctx),
            run=ctx.run,
            now=ctx.ports.now,
            parallelism=parallelism,
            twice=bool(rollbacks.get(ctx.ports.store, subject.repository["name"], subject.pr)),
            graph=graph_of(ctx.discovery),
            guess=durations.known(ctx.ports.store, subject.repository["name"]).guess,
        )


def digested_with(keys: "Sequence[bytes]", verdict: "Believed") -> bytes:
    """The key that the verdict's digests were made with; the present one where it is none of them, and fits nothing."""
    from engine.core.plan.digest import key_id

    return next((key for key in keys if key_id(key) == verdict.made_from["digest_key"]), keys[0])


@contextmanager
def _subject(ctx: "Context", known: "TrustedKeys") -> "Iterator[Subject]":
    from engine.adapters.git.repository import Repository
    from engine.run import trusted
    from engine.run.applying.model import Subject

    assert ctx.ports.forge is not None
    facts = ctx.document.facts
    repo, pr = facts["source"]["repo"], facts["pr"]["number"]
    commit, landed = facts["merged"]["commit"], facts["merged"]["landed"]
    merged = _decision(ctx, known, repo, pr, commit)
    git = Repository(ctx.ports.forge.repository(repo, commit), path=ctx.settings.path, cancel=ctx.work.cancel)
    try:
        yield Subject(
            repository=merged.said["repository"],
            pr=pr,
            commit=commit,
            landed=landed,
            merge=merged.digest,
            overridden=[one for used in merged.said["overrides"] for one in used["findings"]],
            verdict=_believed(ctx, known, repo, pr),
            contains=lambda other: git.contains(commit, other),
            holders=_holders(ctx, known, repo, lambda other: git.contains(commit, other)),
            asked=_asked(ctx),
            controller=trusted.commit(ctx.controller.directory, ctx.settings.path),
        )
    finally:
        git.close()


def _decision(ctx: "Context", known: "TrustedKeys", repo: str, pr: int, commit: str) -> "Merged":
    from engine.run.kept import merges

    found = merges.get(ctx.ports.store, repo, pr, known)
    if found is None or found.said["commit"] != commit:
        reason = "no merge decision was signed about it"
        raise failure("ENG733", commit=commit[:12], resource=f"{repo}#{pr}", reason=reason)
    return found


def _believed(ctx: "Context", known: "TrustedKeys", repo: str, pr: int) -> "Believed":
    """The very statement that the gates have believed, with what it was made from.

    Raises:
        EngineError: ENG193, ENG195; ENG735, it is another one by now.
    """
    from engine.core.canonical import canonical
    from engine.run.kept import statements

    verdict = ctx.document.facts["verdict"]
    series = statements.Series(ctx.document.origin, repo, pr)
    found = statements.one(ctx.ports.store, series, verdict["sequence"], known)
    if canonical(found.verdict) != canonical(verdict):
        raise failure("ENG735", resource=f"{repo}#{pr}", reason="the store has another verdict of that number by now")
    return found


def _holders(
    ctx: "Context", known: "TrustedKeys", repo: str, contains: Callable[[str], bool]
) -> Callable[[str], Sequence[str]]:
    from engine.run.kept import merges

    def of(key: str) -> list[str]:
        pulls = merges.of_key(ctx.ports.store, key)
        found = [one for pull in pulls if (one := merges.get(ctx.ports.store, pull.repo, pull.pr, known))]
        commits = [one.said["commit"] for one in found if same_repository(one.said["repository"]["name"], repo)]
        return sorted({commit for commit in commits if contains(commit)})

    return of


def _asked(ctx: "Context") -> str | None:
    """When the comment was written that this run is about, if it asks for it to be applied."""
    from engine.core import command

    if ctx.event.name != "issue_comment" or ctx.event.action != "created":
        return None
    said = ctx.event.payload["comment"]
    number = said.get("id") if isinstance(said, dict) else None
    for one in ctx.document.facts["comments"]:
        if one["id"] == number and one["kind"] == "pull_request" and not one["edited"]:
            asks = command.read(one["body"])
            return str(one["created_at"]) if asks and asks.word in _AGAIN else None
    return None


def _judge(ctx: "Context") -> "Judge":
    """As `policy.evaluate` does, by the controller's policies of now."""
    import os

    from engine.run.actions.policy import Judging, judge_all

    out = os.path.join(ctx.work.out, "apply")
    limit = ctx.rules.limits.policy_timeout_s

    def judge(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        from engine.adapters import files

        files.make_directory(out)
        work = ctx.work._replace(out=out)
        now = ctx.ports.now()
        judging = Judging(
            ctx.controller.policies, ctx.discovery.resources, ctx.settings, limit, now, work, ctx.ports.store
        )
        return judge_all(rows, "rego", judging)

    return judge


def _shown(ctx: "Context", subject: "Subject") -> Mapping[str, Mapping[str, Sequence[Any]]]:
    """The lines of the approved plans, as they were shown: path → address → lines."""
    from engine.run.kept import comments

    sequence = subject.verdict.verdict["sequence"]
    found = comments.found(ctx.ports.store, subject.repository["name"], subject.pr, sequence)
    rows = [row for output in found.values() if isinstance(output, dict) for row in output.get("resources", ())]
    return {row["path"]: {one["address"]: one["lines"] for one in row["diffs"]} for row in rows if row.get("diffs")}


def undo(ctx: "Context", apply: Mapping[str, Any]) -> Mapping[str, Any]:
    """The action: a row for each resource that was half applied, taken back or not; each is for itself.

    Raises:
        EngineError: as `apply`; git cannot tell.
    """
    import os

    from engine.adapters import files
    from engine.adapters.git.repository import Repository
    from engine.run import given
    from engine.run.applying.model import Target
    from engine.run.orchestrator.pool import run_all
    from engine.run.rolling import automatic
    from engine.run.rolling.look import everything

    rows = list(enumerate(apply["resources"], 1))
    resources = ctx.discovery.resources if ctx.discovery.applies else ()
    if not any(row["outcome"] in ("partial", "failed") for _, row in rows):
        return {"resources": []}
    forge, repo = ctx.ports.forge, ctx.document.facts["source"]["repo"]
    assert forge is not None
    out = os.path.join(ctx.work.out, "rollback")
    files.make_directory(out)
    with applying_of(ctx, [given.job(one, ctx.rules) for one in resources]) as whole:
        applying = whole._replace(work=whole.work._replace(out=out))

        def git(commit: str) -> Repository:
            return Repository(forge.repository(repo, commit), path=ctx.settings.path, cancel=ctx.work.cancel)

        def one(numbered: tuple[int, Mapping[str, Any]]) -> dict[str, Any]:
            number, row = numbered

            def target_at(commit: str) -> Target:
                there = everything(git, commit, repo, ctx.rules, ctx.controller.module)
                found = next((each for each in there.resources if each.state_key == row["state_key"]), None)
                if found is None:
                    reason = f"{commit[:12]} has no such resource that the module of today can be given"
                    raise failure("ENG839", resource=row["path"], reason=reason)
                return Target(number, found, given.job(found, ctx.rules))

            said = automatic.undo(applying, row, target_at)
            ctx.work.progress(f"  {said['outcome']:11}  {row['path']}")
            return said

        parallelism = ctx.rules.limits.parallelism
        return {"resources": [*run_all(rows, one, parallelism, ctx.work.cancel)]}


def _undone(outputs: Mapping[str, Any]) -> "Result":
    return "failed" if any(row["problem"] for row in outputs["resources"]) else "passed"


def _result(outputs: Mapping[str, Any]) -> "Result":
    from engine.core.holding import DONE

    outcomes = {row["outcome"] for row in outputs["resources"]}
    outcomes -= set(DONE)
    return "passed" if not outcomes else "error" if outcomes == {"none"} else "failed"


ACTIONS = (
    Action(
        "terraform.apply",
        apply,
        inputs={"parallelism": {"type": ["integer", "null"], "minimum": 1, "maximum": 64, "default": None}},
        outputs=("resources", "summary"),
        permissions=("contents:read", "issues:write"),
        repeat=Repeat.RECONCILE,
        writes=True,
        shared=True,
        tells=True,
        needs=("pr", "source", "resources", "merge", "merged", "verdict", "merges", "ledger", "comments"),
        secrets=("digest", "audit", "backup"),
        result=_result,
        doc="Apply each resource of a merge as it was approved, and nothing else; each after those that it refers to.",
    ),
    Action(
        "terraform.rollback",
        undo,
        inputs={"apply": {"type": "object", "of": "terraform.apply"}},
        outputs=("resources",),
        permissions=("contents:read", "pull_requests:read"),
        repeat=Repeat.RECONCILE,
        writes=True,
        shared=True,
        needs=("pr", "source", "resources", "merge", "merged", "verdict", "merges", "ledger", "comments"),
        secrets=("digest", "audit", "backup"),
        result=_undone,
        doc="Take back at once what `terraform.apply` has half applied in this run, to the last commit that was "
        "applied: only what its events show as changed, nothing that was there before it is replaced or taken away, "
        "once for each merge. In no shipped pipeline.",
    ),
)
