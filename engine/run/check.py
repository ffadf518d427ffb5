"""`engine check`: what validation would say of a working tree, as far as that can be told without an account.

Discovery, the checks of tfvars and documents, plans that begin with nothing, and the policies are those of a run; keys,
events, git and AWS are not there. What depends on them is told as unknown: nothing of it has passed.
"""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.adapters import worktree
from engine.adapters.git.whose import whose
from engine.adapters.storage.memory import Memory
from engine.core.decision.document import freeze
from engine.core.resources import services as module_services
from engine.core.resources import sources
from engine.core.resources.discover import discover
from engine.core.resources.locate import TFVARS, blobs_wanted, locate
from engine.core.resources.model import Discovery, Resource
from engine.core.resources.ordering import Around
from engine.core.resources.services import Services
from engine.core.resources.survey import Whole
from engine.core.resources.tree import Contents, Edit
from engine.errors import EngineError, failure
from engine.names import closest, listing
from engine.run import aws_actions, given, ordering
from engine.run.actions import policy
from engine.run.module import read_module
from engine.run.planning import Planning, plan_all
from engine.run.reports import of_outputs, write

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.core.report.model import Report, Result
    from engine.core.rules.model import Rules, Source
    from engine.run.context import Controller, Work

_EXISTS = (
    "what exists already: each plan begins with nothing, so all of it is created; what would be updated, replaced, "
    "moved or destroyed, and what policies say of that, shows against the state"
)
_CHANGED = (
    "what the change is: all of it is looked at as it lies here, ignored by git or not; what it deletes or moves, "
    "whether it goes to one environment only, and whether it can be merged into its base shows in the commits"
)

_UNPLANNED = "what Terraform and the policies say: the files alone were looked at (--no-plan)"


class Request(NamedTuple):
    """One `engine check`."""

    repo: str  # a directory of the working tree
    paths: tuple[str, ...]  # files or directories; none: everything
    source: str | None  # owner/name, where the working tree does not say it
    plans: bool = True  # else the files alone are looked at


def check(
    request: Request, rules: "Rules", controller: "Controller", settings: "Settings", work: "Work", now: str
) -> "Report":
    """Discover, plan and judge, or discover alone; nothing is signed, and nothing kept but prepared directories.

    Raises:
        EngineError: the working tree cannot be read, there is nothing in it that was asked for, or its source is not
            known.
    """
    from engine.core.report.model import Report

    if not os.path.isdir(request.repo):
        raise failure("ENG001", file=request.repo, reason="there is no such directory")
    mine = whose(request.repo, bare=False)
    origin = next(iter(mine.origins)) if len(mine.origins) == 1 else None
    source = sources.choose(rules, request.source, origin)
    found = discovery(mine.top, request.paths, module_services.read(read_module(controller.module)), rules, source)
    engine, others = _engines(rules)
    report = Report(
        repo=source.repo,
        pr=None,
        head_sha="",
        environment=found.environment or "",
        branch=found.branch or "",
        result="unjudged",
        applies=found.applies,
        because=_numbered(len(found.resources)),
        unknown=(
            _EXISTS,
            _CHANGED,
            *_gates(rules),
            *(f"what {other} says: only {engine} is asked" for other in others),
        ),
    )
    if not request.plans:
        result: Result = "refused" if found.refused else "unjudged"
        report = report._replace(refused=found.refused, result=result, unknown=(_UNPLANNED, *report.unknown))
        return write(report, work.out, settings.credentials)
    try:
        rows = _planned(found.resources, rules, controller, settings, work)
        limit = rules.limits.policy_timeout_s
        judging = policy.Judging(controller.policies, found.resources, settings, limit, now, work, Memory())
        judged = policy.judge_all(rows, engine, judging)
        report = _told(report, rows, judged, found)
    except EngineError as error:  # what is wrong with the files is told all the same
        report = report._replace(refused=found.refused, broken=error.problems, result="error")
    return write(report, work.out, settings.credentials)


