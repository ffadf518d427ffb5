"""Check runs: one of a name for a commit, as long as it can become what it has to be.

GitHub has a run bound to the App that made it, adds annotations and takes none away, and opens none that has ended. So
a run that has ended and is to be in progress, or that has annotations of something else, is followed by another: the
newest of a name is what counts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.adapters.github.client import Client, Json, at, surely
from engine.adapters.github.whole import Understood
from engine.core.verdict.shown import external_id, shown
from engine.errors import EngineError

_NOTES = 50  # annotations of one request


class Checks:
    """`Writes.check`, by a client."""

    def __init__(self, client: Client, app: int | None) -> None:
        self._client, self._app = client, app
        # Commit → its runs, newest first, as this process has left them. Who makes one looks again: another process of
        # ours may have made it. Two pull requests of one commit are told apart by `external_id`.
        self._runs: dict[tuple[str, str], list[Json]] = {}

    def check(self, repo: str, sha: str, bodies: Sequence[Mapping[str, Any]]) -> int:
        """Makes it so, with as few requests as that takes."""
        first = bodies[0]
        notes = [note for body in bodies for note in body["output"].get("annotations", ())]
        with Understood(f"the check {first['name']} of {sha[:12]}"):
            run = self._newest(repo, sha, first) if (repo, sha) in self._runs else None
            if run is None or not _fits(run, first):  # somebody else of ours may have made one meanwhile
                self._runs[repo, sha] = self._listed(repo, sha)
                first = _onward(first, self._runs[repo, sha])
                run = self._newest(repo, sha, first)
            if run is None or not _fits(run, first):
                run = self._made(repo, sha, first, notes[:_NOTES])
            elif not _says(run, first):
                run = self._changed_or_made(repo, sha, run, first, notes[:_NOTES])
            while (count := run["output"]["annotations_count"]) < len(notes):
                run = self._changed(repo, sha, run, first, notes[count : count + _NOTES])
            return int(run["id"])

    def _newest(self, repo: str, sha: str, first: Mapping[str, Any]) -> Json | None:
        return next((row for row in self._runs[repo, sha] if _is_about(row, first)), None)

    def _listed(self, repo: str, sha: str) -> list[Json]:
        ours = {"app_id": str(self._app)} if self._app is not None else {}
        rows = self._client.pages(at(repo, "commits", sha, "check-runs"), "check_runs", filter="all", **ours)
        return sorted(rows, key=lambda row: int(row["id"]), reverse=True)

    def _made(self, repo: str, sha: str, first: Mapping[str, Any], notes: Sequence[Any]) -> Json:
        before = {row["id"] for row in self._runs[repo, sha]}

        def look() -> Json | None:
            new = (row for row in self._listed(repo, sha) if row["id"] not in before)
            return next((row for row in new if _is(row, first)), None)

        def write() -> Json:
            made: Json = self._client.send("POST", at(repo, "check-runs"), {**_with(first, notes), "head_sha": sha})
            return made

        return self._keep(repo, sha, surely(look, write))

    def _changed_or_made(self, repo: str, sha: str, run: Json, first: Mapping[str, Any], notes: Sequence[Any]) -> Json:
        try:
            return self._changed(repo, sha, run, first, notes)
        except EngineError as error:
            if self._app is not None or error.problems[0].code != "ENG594":
                raise
            return self._made(repo, sha, first, notes)  # it may be another App's: we do not know which one we are

    def _changed(self, repo: str, sha: str, run: Json, first: Mapping[str, Any], notes: Sequence[Any]) -> Json:
        """Where annotations come with it, it must not be done twice."""
        path, count = at(repo, "check-runs", run["id"]), run["output"]["annotations_count"] + len(notes)
        body = _with(first, notes)

        def look() -> Json | None:
            now: Json = self._client.get(path)
            return now if _is(now, first) and now["output"]["annotations_count"] == count else None

        def write() -> Json:
            done: Json = self._client.send("PATCH", path, body)
            return done

        done: Json = surely(look, write) if notes else self._client.fetch("PATCH", path, body).value
        return self._keep(repo, sha, done)

    def _keep(self, repo: str, sha: str, run: Json) -> Json:
        rest = [row for row in self._runs[repo, sha] if row["id"] != run["id"]]
        self._runs[repo, sha] = sorted([run, *rest], key=lambda row: int(row["id"]), reverse=True)
        return run


def _onward(first: Mapping[str, Any], runs: Sequence[Json]) -> Mapping[str, Any]:
    """It never speaks of an older verdict than what was there: that would take back what a store can be told by."""
    pull, number, result = first["external_id"].split(":")
    highest = shown((run["external_id"] or "" for run in runs), int(pull))
    return {**first, "external_id": external_id(int(pull), max(int(number), highest), result)}


def _with(first: Mapping[str, Any], notes: Sequence[Any]) -> Json:
    return {**first, "output": {**first["output"], "annotations": list(notes)}}


def _is_about(run: Json, first: Mapping[str, Any]) -> bool:
    """The same name, of the same pull request: a commit can be the head of several."""
    pull = first["external_id"].partition(":")[0]
    return bool(run["name"] == first["name"] and (run["external_id"] or "").partition(":")[0] == pull)


def _is(run: Json, first: Mapping[str, Any]) -> bool:
    wanted = {"conclusion": None, **{name: first[name] for name in first if name != "output"}}
    return all(run[name] == value for name, value in wanted.items())


def _says(run: Json, first: Mapping[str, Any]) -> bool:
    """The same state in the same words: nothing is to be done."""
    return _is(run, first) and all(run["output"][name] == first["output"][name] for name in ("title", "summary"))


def _fits(run: Json, first: Mapping[str, Any]) -> bool:
    return _says(run, first) or _can_become(run, first)


def _can_become(run: Json, first: Mapping[str, Any]) -> bool:
    is_open = run["status"] != "completed"
    return is_open or (first["status"] == "completed" and not run["output"]["annotations_count"])
