"""Open, closed, merged: each way a pull request or issue changes its state, with its timeline and webhook."""

from collections.abc import Mapping

from engine.sandbox.forge.answer import ForgeError, Viewer, invalid
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Bare, bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import announce, rights, rows, timeline, trial

COMMITS = 250  # shown of one pull request


def close(forge: Forge, viewer: Viewer, repository: Row, issue: Row, reason: str | None = None) -> None:
    """Close an issue or pull request; nothing where it is closed.

    Raises:
        ForgeError: 403, neither author nor triage.
    """
    grant = rights.ISSUES if issue["pull"] is None else rights.PULLS
    rights.demand(forge, viewer, repository, issue["author"], "triage", grant)
    with forge.kept.change():
        if rows.item(forge, issue["id"])["state"] == "open":
            closed(forge, issue["id"], viewer.account, viewer.app, reason=reason)


def closed(forge: Forge, issue: int, actor: int | None, app: int | None, *, reason: str | None = None) -> None:
    """It is closed, without being merged, by whatever the caller says."""
    row = rows.item(forge, issue)
    why = None if row["pull"] is not None else reason or "completed"
    data = {} if why is None else {"state_reason": why}
    forge.kept.update("issues", issue, state="closed", state_reason=why, closed_at=forge.now(), closed_by=actor)
    timeline.record(forge, issue, "closed", actor, app=app, **data)
    announce.item(forge, issue, "closed", actor)


def merged(forge: Forge, pull: int, actor: int | None, app: int | None, sha: str) -> None:
    """It is merged: `sha` is the commit that brought it to its base, `actor` whoever pressed the button or pushed."""
    now = forge.now()
    forge.kept.update("pulls", pull, merged=1, merged_at=now, merged_by=actor, merge_commit_sha=sha)
    forge.kept.update("issues", pull, state="closed", closed_at=now, closed_by=actor)
    timeline.record(forge, pull, "merged", actor, app=app, commit_sha=sha)
    timeline.record(forge, pull, "closed", actor, app=app)
    announce.item(forge, pull, "closed", actor)


def reopen(forge: Forge, viewer: Viewer, repository: Row, issue: Row) -> None:
    """Open it again; nothing where it is open.

    Raises:
        ForgeError: 403, neither author nor triage; 422, merged, or its branches are no longer what they were.
    """
    grant = rights.ISSUES if issue["pull"] is None else rights.PULLS
    rights.demand(forge, viewer, repository, issue["author"], "triage", grant)
    if issue["state"] == "open":
        return
    changes = {} if issue["pull"] is None else _as_it_is_now(forge, repository, issue)
    with forge.kept.change():
        row = rows.item(forge, issue["id"])
        if row["state"] == "open":
            return
        if row["pull"] is None:
            forge.kept.update("issues", row["id"], state_reason="reopened")
        else:
            _no_other(forge, repository, row)
            _still_there(forge, row, changes)
            forge.kept.update("pulls", row["id"], **changes)
        forge.kept.update("issues", row["id"], state="open", closed_at=None, closed_by=None)
        timeline.by(forge, viewer, row["id"], "reopened")
        if row["pull"] is not None:
            store = bare(forge, repository["id"])
            follow(forge, store, row, str(changes["head_sha"]), str(changes["base_sha"]), viewer.account)
        announce.item(forge, row["id"], "reopened", viewer.account)


def retarget(
    forge: Forge, pull: Row, base: str, sha: str, actor: int | None, app: int | None, event: str
) -> dict[str, object]:
    """Let it go into the branch `base` (now at `sha`), with this event; what `changes` of the webhook says of it."""
    store = bare(forge, pull["repository"])
    measured = trial.measure(store, sha, pull["head_sha"])
    forge.kept.update("pulls", pull["id"], base_ref=base, base_sha=sha, measured_json=measured)
    timeline.record(forge, pull["id"], event, actor, app=app, base={"from": pull["base_ref"], "to": base})
    follow(forge, store, pull, pull["head_sha"], sha, actor)
    return {"base": {"ref": {"from": pull["base_ref"]}, "sha": {"from": pull["base_sha"]}}}


def follow(forge: Forge, store: Bare, pull: Row, head: str, base: str, actor: int | None) -> None:
    """Let `refs/pull/N/head` and the timeline's commits be those of this head."""
    ref = f"refs/pull/{pull['number']}/head"
    store.update(ref, head, store.resolve(ref))
    timeline.commits(forge, pull["id"], actor, store.log(head, base, limit=COMMITS))


def tip(forge: Forge, repository: int | None, branch: str) -> str | None:
    """Where a branch is now; None: it, or its repository, is gone."""
    row = forge.repository_of(repository)
    return None if row is None or row["deleted"] else bare(forge, row["id"]).resolve(f"refs/heads/{branch}")


def open_one(forge: Forge, repository: int, head_repository: int | None, head: str, base: str) -> Row | None:
    """The open pull request of this head into this base."""
    same = "p.repository = ? AND p.head_repository = ? AND p.head_ref = ? AND p.base_ref = ? AND i.state = 'open'"
    found = rows.pulls(forge, same, repository, head_repository, head, base)
    return found[0] if found else None


def _as_it_is_now(forge: Forge, repository: Row, pull: Row) -> dict[str, object]:
    if pull["merged"]:
        raise _cannot("The pull request is merged.")
    head = tip(forge, pull["head_repository"], pull["head_ref"])
    base = tip(forge, repository["id"], pull["base_ref"])
    if head is None:
        gone = forge.repository_of(pull["head_repository"])
        raise _cannot(
            "The repository that submitted this pull request has been deleted."
            if gone is None or gone["deleted"]
            else f"The {pull['head_ref']} branch has been deleted."
        )
    if base is None:
        raise _cannot(f"The {pull['base_ref']} branch has been deleted.")
    store = bare(forge, repository["id"])
    if not store.is_ancestor(pull["head_sha"], head):
        raise _cannot(f"The {pull['head_ref']} branch was force-pushed or recreated.")
    if store.count(base, head) == 0:
        raise _cannot(f"There are no new commits on the {pull['head_owner']}:{pull['head_ref']} branch.")
    return {"head_sha": head, "base_sha": base, "measured_json": trial.measure(store, base, head)}


def _no_other(forge: Forge, repository: Row, pull: Row) -> None:
    if open_one(forge, repository["id"], pull["head_repository"], pull["head_ref"], pull["base_ref"]):
        head, base = f"{pull['head_owner']}:{pull['head_ref']}", f"{repository['owner_login']}:{pull['base_ref']}"
        raise _cannot(f"There is already an open pull request from {head} to {base}.")


def _still_there(forge: Forge, pull: Row, seen: Mapping[str, object]) -> None:
    head = tip(forge, pull["head_repository"], pull["head_ref"])
    if (head, tip(forge, pull["repository"], pull["base_ref"])) != (seen["head_sha"], seen["base_sha"]):
        raise _cannot("A branch was modified meanwhile.")


def _cannot(why: str) -> ForgeError:
    return invalid("PullRequest", "state", "invalid", f"state cannot be changed. {why}")
