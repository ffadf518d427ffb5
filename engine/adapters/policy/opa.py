"""The `opa` program: the reference semantics, for those who have it.

All plans are judged by one `opa eval`, each rule by an expression of its own, in which an undefined rule is an empty
array. Built-in errors are strict, as in the embedded engine: OPA alone would call them undefined, and a rule that
breaks on a strange plan would pass it.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.adapters.policy.asked import Named
from engine.adapters.policy.bundle import Json, PolicySet
from engine.adapters.policy.conventions import Answer, Rule, findings, is_asked, to_ask
from engine.adapters.policy.guard import FORBIDDEN
from engine.adapters.policy.port import Plan, Reply, Terms
from engine.adapters.policy.programs import last_words, run
from engine.adapters.policy.rego import ask, problem_of
from engine.errors import EngineError, Errors, Place, Problem, failure, problem

OLDEST = (0, 59)  # the first that knows `import rego.v1`
_VERSION = re.compile(r"^Version: (\d+)\.(\d+)", re.MULTILINE)
_IMPORT_V1 = re.compile(r"^[ \t]*import[ \t]+rego\.v1\b", re.MULTILINE)
# Rules of all modules, parsed by OPA itself. No keyword, so that 0.59 reads it as 1.x does.
_PARSE = "[m | t = input[p]; m = {p: rego.parse_module(p, t)}]"
# What OPA reads and the parser of the guards does not: part of its reason → the form for both.
_UNREAD = {
    "else cannot be used": "write the head of the rule again before each further body",
    "invalid character": "write `sprintf` instead of a text with expressions in it",
}
_PARSE_ERROR = ": rego_parse_error: "  # behind `file:line`
_EVALUATION_ERRORS = frozenset(
    {"eval_conflict_error", "eval_builtin_error", "eval_type_error", "eval_internal_error", "eval_error"}
)


class _Job(NamedTuple):
    """What every call of the program needs."""

    folder: str
    policies: PolicySet
    terms: Terms

    @property
    def names(self) -> dict[str, str]:
        """File below `folder` → path of the module. Numbers, since a path may lead out of the folder."""
        return {f"modules/{number}.rego": path for number, path in enumerate(self.policies.modules)}


def judge(plans: Sequence[Plan], policies: PolicySet, terms: Terms) -> Reply:
    """What all policies say about all plans.

    Raises:
        EngineError: as `port.Engine` says.
    """
    if not policies.modules:
        raise failure("ENG500", where=policies.origin)
    _check_version(policies, terms)
    guarded = ask(policies, terms, guard=True)
    unread = [problem_of(found) for found in guarded["unread"]]
    if any(found.code == "ENG525" for found in unread):
        raise EngineError(*unread)
    with tempfile.TemporaryDirectory(prefix="interlock-opa-") as folder:  # 0700: nobody else reads along
        job = _Job(folder, policies, terms)
        files = _write(job)
        rules = _rules(job)
        if unread:  # not before OPA has said what it thinks of them
            raise EngineError(*map(_unguarded, unread))
        keys = [rule.path for rule in rules]
        parts = ", ".join(f"{json.dumps(key)}: [x | x = {key} with input as plan]" for key in keys)
        query = f"[{{{parts}}} | plan = input[_]]"
        value = _eval(query, [plan.plan for plan in plans], [*files, "--strict-builtin-errors"], job)
    named = Named(rules, policies.modules)
    found = [
        (named.of(rule, finding), finding)
        for plan, answers in zip(plans, _answers(value, keys, len(plans)), strict=True)
        for rule, finding in findings("opa", plan.resource, rules, answers)
    ]
    return Reply(tuple(named.asked()), found, warned=[problem_of(each) for each in guarded["warned"]])


def _unguarded(unread: Problem) -> Problem:
    reason = unread.message.partition(": ")[2]
    mends = (mend for said, mend in _UNREAD.items() if said in reason)
    mend = next(mends, "write it in a form that both engines read")
    return problem("ENG528", unread.place, reason=reason, mend=mend)


def version(terms: Terms) -> tuple[int, int]:
    """The release of the program.

    Raises:
        EngineError: ENG521 (there is none), ENG522 (too old, or it does not say).
    """
    said = run([terms.programs.opa, "version"], terms, "/", setting="ENGINE_OPA").stdout.decode(errors="replace")
    match = _VERSION.search(said)
    found = (int(match[1]), int(match[2])) if match else (0, 0)
    if found < OLDEST:
        shown = f"{found[0]}.{found[1]}" if match else ""
        raise failure("ENG522", program=terms.programs.opa, version=shown, mend="install OPA 0.59 or later")
    return found


def _check_version(policies: PolicySet, terms: Terms) -> None:
    found = version(terms)
    if found < (1, 0):  # without the import it would read the old language and mean something else
        errors = Errors()
        for path, text in policies.modules.items():
            if not _IMPORT_V1.search(text):
                mend = "add `import rego.v1`, which OPA before 1.0 needs"
                shown = f"{found[0]}.{found[1]}"
                errors.add("ENG522", Place(path, 1, 1), program=f"{path} is Rego v1 and OPA", version=shown, mend=mend)
        errors.check()


def _write(job: _Job) -> list[str]:
    """Exactly the policy set, below `folder`, and capabilities without a way out; the options that load them."""
    said = run([job.terms.programs.opa, "capabilities", "--current"], job.terms, "/", setting="ENGINE_OPA").stdout
    try:
        capabilities = json.loads(said)
        capabilities["builtins"] = [b for b in capabilities["builtins"] if b["name"] not in FORBIDDEN]
    except (ValueError, KeyError, TypeError) as error:
        raise failure("ENG513", engine="opa", reason="its capabilities are not JSON as expected") from error
    capabilities["allow_net"] = []
    texts = {file: job.policies.modules[path] for file, path in job.names.items()}
    texts |= {"data.json": json.dumps(job.policies.data), "capabilities.json": json.dumps(capabilities)}
    for path, text in texts.items():
        full = os.path.join(job.folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as handle:
            handle.write(text)
    return ["--data", "modules", "--data", "data.json", "--capabilities", "capabilities.json"]


def _rules(job: _Job) -> tuple[Rule, ...]:
    value = _eval(_PARSE, dict(job.policies.modules), ["--strict-builtin-errors"], job, parsing=True)
    errors = Errors()
    defined: list[Rule] = []
    try:
        trees = {path: tree for item in value for path, tree in item.items()}
        for path in job.policies.modules:
            package = ".".join(part["value"] for part in trees[path]["package"]["path"][1:])
            for rule in trees[path].get("rules", []):
                name = rule["head"]["ref"][0]["value"]
                if rule["head"].get("args"):
                    if is_asked(name):
                        errors.add("ENG509", Place(path), name=name, prefix=f"`{name.partition('_')[0]}`")
                    continue
                defined.append(Rule(package, name, path))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise failure("ENG513", engine="opa", reason="its syntax tree is not as expected") from error
    errors.check()
    return to_ask(defined, job.policies.namespaces)


def _eval(
    query: str,
    value: Mapping[str, str] | Sequence[Mapping[str, Json]],
    options: Sequence[str],
    job: _Job,
    *,
    parsing: bool = False,
) -> Any:  # JSON whose shape the callers check
    argv = [job.terms.programs.opa, "eval", "--format", "json", "--stdin-input", *options]
    argv += ["--timeout", f"{max(job.terms.timeout_s, 1):.0f}s", query]
    done = run(argv, job.terms, job.folder, setting="ENGINE_OPA", answers=(0, 2), stdin=json.dumps(value).encode())
    try:
        answer = json.loads(done.stdout)
        found = answer.get("errors")
        if found:
            raise EngineError(*(_problem(item, job, parsing=parsing) for item in found))
        if done.code != 0:
            raise ValueError(f"exit code {done.code}")
        return answer["result"][0]["expressions"][0]["value"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = last_words(done, job.terms) or "it is not JSON as expected"
        raise failure("ENG513", engine="opa", reason=reason) from error


def _problem(item: Mapping[str, Any], job: _Job, *, parsing: bool) -> Problem:
    code, message = str(item.get("code", "")), str(item.get("message", item))
    location = item.get("location") or {}
    named = str(location.get("file", "")).replace(job.folder + "/", "")
    file, line, column = job.names.get(named, ""), int(location.get("row") or 0), int(location.get("col") or 0)
    before, inside, said = message.partition(_PARSE_ERROR) if parsing else ("", "", "")
    named, _, number = before.rpartition(":")
    if inside and number.isdecimal():
        file, line, column = re.split(r": |\n", named)[-1], int(number), 1
        message = said.partition("\n")[0]
    lines = job.policies.modules.get(file, "").split("\n")
    place = Place(file, line, column, 1, lines[line - 1] if 0 < line <= len(lines) else "") if file else None
    if code == "eval_cancel_error":
        return problem("ENG511", place, seconds=f"{job.terms.timeout_s:g}")
    if code in _EVALUATION_ERRORS and not parsing:
        return problem("ENG510", place, resource="one of the plans", reason=message)
    return problem("ENG502", place, reason=message)


def _answers(value: Any, keys: Sequence[str], plans: int) -> list[list[Answer]]:
    """One answer per plan and rule; anything else than exactly that is an error."""
    shape = isinstance(value, list) and len(value) == plans
    if not shape or any(not isinstance(row, dict) or set(row) != set(keys) for row in value):
        raise failure("ENG513", engine="opa", reason="it did not answer for each plan and each rule")
    rows = [[row[key] for key in keys] for row in value]
    if any(not isinstance(answer, list) or len(answer) > 1 for row in rows for answer in row):
        raise failure("ENG513", engine="opa", reason="a rule has more than one value")
    return [[tuple(answer) for answer in row] for row in rows]
