"""What is said in the trail of each thing: values of the engine in, `Said` out."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.audit.record import Said
from engine.core.canonical import digest

if TYPE_CHECKING:
    from engine.core.signature import TrustedKey

_OPEN = ("issue_comment", "pull_request_review", "pull_request")
_HOUSE = ("write", "maintain", "admin")
_PART = 16  # findings of an override that are counted by name; the merge decision has all


def person(value: object) -> dict[str, Any] | None:
    """{login, id} of an account as GitHub's payloads and our facts have it; None: it is none."""
    if not isinstance(value, Mapping) or not isinstance(value.get("login"), str):
        return None
    return {"login": value["login"], "id": value.get("id") if isinstance(value.get("id"), int) else None}


def is_open(event: str, payload: Mapping[str, Any], permissions: Mapping[str, str]) -> bool:
    """Is it one that anybody may cause who can read, as far as it is known: a comment, a review, a pull request?

    `permissions` are those that were looked up, by account id.
    """
    sender = person(payload.get("sender"))
    return event in _OPEN and (sender is None or permissions.get(str(sender["id"])) not in _HOUSE)


def decisions(
    decision: Mapping[str, Any], repository: str, pr: int | None, actor: Mapping[str, Any] | None, kept: str
) -> Iterator[Said]:
    """One of each pipeline of a decision document; `kept` is the digest under which all of it is kept."""
    event, facts = decision["event"], decision["facts"]["digest"]
    same = {"event": event["name"], "delivery": event["digest"], "facts": facts, "rules": decision["rules"]}
    same |= {"decision": digest(decision), "kept": kept}
    for pipeline in decision["pipelines"]:
        gates = {gate["name"]: gate["outcome"] for gate in pipeline["gates"]}
        name, because = pipeline["name"], pipeline["because"]
        details = {**same, "pipeline": name, "gates": gates}
        yield Said("decision", pipeline["outcome"], repository, pr, None, f"{name}: {because}", actor, details)


def plans(verdict: Mapping[str, Any], statement: str, author: object) -> Iterator[Said]:
    """One of each resource of a verdict: what was planned, and what was said of it. One, too, where there is none."""
    same = {
        "commit": verdict["head_sha"],
        "author": person(author),
        "environment": verdict["environment"],
        "branch": verdict["branch"],
        "verdict": {"sequence": verdict["sequence"], "digest": statement, "result": verdict["result"]},
    }
    why = f"validation: {verdict['result']}"
    for row in verdict["resources"]:
        counts: dict[str, int] = {}
        for change in row["changes"]:
            actions = "+".join(change["actions"])
            counts[actions] = counts.get(actions, 0) + 1
        details = {**same, "tree": row["tree"], "plan": row["plan"], "counts": counts}
        outcome = "planned" if row["plan"] else "failed"
        yield Said("plan", outcome, verdict["repo"], verdict["pr"], row["state_key"], why, None, details)
    if not verdict["resources"]:
        yield Said("plan", "nothing", verdict["repo"], verdict["pr"], None, why, None, same)


def merge(said: Mapping[str, Any], outcome: str, why: str, **details: object) -> Said:
    """Of a merge whose decision, signed or still to be signed, is `said`."""
    same = {"head": said["head"]["sha"], "base": said["base"], "verdict": said["verdict"], "keys": said["keys"]}
    return Said("merge", outcome, said["repository"]["name"], said["pr"], None, why, None, {**same, **details})


def counted(said: Mapping[str, Any]) -> Iterator[Said]:
    """The approvals that a merge decision counts, and the overrides that it uses."""
    repository, pr = said["repository"]["name"], said["pr"]
    for one in said["people"]:
        why = f"counts for {one['gate']}" + (f", by review {one['review']}" if one["review"] else "")
        details = {"review": one["review"], "body": one["body"], "head": said["head"]["sha"]}
        yield Said("approval", "counted", repository, pr, one["gate"], why, person(one), details)
    for one in said["overrides"]:
        details = {
            "name": one["name"],
            "comment": one["comment"],
            "body": one["body"],
            "expires_at": one["expires_at"],
            "findings": len(one["findings"]),
            "rules": sorted({row["rule"] for row in one["findings"]})[:_PART],
        }
        yield Said("override", "used", repository, pr, one["gate"], one["reason"], person(one), details)


def freeze(environment: str | None, active: bool, by: str, reason: str) -> Said:
    """Of an environment that is frozen, or no longer; None: all of them. Who it was, this machine says."""
    actor = {"login": by, "id": None}
    return Said("freeze", "on" if active else "off", "", None, environment or "all", reason, actor)


def work(asked: str, key: str, repository: str, pr: int | None, by: str, why: str) -> Said:
    """Of a run of `engine serve`, or a delivery that leads to one: what a person wants of it."""
    return Said("run", asked, repository, pr, key, why, {"login": by, "id": None})


def key_rows(trusted: "Mapping[str, TrustedKey]") -> dict[str, Any]:
    """What the trail compares of the trusted keys."""
    return {
        key.id: {"purposes": list(key.purposes), "expires": key.expires, "revoked": key.revoked}
        for key in trusted.values()
    }


def key_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Said]:
    """What is another among the trusted keys."""
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if new is None:
            outcome, why = "removed", "it is not in the trusted keys any more"
        elif new["revoked"] and not (old and old["revoked"]):
            outcome, why = "revoked", f"revoked since {new['revoked']}"
        else:
            outcome = "added" if old is None else "changed"
            why = f"for {', '.join(new['purposes'])}, until {new['expires']}"
        yield Said("key", outcome, "", None, name, why, None, {"before": old, "now": new})
