"""REST of reviews and their comments."""

from collections.abc import Mapping

from engine.sandbox.forge.answer import Answer, Call, Route, invalid, missing, paged
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import asked, review_comments, reviews, rights, shapes


def _found(call: Call, pull: Row) -> Row:
    return reviews.review_of(call.forge, call.viewer, pull["id"], call.path["review_id"])


def _shown(call: Call, number: int) -> Answer:
    return Answer(shapes.review(call.forge, call.urls, reviews.review_row(call.forge, number)))


def _list(call: Call) -> Answer:
    found = reviews.reviews_of(call.forge, call.viewer, asked.pull(call)["id"])
    return paged(call, found, lambda row: shapes.review(call.forge, call.urls, row))


def _get(call: Call) -> Answer:
    return _shown(call, _found(call, asked.pull(call))["id"])


def _create(call: Call) -> Answer:
    said = call.body
    comments = said.get("comments") or []
    if not isinstance(comments, list) or not all(isinstance(each, Mapping) for each in comments):
        raise invalid("PullRequestReview", "comments")
    number = reviews.submit(
        call.forge,
        call.viewer,
        call.repo,
        asked.pull(call),
        said.get("event") or None,
        said.get("body"),
        commit_id=said.get("commit_id"),
        comments=comments,
    )
    return _shown(call, number)


def _submit(call: Call) -> Answer:
    pull, said = asked.pull(call), call.body
    review = _found(call, pull)
    event = said.get("event")
    if not event:
        raise reviews.refused("Event can't be blank")
    reviews.submit_pending(call.forge, call.viewer, call.repo, pull, review, event, said.get("body"))
    return _shown(call, review["id"])


def _update(call: Call) -> Answer:
    review = _found(call, asked.pull(call))
    reviews.update(call.forge, call.viewer, call.repo, review, call.body.get("body"))
    return _shown(call, review["id"])


def _delete(call: Call) -> Answer:
    review = _found(call, asked.pull(call))
    found = _shown(call, review["id"])
    reviews.delete_pending(call.forge, call.viewer, review)
    return found


def _dismiss(call: Call) -> Answer:
    review = _found(call, asked.pull(call))
    reviews.dismiss(call.forge, call.viewer, call.repo, review, call.body.get("message"))
    return _shown(call, review["id"])


def _comments(call: Call) -> Answer:
    review = _found(call, asked.pull(call))
    return _page(call, review_comments.of_review(call.forge, review["id"]))


def _pull_comments(call: Call) -> Answer:
    return _page(call, review_comments.of_pull(call.forge, asked.pull(call)["id"]))


def _all_comments(call: Call) -> Answer:
    return _page(call, review_comments.of_repository(call.forge, call.repo["id"]))


def _page(call: Call, found: list[Row]) -> Answer:
    when = asked.since(call)
    fresh = [row for row in found if row["updated_at"] >= when]
    return paged(call, fresh, lambda row: shapes.review_comment(call.forge, call.urls, row))


def _shown_comment(call: Call, number: object, status: int = 200) -> Answer:
    row = review_comments.comment_of(call.forge, call.viewer, call.repo["id"], number)
    return Answer(shapes.review_comment(call.forge, call.urls, row), status)


def _comment(call: Call) -> Answer:
    pull, said = asked.pull(call), call.body
    if said.get("in_reply_to") is not None:
        number = _reply_to(call, pull, said["in_reply_to"])
    else:
        number = review_comments.comment(call.forge, call.viewer, call.repo, pull, said)
    return _shown_comment(call, number, 201)


def _reply(call: Call) -> Answer:
    return _shown_comment(call, _reply_to(call, asked.pull(call), call.path["comment_id"]), 201)


def _reply_to(call: Call, pull: Row, number: object) -> int:
    to = review_comments.comment_of(call.forge, call.viewer, call.repo["id"], number)
    if to["pull"] != pull["id"]:
        raise missing()
    body = call.body.get("body")
    return review_comments.reply(call.forge, call.viewer, call.repo, pull, to, body)


def _get_comment(call: Call) -> Answer:
    return _shown_comment(call, call.path["comment_id"])


def _edit_comment(call: Call) -> Answer:
    row = review_comments.comment_of(call.forge, call.viewer, call.repo["id"], call.path["comment_id"])
    review_comments.edit(call.forge, call.viewer, call.repo, row, call.body.get("body"))
    return _shown_comment(call, row["id"])


def _delete_comment(call: Call) -> Answer:
    row = review_comments.comment_of(call.forge, call.viewer, call.repo["id"], call.path["comment_id"])
    review_comments.delete(call.forge, call.viewer, call.repo, row)
    return Answer(status=204)


_R = "/repos/{owner}/{repo}/pulls"
_P = f"{_R}/{{pull_number}}"
_V = f"{_P}/reviews/{{review_id}}"
_READ = "pull_requests:read"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/comments", _all_comments, grant=_READ),
    Route("GET", f"{_R}/comments/{{comment_id}}", _get_comment, grant=_READ),
    Route("PATCH", f"{_R}/comments/{{comment_id}}", _edit_comment, grant=rights.PULLS),
    Route("DELETE", f"{_R}/comments/{{comment_id}}", _delete_comment, grant=rights.PULLS),
    Route("GET", f"{_P}/reviews", _list, grant=_READ),
    Route("POST", f"{_P}/reviews", _create, grant=rights.PULLS),
    Route("GET", _V, _get, grant=_READ),
    Route("PUT", _V, _update, grant=rights.PULLS),
    Route("DELETE", _V, _delete, grant=rights.PULLS),
    Route("GET", f"{_V}/comments", _comments, grant=_READ),
    Route("POST", f"{_V}/events", _submit, grant=rights.PULLS),
    Route("PUT", f"{_V}/dismissals", _dismiss, grant=rights.PULLS),
    Route("GET", f"{_P}/comments", _pull_comments, grant=_READ),
    Route("POST", f"{_P}/comments", _comment, grant=rights.PULLS),
    Route("POST", f"{_P}/comments/{{comment_id}}/replies", _reply, grant=rights.PULLS),
)
