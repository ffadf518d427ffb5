"""Comments of reviews, each at a line that the pull request's difference shows."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.sandbox.forge.answer import ForgeError, Viewer, missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import announce, diffs, reviewers, rights, timeline, trial
from engine.sandbox.forge.tracker.comments import check

_SIDES = ("LEFT", "RIGHT")


class Placed(NamedTuple):
    """A comment at its line."""

    path: str
    body: str
    line: int | None
    side: str
    start_line: int | None
    start_side: str | None
    position: int
    hunk: str


def is_part(forge: Forge, pull: Row, sha: str) -> bool:
    """Is the commit of the head's history, or was it the head once? Others of the network are not."""
    store = bare(forge, pull["repository"])
    if store.commit(sha) is None:
        return False
    pushed = (pull["head_repository"], f"refs/heads/{pull['head_ref']}", sha, sha)
    once = "SELECT 1 FROM activity WHERE repository = ? AND ref = ? AND (after = ? OR before = ?)"
    return store.is_ancestor(sha, pull["head_sha"]) or forge.kept.row(once, *pushed) is not None


def place(forge: Forge, pull: Row, sha: str, said: Mapping[str, object]) -> Placed:
    """Find the line that `said` names in the difference that the pull request had at commit `sha`.

    Raises:
        ForgeError: 422, no path or line of it.
    """
    text = check(said.get("body"), "PullRequestReviewComment")
    path, side = said.get("path"), said.get("side", "RIGHT")
    line, position = _whole(said, "line"), _whole(said, "position")
    start, start_side = _whole(said, "start_line"), said.get("start_side")
    if side not in _SIDES or start_side not in (None, *_SIDES):
        raise _nowhere("side", "side must be LEFT or RIGHT")
    store = bare(forge, pull["repository"])
    changed = store.changed(trial.fork_point(store, pull["base_sha"], sha), sha)
    file = next((each for each in changed if each.path == path), None)
    if file is None or file.patch is None:
        raise _nowhere("path", "pull_request_review_thread.path is not part of the diff")
    found = diffs.at(file.patch, line=line, side=str(side), position=position)
    if found is None:
        raise _nowhere("line", "pull_request_review_thread.line must be part of the diff")
    if start is not None and diffs.at(file.patch, line=start, side=str(start_side or side)) is None:
        raise _nowhere("start_line", "pull_request_review_thread.start_line must be part of the diff")
    if position is not None:
        side = "LEFT" if found.right is None else "RIGHT"
    return Placed(
        file.path,
        text,
        found.left if side == "LEFT" else found.right,
        str(side),
        start,
        None if start is None else str(start_side or side),
        found.position,
        diffs.hunk(file.patch, found),
    )


def insert(
    forge: Forge, viewer: Viewer, pull: int, review: int, sha: str, placed: Placed, reply_to: int | None = None
) -> int:
    """The row of one; its id."""
    now = forge.now()
    return forge.kept.insert(
        "review_comments",
        review=review,
        pull=pull,
        author=viewer.account,
        body=placed.body,
        path=placed.path,
        line=placed.line,
        side=placed.side,
        commit_sha=sha,
        reply_to=reply_to,
        start_line=placed.start_line,
        start_side=placed.start_side,
        position=placed.position,
        diff_hunk=placed.hunk,
        created_at=now,
        updated_at=now,
    )


def comment(forge: Forge, viewer: Viewer, repository: Row, pull: Row, said: Mapping[str, object]) -> int:
    """Write one by itself: it makes a review of its own. Its id.

    Raises:
        ForgeError: 403; 422, as `place`.
    """
    rights.may_say(forge, viewer, repository, pull, rights.PULLS)
    sha = said.get("commit_id", pull["head_sha"])
    if not isinstance(sha, str) or not is_part(forge, pull, sha):
        raise _nowhere("commit_id", "commit_id is not part of the pull request")
    return _alone(forge, viewer, pull, sha, place(forge, pull, sha, said), None)


def reply(forge: Forge, viewer: Viewer, repository: Row, pull: Row, to: Row, body: object) -> int:
    """Answer the first one of a thread; its id.

    Raises:
        ForgeError: 403; 422, no text.
    """
    rights.may_say(forge, viewer, repository, pull, rights.PULLS)
    text = check(body, "PullRequestReviewComment")
    placed = Placed(
        to["path"],
        text,
        to["line"],
        to["side"],
        to["start_line"],
        to["start_side"],
        to["position"],
        to["diff_hunk"],
    )
    return _alone(forge, viewer, pull, to["commit_sha"], placed, to["reply_to"] or to["id"])


