"""The embedded Rego engine: the default. One worker process judges all plans of a change."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine.adapters.policy.asked import Named
from engine.adapters.policy.bundle import PolicySet
from engine.adapters.policy.conventions import Rule, findings
from engine.adapters.policy.port import Plan, Reply, Terms
from engine.adapters.policy.programs import MEMORY, run
from engine.errors import EngineError, Place, Problem, failure

_WORKER = "engine.adapters.policy.worker"


def judge(plans: Sequence[Plan], policies: PolicySet, terms: Terms) -> Reply:
    """What all policies say about all plans.

    Raises:
        EngineError: as `port.Engine` says.
    """
    if not policies.modules:
        raise failure("ENG500", where=policies.origin)
    answer = ask(policies, terms, plans)
    rules = [Rule(*rule) for rule in answer["rules"]]
    named = Named(rules, policies.modules)
    found = [
        (named.of(rule, finding), finding)
        for plan, answers in zip(plans, answer["answers"], strict=True)
        for rule, finding in findings("rego", plan.resource, rules, [tuple(a) for a in answers])
    ]
    return Reply(tuple(named.asked()), found, warned=[problem_of(each) for each in answer["warned"]])


def ask(
    policies: PolicySet,
    terms: Terms,
    plans: Sequence[Plan] = (),
    tests: Mapping[str, str] | None = None,
    *,
    guard: bool = False,
) -> dict[str, Any]:
    """One question to a worker of its own: the answers of all rules about all plans, or the results of `tests`.

    With `guard`, only whether these policies may be judged; `unread` has the problems of what it cannot read.

    Raises:
        EngineError: the worker's own problems, or that it broke down.
    """
    asked = request(policies, tests or {}, plans, guard=guard)
    lines = [json.dumps(asked), *(json.dumps(plan.plan) for plan in plans)]
    # Isolated: neither the working directory nor PYTHON… variables can put another module in the way.
    argv = [sys.executable, "-I", "-m", _WORKER]
    done = run(argv, terms, "/", stdin="\n".join(lines).encode())
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise failure("ENG513", engine="rego", reason=str(error)) from error
    if "problems" in answer:
        raise EngineError(*(problem_of(found) for found in answer["problems"]))
    assert isinstance(answer, dict)
    return answer


def request(
    policies: PolicySet, tests: Mapping[str, str], plans: Sequence[Plan] = (), *, guard: bool = False
) -> dict[str, Any]:
    """What a worker reads first."""
    return {
        "modules": policies.modules,
        "tests": tests,
        "data": policies.data,
        "namespaces": policies.namespaces,
        "resources": [plan.resource for plan in plans],
        "memory": MEMORY,
        "guard": guard,
    }


def problem_of(found: Sequence[Any]) -> Problem:
    """A problem that came from the worker as JSON."""
    code, message, hint, place = found
    return Problem(code, message, hint, Place(*place) if place else None)
