"""REST of what happened to commits and refs: who moved which when, and which pull requests brought a commit."""

import base64
import binascii
from datetime import timedelta
from typing import Any

from engine.sandbox.forge.answer import MOST, PAGE, Answer, Call, ForgeError, Route, number, paged
from engine.sandbox.forge.clock import moment
from engine.sandbox.forge.git import asked
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.accounts import by_login
from engine.sandbox.forge.people.shapes import simple_user
from engine.sandbox.forge.tracker import rows, shapes

_PERIODS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
_KINDS = ("push", "force_push", "branch_creation", "branch_deletion", "pr_merge", "merge_queue_merge")


def list_activity(call: Call) -> Answer:
    """Newest first, by `ref`, `actor`, `activity_type`, `time_period`; pages are by cursors, not by numbers."""
    where, values = ["repository = ?"], [call.repo["id"]]
    ref = call.query.get("ref")
    if ref:
        where.append("ref = ?")
        values.append(ref if ref.startswith("refs/") else f"refs/heads/{ref}")
    if call.query.get("actor"):
        actor = by_login(call.forge, call.query["actor"])
        where.append("actor = ?")
        values.append(-1 if actor is None else actor["id"])
    kind, period = call.query.get("activity_type"), call.query.get("time_period")
    if (kind and kind not in _KINDS) or (period and period not in _PERIODS):
        raise ForgeError(422, "Validation Failed")
    if kind:
        where.append("kind = ?")
        values.append(kind)
    if period:
        where.append("at >= ?")
        values.append(moment(call.forge.clock.seconds() - timedelta(days=_PERIODS[period]).total_seconds()))
    found = call.forge.kept.rows(f"SELECT * FROM activity WHERE {' AND '.join(where)} ORDER BY id DESC", *values)  # noqa: S608
    if call.query.get("direction") == "asc":
        found.reverse()
    size = min(MOST, max(1, number(call.query.get("per_page"), PAGE)))
    start, end = _window(call, [row["id"] for row in found], size)
    shown = found[start:end]
    turns = [("prev", {"before": _cursor(shown[0]["id"])})] if start > 0 and shown else []
    turns += [("next", {"after": _cursor(shown[-1]["id"])})] if end < len(found) and shown else []
    plain = call._replace(query={name: value for name, value in call.query.items() if name not in ("before", "after")})
    return Answer([_activity(call, row) for row in shown], headers=asked.link(plain, turns))


def list_pulls_of_commit(call: Call) -> Answer:
    """Pull requests that have the commit, merged ones too."""
    sha = call.path["commit_sha"]
    found = asked.commit(call, sha, ForgeError(422, f"No commit found for SHA: {sha}"))
    store = asked.store(call)
    told = store.git("for-each-ref", "--format=%(refname)", f"--contains={found.sha}", "refs/pull").stdout.decode()
    numbers = {int(ref.split("/")[2]) for ref in told.split() if ref.endswith("/head")}
    sql = "SELECT * FROM pulls WHERE repository = ? ORDER BY number"
    shown = [
        rows.item(call.forge, row["id"])
        for row in call.forge.kept.rows(sql, call.repo["id"])
        if (row["merged"] and row["merge_commit_sha"] == found.sha)
        or (row["number"] in numbers and not store.is_ancestor(found.sha, row["base_sha"]))
    ]
    return paged(call, shown, lambda row: shapes.pull_simple(call.forge, call.urls, row))


def _window(call: Call, ids: list[int], size: int) -> tuple[int, int]:
    after, before = _number(call.query.get("after")), _number(call.query.get("before"))
    if after is not None:
        start = ids.index(after) + 1 if after in ids else len(ids)
        return start, start + size
    if before is not None:
        end = ids.index(before) if before in ids else 0
        return max(0, end - size), end
    return 0, size


def _cursor(of: int) -> str:
    return base64.urlsafe_b64encode(f"activity:{of}".encode()).decode().rstrip("=")


def _number(cursor: str | None) -> int | None:
    """What a cursor stands for.

    Raises:
        ForgeError: 422, it is none of ours.
    """
    if not cursor:
        return None
    try:
        said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        said = ""
    found = number(said.removeprefix("activity:"), -1)
    if found < 0:
        raise ForgeError(422, "Validation Failed")
    return found


def _activity(call: Call, row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "node_id": node_id("Activity", row["id"]),
        "before": row["before"],
        "after": row["after"],
        "ref": row["ref"],
        "timestamp": row["at"],
        "activity_type": row["kind"],
        "actor": simple_user(call.urls, call.forge.account(row["actor"])),
    }


_R = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/activity", list_activity, grant="contents:read"),
    Route("GET", f"{_R}/commits/{{commit_sha}}/pulls", list_pulls_of_commit, grant="pull_requests:read"),
)
