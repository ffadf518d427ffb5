"""An override: one allowed person says why, in the open; others have approved without them; it ends by itself.

Of what is merged only that one counts with which it was merged, by the signed merge decision, and it expires no more;
where nothing was signed, one that stood before the merge and has not expired.

It excuses what a gate asks for, never a doubt: an error, a missing fact, a veto or a merge conflict stays what it is.
Each comment is an attempt of its own: one that cannot be judged spoils no other.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from engine import unseen
from engine.core.canonical import digest_bytes
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt, Judgement, Missing
from engine.core.decision.people import EXCLUDABLE, WAY_OUT, Involved, account, facts_of, groups, involved, is_bot
from engine.core.decision.standing import FACTS as STANDING
from engine.core.decision.standing import Statements, statements, superseded
from engine.core.duration import spoken
from engine.core.moment import later
from engine.core.outcome import ALL, ANY, Outcome, combine
from engine.core.rules.model import Gate, Override

# Whoever had a hand in the change cannot override, whatever `approvals: exclude:` allows for approving it.
_EXCLUDED = EXCLUDABLE

_SHORTEST_REASON = 10  # characters that are seen

FACTS = frozenset({"comments", "groups", "merged", "now", "pr"}) | STANDING | facts_of(_EXCLUDED)

Holds = Callable[[str, int], Judgement]  # (gate, user id of the overrider) → that gate, judged without them


class Used(NamedTuple):
    """An override that counts."""

    name: str
    by: str
    id: int  # of that user
    comment: int
    expires_at: str
    label: str | None

    def to_json(self) -> dict[str, Any]:
        """For `Decision.to_json`."""
        return {
            "name": self.name,
            "by": self.by,
            "id": self.id,
            "comment": self.comment,
            "expires_at": self.expires_at,
            "label": self.label,
        }


def reason_of(body: str, command: str) -> str:
    """The reason after `command` at the very start of the first line; empty: this comment is no override.

    `/override` does not begin `/overrides`. A reason is what a person can read: ten characters at least, none of them
    hidden in Markdown, and nothing that turns the reading order round.
    """
    first = next(iter(body.splitlines()), "")
    reason = first[len(command) :]
    if not first.startswith(command) or (command[-1:].isalnum() and not reason[:1].isspace()):
        return ""
    if any(unseen.forbidden(first.replace("\t", " "))) or unseen.visible(_shown(reason)) < _SHORTEST_REASON:
        return ""
    return reason.strip() if any(map(str.isalnum, _shown(reason))) else ""


def _shown(text: str) -> str:
    """`text` without what a page does not show: comments, tags, links around nothing, entities of blanks.

    A `<` with nothing that ends it hides all the rest; where that is not so, the reason is only counted too short.
    """
    import re

    text = re.sub(r"<!--(?:(?!-->).)*+(?:-->)?|<[A-Za-z/!?][^>]*+>?|\[\]\([^)]*+\)?", "", text)
    if "&" in text:  # two thousand names of entities take longer to load than a decision
        import html

        text = html.unescape(text)
    return text


def judge(
    override: Override, document: FactDocument, gates: Mapping[str, Gate], holds: Holds
) -> tuple[Judgement, Used | None]:
    """Is there an override that counts? FAIL when there is none; PENDING until its `besides` hold."""
    try:
        comments = document.known("comments")
        asked = [c for c in comments if c["kind"] == "pull_request" and reason_of(c["body"], override.command)]
        if not asked:
            return _none(override, document), None
        severe = _severe(override, document.known("verdict"))
        if severe:
            return Judgement(Outcome.FAIL, f"cannot be overridden: {severe}", (Cause(Outcome.FAIL, severe),)), None
    except Doubt as doubt:
        why = f"the override {override.name} cannot be judged: {doubt}"
        return Judgement(Outcome.ERROR, why, (Cause(Outcome.ERROR, why),)), None
    # Each comment asks for these again, and there may be thousands.
    hands, validations, once = involved(document, _EXCLUDED), cache(partial(statements, document)), cache(holds)
    tried = [_try(_Attempt(override, comment, document, hands, validations), gates, once) for comment in asked]
    outcome = combine(ANY, (judgement.outcome for judgement, _ in tried))
    decisive = [(judgement, used) for judgement, used in tried if judgement.outcome is outcome]
    return Judgement(
        outcome,
        decisive[-1][0].because,
        tuple(cause for judgement, _ in (decisive if outcome is Outcome.PASS else tried) for cause in judgement.causes),
        tuple(dict.fromkeys(m for judgement, _ in decisive for m in judgement.missing)),
    ), decisive[-1][1]


def _severe(override: Override, verdict: Mapping[str, Any]) -> str:
    """Which finding forbids every override; empty when none does."""
    denied = [f for f in verdict["findings"] if f["effect"] == "deny" and f["severity"] in override.never]
    return ", ".join(f"{f['rule']} of {f['resource']} is {f['severity']}" for f in denied)


def offer(override: Override, verdict: Mapping[str, Any]) -> str:
    """What an exception from this verdict would take, or why none is possible; for a person."""
    if verdict["result"] == "error":
        return "none: what could not be judged cannot be overridden"
    if severe := _severe(override, verdict):
        return f"none: {severe}, which cannot be overridden"
    return (
        f"a comment `{override.command} reason` by somebody of {' or '.join(override.groups)} who had no hand in the "
        f"change, in {_SHORTEST_REASON} characters or more, besides {' and '.join(override.besides)} without them; it "
        f"holds for {spoken(override.expires_s)}"
    )


def _none(override: Override, document: FactDocument) -> Judgement:
    """Nobody has asked. Say who could, as far as that is known."""
    try:
        if _severe(override, document.known("verdict")):
            return Judgement(Outcome.FAIL, "")
        barred = involved(document, _EXCLUDED).known
        members = {i: login for group in groups(document, override.groups) for i, login in group.members.items()}
        who = tuple(sorted(login for identity, login in members.items() if identity not in barred))
    except Doubt:
        who = override.groups
    return Judgement(
        Outcome.FAIL,
        "",
        (),
        (Missing(f"or a comment `{override.command} reason`, in {_SHORTEST_REASON} characters or more", who),),
    )


class _Attempt(NamedTuple):
    """One comment with the command."""

    override: Override
    comment: Mapping[str, Any]
    document: FactDocument
    hands: Involved
    validations: Callable[[], Statements]

    @property
    def login(self) -> str:
        return str(self.comment["user"]["login"])

    @property
    def expires_at(self) -> str:
        try:
            return later(self.comment["created_at"], self.override.expires_s)
        except ValueError as error:
            raise Doubt(f"comment {self.comment['id']} was written at no real time: {error}") from error


def _try(attempt: _Attempt, gates: Mapping[str, Gate], holds: Holds) -> tuple[Judgement, Used | None]:
    override, comment = attempt.override, attempt.comment
    try:
        if why := _void(attempt):
            text = f"override {comment['id']} does not count: {why}"
            return Judgement(Outcome.FAIL, text, (Cause(None, text),)), None
    except Doubt as doubt:
        why = f"the override {override.name} cannot be judged: {doubt}"
        return Judgement(Outcome.ERROR, why, (Cause(Outcome.ERROR, why),)), None
    person, expires_at = comment["user"], attempt.expires_at
    beside = {name: holds(name, person["id"]) for name in override.besides}
    text = f"{person['login']} overrides ({override.name}, until {expires_at})"
    found = combine(ALL, (judgement.outcome for judgement in beside.values()))
    second = any(gates[name].approvals and judgement.outcome is Outcome.PASS for name, judgement in beside.items())
    causes = tuple(Cause(j.outcome, f"{name}, without {person['login']}: {j.because}") for name, j in beside.items())
    if found is Outcome.PASS and second:
        used = Used(override.name, person["login"], person["id"], comment["id"], expires_at, override.label)
        return Judgement(Outcome.PASS, text, (Cause(Outcome.PASS, text, (), causes),)), used
    if found in (Outcome.ERROR, Outcome.PASS):
        what = "whether somebody else approved is in doubt" if found is Outcome.ERROR else "nobody else has to approve"
        why = f"{text}, but {what}"
        return Judgement(Outcome.ERROR, why, (Cause(Outcome.ERROR, why, (), causes),)), None
    why = f"{text}, but a second person is missing"
    missing = tuple(m for judgement in beside.values() for m in judgement.missing)
    return Judgement(Outcome.PENDING, why, (Cause(Outcome.PENDING, why, (), causes),), missing), None


def _void(attempt: _Attempt) -> str:
    """Why this comment is no override; empty when it is one so far. What voids it for certain goes before any doubt.

    Raises:
        Doubt: whether it counts cannot be known.
    """
    doubts = []
    for reason in _VOID:
        try:
            if why := reason(attempt):
                return why
        except Doubt as doubt:
            doubts.append(doubt)
    if doubts:
        raise doubts[0]
    return ""


def _written(attempt: _Attempt) -> str:
    if account(attempt.comment["user"]) is None:
        return "its author is unknown"
    if is_bot(attempt.comment["user"]):
        return f"{attempt.login} is a bot"
    if attempt.comment.get("by_email"):
        return "it came by mail; write it on the page"
    return "it was edited; write a new one" if attempt.comment["edited"] else ""


def _decision(attempt: _Attempt) -> Any:
    """What was signed of the merge; None: nothing, or it is not merged.

    Raises:
        Doubt: that is not known.
    """
    document = attempt.document
    return document.known("merged")["decision"] if document.known("pr")["merged"] else None


def _not_merged_with(attempt: _Attempt) -> str:
    """It was said too late to be what the change was merged with."""
    comment = attempt.comment
    if (decision := _decision(attempt)) is not None:
        mine = (attempt.override.name, comment["user"]["id"], comment["id"], digest_bytes(_bytes(comment["body"])))
        used = [(one["name"], one["id"], one["comment"], one["body"]) for one in decision["overrides"]]
        return "" if mine in used else "it is not what the change was merged with; have it in a new pull request"
    if not attempt.document.known("pr")["merged"]:
        return ""
    late = comment["created_at"] >= attempt.document.known("merged")["at"]
    return "it was written after the merge; have the change in a new pull request" if late else ""


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _expired(attempt: _Attempt) -> str:
    if _decision(attempt) is not None:  # it counted when it was merged, and that was signed
        return ""
    expires_at = attempt.expires_at
    return f"it expired at {expires_at}" if attempt.document.known("now") >= expires_at else ""


def _stranger(attempt: _Attempt) -> str:
    allowed = groups(attempt.document, attempt.override.groups)
    if any(attempt.comment["user"]["id"] in group.members for group in allowed):
        return ""
    if trouble := next((group.trouble for group in allowed if group.trouble), None):
        raise Doubt(trouble)
    return f"{attempt.login} is not in {' or '.join(attempt.override.groups)}"


def _participant(attempt: _Attempt) -> str:
    hands = attempt.hands
    if what := hands.known.get(attempt.comment["user"]["id"]):
        return f"{attempt.login} is {what}"
    if hands.doubt:
        raise Doubt(hands.doubt)
    if hands.unknown:
        raise Doubt(f"{hands.unknown[0]} is unknown, and could be {attempt.login}; {WAY_OUT}")
    return ""


_VOID: tuple[Callable[[_Attempt], str], ...] = (
    _written,
    _not_merged_with,
    _expired,
    _stranger,
    _participant,
    lambda attempt: superseded(attempt.comment, attempt.document.facts["verdict"], attempt.validations),
)