def _alone(forge: Forge, viewer: Viewer, pull: Row, sha: str, placed: Placed, to: int | None) -> int:
    now = forge.now()
    with forge.kept.change():
        review = forge.kept.insert(
            "reviews",
            pull=pull["id"],
            author=viewer.account,
            app=viewer.app,
            state="COMMENTED",
            commit_sha=sha,
            submitted_at=now,
            updated_at=now,
        )
        number = insert(forge, viewer, pull["id"], review, sha, placed, to)
        timeline.by(forge, viewer, pull["id"], "line-commented", review=review)
        reviewers.answered(forge, pull["id"], viewer.account)
        found = forge.kept.row("SELECT * FROM reviews WHERE id = ?", review)
        if found is not None:
            announce.review(forge, found, "submitted", viewer.account)
        announce.review_comment(forge, _row(forge, number), "created", viewer.account)
    return number


def edit(forge: Forge, viewer: Viewer, repository: Row, found: Row, body: object) -> None:
    """Change its text.

    Raises:
        ForgeError: 403, neither author nor writer; 422.
    """
    rights.demand(forge, viewer, repository, found["author"], "write", rights.PULLS)
    text = check(body, "PullRequestReviewComment")
    with forge.kept.change():
        row = _row(forge, found["id"])
        if row["body"] != text:
            forge.kept.update("review_comments", row["id"], body=text, updated_at=forge.now())
            changes = {"body": {"from": row["body"]}}
            announce.review_comment(forge, _row(forge, row["id"]), "edited", viewer.account, changes=changes)


def delete(forge: Forge, viewer: Viewer, repository: Row, found: Row) -> None:
    """Take it away.

    Raises:
        ForgeError: 403, neither author nor writer.
    """
    rights.demand(forge, viewer, repository, found["author"], "write", rights.PULLS)
    with forge.kept.change():
        row = _row(forge, found["id"])
        announce.review_comment(forge, row, "deleted", viewer.account)
        forge.kept.run("DELETE FROM review_comments WHERE id = ?", row["id"])


def of_pull(forge: Forge, pull: int) -> list[Row]:
    """Those of submitted reviews."""
    return forge.kept.rows(_SEEN.format(of="c.pull"), pull)


def of_repository(forge: Forge, repository: int) -> list[Row]:
    """The same of every pull request of a repository."""
    return forge.kept.rows(_SEEN.format(of="p.repository"), repository)


def of_review(forge: Forge, review: int) -> list[Row]:
    """Those of one review, a pending one too."""
    return forge.kept.rows("SELECT * FROM review_comments WHERE review = ? ORDER BY id", review)


def comment_of(forge: Forge, viewer: Viewer, repository: int, number: object) -> Row:
    """One by its id.

    Raises:
        ForgeError: 404, of another repository or of somebody's pending review too.
    """
    text = str(number)
    seen = """SELECT c.* FROM review_comments c JOIN pulls p ON p.id = c.pull JOIN reviews r ON r.id = c.review
      WHERE c.id = ? AND p.repository = ? AND (r.state != 'PENDING' OR r.author = ?)"""
    known = text.isascii() and text.isdigit() and len(text) < 18
    found = forge.kept.row(seen, int(text), repository, viewer.account) if known else None
    if found is None:
        raise missing()
    return found


_SEEN = """SELECT c.* FROM review_comments c JOIN reviews r ON r.id = c.review JOIN pulls p ON p.id = c.pull
  WHERE {of} = ? AND r.state != 'PENDING' ORDER BY c.id"""


def _row(forge: Forge, number: int) -> Row:
    found = forge.kept.row("SELECT * FROM review_comments WHERE id = ?", number)
    if found is None:
        raise missing()
    return found


def _whole(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise _nowhere(name, f"{name} must be a number")
    return value


def _nowhere(field: str, message: str) -> ForgeError:
    error = {"resource": "PullRequestReviewComment", "code": "custom", "field": field, "message": message}
    return ForgeError(422, "Validation Failed", [error])
