"""Events of a timeline in words: one row each."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from engine.printable import printable
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages.asked import Ask, link, within
from engine.sandbox.forge.pages.written import shown_account

REVIEWS = {
    "APPROVED": "approved these changes",
    "CHANGES_REQUESTED": "requested changes",
    "COMMENTED": "reviewed",
    "DISMISSED": "reviewed (dismissed)",
    "PENDING": "has begun a review",
}
Data = Mapping[str, Any]


def told(ask: Ask, row: Row, data: Data) -> Markup:
    """What somebody did, to stand after their name."""
    tell = EVENTS.get(row["event"])
    return tell(ask, row, data) if tell else _say("did: {}", row["event"].replace("_", " "))


def _say(text: str, *values: Any) -> Markup:
    shown = [printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value for value in values]
    return Markup(text).format(*shown)  # noqa: S704 - the text is ours, `format` escapes the values


def _plain(text: str) -> Callable[[Ask, Row, Data], Markup]:
    return lambda *_: _say(text)


def label(name: str, color: str) -> Markup:
    """A label: a dot of its colour beside its name, so that any colour can be read."""
    dot = Markup('<img src="{}" alt="" width="10" height="10">').format(link("-", "dot", f"{color}.svg"))
    return _say('<span class="label">{}{}</span>', dot, name)


def branch(name: str) -> Markup:
    """A branch's name, or a commit's."""
    return _say('<code class="branch">{}</code>', name)


def _labeled(verb: str) -> Callable[[Ask, Row, Data], Markup]:
    def tell(ask: Ask, row: Row, data: Data) -> Markup:
        return _say(verb + " the label {}", label(data["label"]["name"], data["label"]["color"]))

    return tell


def _commit(ask: Ask, sha: str | None) -> Markup:
    return _say('<a class="sha" href="{}">{}</a>', within(ask.repo, "commit", sha), (sha or "")[:7]) if sha else _say("")


def _renamed(ask: Ask, row: Row, data: Data) -> Markup:
    said = data["rename"]
    return _say("changed the title from <del>{}</del> to <ins>{}</ins>", said["from"], said["to"])


def _rebased(ask: Ask, row: Row, data: Data) -> Markup:
    said = data.get("base") or data
    return _say("changed the base branch from {} to {}", branch(str(said.get("from"))), branch(str(said.get("to"))))


def _dismissed(ask: Ask, row: Row, data: Data) -> Markup:
    said = data["dismissed_review"]
    why = said.get("dismissal_message")
    return _say("dismissed {}{}", _review(ask, said), _say(": “{}”", why) if why else "")


def _review(ask: Ask, said: Data) -> Markup:
    review = ask.forge.kept.row("SELECT author FROM reviews WHERE id = ?", said.get("review_id"))
    author = ask.forge.account(review["author"]) if review else None
    where = _say('<a href="#pullrequestreview-{}">review</a>', said.get("review_id"))
    return _say("{}’s {}", author["login"], where) if author and not author["deleted"] else _say("a {}", where)


def _requested(verb: str) -> Callable[[Ask, Row, Data], Markup]:
    def tell(ask: Ask, row: Row, data: Data) -> Markup:
        person = data.get("reviewer")
        return _say(verb + " {}", _team(ask, data.get("team")) if person is None else _name(ask, person))

    return tell


def _name(ask: Ask, number: int | None) -> Markup:
    login = shown_account(ask.forge, number)["login"]
    return _say('<a class="who" href="{}">{}</a>', link(login), login)


def _team(ask: Ask, number: int | None) -> Markup:
    found = ask.forge.kept.row("SELECT slug FROM teams WHERE id = ?", number)
    return _say("the team {}", found["slug"] if found else "that is gone")


def _merged(ask: Ask, row: Row, data: Data) -> Markup:
    return _say("merged this as {}", _commit(ask, row["commit_sha"]))


def _closed(ask: Ask, row: Row, data: Data) -> Markup:
    reason = data.get("state_reason")
    return _say("closed this as {}", reason.replace("_", " ")) if reason else _say("closed this")


def _pushed(ask: Ask, row: Row, data: Data) -> Markup:
    before, after = data.get("before"), data.get("after") or row["commit_sha"]
    if before:
        return _say("force-pushed the branch from {} to {}", _commit(ask, before), _commit(ask, after))
    return _say("force-pushed the branch to {}", _commit(ask, after))


def _assigned(verb: str) -> Callable[[Ask, Row, Data], Markup]:
    return lambda ask, row, data: _say(verb + " {}", _name(ask, data.get("assignee")))


EVENTS: Mapping[str, Callable[[Ask, Row, Data], Markup]] = {
    "labeled": _labeled("added"),
    "unlabeled": _labeled("removed"),
    "closed": _closed,
    "reopened": _plain("reopened this"),
    "merged": _merged,
    "renamed": _renamed,
    "base_ref_changed": _rebased,
    "automatic_base_change_succeeded": _rebased,
    "review_dismissed": _dismissed,
    "review_requested": _requested("asked for a review by"),
    "review_request_removed": _requested("took back the request for a review by"),
    "head_ref_force_pushed": _pushed,
    "head_ref_deleted": _plain("deleted the branch"),
    "head_ref_restored": _plain("restored the branch"),
    "ready_for_review": _plain("marked this as ready for review"),
    "convert_to_draft": _plain("made this a draft again"),
    "comment_deleted": _plain("deleted a comment"),
    "assigned": _assigned("assigned"),
    "unassigned": _assigned("unassigned"),
    "locked": _plain("locked the conversation"),
    "unlocked": _plain("unlocked the conversation"),
}