def discovery(top: str, paths: tuple[str, ...], services: Services, rules: "Rules", source: "Source") -> Discovery:
    """The resources of a working tree, and what is refused in it.

    A pull request may touch nothing but configuration; which other files it touches is not known, so only those count
    that lie below a service, or that are tfvars, and those that were named.

    Raises:
        EngineError: ENG001, ENG363, it cannot be read; ENG443, a path leads out; ENG444, it names nothing; ENG445,
            there is no resource in it, and nothing to refuse.
    """
    asked = worktree.beneath(top, paths)
    tree = worktree.look(top, lambda path: _is_entered(path, services))
    changes = [
        Edit(path, None, tree.directories[above][name])
        for path in tree.paths.values()
        for above, _, name in [path.rpartition("/")]
        if path in asked or (_counts(path, services) and (not asked or any(_is_in(path, one) for one in asked)))
    ]
    for path, name in asked.items():
        if not any(_is_in(change.path, path) for change in changes):
            there = [one for one in tree.paths.values() if _counts(one, services)]
            near = closest(path, dict.fromkeys(part for one in there for part in (one.rpartition("/")[0], one) if part))
            raise failure("ENG444", hint=near, path=name, directory=top)
    contents = Contents(tuple(changes), tree.directories, {}, is_one_change=False)
    wanted = {name: tree.paths[name] for name in sorted(blobs_wanted(contents, services))}
    blobs, oversized = worktree.read(top, wanted)
    found = discover(
        contents._replace(blobs=blobs, oversized=oversized), services, rules, source, actions=aws_actions.known
    )
    if found.resources:
        found = _ordered(found, top, tree, services, rules)
    if not (found.resources or found.refused):
        raise failure("ENG445", directory=top)
    return found


def _ordered(found: Discovery, top: str, tree: worktree.Tree, services: Services, rules: "Rules") -> Discovery:
    """Among all resources of the working tree, whichever were asked for."""
    whole = Whole(tree.directories, services, {})
    try:
        blobs, _ = worktree.read(top, {name: tree.paths[name] for name in sorted(whole.wanted)})
    except EngineError as error:
        return ordering.unseen(found, error, services, rules)
    return Around(services, rules, whole.survey(blobs, rules)).ordered(found, has_past=False)


def _is_entered(path: str, services: Services) -> bool:
    """A directory that begins with a dot can hold no resource; below a service it would be refused."""
    return not path.rpartition("/")[2].startswith(".") or locate(f"{path}/x", services) is not None


def _counts(path: str, services: Services) -> bool:
    return path.endswith(TFVARS) or locate(path, services) is not None


def _is_in(path: str, directory: str) -> bool:
    return not directory or path == directory or path.startswith(f"{directory}/")


def _planned(
    resources: tuple[Resource, ...], rules: "Rules", controller: "Controller", settings: "Settings", work: "Work"
) -> list[dict[str, Any]]:
    """A row of each resource; nobody sees the digests, so their key is one of the moment.

    Raises:
        EngineError: nothing can be planned at all; ENG442, the module asks for an account.
    """
    from engine.adapters.terraform.workspace import prepare

    if not resources:
        return []
    workspace = prepare(given.setup(settings, controller.module, None, nowhere=True), work.cancel)
    workspace.stand_alone()
    planning = Planning(workspace, rules.limits, None, os.urandom(32), settings.credentials, work)
    jobs = [(resource, given.job(resource, rules, nowhere=True)) for resource in resources]
    return plan_all(jobs, planning)


def _told(report: "Report", rows: list[dict[str, Any]], judged: Mapping[str, Any], found: Discovery) -> "Report":
    """The report of plans and findings; what is refused is no doubt about the others."""
    plan = {"resources": [{**row, "change": "as new"} for row in rows]}
    report = of_outputs(report, plan, judged, None, found._replace(refused=()), freeze({}, {}, {}))
    result = "refused" if found.refused and report.result != "error" else report.result
    return report._replace(result=result, refused=(*found.refused, *report.refused))


def _engines(rules: "Rules") -> tuple[str, list[str]]:
    """The policy engine that the rules ask first, and the others; of one that is computed nothing is known."""
    steps = (step for pipeline in rules.pipelines.values() for step in pipeline.steps)
    asked = (step.inputs.get("engine", "rego") for step in steps if step.uses == "policy.evaluate")
    first, *others = dict.fromkeys(engine for engine in asked if isinstance(engine, str)) or ["rego"]
    return first, others


def _gates(rules: "Rules") -> Iterator[str]:
    names = {name for pipeline in rules.pipelines.values() for name in pipeline.gates}
    if names:
        yield f"gates, which read the pull request and its people: {listing(names)}"


def _numbered(number: int) -> str:
    return "1 resource as it lies here" if number == 1 else f"{number:,} resources as they lie here"
