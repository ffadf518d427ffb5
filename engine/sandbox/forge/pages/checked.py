"""Checks and statuses of a commit: the newest of each name, and what they come to."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row

# A conclusion, or a status's state → what it means to whoever looks.
# fmt: off
_MEANING = {
    "success": "good", "neutral": "neutral", "skipped": "neutral", "failure": "bad", "error": "bad",
    "cancelled": "bad", "timed_out": "bad", "action_required": "bad", "stale": "bad", "pending": "waiting",
}
# fmt: on
WORDS = {"good": "passed", "neutral": "neutral", "bad": "failed", "waiting": "in progress"}


class Check(NamedTuple):
    """One check run, or one status, of a commit; `required` by the rules of the branch it is shown for."""

    name: str
    app: Row | None
    meaning: str  # good, neutral, bad, waiting
    said: str  # GitHub's own word for it: success, in_progress, …
    title: str
    at: str | None
    run: int | None  # a check run's id
    target: str  # where a status points
    required: bool = False


def checks(forge: Forge, repository: int, sha: str) -> list[Check]:
    """The newest run of each App and name, and the newest status of each context, by name."""
    kept = forge.kept
    runs = """SELECT * FROM check_runs WHERE id IN
      (SELECT max(id) FROM check_runs WHERE repository = ? AND head_sha = ? GROUP BY app, name)"""
    found = [_run(forge, row) for row in kept.rows(runs, repository, sha)]
    statuses = """SELECT * FROM statuses WHERE id IN
      (SELECT max(id) FROM statuses WHERE repository = ? AND sha = ? GROUP BY context)"""
    found += [_status(forge, row) for row in kept.rows(statuses, repository, sha)]
    return sorted(found, key=lambda check: check.name)


def _run(forge: Forge, row: Row) -> Check:
    said = row["conclusion"] if row["status"] == "completed" else row["status"]
    meaning = _MEANING.get(said, "waiting")
    at = row["completed_at"] or row["started_at"]
    return Check(row["name"], app(forge, row["app"]), meaning, said, row["title"] or "", at, row["id"], "")


def _status(forge: Forge, row: Row) -> Check:
    meaning = _MEANING.get(row["state"], "waiting")
    target = row["target_url"] or ""
    title = row["description"] or ""
    at = row["created_at"]
    return Check(row["context"], app(forge, row["app"]), meaning, row["state"], title, at, None, target)


def app(forge: Forge, number: int | None) -> Row | None:
    """An App by id."""
    return None if number is None else forge.kept.row("SELECT * FROM apps WHERE id = ?", number)


def summary(forge: Forge, repository: int, sha: str) -> dict[str, Any] | None:
    """What all checks of a commit come to; None where it has none."""
    found = checks(forge, repository, sha)
    if not found:
        return None
    meanings = [check.meaning for check in found]
    worst = next((one for one in ("bad", "waiting", "good") if one in meanings), "neutral")
    return {"meaning": worst, "passed": meanings.count("good") + meanings.count("neutral"), "total": len(found)}


def with_rules(forge: Forge, found: Sequence[Check], rules: Sequence[Any]) -> list[Check]:
    """The same, with what the branch's rules require, also where nobody has reported it yet."""
    made, wanted = list(found), []
    for rule in rules:
        if rule["type"] == "required_status_checks":
            wanted += rule["parameters"]["required_status_checks"]
    for one in wanted:
        name, number = one["context"], one.get("integration_id")
        fits = [at for at, check in enumerate(made) if check.name == name and _of(check, number)]
        for at in fits:
            made[at] = made[at]._replace(required=True)
        if not fits:
            made.append(Check(name, app(forge, number), "waiting", "expected", "", None, None, "", True))
    return sorted(made, key=lambda check: (not check.required, check.name))


def _of(check: Check, number: int | None) -> bool:
    return number is None or (check.app is not None and check.app["id"] == number)
