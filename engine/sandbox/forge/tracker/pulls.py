"""Pull requests: opening one, changing what it says or where it goes, drafts, and what a moved branch means to them."""

from collections.abc import Callable, Mapping

from engine.sandbox.forge.answer import ForgeError, Viewer, invalid
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.tracker import announce, issues, rights, rows, states, timeline, trial
from engine.sandbox.forge.tracker.moved import branch_moved
from engine.sandbox.forge.tracker.stale import dismiss_stale
from engine.sandbox.forge.tracker.trial import mergeable

_TRIES = 5


def open_pull(
    forge: Forge,
    viewer: Viewer,
    repository: Row,
    head: str,
    base: str,
    title: str | None,
    body: str | None,
    draft: bool = False,
    *,
    head_repo: str | None = None,
    issue: int | None = None,
    maintainer_can_modify: bool = True,
) -> int:
    """Open one from `head` (`branch`, or `owner:branch` of a fork) into `base`; the id of its issue.

    With `issue`, the issue of that number becomes the pull request.

    Raises:
        ForgeError: 422, as GitHub words it; 403, archived.
    """
    access.demand(forge, viewer, repository, "read", rights.PULLS)
    rights.writable(repository)
    source, branch = _source(forge, viewer, repository, head, head_repo)
    said = issues.check_title(title, "PullRequest") if issue is None else ""
    issues.check_body(body, "PullRequest")
    store = bare(forge, repository["id"])
    for _ in range(_TRIES):
        head_sha, base_sha = _ends(forge, repository, source, branch, base)
        measured = trial.measure(store, base_sha, head_sha)
        with forge.kept.change():
            # Whoever moves a branch now waits for us, and then finds the pull request; who has moved it is seen here.
            if (states.tip(forge, source["id"], branch), states.tip(forge, repository["id"], base)) != (
                head_sha,
                base_sha,
            ):
                continue
            if states.open_one(forge, repository["id"], source["id"], branch, base):
                raise custom(f"A pull request already exists for {source['owner_login']}:{branch}.")
            if issue is None:
                row = rows.item(forge, issues.insert(forge, viewer, repository, said, body))
            else:
                row = _convertible(forge, viewer, repository, issue)
            forge.kept.insert(
                "pulls",
                id=row["id"],
                repository=repository["id"],
                number=row["number"],
                head_repository=source["id"],
                head_owner=source["owner_login"],
                head_ref=branch,
                head_sha=head_sha,
                base_ref=base,
                base_sha=base_sha,
                draft=int(draft),
                maintainer_can_modify=int(maintainer_can_modify and source["id"] != repository["id"]),
                measured_json=measured,
            )
            states.follow(forge, store, row, head_sha, base_sha, viewer.account)
            announce.item(forge, row["id"], "opened", viewer.account)
            return int(row["id"])
    raise custom("A branch was modified meanwhile. Try again.")


def edit(forge: Forge, viewer: Viewer, repository: Row, pull: Row, changes: Mapping[str, object]) -> None:
    """Change `title`, `body`, `base`, `maintainer_can_modify`, then `state`, where they are given.

    Raises:
        ForgeError: 403, neither author nor writer (for `state`: triage); 422, as GitHub words it.
    """
    said = {key: changes[key] for key in ("title", "body") if key in changes}
    base, state = changes.get("base"), changes.get("state")
    if state not in (None, "open", "closed"):
        raise invalid("PullRequest", "state")
    if base is not None and not isinstance(base, str):
        raise invalid("PullRequest", "base")
    if base is not None and (sha := states.tip(forge, repository["id"], base)) is not None:
        trial.measure(bare(forge, repository["id"]), sha, pull["head_sha"])  # so that git's answers are there below
    with forge.kept.change():
        row = rows.item(forge, pull["id"])
        moved = issues.rewrite(forge, viewer, repository, row, said, "PullRequest")
        if base is not None and base != row["base_ref"]:
            moved |= _retarget(forge, viewer, repository, row, base)
        if "maintainer_can_modify" in changes:
            rights.demand(forge, viewer, repository, row["author"], "write", rights.PULLS)
            forge.kept.update("pulls", row["id"], maintainer_can_modify=int(bool(changes["maintainer_can_modify"])))
        if moved:
            announce.item(forge, row["id"], "edited", viewer.account, changes=moved)
        if "base" in moved:
            dismiss_stale(forge, repository, row, rows.item(forge, row["id"]), viewer.account, viewer.app)
    if state is not None:
        change: Callable[[Forge, Viewer, Row, Row], None] = states.reopen if state == "open" else states.close
        change(forge, viewer, repository, rows.item(forge, pull["id"]))


