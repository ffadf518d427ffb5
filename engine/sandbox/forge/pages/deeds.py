"""What the buttons do: the same functions that REST calls, by whoever is signed in."""

from collections.abc import Callable

from engine.sandbox.forge.answer import ForgeError, number
from engine.sandbox.forge.hooks import outbox
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import changes, machinery, pulls
from engine.sandbox.forge.pages.asked import Ask, Deed, Shown, link, within
from engine.sandbox.forge.tracker import (
    comments,
    issues,
    labels,
    merging,
    review_comments,
    reviewers,
    reviews,
    rows,
    states,
    trial,
)
from engine.sandbox.forge.tracker import pulls as work_pulls

Do = Callable[[Ask, Row], str]
_SHOWN = ("file", "diff")  # how the difference is shown: it stays so


def open_pull(ask: Ask) -> str:
    """A new pull request."""
    made = work_pulls.open_pull(
        ask.forge,
        ask.viewer,
        ask.repo,
        ask.form.get("head", ""),
        ask.form.get("base", ""),
        ask.form.get("title", ""),
        ask.form.get("body") or None,
        "draft" in ask.form,
    )
    return _at(ask, rows.item(ask.forge, made))


def _compared(ask: Ask) -> Shown:
    """The form again, with its two branches."""
    both = f"{ask.form.get('base', '')}...{ask.form.get('head', '')}"
    return changes.compare(ask._replace(path={**ask.path, "rest": both}))


def open_issue(ask: Ask) -> str:
    """A new issue."""
    made = issues.create(ask.forge, ask.viewer, ask.repo, ask.form.get("title", ""), ask.form.get("body") or None)
    return _at(ask, rows.item(ask.forge, made))


def answer(ask: Ask, item: Row) -> str:
    """A comment, or (by its button) a review."""
    event, body = ask.form.get("review"), ask.form.get("body", "")
    if event:
        if not item["pull"]:
            raise ForgeError(422, "An issue cannot be reviewed.")
        made = reviews.submit(ask.forge, ask.viewer, ask.repo, item, event, body or None)
        return _at(ask, item, f"pullrequestreview-{made}")
    return _at(ask, item, f"issuecomment-{comments.comment(ask.forge, ask.viewer, ask.repo, item, body)}")


def title(ask: Ask, item: Row) -> str:
    """The title, and of a pull request its base."""
    given: dict[str, object] = {"title": ask.form.get("title", "")}
    if item["pull"] and ask.form.get("base"):
        given["base"] = ask.form["base"]
    return _edited(ask, item, given)


def body(ask: Ask, item: Row) -> str:
    """What stands first in the conversation."""
    return _edited(ask, item, {"body": ask.form.get("body", "")})


def _edited(ask: Ask, item: Row, given: dict[str, object]) -> str:
    edit = work_pulls.edit if item["pull"] else issues.edit
    edit(ask.forge, ask.viewer, ask.repo, item, given)
    return _at(ask, item)


def close(ask: Ask, item: Row) -> str:
    """Closed; an issue perhaps as not planned."""
    reason = None if item["pull"] else ask.form.get("reason")
    states.close(ask.forge, ask.viewer, ask.repo, item, reason)
    return _at(ask, item)


def reopen(ask: Ask, item: Row) -> str:
    """Open again."""
    states.reopen(ask.forge, ask.viewer, ask.repo, item)
    return _at(ask, item)


def set_labels(ask: Ask, item: Row) -> str:
    """The labels that are ticked, and a new one."""
    every = ask.forge.kept.rows("SELECT id, name FROM labels WHERE repository = ?", ask.repo["id"])
    names = [row["name"] for row in every if f"label-{row['id']}" in ask.form]
    new = ask.form.get("new", "").strip()
    labels.set_labels(ask.forge, ask.viewer, ask.repo, item, [*names, *([new] if new else [])])
    return _at(ask, item)


def edit_comment(ask: Ask, item: Row) -> str:
    """Another text."""
    found = _comment(ask, item)
    comments.edit_comment(ask.forge, ask.viewer, ask.repo, found, ask.form.get("body", ""))
    return _at(ask, item, f"issuecomment-{found['id']}")


def delete_comment(ask: Ask, item: Row) -> str:
    """Gone."""
    comments.delete_comment(ask.forge, ask.viewer, ask.repo, _comment(ask, item))
    return _at(ask, item)


def minimize(ask: Ask, item: Row) -> str:
    """Folded for a reason, or open again."""
    found = _comment(ask, item)
    comments.minimize(ask.forge, ask.viewer, ask.repo, found, ask.form.get("reason"))
    return _at(ask, item, f"issuecomment-{found['id']}")


