"""Payloads as GitHub sends them, down to what our events need."""

from typing import Any

HEAD, OTHER, GONE = "a" * 40, "b" * 40, "0" * 40
REPOSITORY = {"id": 5, "full_name": "acme/dev-deployment"}


def pull_request(action: str = "opened", **more: Any) -> dict[str, Any]:
    """A `pull_request` event of pull request 7."""
    pull = {"number": 7, "merged": False, "head": {"sha": HEAD, "ref": "feature"}, "base": {"ref": "main"}}
    return {"action": action, "number": 7, "pull_request": pull, "repository": REPOSITORY, **more}


def review(**more: Any) -> dict[str, Any]:
    """A `pull_request_review` event."""
    return {k: v for k, v in pull_request("submitted", review={"state": "approved"}, **more).items() if k != "number"}


def comment(on_pull: bool = True) -> dict[str, Any]:
    """An `issue_comment` event, on a pull request or on an issue."""
    issue = {"number": 7, **({"pull_request": {"url": "…"}} if on_pull else {})}
    return {"action": "created", "issue": issue, "comment": {"body": "hi"}, "repository": REPOSITORY}


def push(ref: str = "refs/heads/feature", after: str = HEAD) -> dict[str, Any]:
    """A `push` event."""
    return {"ref": ref, "before": OTHER, "after": after, "deleted": after == GONE, "repository": REPOSITORY}


def check_run(*pulls: dict[str, Any], branch: str | None = "feature") -> dict[str, Any]:
    """A `check_run` event of a check that belongs to `pulls`."""
    run = {"head_sha": HEAD, "pull_requests": list(pulls), "check_suite": {"head_branch": branch}}
    return {"action": "completed", "check_run": run, "repository": REPOSITORY}


def sent(**more: Any) -> dict[str, Any]:
    """The `client_payload` of a dispatch that stands for an opened pull request; None takes a key away."""
    payload: dict[str, Any] = {
        "version": 1,
        "source_repo": "acme/dev-deployment",
        "action": "opened",
        "pr_number": 7,
        "head_sha": HEAD,
        "head_ref": "feature",
        "base_ref": "main",
    }
    return {key: value for key, value in {**payload, **more}.items() if value is not None}


def dispatch(payload: object) -> dict[str, Any]:
    """A `repository_dispatch` event as the controller's workflow gets it."""
    controller = {"id": 1, "full_name": "acme/controller"}
    return {"action": "interlock", "branch": "main", "client_payload": payload, "repository": controller}


def by_hand(inputs: object) -> dict[str, Any]:
    """A `workflow_dispatch` event."""
    return {"inputs": inputs, "ref": "refs/heads/main", "workflow": "w.yml", "repository": REPOSITORY}
