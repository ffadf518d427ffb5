"""Deployments: one of ours for a commit, an environment and a pull request, and how it goes.

GitHub makes as many as it is asked for, so it is looked what there is before one is made; whoever asks sees to it that
nobody else asks at the same time. A deployment of ours retires no other: what another merge brought is still there.
"""

import json
from typing import Any

from engine.adapters.github.checks import Checks
from engine.adapters.github.client import Json, at, once
from engine.adapters.github.port import Deployed
from engine.adapters.github.whole import Understood

_TASK = "deploy"
_DESCRIPTION = 140  # characters that GitHub takes


class Deployments(Checks):
    """`Writes.deployment`, by a client."""

    def deployment(self, deployed: Deployed) -> int:
        """Makes it so."""
        with Understood(f"the deployment of {deployed.repo}#{deployed.pr} to {deployed.environment}"):
            number = once(lambda: self._found(deployed), lambda: self._deployed(deployed))
            once(lambda: self._last_said(deployed, number), lambda: self._say(deployed, number))
            return number

    def _found(self, deployed: Deployed) -> int | None:
        asked = {"sha": deployed.commit, "environment": deployed.environment, "task": _TASK}
        rows = self._client.pages(at(deployed.repo, "deployments"), **asked)
        ours = [row["id"] for row in rows if self._is_ours(row) and _payload(row) == _mark(deployed)]
        return min(ours, default=None)

    def _is_ours(self, row: Json) -> bool:
        """By the App, where we know which one we are."""
        app = row.get("performed_via_github_app") or {}
        return self._app is None or app.get("id") == self._app

    def _deployed(self, deployed: Deployed) -> int:
        asked = {
            "ref": deployed.commit,
            "task": _TASK,
            "environment": deployed.environment,
            "description": f"Pull request {deployed.pr}",
            "payload": _mark(deployed),
            "auto_merge": False,  # or GitHub would merge the default branch into what is deployed
            "required_contexts": [],  # our gates have been asked; those of a merge say nothing of its commit
        }
        return int(self._client.send("POST", at(deployed.repo, "deployments"), asked)["id"])

    def _last_said(self, deployed: Deployed, number: int) -> int | None:
        """The newest status, if it says the same."""
        rows = self._client.pages(at(deployed.repo, "deployments", number, "statuses"))
        newest = max(rows, key=lambda row: int(row["id"]), default=None)
        same = newest is not None and all(newest[name] == value for name, value in _status(deployed).items())
        return int(newest["id"]) if newest is not None and same else None

    def _say(self, deployed: Deployed, number: int) -> int:
        asked = {**_status(deployed), "auto_inactive": False}
        return int(self._client.send("POST", at(deployed.repo, "deployments", number, "statuses"), asked)["id"])


def _mark(deployed: Deployed) -> Json:
    """The payload by which it is known again."""
    return {"interlock": deployed.pr}


def _status(deployed: Deployed) -> dict[str, Any]:
    said = deployed.description
    return {
        "state": deployed.state,
        "description": said if len(said) <= _DESCRIPTION else said[: _DESCRIPTION - 1] + "…",
        "environment": deployed.environment,
        "log_url": deployed.log,
    }


def _payload(row: Json) -> Any:
    """GitHub gives it back as it was given, or as a text of it."""
    said = row["payload"]
    try:
        return json.loads(said) if isinstance(said, str) else said
    except ValueError:
        return None
