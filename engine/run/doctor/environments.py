"""From which branches a job may use an environment of GitHub's, and so its secrets and its roles in AWS."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.doctor import Finding, fine
from engine.core.guards import both, post
from engine.errors import EngineError
from engine.names import listing

if TYPE_CHECKING:
    from engine.adapters.github.client import Client

DISPATCH = "dispatch"
WORKFLOW = ".github/workflows/dispatch-to-controller.yml"

_ATTACK = "somebody who may write pushes a branch whose workflow prints the secrets of this environment"
_CUSTOM = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
# `environment: interlock-plan-${{ needs.route.outputs.environment || 'otherwise' }}`
_ANY = re.compile(r"\$\{\{ *[\w.-]+\.outputs\.environment *(?:\|\| *'([\w-]+)')? *\}\}")


def wanted(controller: str, names: Iterable[str]) -> dict[str, str]:
    """Environment → the workflow that names it, of the workflows in a checkout; `names` are those of the rules.

    Raises:
        EngineError: a workflow cannot be read.
    """
    from engine.adapters import files
    from engine.core.source import load_yaml

    folder, found = os.path.join(controller, ".github", "workflows"), dict[str, str]()
    there = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in (name for name in there if name.endswith((".yml", ".yaml"))):
        data = load_yaml(files.read(os.path.join(folder, name)), f".github/workflows/{name}").data
        jobs = data.get("jobs") if isinstance(data, dict) else None
        for job in jobs.values() if isinstance(jobs, dict) else ():
            said = job.get("environment") if isinstance(job, dict) else None
            said = said.get("name") if isinstance(said, dict) else said
            for one in _each(said, names) if isinstance(said, str) else ():
                found.setdefault(one, name)
    return found


def _each(said: str, names: Iterable[str]) -> Iterator[str]:
    match = _ANY.search(said)
    if match is None:
        yield said
        return
    for name in [*names, *filter(None, match.groups())]:
        yield said.replace(match[0], name)


def of_repository(
    client: "Client", repo: str, default: str, wanted: Mapping[str, str], only: str | None = None
) -> list[Finding]:
    """Those that are there, and those that a workflow wants and are not; `only` one of them.

    Raises:
        EngineError: as `Client.get`.
    """
    from engine.adapters.github.client import at
    from engine.adapters.github.whole import Understood

    with Understood(f"the environments of {repo}"):
        rows = [
            row
            for row in client.pages(at(repo, "environments"), "environments")
            if only is None or row["name"].casefold() == only
        ]
        found = [_judged(client, repo, row, default) for row in rows]
        there = {row["name"].casefold() for row in rows}
    return found + [
        Finding(
            f"{repo}, environment {name}",
            False,
            f"is not there, and {wanted[name]} has a job in it: GitHub makes it then, open to every branch",
            _ATTACK,
            _limit(repo, name, default),
        )
        for name in wanted
        if name.casefold() not in there
    ]


def _judged(client: "Client", repo: str, row: Mapping[str, Any], default: str) -> Finding:
    from engine.adapters.github.client import at

    name, policy = row["name"], row["deployment_branch_policy"]
    subject, mend = f"{repo}, environment {name}", _limit(repo, name, default)
    if policy is None:
        return Finding(subject, False, "is open to every branch", _ATTACK, mend)
    if policy["protected_branches"]:
        what = "is open to each branch that has a rule, not to the default branch alone"
        return Finding(subject, False, what, _ATTACK, mend)
    place = at(repo, "environments", name, "deployment-branch-policies")
    open_to = client.pages(place, "branch_policies")
    others = [one for one in open_to if (one["name"], one.get("type", "branch")) != (default, "branch")]
    if others:
        what = "is open to " + listing(f"{one.get('type', 'branch')} {one['name']}" for one in others)
        drop = both(*(f"gh api --method DELETE {place[1:]}/{one['id']}" for one in others))
        return Finding(subject, False, f"{what}, too", _ATTACK, drop)
    if not open_to:
        why = "every job in it fails, so nothing is planned or applied"
        return Finding(subject, False, "is open to no branch at all", why, mend, "warning")
    return fine(subject, f"is open to {default} alone")


def _limit(repo: str, name: str, default: str) -> str:
    from engine.adapters.github.client import at

    place = at(repo, "environments", name)[1:]
    return both(
        post(place, _CUSTOM, "PUT"), post(f"{place}/deployment-branch-policies", {"name": default, "type": "branch"})
    )


def dispatches(client: "Client", repo: str) -> bool:
    """Does a source tell its controller by a workflow?

    Raises:
        EngineError: as `Client.find`.
    """
    from engine.adapters.github.client import at

    return client.find(f"{at(repo, 'contents')}/{WORKFLOW}") is not None


def unreadable(error: EngineError) -> Finding:
    """A workflow of the checkout that cannot be read: nobody knows which environments it has jobs in."""
    why = error.problems[0]
    where = f"{why.place}: " if why.place else ""
    return Finding("workflows", False, f"{where}{why.message}", _ATTACK, why.hint, "warning")
