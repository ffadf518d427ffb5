"""The `opa` program: the reference semantics, for those who have it.

A worker process starts it and asks (`opa_worker`); here its answer is judged. All plans are judged by one `opa eval`,
each rule by an expression of its own, in which an undefined rule is an empty array. Built-in errors are strict, as in
the embedded engine: OPA alone would call them undefined, and a rule that breaks on a strange plan would pass it.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from engine.adapters.policy.asked import Named
from engine.adapters.policy.bundle import PolicySet
from engine.adapters.policy.conventions import Answer, Rule, findings
from engine.adapters.policy.port import Plan, Reply, Terms
from engine.adapters.policy.programs import broke, environment, last_words, run
from engine.adapters.policy.rego import ask, problem_of
from engine.errors import EngineError, Problem, failure, problem

_WORKER = "engine.adapters.policy.opa_worker"  # by its name: it imports `sh`, which nobody else needs
_REQUEST = "request.json"
_ANSWER_S = 30.0
# What OPA reads and the parser of the guards does not: part of its reason → the form for both.
_UNREAD = {
    "else cannot be used": "write the head of the rule again before each further body",
    "invalid character": "write `sprintf` instead of a text with expressions in it",
}


def judge(plans: Sequence[Plan], policies: PolicySet, terms: Terms) -> Reply:
    """What all policies say about all plans.

    Raises:
        EngineError: as `port.Engine` says.
    """
    if not policies.modules:
        raise failure("ENG500", where=policies.origin)
    guarded = ask(policies, terms, guard=True)
    unread = [problem_of(found) for found in guarded["unread"]]
    if any(found.code == "ENG525" for found in unread):
        raise EngineError(*unread)
    answer = _ask(terms, () if unread else plans, policies)
    if unread:  # not before OPA has said what it thinks of them
        raise EngineError(*map(_unguarded, unread))
    rules = [Rule(*rule) for rule in answer["rules"]]
    named = Named(rules, policies.modules)
    answers = _answers(answer["value"], [rule.path for rule in rules], len(plans))
    found = [
        (named.of(rule, finding), finding)
        for plan, said in zip(plans, answers, strict=True)
        for rule, finding in findings("opa", plan.resource, rules, said)
    ]
    return Reply(tuple(named.asked()), found, warned=[problem_of(each) for each in guarded["warned"]])


def formatted(modules: Mapping[str, str], terms: Terms) -> dict[str, tuple[int, str, str]]:
    """Path of a module → what `opa fmt` came to: its exit code, the new text, what it said last.

    Raises:
        EngineError: ENG521 there is no OPA, ENG522 it is too old; ENG511, ENG512, ENG513.
    """
    found = _ask(terms, (), None, modules)["formatted"]
    return {path: (code, text, last_words(said.encode(), terms)) for path, (code, text, said) in found.items()}


def version(program: str) -> str:
    """What a program at this path says of itself.

    Raises:
        EngineError: ENG450 to ENG455 it does not run; ENG522, it is too old, or no OPA.
    """
    from engine.adapters import process
    from engine.adapters.policy import opa_worker

    done = process.run([program, "version"], cwd=os.sep, env={}, timeout_s=_ANSWER_S)
    return ".".join(map(str, opa_worker.told(program, done.stdout)))


def _ask(
    terms: Terms, plans: Sequence[Plan], policies: PolicySet | None, to_format: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One question to a worker of its own. It gets the plans as OPA reads them, and does not look into them."""
    called = os.path.basename(terms.programs.opa)
    with tempfile.TemporaryDirectory(prefix="interlock-opa-") as folder:  # 0700: nobody else reads along
        asked = {
            "program": terms.programs.opa,
            "env": environment(terms, folder),
            "seconds": terms.timeout_s,
            "modules": policies.modules if policies else {},
            "data": policies.data if policies else {},
            "namespaces": policies.namespaces if policies else [],
            "judge": bool(plans),
            "format": to_format or {},
        }
        with open(os.path.join(folder, _REQUEST), "w", encoding="utf-8") as file:
            json.dump(asked, file)
        stdin = json.dumps([plan.plan for plan in plans]).encode()
        # Isolated: neither the working directory nor PYTHON… variables can put another module in the way.
        argv = [sys.executable, "-I", "-m", _WORKER]
        done = run(argv, terms, folder, called=called, stdin=stdin)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise failure("ENG513", engine="opa", reason=str(error)) from error
    if "problems" in answer:
        raise EngineError(*map(problem_of, answer["problems"]))
    if "broke" in answer:
        raise broke(called, problem_of(answer["broke"]), done.stderr, terms)
    if "strange" in answer:
        raise failure("ENG513", engine="opa", reason=last_words(done.stderr, terms) or answer["strange"])
    return answer


def _unguarded(unread: Problem) -> Problem:
    reason = unread.message.partition(": ")[2]
    mends = (mend for said, mend in _UNREAD.items() if said in reason)
    mend = next(mends, "write it in a form that both engines read")
    return problem("ENG528", unread.place, reason=reason, mend=mend)


def _answers(value: Any, keys: Sequence[str], plans: int) -> list[list[Answer]]:
    """One answer per plan and rule; anything else than exactly that is an error."""
    shape = isinstance(value, list) and len(value) == plans
    if not shape or any(not isinstance(row, dict) or set(row) != set(keys) for row in value):
        raise failure("ENG513", engine="opa", reason="it did not answer for each plan and each rule")
    rows = [[row[key] for key in keys] for row in value]
    if any(not isinstance(answer, list) or len(answer) > 1 for row in rows for answer in row):
        raise failure("ENG513", engine="opa", reason="a rule has more than one value")
    return [[tuple(answer) for answer in row] for row in rows]