def _comment(ask: Ask, item: Row) -> Row:
    found = comments.comment_of(ask.forge, ask.repo["id"], ask.path["comment"])
    if found["issue"] != item["id"]:
        raise ForgeError(404, "Not Found")
    return found


def remark(ask: Ask, item: Row) -> str:
    """A comment at a line of the commit that was looked at."""
    said: dict[str, object] = {name: ask.form.get(name, "") for name in ("path", "side", "body", "commit_id")}
    made = review_comments.comment(
        ask.forge, ask.viewer, ask.repo, item, {**said, "line": number(ask.form.get("line"), 0)}
    )
    kept = {name: ask.query.get(name) for name in _SHOWN}
    return within(ask.repo, "pull", item["number"], "files", anchor=f"discussion_r{made}", **kept)


def edit_review(ask: Ask, item: Row) -> str:
    """Another text of a review."""
    found = reviews.review_of(ask.forge, ask.viewer, item["id"], ask.path["review"])
    reviews.update(ask.forge, ask.viewer, ask.repo, found, ask.form.get("body", ""))
    return _at(ask, item, f"pullrequestreview-{found['id']}")


def dismiss(ask: Ask, item: Row) -> str:
    """A review that counts no longer."""
    found = reviews.review_of(ask.forge, ask.viewer, item["id"], ask.path["review"])
    reviews.dismiss(ask.forge, ask.viewer, ask.repo, found, ask.form.get("message", ""))
    return _at(ask, item, f"pullrequestreview-{found['id']}")


def ask_reviewer(ask: Ask, item: Row) -> str:
    """Somebody, or (with a slash) a team."""
    owner, slash, slug = ask.form.get("reviewer", "").strip().removeprefix("@").partition("/")
    reviewers.request(ask.forge, ask.viewer, ask.repo, item, [] if slash else [owner], [slug] if slash else [])
    return _at(ask, item)


def draft(ask: Ask, item: Row) -> str:
    """A draft, or ready for review."""
    work_pulls.set_draft(ask.forge, ask.viewer, ask.repo, item, ask.form.get("draft") == "1")
    return _at(ask, item)


def merge(ask: Ask, item: Row) -> str:
    """Merged, if the head is still what was looked at."""
    trial.attempt(ask.forge, item)
    method = ask.form.get("method", "merge")
    merging.merge(ask.forge, ask.viewer, item, method=method, sha=ask.form.get("sha"))
    return _at(ask, item)


def update(ask: Ask, item: Row) -> str:
    """The base merged into the head branch."""
    merging.update_branch(ask.forge, ask.viewer, item, expected_head_sha=ask.form.get("sha"))
    return _at(ask, item)


def redeliver(ask: Ask) -> str:
    """A delivery sent again, by those who may."""
    found, may = machinery.delivery_of(ask)
    if not may:
        raise ForgeError(403, "Must have admin rights to Repository.")
    return link("deliveries", outbox.redeliver(ask.forge, found))


def _at(ask: Ask, item: Row, anchor: str = "") -> str:
    return within(ask.repo, "pull" if item["pull"] else "issues", item["number"], anchor=anchor)


def _on(kind: str, name: str, do: Do, shown: Callable[[Ask], Shown] | None = None) -> Deed:
    """A button on a pull request's or an issue's page: on its conversation, or the one that is `shown`."""
    of, page = (rows.pull_of, pulls.conversation) if kind == "pull" else (rows.issue_of, pulls.issue)

    def work(ask: Ask) -> str:
        return do(ask, of(ask.forge, ask.repo["id"], ask.path["number"]))

    return Deed(f"/{{owner}}/{{repo}}/{kind}/{{number}}/{name}", work, shown or page)


_BOTH: dict[str, Do] = {
    "comments": answer,
    "comments/{comment}": edit_comment,
    "comments/{comment}/delete": delete_comment,
    "comments/{comment}/minimize": minimize,
    "title": title,
    "body": body,
    "close": close,
    "reopen": reopen,
    "labels": set_labels,
}
_PULL: dict[str, Do] = {
    "reviews/{review}": edit_review,
    "reviews/{review}/dismiss": dismiss,
    "reviewers": ask_reviewer,
    "draft": draft,
    "merge": merge,
    "update": update,
}
DEEDS = (
    Deed("/{owner}/{repo}/pulls", open_pull, _compared),
    Deed("/{owner}/{repo}/issues", open_issue, pulls.new_issue),
    *(_on(kind, name, do) for kind in ("pull", "issues") for name, do in _BOTH.items()),
    *(_on("pull", name, do) for name, do in _PULL.items()),
    _on("pull", "remarks", remark, pulls.files),
    Deed("/deliveries/{number}/attempts", redeliver, machinery.delivery),
)
