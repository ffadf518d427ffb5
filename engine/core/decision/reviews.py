"""What each person's reviews leave: an approval that counts, a void one with the reason, a veto, or nothing.

The latest opinionated review of a person is the only one that can approve: one that is void for any reason leaves
nothing, and revives no older one. A veto is the other way round: it stands until its author takes it back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt
from engine.core.decision.people import Group, Person, account, is_bot, may_write
from engine.core.outcome import Outcome

Review: TypeAlias = Mapping[str, Any]
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")  # COMMENTED and PENDING say neither yes nor no


class Terms(NamedTuple):
    """What an approval has to meet, whoever gives it."""

    head: str  # sha
    since: str | None  # `signed_at` of what it has to follow
    since_what: str
    excluded: Mapping[int, str]
    without: frozenset[int] = frozenset()  # people who may not count because they override
    retargeted: str | None = None  # when the base was last another one


class Approval(NamedTuple):
    """One person's approval that counts."""

    id: int
    login: str
    review: int


class Counted(NamedTuple):
    """What all reviews leave."""

    given: tuple[Approval, ...]  # that count, by login
    remarks: tuple[Cause, ...]  # on those that do not
    nameless: tuple[int, ...]  # reviews that would count if somebody known had given them


class Veto(NamedTuple):
    """Changes were requested, and it stands; or there is a doubt whether it does (nobody in `by`)."""

    cause: Cause
    by: tuple[str, ...] = ()


_VOID: tuple[tuple[Callable[[Review, Terms], bool], str], ...] = (
    (lambda r, _: r["edited"], "was edited after it was given"),
    (lambda r, _: r["commit_id"] is None, "names no commit"),
    (lambda r, t: r["commit_id"] != t.head, "is of an older commit"),
    (lambda r, t: t.since is not None and r["submitted_at"] <= t.since, "came before the {since_what}"),
    (lambda r, t: t.retargeted is not None and r["submitted_at"] <= t.retargeted, "came before the base was changed"),
)


def in_order(reviews: Iterable[Review]) -> list[Review]:
    """Opinionated reviews, oldest first, however they were listed. One whose account is deleted has no user."""
    opinions = ({**r, "user": account(r["user"])} for r in reviews if r["state"] in _OPINIONS)
    return sorted(opinions, key=lambda r: (r["submitted_at"], r["id"]))


def approvals(reviews: Sequence[Review], terms: Terms) -> Counted:
    """The approvals that count, and what is to be said of the others."""
    latest: dict[int, Review] = {}
    nameless = []
    for review in in_order(reviews):
        if review["user"] is not None:
            latest[review["user"]["id"]] = review
        elif review["state"] == "APPROVED" and not _void(review, terms):
            nameless.append(review["id"])
    counted, remarks = [], []
    for review in sorted(latest.values(), key=lambda r: (r["user"]["login"], r["user"]["id"])):
        login, identity = review["user"]["login"], review["user"]["id"]
        if review["state"] == "DISMISSED":
            remarks.append(Cause(None, f"a review of {login} was dismissed and leaves nothing"))
        elif review["state"] == "APPROVED":
            if why := _void(review, terms) or _person_void(review["user"], terms):
                remarks.append(Cause(None, f"the approval of {login} does not count: {why}"))
            else:
                counted.append(Approval(identity, login, review["id"]))
    return Counted(tuple(counted), tuple(remarks), tuple(nameless))


def _void(review: Review, terms: Terms) -> str:
    why = next((why for void, why in _VOID if void(review, terms)), "")
    return f"it {why.format(since_what=terms.since_what)}" if why else ""


def _person_void(person: Person, terms: Terms) -> str:
    if is_bot(person):
        return f"{person['login']} is a bot"
    if person["id"] in terms.excluded:
        return f"{person['login']} is {terms.excluded[person['id']]}"
    return f"{person['login']} overrides another gate" if person["id"] in terms.without else ""


def vetoes(reviews: Sequence[Review], of: Sequence[Group], document: FactDocument) -> tuple[Veto, ...]:
    """The vetoes that stand, and the doubts whether there is one."""
    found = []
    for person, review in _requests(reviews):
        login = person["login"] if person else "an unknown person"
        try:
            who = _standing(person, of, document)
            if who and review["state"] == "DISMISSED" and (review.get("was") is None or review["dismissed_by"] is None):
                raise Doubt(f"who dismissed a review of {login}, and what it had said, is unknown")
        except Doubt as doubt:
            remark = Cause(None, f"review {review['id']} of {login} may be a veto")
            found.append(Veto(doubt.cause._replace(causes=(remark,))))
            continue
        if who:
            kept = ", and a dismissal by somebody else does not clear it" if review["state"] == "DISMISSED" else ""
            found.append(Veto(Cause(Outcome.FAIL, f"{login} ({who}) requested changes{kept}"), (login,)))
    return tuple(found)


def _requests(reviews: Sequence[Review]) -> list[tuple[Person | None, Review]]:
    """Each person's last request for changes that its author has not taken back.

    An approval takes back every request before it, whatever became of it since; so does dismissing one's own last one.
    """
    open_: dict[int, tuple[Person | None, Review]] = {}
    unknown: list[tuple[Person | None, Review]] = []
    for review in in_order(reviews):
        person = review["user"]
        if person is None:
            unknown += [(None, review)] if _asks(review) else []
        elif _asks(review):
            open_[person["id"]] = (person, review)
        else:
            open_.pop(person["id"], None)
    return [*(open_[identity] for identity in sorted(open_)), *unknown]


def _asks(review: Review) -> bool:
    """May it be a request for changes that still stands? Otherwise it is an approval, or was taken back."""
    if review["state"] != "DISMISSED":
        return bool(review["state"] == "CHANGES_REQUESTED")
    person, by = review["user"], review["dismissed_by"]
    return review.get("was") != "APPROVED" and not (person and by and by["id"] == person["id"])


def _standing(person: Person | None, of: Sequence[Group], document: FactDocument) -> str:
    """By what right this person may veto; empty for outsiders and bots."""
    if person is None:
        raise Doubt("somebody requested changes, but who is unknown")
    if is_bot(person):
        return ""
    if group := next((g.name for g in of if person["id"] in g.members), None):
        return group
    if may_write(document, person):
        return "write access"
    if trouble := next((g.trouble for g in of if g.trouble), None):
        raise Doubt(trouble)
    return ""
