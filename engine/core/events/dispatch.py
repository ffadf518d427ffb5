"""A `repository_dispatch` from a source repository, turned into the event it stands for.

The contract is `schemas/dispatch.schema.json`: at most ten flat keys, because GitHub takes no more. It only says where
to look; whatever it claims is fetched again before anything is decided.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.core.events.body import Body, shown
from engine.core.events.kinds import BRANCH, FLAG, NUMBER, REF, REPO, SHA, WORD, Check, Fields, wrong
from engine.errors import Place, failure
from engine.names import closest, either

VERSION = 1
_ENVELOPE: dict[str, Check] = {"version": Check("1", lambda v: type(v) is int and v == VERSION), "source_repo": REPO}
_PULL: dict[str, Check] = {**_ENVELOPE, "action": WORD, "pr_number": NUMBER}
_LINE = Check("the comment's first line", lambda v: isinstance(v, str) and len(v) <= 1000 and "\n" not in v)
_BRANCH_REF = Check("a branch such as refs/heads/feature", lambda v: REF.holds(v) and str(v).startswith("refs/heads/"))


class _Stand(NamedTuple):
    """What a dispatch must and may say to stand for one kind of event, or for itself."""

    required: Fields
    optional: Fields
    name: str = ""  # of the event that it stands for, where that is another word


EVENTS: Mapping[str, _Stand] = {
    "pull_request": _Stand(
        {**_PULL, "head_sha": SHA, "head_ref": BRANCH, "base_ref": BRANCH},
        {"merged": FLAG, "previous_base_ref": BRANCH},
    ),
    "pull_request_review": _Stand({**_PULL, "head_sha": SHA, "head_ref": BRANCH, "base_ref": BRANCH}, {}),
    # What it says it says; it is looked up by its id, and has to say the same.
    "issue_comment": _Stand(_PULL, {"comment_id": NUMBER, "comment_body": _LINE}),
    "check_run": _Stand({**_PULL, "head_sha": SHA}, {}),
    "push": _Stand({**_ENVELOPE, "ref": REF, "head_sha": SHA}, {}),
    # Nobody says what has happened: look at one pull request or branch, or for whatever was left lying.
    "look": _Stand(_ENVELOPE, {"pr_number": NUMBER, "ref": _BRANCH_REF}, "repository_dispatch"),
    "sweep": _Stand(_ENVELOPE, {}, "repository_dispatch"),
}
_KEYS = {"event"}.union(*(s.required.keys() | s.optional.keys() for s in EVENTS.values()))
# What only a dispatch of the contract has: such a payload must be right, it is no longer somebody's own message.
_OURS = frozenset({"source_repo", "pr_number"})


def contract(body: Body) -> Body | None:
    """The part of `body` that claims to follow the contract: its `client_payload`, or `body` itself; else None."""
    sent = body.get("client_payload", body)
    return sent if isinstance(sent, dict) and not _OURS.isdisjoint(sent) else None


def stands_for(sent: Body, file: str) -> tuple[str, dict[str, Any]]:
    """Name and payload of the event that a dispatch stands for; the payload has GitHub's shape, as far as it goes.

    Raises:
        EngineError: it does not follow the contract (ENG157, ENG158).
    """
    name = sent.get("event", "pull_request")
    if not isinstance(name, str) or name not in EVENTS:
        raise failure("ENG157", Place(file), path="event", reason=f"{shown(name)} is none of {either(EVENTS)}")
    stand = EVENTS[name]
    fields = {**stand.required, **{k: c for k, c in stand.optional.items() if k in sent}}
    if found := wrong(sent, fields):
        raise failure("ENG157", Place(file), path=found[0], reason=found[1])
    if name == "pull_request" and sent["action"] == "closed" and "merged" not in sent:
        raise failure("ENG157", Place(file), path="merged", reason="`closed` has to say whether it was merged")
    if name == "look" and ("pr_number" in sent) == ("ref" in sent):
        raise failure("ENG157", Place(file), path="pr_number", reason="a look is at one pull request, or at one `ref`")
    if strange := sorted(sent.keys() - fields.keys() - {"event"}):
        raise failure("ENG158", Place(file), hint=closest(strange[0], _KEYS), key=shown(strange[0]), event=name)
    return stand.name or name, _PAYLOADS[name](sent)


def _pull_request(sent: Body) -> dict[str, Any]:
    payload = {"number": sent["pr_number"], **_pull(sent)}
    payload["pull_request"]["merged"] = sent.get("merged", False)
    if "previous_base_ref" in sent:
        payload["changes"] = {"base": {"ref": {"from": sent["previous_base_ref"]}}}
    return payload


def _pull(sent: Body) -> dict[str, Any]:
    return {
        **_subject(sent),
        "pull_request": {
            "number": sent["pr_number"],
            "head": {"sha": sent["head_sha"], "ref": sent["head_ref"]},
            "base": {"ref": sent["base_ref"]},
        },
    }


def _issue_comment(sent: Body) -> dict[str, Any]:
    said = {"body": sent.get("comment_body", ""), **({"id": sent["comment_id"]} if "comment_id" in sent else {})}
    return {**_subject(sent), "issue": {"number": sent["pr_number"], "pull_request": {}}, "comment": said}


def _check_run(sent: Body) -> dict[str, Any]:
    run = {"head_sha": sent["head_sha"], "pull_requests": [{"number": sent["pr_number"]}]}
    return {**_subject(sent), "check_run": run}


def _push(sent: Body) -> dict[str, Any]:
    zero = "0" * len(sent["head_sha"])
    return {
        "ref": sent["ref"],
        "before": zero,  # unknown, and nobody needs it: the change is measured from the base branch
        "after": sent["head_sha"],
        "deleted": sent["head_sha"] == zero,
        "repository": {"full_name": sent["source_repo"]},
    }


def _asked(sent: Body) -> dict[str, Any]:
    at = {key: sent[key] for key in ("pr_number", "ref") if key in sent}
    return {"action": sent["event"], "repository": {"full_name": sent["source_repo"]}, "client_payload": at}


def _subject(sent: Body) -> dict[str, Any]:
    return {"action": sent["action"], "repository": {"full_name": sent["source_repo"]}}


_PAYLOADS = {
    "pull_request": _pull_request,
    "pull_request_review": _pull,
    "issue_comment": _issue_comment,
    "check_run": _check_run,
    "push": _push,
    "look": _asked,
    "sweep": _asked,
}
