"""Reviews: anyone who can read gives them, authors only comments on their own; writers dismiss them, of merged pull
requests too. One that is not submitted yet (PENDING) is seen by whoever writes it, and by nobody else.
"""

from collections.abc import Mapping, Sequence

from engine.sandbox.forge.answer import ForgeError, Viewer, missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import announce, edits, review_comments, reviewers, rights, timeline
from engine.sandbox.forge.tracker.comments import BODY_LIMIT

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED")
_OWN = {
    "APPROVE": "Can not approve your own pull request",
    "REQUEST_CHANGES": "Can not request changes on your own pull request",
}


def submit(
    forge: Forge,
    viewer: Viewer,
    repository: Row,
    pull: Row,
    event: str | None,
    body: object = None,
    *,
    commit_id: str | None = None,
    comments: Sequence[Mapping[str, object]] = (),
) -> int:
    """Write a review with `event` (a key of STATES), or (None) a pending one; its id.

    `comments` are `{path, body, line | position, side, start_line, start_side}`.

    Raises:
        ForgeError: 403; 422, of one's own, without a body, a line that the difference does not show.
    """
    rights.may_say(forge, viewer, repository, pull, rights.PULLS)
    text = _text(body)
    _may(viewer, pull, event, text, bool(comments))
    sha = pull["head_sha"] if commit_id is None else commit_id
    if not isinstance(sha, str) or not review_comments.is_part(forge, pull, sha):
        raise refused("commit_id is not part of the pull request")
    placed = [review_comments.place(forge, pull, sha, comment) for comment in comments]
    with forge.kept.change():
        if event is None and _pending(forge, viewer, pull):
            raise refused("User can only have one pending review per pull request")
        number = forge.kept.insert(
            "reviews",
            pull=pull["id"],
            author=viewer.account,
            app=viewer.app,
            body=text,
            state="PENDING",
            commit_sha=sha,
            updated_at=forge.now(),
        )
        for comment in placed:
            review_comments.insert(forge, viewer, pull["id"], number, sha, comment)
        if event is not None:
            _submitted(forge, viewer, review_row(forge, number), event, text)
    return number


def submit_pending(
    forge: Forge, viewer: Viewer, repository: Row, pull: Row, review: Row, event: str, body: object = None
) -> None:
    """Submit one's pending review.

    Raises:
        ForgeError: 404, another's; 422, it is submitted, or as `submit`.
    """
    rights.may_say(forge, viewer, repository, pull, rights.PULLS)
    with forge.kept.change():
        row = review_row(forge, review["id"])
        if row["state"] != "PENDING":
            raise refused("Can not submit a review that is not pending")
        _own(viewer, row)
        text = row["body"] if body is None else _text(body)
        _may(viewer, pull, event, text, bool(review_comments.of_review(forge, row["id"])))
        _submitted(forge, viewer, row, event, text)


def update(forge: Forge, viewer: Viewer, repository: Row, review: Row, body: object) -> None:
    """Change its text; who changed it is kept.

    Raises:
        ForgeError: 403, neither author nor writer; 422, no text.
    """
    rights.demand(forge, viewer, repository, review["author"], "write", rights.PULLS)
    text = _text(body)
    with forge.kept.change():
        row = review_row(forge, review["id"])
        if row["state"] == "PENDING":
            _own(viewer, row)
            forge.kept.update("reviews", row["id"], body=text, updated_at=forge.now())
            return
        if not text.strip() and row["state"] != "APPROVED":
            raise refused("Could not update: the body is empty")
        if text == row["body"]:
            return
        edits.rewrite(
            forge,
            "PullRequestReview",
            row["id"],
            text,
            was=row["body"],
            author=row["author"],
            since=row["submitted_at"],
            editor=viewer.account,
        )
        changes = {"body": {"from": row["body"]}}
        announce.review(forge, review_row(forge, row["id"]), "edited", viewer.account, changes=changes)


def delete_pending(forge: Forge, viewer: Viewer, review: Row) -> None:
    """Take one's pending review away, with its comments.

    Raises:
        ForgeError: 404, another's; 422, it is submitted.
    """
    with forge.kept.change():
        row = review_row(forge, review["id"])
        if row["state"] != "PENDING":
            raise refused("Can not delete a non-pending pull request review")
        _own(viewer, row)
        forge.kept.run("DELETE FROM review_comments WHERE review = ?", row["id"])
        forge.kept.run("DELETE FROM reviews WHERE id = ?", row["id"])


