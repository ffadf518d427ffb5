"""The comment about applying, of `github.comment` with `template: apply`, and its updates while Terraform works.

It is a comment of its own beside that of the validation, and always the same one. While an action applies, whoever
watches is told the newest state, with a pause between two updates; the last state is written by the pipeline's own
`github.comment`, which comes after it.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.core.alone import alone
from engine.errors import EngineError
from engine.run.actions.github.telling import APPLY, gate, judged, outputs, pull_of

if TYPE_CHECKING:
    from engine.core.report.model import Report
    from engine.run.context import Context

LOG = "apply.log"  # in the run's directory
_ABOUT = "apply"

Rows = Sequence[Mapping[str, Any]]  # of the output `resources` of `terraform.apply`


def write(ctx: "Context", rows: Rows | None = None) -> Mapping[str, Any]:
    """Outputs of `github.comment`. `rows`: as they are while it is applied; None: as the action has left them.

    Raises:
        EngineError: ENG620, ENG621, another run writes there; GitHub or the store does not do it.
    """
    from engine.core.canonical import digest_bytes
    from engine.core.kept import keys
    from engine.core.report.comment import render
    from engine.run.actions.github import board, comment
    from engine.run.kept import comments
    from engine.run.kept.claims import claimed

    pull, store = pull_of(ctx), ctx.ports.store
    if not _is_to_be_applied(ctx):
        return {"id": None, "written": False}
    told = report(ctx, rows)
    if rows is None:
        _keep_log(ctx, told)
    body = render(told)
    digest = digest_bytes(body.encode())
    with claimed(store, keys.claim("comment", pull.repo, f"{pull.number}-{_ABOUT}"), ctx.journal, ctx.ports.now(),
                 ctx.work.cancel):  # fmt: skip
        before = comment.recovered(ctx, comments.get(store, pull.repo, pull.number, _ABOUT))
        order = (0, ctx.document.facts.get("now", ctx.now))
        if order < before.order or (rows is not None and digest == before.digest):
            return {"id": before.id, "written": False}
        board.applied(ctx, told, judged(ctx, ctx.document, APPLY))
        new = comment.put(ctx, before._replace(order=order, digest=digest), body, is_new=False)
        if new._replace(old=()) != before:
            comments.keep(store, pull.repo, pull.number, ctx.run, new._replace(old=()))
    return {"id": new.id, "written": digest != before.digest or new.id != before.id}


def report(ctx: "Context", rows: Rows | None = None) -> "Report":
    """What there is to say of applying, without secrets: those of plans were hidden by the action."""
    from engine.core.report.model import redacted
    from engine.core.report.replies import may
    from engine.run import reports
    from engine.run.plans import redactor

    pull, facts = pull_of(ctx), ctx.document.facts
    problems = tuple(problem for one in ctx.ran for problem in one.problems)
    about = reports.about(ctx.event, ctx.document)._replace(
        repo=pull.repo, pr=pull.number, head_sha=pull.head, base_ref=pull.base,
        gates=tuple(map(gate, judged(ctx, ctx.document, APPLY))), broken=problems,
    )  # fmt: skip
    is_live = rows is not None or not (problems or any(one.uses == APPLY for one in ctx.ran) or not _applies(ctx))
    done = outputs(ctx, APPLY) if rows is None else None
    if rows is None:
        rows = _undone(ctx, done["resources"]) if done else _coming(ctx) if is_live else ()
    looked = outputs(ctx, "rollback.look") if done else None
    told = reports.of_apply(about, rows, facts, done.get("summary") if done else None, looked)
    assert told.applied
    opened = outputs(ctx, "rollback.open")
    told = told._replace(
        applied=told.applied._replace(
            is_live=is_live,
            may={word: may(rule) for word, rule in ctx.rules.commands.items()},
            log=ctx.settings.page,
            revert=(opened["number"] or 0) if opened else 0,
        )
    )
    return redacted(told, redactor((), ctx.settings.credentials))


def _is_to_be_applied(ctx: "Context") -> bool:
    """Is there anything of which it could be said whether it is applied? Where nobody can tell, that is to be said."""
    facts = ctx.document.facts
    found = facts.get("resources")
    is_empty = found is not None and not (found["resources"] or found["refused"])
    return bool(facts["pr"]["merged"]) and not is_empty and (found is None or found["applies"] is not False)


def _undone(ctx: "Context", rows: Rows) -> Rows:
    """With what was taken back again since, and why not."""
    back = outputs(ctx, "terraform.rollback")
    found = {row["path"]: row for row in back["resources"]} if back else {}
    return [
        {**row, **({"outcome": now["outcome"]} if now["outcome"] != "none" else {}),
         **({"problem": now["problem"]} if now["problem"] else {})}
        if (now := found.get(row["path"])) else row
        for row in rows
    ]  # fmt: skip


def _coming(ctx: "Context") -> Rows:
    """What is going to be applied, as rows of which nothing is known yet."""
    resources = ctx.discovery.resources if ctx.discovery.applies else ()
    names = ("path", "service", "name", "state_key")
    return [{**{name: getattr(one, name) for name in names}, "outcome": "none"} for one in resources]


def _applies(ctx: "Context") -> bool:
    """Is it for this pipeline to apply?"""
    return any(step.uses == APPLY for step in ctx.rules.pipelines[ctx.result.name].steps)


def _keep_log(ctx: "Context", told: "Report") -> None:
    """All of it as a file, whatever there is room for in a comment."""
    from engine.adapters import files
    from engine.core.report.attempts import log

    if told.applied and told.applied.attempts:
        files.write(os.path.join(ctx.work.out, LOG), log(told.applied).encode())


@contextmanager
def live(ctx: "Context") -> Iterator[Callable[[Rows], None]]:
    """Until the end of the block, what is told becomes the comment: the newest, with a pause between two updates.

    A comment that cannot be written stops nobody from applying: it is said to whoever watches, once for each reason.
    """
    import threading

    from engine.run.actions.github.newest import PAUSE_S, Newest

    said: set[str] = set()
    ended = threading.Event()  # also ends a wait for whoever else writes there
    mine = ctx._replace(work=ctx.work._replace(cancel=ended))

    def tell(rows: Rows) -> None:
        try:
            with alone("the live comment"):
                write(mine, rows)
        except EngineError as error:
            if (why := str(error.problems[0].code)) not in said:
                said.add(why)
                ctx.work.progress(f"  the live comment: {why} {error.problems[0].message}")

    teller = Newest(tell, PAUSE_S, ended)
    try:
        yield teller.hear
    finally:
        teller.end()
