"""What was said and done about an issue or a pull request, in its order."""

import json
from typing import Any, NamedTuple

from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import checked, diffs, words
from engine.sandbox.forge.pages.asked import Ask
from engine.sandbox.forge.pages.repository import listed
from engine.sandbox.forge.pages.written import shown_account, text_of
from engine.sandbox.forge.tracker import review_comments, timeline
from engine.sandbox.forge.tracker.shapes.events import read_commit

_HUNK = 4  # lines shown above a comment that is at the last of them


class Entry(NamedTuple):
    """One of them: `kind` is comment, review, commit or event."""

    kind: str
    shown: Any


def spoken(ask: Ask, row: Row, kind: str, anchor: str, **more: Any) -> dict[str, Any]:
    """A text that somebody wrote: whose, when, edited by whom, and whether the viewer may change it.

    `kind` is GitHub's name for it, as `edits` has it: Issue, IssueComment, PullRequestReview.
    """
    mine = ask.me is not None and row["author"] == ask.me["id"]
    return {
        **more,
        "id": row["id"],
        "kind": kind,
        "anchor": anchor,
        "by": shown_account(ask.forge, row["author"]),
        "app": checked.app(ask.forge, row["app"]),
        "at": row.get("created_at") or row.get("submitted_at"),
        "body": row["body"] or "",
        "html": text_of(ask, row["body"], anchor),
        "edits": _edits(ask, kind, row["id"]),
        "minimized": row.get("minimized"),
        "may_edit": mine or ask.may("write"),
    }


def _edits(ask: Ask, kind: str, subject: int) -> list[dict[str, Any]]:
    """Every version, newest first; none where there is only the first."""
    rows = ask.forge.kept.rows("SELECT * FROM edits WHERE kind = ? AND subject = ? ORDER BY id DESC", kind, subject)
    if len(rows) < 2:
        return []
    return [{"by": shown_account(ask.forge, row["editor"]), "at": row["at"], "body": row["body"]} for row in rows]


def entries(ask: Ask, item: Row) -> list[Entry]:
    """Comments, reviews, commits and events of an issue or pull request, in the order in which they happened."""
    kept = ask.forge.kept
    comments = {row["id"]: row for row in kept.rows("SELECT * FROM comments WHERE issue = ?", item["id"])}
    reviews = {row["id"]: row for row in kept.rows(_REVIEWS, item["id"], ask.viewer.account)} if item["pull"] else {}
    made = []
    for row in timeline.of(ask.forge, item["id"]):
        data = json.loads(row["data_json"])
        if row["event"] == "commented":
            comment = comments.get(data["comment"])
            if comment is not None:
                anchor = f"issuecomment-{comment['id']}"
                made.append(Entry("comment", spoken(ask, comment, "IssueComment", anchor)))
        elif row["event"] in ("reviewed", "line-commented"):  # the second: a comment that was no part of a review
            review = reviews.pop(data["review"], None)
            if review is not None:
                made.append(Entry("review", _review(ask, review, item)))
        elif row["event"] == "committed":
            [commit] = listed(ask, [read_commit(data["commit"])])
            made.append(Entry("commit", commit))
        else:
            who = shown_account(ask.forge, row["actor"])
            shown = {"by": who, "at": row["at"], "told": words.told(ask, row, data), "id": row["id"]}
            made.append(Entry("event", shown))
    return [*made, *(Entry("review", _review(ask, review, item)) for review in reviews.values())]


# A review that is not submitted is seen by its author alone, and is in no timeline.
_REVIEWS = "SELECT * FROM reviews WHERE pull = ? AND (state != 'PENDING' OR author = ?) ORDER BY id"


def _review(ask: Ask, row: Row, item: Row) -> dict[str, Any]:
    return spoken(
        ask,
        row,
        "PullRequestReview",
        f"pullrequestreview-{row['id']}",
        state=row["state"],
        did=words.REVIEWS.get(row["state"], "reviewed"),
        before=words.REVIEWS.get(row["before_dismissal"] or "", ""),
        commit=row["commit_sha"],
        outdated=row["commit_sha"] not in (None, item["head_sha"]),
        remarks=[_remark(ask, one) for one in review_comments.of_review(ask.forge, row["id"])],
        dismissed_by=shown_account(ask.forge, row["dismissed_by"]) if row["dismissed_by"] else None,
        dismissal=row["dismissal"],
        may_dismiss=row["state"] in ("APPROVED", "CHANGES_REQUESTED") and ask.may("write"),
    )


def remarks(ask: Ask, pull: Row) -> list[dict[str, Any]]:
    """The comments at lines of the present head, for its difference; others' pending ones are not among them."""
    found = review_comments.of_pull(ask.forge, pull["id"])
    return [_remark(ask, one) for one in found if one["commit_sha"] == pull["head_sha"]]


def _remark(ask: Ask, row: Row) -> dict[str, Any]:
    anchor = f"discussion_r{row['id']}"
    place = {name: row[name] for name in ("path", "side", "line")}
    hunk = [line for line in diffs.rows(row["diff_hunk"]) if line.kind != "hunk"][-_HUNK:]
    return spoken(ask, {**row, "app": None}, "PullRequestReviewComment", anchor, **place, hunk=hunk)
