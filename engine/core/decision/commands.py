"""May this person have this command carried out? And if not, is it for us to say so?

Only people whom the rules name for a command, or who have write access where the rules say that this is enough, are
obeyed. Others who may write, or may say another command, are told why not; outsiders and bots are not answered at all.
An event only says which comment it is about: who wrote it, what it says and whether it was edited is looked up afresh.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.command import COMMANDS, Command, read, takes, usage
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt, Judgement, Missing, people
from engine.core.decision.people import EXCLUDABLE, account, facts_of, groups, involved, is_bot, may_write
from engine.core.events.envelope import Event
from engine.core.moment import later
from engine.core.outcome import Outcome
from engine.core.rules.model import CommandRule, Rules

FACTS = frozenset({"comments", "groups", "now", "permissions", "pr", "replies"}) | facts_of(EXCLUDABLE)
AN_HOUR = 10  # answers, of one pull request
_HOUR_S = 3600
_TOGETHER_S = 86_400  # within which several people have to say the same


class Answer(NamedTuple):
    """What is to be made of a command."""

    command: Command
    judgement: Judgement  # PASS: carry it out; PENDING: others have to say it too
    login: str = ""  # whose it is
    speaks: bool = False  # is it for us to answer? Nobody is told where this is false


def of(event: Event) -> Command | None:
    """The command that an event claims to be of: a comment that was just written."""
    if event.name != "issue_comment" or event.action != "created":
        return None
    body = event.payload["comment"].get("body")
    return read(body) if isinstance(body, str) else None


def asked(event: Event, document: FactDocument, rules: Rules) -> Judgement:
    """Was what the event claims said, and by somebody who may say it?"""
    claimed, number = of(event), event.payload["comment"].get("id")
    answer = judge(number, document, rules) if isinstance(number, int) else None
    if answer and answer.judgement.outcome in (Outcome.PASS, Outcome.PENDING) and answer.command != claimed:
        answer = None
    if answer is None:
        why = "the comment says something else than its event"
        return Judgement(Outcome.FAIL, why, (Cause(Outcome.FAIL, why),))
    return answer.judgement


def judge(comment_id: int, document: FactDocument, rules: Rules) -> Answer | None:
    """What is to be made of this comment; None where it says no command.

    Nothing here raises: a doubt is an outcome, and nobody is answered in doubt.
    """
    try:
        comments = document.known("comments")
        comment = next((c for c in comments if c["id"] == comment_id and c["kind"] == "pull_request"), None)
        if comment is None:
            return _silent(Command("", ""), Outcome.FAIL, "the comment is not there any more")
        command = read(comment["body"])
        if command is None:
            return None
        return _judge(comment, command, document, rules)
    except Doubt as doubt:
        why = f"whether this command may be carried out cannot be told: {doubt}"
        return _silent(Command("", ""), Outcome.ERROR, why)


def _judge(comment: Mapping[str, Any], command: Command, document: FactDocument, rules: Rules) -> Answer:
    person = account(comment["user"])
    if person is None or is_bot(person):
        return _silent(command, Outcome.FAIL, "its author is unknown" if person is None else "its author is a bot")
    known = rules.commands.get(command.word)
    permitted = known is not None and _permitted(person, known, document)
    if not permitted and not _hears(person, document, rules):
        return _silent(command, Outcome.FAIL, f"{person['login']} may not say any command here")
    if why := _enough(comment["id"], document):
        return _silent(command, Outcome.FAIL, why)

    def no(why: str, missing: Sequence[Missing] = ()) -> Answer:
        judgement = Judgement(Outcome.FAIL, why, (Cause(Outcome.FAIL, why),), tuple(missing))
        return Answer(command, judgement, person["login"], True)

    if known is None:
        return no(f"there is no such command here; there are: {', '.join(rules.commands)}")
    if not permitted:
        return no(f"{person['login']} may not say `{usage(known.name)}`", (Missing("said by", _who(known, document)),))
    if comment["edited"] or comment.get("by_email"):
        return no("it was edited; write a new one" if comment["edited"] else "it came by mail; write it on the page")
    row = COMMANDS[known.name]
    if not takes(row, command.argument):
        return no(f"write it as `{usage(known.name)}`")
    state = _state(document.known("pr"))
    if state not in row.when:
        return no(f"`{usage(known.name)}` is for pull requests that are {' or '.join(row.when)}; this one is {state}")
    if known.name == "destroy" and (why := _of_another_head(comment, document)):
        return no(why)
    if known.need > 1:
        return Answer(command, _together(comment, command, known, document), person["login"], True)
    text = f"{person['login']} has asked for it"
    return Answer(command, Judgement(Outcome.PASS, text, (Cause(Outcome.PASS, text),)), person["login"], True)


def _silent(command: Command, outcome: Outcome, why: str) -> Answer:
    return Answer(command, Judgement(outcome, why, (Cause(outcome, why),)))


def _permitted(person: Mapping[str, Any], known: CommandRule, document: FactDocument) -> bool:
    """Raises Doubt where a lookup failed that could have said yes."""
    named = groups(document, known.groups)
    if any(person["id"] in group.members for group in named):
        return True
    if known.writers and may_write(document, person):
        return True
    if trouble := next((group.trouble for group in named if group.trouble), None):
        raise Doubt(trouble)
    return False


def counts(person: Mapping[str, Any], known: CommandRule, document: FactDocument) -> bool:
    """The same of others who say it: somebody of whom nobody knows whether they may write does not count.

    Or whoever may comment could spoil what others ask for. A group that could not be looked up raises Doubt.
    """
    try:
        return _permitted(person, known, document)
    except Doubt:
        if any(group.trouble for group in groups(document, known.groups)):
            raise
        return False


def _hears(person: Mapping[str, Any], document: FactDocument, rules: Rules) -> bool:
    """Is it somebody whom a refusal is told to?"""
    named = dict.fromkeys(name for known in rules.commands.values() for name in known.groups)
    members = {identity for group in groups(document, named) for identity in group.members}
    return person["id"] in members or may_write(document, person)


def _enough(comment: int, document: FactDocument) -> str:
    """Why nothing more is answered; empty when it may be."""
    replies = document.known("replies")
    if any(reply["to"] == comment for reply in replies):
        return "this comment was answered"
    now = document.known("now")
    if sum(_later(reply["at"], _HOUR_S) > now for reply in replies) >= AN_HOUR:
        return f"{AN_HOUR} commands were answered here within an hour; write it again later"
    return ""


def _later(moment: str, seconds: int) -> str:
    try:
        return later(moment, seconds)
    except ValueError as error:
        raise Doubt(f"{moment} is no moment: {error}") from error


def _state(pr: Mapping[str, Any]) -> str:
    return "merged" if pr["merged"] else str(pr["state"])


def _who(known: CommandRule, document: FactDocument) -> tuple[str, ...]:
    """Who may, as far as that is known."""
    members = sorted({login for group in groups(document, known.groups) for login in group.members.values()})
    return (*(members or known.groups), *(("anybody with write access",) if known.writers else ()))


def _of_another_head(comment: Mapping[str, Any], document: FactDocument) -> str:
    head, now = comment.get("head"), document.known("pr")["head"]["sha"]
    if head is None:
        return "which head it was said of is not known; write it again"
    return "" if head == now else f"it was said of another head, {head:.7}; look at the present one and write it again"


def _same(
    comment: Mapping[str, Any], command: Command, known: CommandRule, document: FactDocument
) -> list[Mapping[str, Any]]:
    """The comments of a day, up to this one, by which people who may have asked for the same; it is among them."""
    since = comment["created_at"]
    return [
        other
        for other in document.known("comments")
        if other["kind"] == "pull_request"
        and not other["edited"]
        and not other.get("by_email")
        and (person := account(other["user"]))
        and not is_bot(person)
        and other["created_at"] <= since < _later(other["created_at"], _TOGETHER_S)
        and read(other["body"]) == command
        and counts(person, known, document)
    ]


def _together(comment: Mapping[str, Any], command: Command, known: CommandRule, document: FactDocument) -> Judgement:
    """Several have to say the same; who had a hand in the change counts only as far as the command allows."""
    logins = {other["user"]["id"]: other["user"]["login"] for other in _same(comment, command, known, document)}
    hands = involved(document, EXCLUDABLE)
    if hands.doubt:
        raise Doubt(hands.doubt)
    # Each contributor behind whom no account stands could be one of those who say it.
    apart = max(0, sum(identity not in hands.known for identity in logins) - len(hands.unknown))
    counted = min(len(logins), apart + COMMANDS[known.name].hands)
    names = people(sorted(logins.values()))
    if counted >= known.need:
        text = f"{names} have asked for it"
        return Judgement(Outcome.PASS, text, (Cause(Outcome.PASS, text),))
    text = f"{names} asked for it, {counted} of {known.need}"
    more = Missing(f"a comment `{usage(known.name)}` with the same words, by {known.need - counted} more", ())
    left = tuple(login for login in _who(known, document) if login not in logins.values())
    return Judgement(Outcome.PENDING, text, (Cause(Outcome.PENDING, text),), (more._replace(who=left),))


def askers(comment_id: int, document: FactDocument, rules: Rules) -> tuple[Mapping[str, Any], ...]:
    """The comments by which people have asked for what this one asks for; of each person the last one.

    Only of one that `judge` lets pass. Who had a hand in the change is left out where the command does not allow that.

    Raises:
        Doubt: it cannot be told.
    """
    comment = next(one for one in document.known("comments") if one["id"] == comment_id)
    command = read(comment["body"])
    assert command is not None
    hands = involved(document, EXCLUDABLE).known if not COMMANDS[command.word].hands else {}
    said = _same(comment, command, rules.commands[command.word], document)
    return tuple({one["user"]["id"]: one for one in said if one["user"]["id"] not in hands}.values())
