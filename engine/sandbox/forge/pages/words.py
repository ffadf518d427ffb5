"""Events of a timeline in words: one row each."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from markupsafe import Markup

from engine.adapters.web.text import seen, short
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


class Event(NamedTuple):
    """A row of the timeline, read."""

    ask: Ask
    sha: str | None
    data: Mapping[str, Any]


def told(ask: Ask, row: Row, data: Mapping[str, Any]) -> Markup:
    """What somebody did, to stand after their name."""
    tell = EVENTS.get(row["event"])
    return tell(Event(ask, row["commit_sha"], data)) if tell else _say("did: {}", row["event"].replace("_", " "))


Tell: TypeAlias = Callable[[Event], Markup]


def _say(text: str, *values: Any) -> Markup:
    return Markup(text).format(*map(seen, values))  # noqa: S704 - the text is ours, `format` escapes the values


def _plain(text: str) -> Tell:
    return lambda _: _say(text)


def label(name: str, color: str) -> Markup:
    """A label: a dot of its colour beside its name, so that any colour can be read."""
    dot = Markup('<img src="{}" alt="" width="10" height="10">').format(link("-", "dot", f"{color}.svg"))
    return _say('<span class="label">{}{}</span>', dot, name)


def branch(name: str) -> Markup:
    """A branch's name, or a commit's."""
    return _say('<code class="branch">{}</code>', name)


def _labeled(verb: str) -> Tell:
    def tell(event: Event) -> Markup:
        said = event.data["label"]
        sql = "SELECT color FROM labels WHERE repository = ? AND name = ?"
        found = event.ask.forge.kept.rows(sql, event.ask.repo["id"], said["name"])  # a new one was grey at first
        return _say(verb + " the label {}", label(said["name"], found[0]["color"] if found else said["color"]))

    return tell


def _commit(ask: Ask, sha: str | None) -> Markup:
    return _say('<a class="sha" href="{}">{}</a>', within(ask.repo, "commit", sha), short(sha)) if sha else Markup("")


def _renamed(event: Event) -> Markup:
    said = event.data["rename"]
    return _say("changed the title from <del>{}</del> to <ins>{}</ins>", said["from"], said["to"])


def _rebased(event: Event) -> Markup:
    said = event.data["base"]
    return _say("changed the base branch from {} to {}", branch(said["from"]), branch(said["to"]))


def _dismissed(event: Event) -> Markup:
    said = event.data["dismissed_review"]
    why = said.get("dismissal_message")
    return _say("dismissed {}{}", _review(event.ask, said), _say(": “{}”", why) if why else "")


def _review(ask: Ask, said: Mapping[str, Any]) -> Markup:
    review = ask.forge.kept.row("SELECT author FROM reviews WHERE id = ?", said.get("review_id"))
    author = ask.forge.account(review["author"]) if review else None
    where = _say('<a href="#pullrequestreview-{}">review</a>', said.get("review_id"))
    return _say("{}’s {}", author["login"], where) if author and not author["deleted"] else _say("a {}", where)


def _requested(verb: str) -> Tell:
    def tell(event: Event) -> Markup:
        person, team = event.data.get("reviewer"), event.data.get("team")
        return _say(verb + " {}", _team(event.ask, team) if person is None else _name(event.ask, person))

    return tell


def _name(ask: Ask, number: int | None) -> Markup:
    login = shown_account(ask.forge, number)["login"]
    return _say('<a class="who" href="{}">{}</a>', link(login), login)


def _team(ask: Ask, number: int | None) -> Markup:
    found = ask.forge.kept.row("SELECT slug FROM teams WHERE id = ?", number)
    return _say("the team {}", found["slug"] if found else "that is gone")


def _merged(event: Event) -> Markup:
    return _say("merged this as {}", _commit(event.ask, event.sha))


def _closed(event: Event) -> Markup:
    reason = event.data.get("state_reason")
    return _say("closed this as {}", reason.replace("_", " ")) if reason else _say("closed this")


def _pushed(event: Event) -> Markup:
    return _say("force-pushed the branch, now at {}", _commit(event.ask, event.sha))


def _assigned(verb: str) -> Tell:
    return lambda event: _say(verb + " {}", _name(event.ask, event.data.get("assignee")))


EVENTS: Mapping[str, Tell] = {
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