def dismiss(forge: Forge, viewer: Viewer, repository: Row, review: Row, message: object) -> None:
    """Take its word away, saying why.

    Raises:
        ForgeError: 403, no writer; 422, no message, or it is no approval and no request for changes.
    """
    rights.demand(forge, viewer, repository, None, "write", rights.PULLS)
    if not isinstance(message, str) or not message.strip():
        raise refused("Dismissal message can't be blank")
    if len(message) > BODY_LIMIT:
        raise refused(f"body is too long (maximum is {BODY_LIMIT} characters)")
    with forge.kept.change():
        row = review_row(forge, review["id"])
        if row["state"] not in _OPINIONS:
            raise refused(f"Can not dismiss a {row['state'].lower()} pull request review")
        dismissed(forge, row, viewer.account, viewer.app, message, None)


def dismissed(
    forge: Forge, review: Row, actor: int | None, app: int | None, message: str | None, commit_sha: str | None
) -> None:
    """It is dismissed: by a person with a message, or by a rule because of a commit."""
    was = review["state"]
    now = forge.now()
    forge.kept.update(
        "reviews",
        review["id"],
        state="DISMISSED",
        before_dismissal=was,
        dismissed_by=actor,
        dismissed_at=now,
        dismissal=message,
        updated_at=now,
    )
    said = {"state": was.lower(), "review_id": review["id"], "dismissal_message": message}
    if commit_sha is not None:
        said["dismissal_commit_id"] = commit_sha
    timeline.record(forge, review["pull"], "review_dismissed", actor, app=app, dismissed_review=said)
    announce.review(forge, review_row(forge, review["id"]), "dismissed", actor)


def reviews_of(forge: Forge, viewer: Viewer, pull: int) -> list[Row]:
    """All that this viewer sees, in the order in which they were given."""
    seen = "pull = ? AND (state != 'PENDING' OR author = ?)"
    return forge.kept.rows(f"SELECT * FROM reviews WHERE {seen} ORDER BY id", pull, viewer.account)  # noqa: S608


def review_of(forge: Forge, viewer: Viewer, pull: int, number: object) -> Row:
    """One of them.

    Raises:
        ForgeError: 404.
    """
    found = next((row for row in reviews_of(forge, viewer, pull) if str(row["id"]) == str(number)), None)
    if found is None:
        raise missing()
    return found


def review_row(forge: Forge, number: int) -> Row:
    """A review as it is now.

    Raises:
        ForgeError: 404.
    """
    found = forge.kept.row("SELECT * FROM reviews WHERE id = ?", number)
    if found is None:
        raise missing()
    return found


def refused(message: str) -> ForgeError:
    """422 as GitHub has it of reviews: a text instead of a field."""
    return ForgeError(422, "Unprocessable Entity", [message])


def _submitted(forge: Forge, viewer: Viewer, review: Row, event: str, body: str) -> None:
    now = forge.now()
    forge.kept.update("reviews", review["id"], state=STATES[event], body=body, submitted_at=now, updated_at=now)
    timeline.by(forge, viewer, review["pull"], "reviewed", review=review["id"])
    reviewers.answered(forge, review["pull"], viewer.account)
    announce.review(forge, review_row(forge, review["id"]), "submitted", viewer.account)
    comments = review_comments.of_review(forge, review["id"])
    if comments:
        timeline.by(forge, viewer, review["pull"], "line-commented", review=review["id"])
    for comment in comments:
        announce.review_comment(forge, comment, "created", viewer.account)


def _may(viewer: Viewer, pull: Row, event: str | None, body: str, has_comments: bool) -> None:
    if event is not None and str(event) not in STATES:
        raise refused(f"Variable $event of type PullRequestReviewEvent was provided invalid value {event!r:.40}")
    if event in _OWN and pull["author"] is not None and pull["author"] == viewer.account:
        raise refused(_OWN[event])
    if (event == "REQUEST_CHANGES" or (event == "COMMENT" and not has_comments)) and not body.strip():
        raise refused("Body can't be blank")


def _pending(forge: Forge, viewer: Viewer, pull: Row) -> bool:
    sql = "SELECT 1 FROM reviews WHERE pull = ? AND author = ? AND state = 'PENDING'"
    return forge.kept.row(sql, pull["id"], viewer.account) is not None


def _own(viewer: Viewer, review: Row) -> None:
    if review["author"] is None or review["author"] != viewer.account:
        raise missing()


def _text(body: object) -> str:
    if body is not None and not isinstance(body, str):
        raise refused("Body is invalid")
    if body is not None and len(body) > BODY_LIMIT:
        raise refused(f"body is too long (maximum is {BODY_LIMIT} characters)")
    return body or ""