def set_draft(forge: Forge, viewer: Viewer, repository: Row, pull: Row, draft: bool) -> None:
    """Make it a draft, or ready for review; nothing where it is already so.

    Raises:
        ForgeError: 403, neither author nor writer; 422, it is not open.
    """
    rights.demand(forge, viewer, repository, pull["author"], "write", rights.PULLS)
    with forge.kept.change():
        row = rows.item(forge, pull["id"])
        if row["state"] != "open":
            raise custom("Pull request is closed")
        if bool(row["draft"]) != draft:
            forge.kept.update("pulls", row["id"], draft=int(draft))
            timeline.by(forge, viewer, row["id"], "convert_to_draft" if draft else "ready_for_review")
            action = "converted_to_draft" if draft else "ready_for_review"
            announce.item(forge, row["id"], action, viewer.account)


def custom(message: str) -> ForgeError:
    """422 of a whole pull request."""
    return ForgeError(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])


def _retarget(forge: Forge, viewer: Viewer, repository: Row, pull: Row, base: str) -> dict[str, object]:
    rights.demand(forge, viewer, repository, pull["author"], "write", rights.PULLS)
    if pull["state"] != "open":
        raise custom("Cannot change the base branch of a closed pull request.")
    sha = states.tip(forge, repository["id"], base)
    if sha is None:
        raise invalid("PullRequest", "base", "invalid", f"Proposed base branch '{base}' was not found")
    head = pull["head_ref"]
    if states.open_one(forge, repository["id"], pull["head_repository"], head, base):
        said = f"A pull request already exists for base branch '{base}' and head branch '{head}'"
        raise invalid("PullRequest", "base", "invalid", said)
    if bare(forge, repository["id"]).count(sha, pull["head_sha"]) == 0:
        said = f"There are no new commits between base branch '{base}' and head branch '{head}'"
        raise invalid("PullRequest", "base", "invalid", said)
    return states.retarget(forge, pull, base, sha, viewer.account, viewer.app, "base_ref_changed")


def _source(forge: Forge, viewer: Viewer, repository: Row, head: str, head_repo: str | None) -> tuple[Row, str]:
    """Repository and branch of `head`."""
    owner, _, branch = head.rpartition(":")
    wanted = head_repo.rpartition("/")[2].lower() if head_repo else None
    own = owner.lower() in ("", repository["owner_login"].lower())
    found = [repository] if own and wanted in (None, repository["name"].lower()) else []
    if not found:
        login = owner or (head_repo or "").partition("/")[0] or repository["owner_login"]
        for row in forge.kept.rows(_OWNED, login):
            candidate = forge.repository_of(row["id"])
            if (
                candidate is not None
                and candidate["id"] != repository["id"]
                and _root(forge, candidate) == _root(forge, repository)
                and wanted in (None, candidate["name"].lower())
            ):
                found.append(candidate)
    if not found or not access.sees(forge, viewer, found[0]):
        raise invalid("PullRequest", "head")
    if not rights.has(forge, viewer, found[0], "write", rights.PULLS):
        error = {"resource": "PullRequest", "field": "data", "code": "unprocessable"}
        raise ForgeError(422, "Validation Failed", [{**error, "message": "must be a collaborator"}])
    return found[0], branch


def _root(forge: Forge, repository: Row) -> int:
    """The repository that the network began with."""
    seen = repository
    while seen["fork_of"] is not None and (parent := forge.repository_of(seen["fork_of"])) is not None:
        seen = parent
    return int(seen["id"])


def _ends(forge: Forge, repository: Row, source: Row, branch: str, base: str) -> tuple[str, str]:
    head_sha = states.tip(forge, source["id"], branch)
    base_sha = states.tip(forge, repository["id"], base)
    for field, sha in (("head", head_sha), ("base", base_sha)):
        if sha is None:
            raise invalid("PullRequest", field)
    store = bare(forge, repository["id"])
    own = source["id"] == repository["id"]
    one, other = (base, branch) if own else (f"{repository['owner_login']}:{base}", f"{source['owner_login']}:{branch}")
    if own and branch == base:
        raise custom(f"No commits between {one} and {other}")
    if store.merge_base(str(base_sha), str(head_sha)) is None:
        raise custom(f"The {branch} branch has no history in common with {base}")
    if store.count(str(base_sha), str(head_sha)) == 0:
        raise custom(f"No commits between {one} and {other}")
    return str(head_sha), str(base_sha)


def _convertible(forge: Forge, viewer: Viewer, repository: Row, number: object) -> Row:
    row = rows.issue_of(forge, repository["id"], number)
    rights.demand(forge, viewer, repository, row["author"], "write", rights.ISSUES)
    if row["pull"] is not None or row["state"] != "open":
        raise invalid("PullRequest", "issue")
    return row


_OWNED = """SELECT r.id FROM repositories r JOIN accounts a ON a.id = r.owner
  WHERE lower(a.login) = lower(?) AND NOT r.deleted ORDER BY r.id"""

__all__ = ["branch_moved", "edit", "mergeable", "open_pull", "set_draft"]
