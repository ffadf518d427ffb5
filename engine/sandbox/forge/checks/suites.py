"""Check suites: what one App says about one commit. Made with its first run; how it stands follows from its runs."""

from collections.abc import Sequence

from engine.sandbox.forge.clock import moment
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.kept import Row

STALE_S = 14 * 24 * 3600
# The worst that a run of a suite says is what the suite says.
_WORST = (
    "failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped",
)  # fmt: skip


def branch_at(forge: Forge, repository: Row, sha: str) -> str | None:
    """The branch whose tip a commit is."""
    tips = bare(forge, repository["id"]).refs()
    return next((ref.removeprefix("refs/heads/") for ref, tip in tips.items() if tip == sha), None)


def ensure(forge: Forge, repository: Row, app: int, sha: str, branch: str | None) -> tuple[Row, bool]:
    """The suite of an App at a commit, and whether it has just been made."""
    sql = "SELECT * FROM check_suites WHERE repository = ? AND app = ? AND head_sha = ?"
    found = forge.kept.row(sql, repository["id"], app, sha)
    if found is not None:
        return found, False
    now = forge.now()
    forge.kept.insert(
        "check_suites",
        repository=repository["id"],
        app=app,
        head_sha=sha,
        head_branch=branch,
        created_at=now,
        updated_at=now,
    )
    return forge.kept.row(sql, repository["id"], app, sha) or {}, True


def by_number(forge: Forge, repository: Row, number: int) -> Row | None:
    """A suite of this repository."""
    return forge.kept.row("SELECT * FROM check_suites WHERE id = ? AND repository = ?", number, repository["id"])


def of_commit(forge: Forge, repository: Row, sha: str, app: int | None = None) -> list[Row]:
    """Every suite at a commit, or those of one App."""
    sql = "SELECT * FROM check_suites WHERE repository = ? AND head_sha = ? AND ? IN (app, 0) ORDER BY id"
    return forge.kept.rows(sql, repository["id"], sha, app or 0)


def latest(runs: Sequence[Row]) -> list[Row]:
    """The newest run of each name and App."""
    newest = {(run["app"], run["name"]): run for run in sorted(runs, key=lambda run: int(run["id"]))}
    return sorted(newest.values(), key=lambda run: int(run["id"]))


def runs_of(forge: Forge, suite: Row) -> list[Row]:
    """Every run of a suite, oldest first."""
    expire(forge, suite["repository"])
    return forge.kept.rows("SELECT * FROM check_runs WHERE suite = ? ORDER BY id", suite["id"])


def state(suite: Row, runs: Sequence[Row]) -> tuple[str, str | None]:
    """(status, conclusion) of a suite with these runs."""
    counted = latest(runs)
    if not counted or suite["rerequested_at"] is not None:
        return "queued", None
    if all(run["status"] == "completed" for run in counted):
        return "completed", min((run["conclusion"] for run in counted), key=_WORST.index)
    return ("in_progress" if any(run["status"] != "queued" for run in counted) else "queued"), None


def rerequest(forge: Forge, suite: Row) -> None:
    """Back to `queued`, until a run of it is made or changed. Runs stay as they are."""
    now = forge.now()
    forge.kept.update("check_suites", suite["id"], rerequested_at=now, updated_at=now)


def expire(forge: Forge, repository: int) -> None:
    """GitHub gives up on a run that has not ended within 14 days: `stale`."""
    now = forge.clock.seconds()
    forge.kept.run(
        "UPDATE check_runs SET status = 'completed', conclusion = 'stale', completed_at = ? "
        "WHERE repository = ? AND status != 'completed' AND created_at < ?",
        *(moment(now), repository, moment(now - STALE_S)),
    )
