"""What each person's reviews leave: an approval that counts, a void one with the reason, a veto, or nothing.

The latest opinionated review of a person is the only one that can approve: one that is void for any reason leaves
nothing, and revives no older one. A veto is the other way round: it stands until its author takes it back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt
from engine.core.decision.people import Group, Person, account, is_bot, may_write
from engine.core.decision.standing import Statement, Statements
from engine.core.outcome import Outcome

Review: TypeAlias = Mapping[str, Any]
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")  # COMMENTED and PENDING say neither yes nor no


class After(NamedTuple):
    """What an approval has to follow: a validation that said what the verdict says, and nothing else since."""

    signed_at: str  # of the verdict
    is_head: bool  # `after: head`: it has to be of the present head, too
    statements: Callable[[], Statements]
    authors: Callable[[], tuple[Mapping[int, str], Sequence[str]]]  # of the present head: logins by id, and addresses


class Terms(NamedTuple):
    """What an approval has to meet, whoever gives it."""

    head: str  # sha
    after: After | None
    excluded: Mapping[int, str]
    without: frozenset[int] = frozenset()  # people who may not count because they override
    retargeted: str | None = None  # when the base was last another one


class Approval(NamedTuple):
    """One person's approval that counts."""

    id: int
    login: str
    review: int
    says: str  # for a person
    doubt: str = ""  # why it may not count


class Counted(NamedTuple):
    """What all reviews leave."""

    given: tuple[Approval, ...]  # that count, by login
    remarks: tuple[Cause, ...]  # on those that do not
    doubtful: tuple[Approval, ...]  # that may count
    nameless: tuple[int, ...]  # reviews that would count if somebody known had given them


class Veto(NamedTuple):
    """Changes were requested, and it stands; or there is a doubt whether it does (nobody in `by`)."""

    cause: Cause
    by: tuple[str, ...] = ()


def in_order(reviews: Iterable[Review]) -> list[Review]:
    """Opinionated reviews, oldest first, however they were listed. One whose account is deleted has no user."""
    opinions = ({**r, "user": account(r["user"])} for r in reviews if r["state"] in _OPINIONS)
    return sorted(opinions, key=lambda r: (r["submitted_at"], r["id"]))


def approvals(reviews: Sequence[Review], terms: Terms) -> Counted:
    """The approvals that count, and what is to be said of the others."""
    latest: dict[int, Review] = {}
    nameless, counted, doubtful, remarks = list[int](), list[Approval](), list[Approval](), list[Cause]()
    for review in in_order(reviews):
        if review["user"] is not None:
            latest[review["user"]["id"]] = review
        elif review["state"] == "APPROVED" and not _void(review, terms)[0]:
            nameless.append(review["id"])
    for review in sorted(latest.values(), key=lambda r: (r["user"]["login"], r["user"]["id"])):
        login, identity = review["user"]["login"], review["user"]["id"]
        if review["state"] == "DISMISSED":
            remarks.append(Cause(None, f"a review of {login} was dismissed and leaves nothing"))
        elif review["state"] == "APPROVED":
            why, doubt = _void(review, terms)
            if why := why or _person_void(review["user"], terms):
                remarks.append(Cause(None, f"the approval of {login} does not count: {why}"))
            elif doubt:
                doubtful.append(Approval(identity, login, review["id"], f"{login} approved", doubt))
                remarks.append(Cause(None, f"whether the approval of {login} counts is unknown: {doubt}"))
            else:
                counted.append(Approval(identity, login, review["id"], _says(review, terms)))
    return Counted(tuple(counted), tuple(remarks), tuple(doubtful), tuple(nameless))


def _says(review: Review, terms: Terms) -> str:
    commit = review["commit_id"]
    older = "" if commit == terms.head else f" commit {commit:.7}, and every validation since says the same"
    return f"{review['user']['login']} approved{older}"


def _void(review: Review, terms: Terms) -> tuple[str, str]:
    """Why a review cannot approve, whoever gave it, or may not; what voids it for certain goes before any doubt."""
    doubt = ""
    for reason in _VOID:
        try:
            if why := reason(review, terms):
                return why, ""
        except Doubt as unknown:
            doubt = doubt or str(unknown)
    return "", doubt


def _written(review: Review, terms: Terms) -> str:
    if review["edited"]:
        return "it was edited after it was given"
    if review["commit_id"] is None:
        return "it names no commit"
    if review["commit_id"] != terms.head and (terms.after is None or terms.after.is_head):
        return f"it is of an older commit, {review['commit_id']:.7}"
    return ""


def _retargeted(review: Review, terms: Terms) -> str:
    late = terms.retargeted is not None and review["submitted_at"] <= terms.retargeted
    return "it came before the base was changed" if late else ""


def _early(review: Review, terms: Terms) -> str:
    after = terms.after
    return "it came before the verdict" if after and after.is_head and review["submitted_at"] <= after.signed_at else ""


def _superseded(review: Review, terms: Terms) -> str:
    """What it saw is the last statement about its commit that was there; that has to say what the verdict says."""
    if terms.after is None:
        return ""
    statements, commit = terms.after.statements(), review["commit_id"]
    seen = statements.seen(commit, review["submitted_at"])
    if seen is None:
        if commit == terms.head:
            return "it came before the verdict"
        return f"it is of commit {commit:.7}, which nobody had validated when it was given"
    if seen.content != statements.content:
        return f"what it saw, number {seen.sequence}, says something else than the verdict"
    if other := statements.ended(seen.sequence):
        return f"something else was validated since, number {other.sequence} of commit {other.head:.7}"
    if new := _new_author(seen, statements.rows, terms.head, terms.after):
        return new
    statements.check_whole(seen.sequence)
    return ""


def _new_author(seen: Statement, rows: Sequence[Statement], head: str, after: After) -> str:
    """Who has become an author since. Of one head that is nobody, whatever is known of its authors."""
    later = [row for row in rows if row.sequence > seen.sequence and row.head != seen.head]
    if head == seen.head and not later:
        return ""
    if seen.authors is None:
        return "who was an author of what it saw is not known, and so not whether somebody has joined since"
    for row in later:
        if row.authors is not None and (new := row.authors - seen.authors):
            return f"user {min(new)} has become an author of the change since, in number {row.sequence}"
        if row.authors is None and row.head != head:
            return (
                f"whether somebody has joined who was no author of what it saw, in number {row.sequence}, is not known"
            )
    if head == seen.head:
        return ""
    known, unknown = after.authors()
    if unknown:
        return f"whether {unknown[0]:.100} was an author of what it saw is not known"
    fresh = known.keys() - seen.authors
    return f"{known[min(fresh)]} has become an author of the change since" if fresh else ""


_VOID: tuple[Callable[[Review, Terms], str], ...] = (_written, _retargeted, _early, _superseded)


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
