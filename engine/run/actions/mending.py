"""`state.*`: what two people ask for in comments on the merged pull request that has the key.

Whose word it is is looked up twice: by the gate of the command, before all others, and here, by facts of now, directly
before the effect. Nobody else works on the state meanwhile. What was asked for once is carried out once.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import failure

if TYPE_CHECKING:
    from engine.core.command import Command
    from engine.core.decision.document import FactDocument
    from engine.core.kept.ledger import Entry
    from engine.core.signature import TrustedKeys
    from engine.run.context import Context
    from engine.run.mending.model import Ground, Mending, Word

_NEED = 2  # the ledger believes no fewer


def unlock(ctx: "Context") -> Mapping[str, Any]:
    """The action: what is merged and not applied holds the key no more; or Terraform's lock of that id is nobody's.

    Raises:
        EngineError: ENG773 it is not held; as `take_away`, `_asked`; no Terraform, no provider.
    """
    from engine.run.mending.unlock import take_away, unlock

    with _asked(ctx, "unlock") as (mending, lock):
        row = {"key": mending.key, "entry": None, "begun": False, "lock": None}
        if lock:
            with _ground(ctx, mending.key) as ground:
                return {**row, **take_away(mending, ground, lock)}
        return {**row, **(_before(mending) or unlock(mending))}


def adopt(ctx: "Context") -> Mapping[str, Any]:
    """The action: the state is ours as it is, if the branch says the same.

    Raises:
        EngineError: as `mending.adopt.adopt`, `_asked`; no Terraform, no provider.
    """
    from engine.run.mending.adopt import adopt

    with _asked(ctx, "adopt") as (mending, _), _ground(ctx, mending.key) as ground:
        made = _before(mending) or adopt(mending, ground)
        return {"key": mending.key, "commit": None, "state": None, "addresses": [], **made}


def restore(ctx: "Context") -> Mapping[str, Any]:
    """The action: the state is what that backup holds.

    Raises:
        EngineError: as `mending.restore.restore`, `_asked`; no Terraform, no provider.
    """
    from engine.run.mending.restore import restore

    with _asked(ctx, "restore") as (mending, argument), _ground(ctx, mending.key) as ground:
        made = _before(mending)
        if made is None:
            if not (argument.isascii() and argument.isdigit() and len(argument) <= _DIGITS):
                raise failure("ENG716", key=mending.key, number=argument)
            made = restore(mending, ground, ctx.ports.secrets.backup_keys(), int(argument))
        return {"key": mending.key, "backup": None, "kept": None, "state": None, "plan": None, **made}


_DIGITS = 10  # of the number of a backup


@contextmanager
def _asked(ctx: "Context", word: str) -> "Iterator[tuple[Mending, str]]":
    """What is to be done to which key, and what stands behind it; until the end of the block nobody else works on it.

    Raises:
        EngineError: ENG770, ENG771 nobody asks for it, or not two people; ENG772 the pull request does not have it;
            ENG742 somebody is at work on it; GitHub, ledger or store say no.
    """
    from engine.core.command import usage
    from engine.core.decision import commands
    from engine.core.kept import keys
    from engine.run import trusted
    from engine.run.kept.claims import locked
    from engine.run.mending.model import Mending

    command, number = commands.of(ctx.event), _comment(ctx)
    if command is None or command.word != word or number is None:
        raise failure("ENG770", command=usage(word))
    key, _, rest = command.argument.partition(" ")
    known = trusted.keys(ctx.settings.trusted_keys)
    about = _about(ctx, key)
    forge, pr = ctx.ports.forge, ctx.document.facts["pr"]
    assert forge is not None
    pull = forge.pull(pr["base"]["repo"], pr["number"], ())
    about["repository"] = {"id": pull.repo_id, "name": pr["base"]["repo"]}
    with locked(ctx.ports.store, [keys.alone(key)], ctx.journal, ctx.ports.now):
        yield (
            Mending(
                key=key,
                about=about,
                confirm=lambda: _confirmed(ctx, command, number, key, known),
                by=pull.me,
                store=ctx.ports.store,
                trusted=known,
                signer=ctx.ports.secrets.signer("audit"),
                trail=ctx.ports.audit,
                run=ctx.run,
                now=ctx.ports.now,
                comment=number,
            ),
            rest.strip(),
        )


def _comment(ctx: "Context") -> int | None:
    comment = ctx.event.payload.get("comment")
    number = comment.get("id") if isinstance(comment, Mapping) else None
    return number if isinstance(number, int) else None


def _about(ctx: "Context", key: str) -> dict[str, Any]:
    """What entries say of the key's merge.

    Raises:
        EngineError: ENG772, the pull request is not the one that has it.
    """
    from engine.core.verdict.derived import placed

    facts = ctx.document.facts
    pr, merged = facts["pr"], facts.get("merged")
    branch = pr["base"]["ref"]
    if merged is None:
        raise failure("ENG772", subject=f"#{pr['number']}", key=key, reason="it is not merged")
    decision = merged["decision"]
    rows = facts["resources"]["resources"] if "resources" in facts else ()
    paths = decision["trees"] if decision else [row["path"] for row in rows]
    found = next((one for one in (placed(path, branch) for path in paths) if one.state_key == key), None)
    environment = next((name for name, one in ctx.rules.environments.items() if one.branch == branch), None)
    if found is None or environment is None:
        reason = "its merge has no such resource" if found is None else f"nothing is applied of {branch}"
        raise failure("ENG772", subject=f"#{pr['number']}", key=key, reason=reason)
    return {
        "pr": pr["number"],
        "commit": merged["commit"],
        "verdict": decision["verdict"] if decision else None,
        "merge": decision["digest"] if decision else None,
        "service": found.service,
        "name": found.name,
        "environment": environment,
    }


def _confirmed(ctx: "Context", command: "Command", number: int, key: str, known: "TrustedKeys") -> "Word":
    """Whose word it is by facts of now.

    Raises:
        EngineError: ENG771, nobody's, or not that of two.
    """
    from engine.core.command import usage
    from engine.core.decision import commands
    from engine.core.decision.explain import Doubt
    from engine.core.outcome import Outcome
    from engine.run.kept import ledger
    from engine.run.mending.model import Word

    assert ctx.again is not None
    document, result = ctx.again()
    answer = commands.judge(number, document, ctx.rules)
    because = ""
    if result.outcome is not Outcome.PASS:
        because = result.because
    elif answer is None or answer.command != command:
        because = "the comment says something else by now"
    elif answer.judgement.outcome is not Outcome.PASS:
        because = answer.judgement.because
    if not because:
        spent = _spent(ledger.entries(ctx.ports.store, key, known))
        try:
            asked = [one for one in commands.askers(number, document, ctx.rules) if one["id"] not in spent]
        except Doubt as doubt:
            raise failure("ENG771", command=usage(command.word), because=str(doubt)) from doubt
        need = max(_NEED, ctx.rules.commands[command.word].need)
        if len(asked) >= need:
            said = [{**{n: one["user"][n] for n in ("id", "login")}, "comment": one["id"]} for one in asked]
            return Word.of(said, _reason(document, number))
        because = f"{len(asked)} of {need} comments that were not carried out before"
    raise failure("ENG771", command=usage(command.word), because=because)


def _spent(entries: "Collection[Entry]") -> set[int]:
    """Comments that were carried out: what they asked for is done."""
    return {one["comment"] for entry in entries for one in entry.said["people"] if one["comment"] is not None}


def _reason(document: "FactDocument", number: int) -> str:
    """What stands below the command."""
    comment = next(one for one in document.known("comments") if one["id"] == number)
    return " ".join(str(comment["body"]).split("\n", 1)[1].split()) if "\n" in comment["body"] else ""


def _before(mending: "Mending") -> dict[str, Any] | None:
    """What was made of this very comment before, by a run that may not know it any more."""
    for entry in mending.entries():
        if mending.comment in [one["comment"] for one in entry.said["people"]]:
            return {"entry": entry.number}
    return None


@contextmanager
def _ground(ctx: "Context", key: str) -> "Iterator[Ground]":
    """What the state is looked at with: Terraform as it applies, and the resource as the branch has it.

    Raises:
        EngineError: no Terraform, no provider; git cannot tell.
    """
    from engine.adapters.git.repository import Repository
    from engine.adapters.terraform.workspace import prepare
    from engine.run import given
    from engine.run.mending.ground import jobs
    from engine.run.mending.model import Ground

    forge, facts = ctx.ports.forge, ctx.document.facts
    assert forge is not None
    repo, tip, commit = facts["source"]["repo"], facts["pr"]["base"]["sha"], facts["merged"]["commit"]
    git = Repository(forge.repository(repo, tip, commit), path=ctx.settings.path, cancel=ctx.work.cancel)
    try:
        workspace = prepare(given.setup(ctx.settings, ctx.controller.module, ctx.rules), ctx.work.cancel)
        commits = [tip, git.resolve(f"{commit}^1")]
        found = jobs(git, commits, key, ctx.rules, repo, ctx.controller.module)
        given.apart_from_the_store(ctx.settings, ctx.rules, [job for _, job in found])
        yield Ground(workspace, ctx.rules.limits, ctx.work.cancel, found)
    finally:
        git.close()


_NEEDS = (
    "comments", "commits", "groups", "merged", "now", "permissions", "pr", "pushers", "replies", "resources", "source",
    "statements",
)  # fmt: skip
_PERMISSIONS = ("contents:read", "pull_requests:read")

ACTIONS = (
    Action(
        "state.unlock",
        unlock,
        inputs={},
        outputs=("key", "entry", "begun", "lock"),
        permissions=_PERMISSIONS,
        repeat=Repeat.SAFE,
        needs=_NEEDS,
        secrets=("audit",),
        shared=True,
        doc="Give up what is merged and not applied, where two people have asked for it: a signed entry `released`. "
        "Where they name a lock of Terraform's, that one is taken away instead, unless it may be of an apply of ours.",
    ),
    Action(
        "state.adopt",
        adopt,
        inputs={},
        outputs=("key", "entry", "commit", "state", "addresses"),
        permissions=_PERMISSIONS,
        repeat=Repeat.SAFE,
        needs=_NEEDS,
        secrets=("audit",),
        shared=True,
        doc="Take in a state that nobody can explain, where two people have asked for it and a plan of what the branch "
        "has, or had before the merge, would change nothing: a signed entry `adopted`.",
    ),
    Action(
        "state.restore",
        restore,
        inputs={},
        outputs=("key", "entry", "backup", "kept", "state", "plan"),
        permissions=_PERMISSIONS,
        repeat=Repeat.SAFE,
        writes=True,
        needs=_NEEDS,
        secrets=("audit", "backup"),
        shared=True,
        doc="Bring a state back from its sealed backup, where two people have asked for it: of the same lineage, under "
        "a newer serial. What is there is kept first; a signed entry `restored` makes all older verdicts void.",
    ),
)
