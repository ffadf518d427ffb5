"""The embedded engine's own process: it can be killed when it hangs, and nothing else is lost when it crashes.

The engine holds Python's lock while it evaluates, so a thread could not stop it; endless recursion ends it with a
stack overflow. Standard input is one JSON line (the request), then one line per plan; standard output is one JSON
value. Before the first policy is asked the process gives up opening anything: no file, no socket.
"""

import gc
import json
import re
import resource
import signal
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any, NamedTuple, TypedDict

import regorus

from engine.adapters.policy import guard, syntax
from engine.adapters.policy.bundle import Json
from engine.adapters.policy.conventions import Answer, Rule, to_ask
from engine.adapters.policy.hoist import Hoisted, hoisted
from engine.adapters.policy.old import old_head
from engine.errors import EngineError, Errors, Place, Problem, failure, problem

# The defaults refuse long lines; beyond column 65,535 the engine panics instead of reporting an error.
_LENGTHS = {"max_col": 65_000, "max_file_bytes": 50_000_000, "max_lines": 1_000_000}
_WHERE = re.compile(r"^ *--> (?P<file>.+?):(?P<line>\d+):(?P<column>\d+)$", re.MULTILINE)
_WHAT = re.compile(r"^error: (?P<text>.*?)(?:\n\n|\n-->|\Z)", re.DOTALL | re.MULTILINE)


class Request(TypedDict):
    """The first line."""

    modules: Mapping[str, str]
    tests: Mapping[str, str]  # with these, their `test_…` rules are run, and no plan is read
    data: Mapping[str, Json]
    namespaces: Sequence[str]
    resources: Sequence[str]  # one per plan
    guard: bool  # only look whether the policies may be judged, by another engine
    memory: int


class Loaded(NamedTuple):
    """Policies that may be judged."""

    engine: regorus.Engine
    bundle: syntax.Bundle
    warned: tuple[Problem, ...]
    judged: Mapping[str, Hoisted]  # by file


def main() -> None:
    """Answer one request."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at the deadline, end at once
    gc.disable()  # trees of millions of nodes, none of which is garbage before the end
    request: Request = json.loads(sys.stdin.readline())
    try:
        if request["guard"]:
            answer = _guard(request)
        else:
            answer = _test(request) if request["tests"] else _judge(request, sys.stdin)
    except EngineError as error:
        answer = {"problems": error.problems}
    json.dump(answer, sys.stdout)


def _confine(memory: int) -> None:
    """No new file descriptor, which means no file and no socket on any POSIX system; and bounded memory."""
    for limit, wanted in ((resource.RLIMIT_NOFILE, 3), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory)):
        hard = resource.getrlimit(limit)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(limit, (value, value))
        except (OSError, ValueError):
            if limit != resource.RLIMIT_AS:  # macOS does not have this one
                raise


def _judge(request: Request, lines: Iterable[str]) -> dict[str, Any]:
    loaded = load(request, coverage=False)
    rules = to_ask(loaded.bundle.rules(), request["namespaces"])
    answers: list[list[Answer]] = []
    for name, plan in zip(request["resources"], lines, strict=True):
        try:
            loaded.engine.set_input_json(plan)
        except RuntimeError as error:
            raise failure("ENG515", resource=name, reason=_text(error)) from error
        answers.append(_ask_all(loaded, rules, name))
    return {"rules": rules, "answers": answers, "warned": loaded.warned}


def _test(request: Request) -> dict[str, Any]:
    loaded = load(request, coverage=True)
    engine, bundle = loaded.engine, loaded.bundle
    tests = []
    for rule in tests_of(bundle, request["tests"]):
        began = perf_counter()
        try:
            answer = _ask(loaded, rule, f"{rule.package}.{rule.name}")
            said = "" if answer == (True,) else "undefined" if not answer else json.dumps(answer[0])
            broke: Problem | None = None
        except EngineError as error:
            said, broke = "", error.problems[0]
        tests.append([rule, perf_counter() - began, said, broke, engine.take_prints()])
    files = json.loads(engine.get_coverage_report_as_json())["files"]
    rows = {m.file: [[], _lines(m)] for m in bundle.modules if m.file in request["modules"]}
    rows |= {f["path"]: [f["covered"], f["not_covered"]] for f in files if f["path"] in rows}
    return {"tests": tests, "coverage": rows}


def _lines(module: syntax.Module) -> list[int]:
    """Lines with expressions; for a policy that no test comes to, as the engine's report leaves it out."""
    parts = [[rule.get("bodies"), head.get("key"), head.get("assign")] for rule, head in module.heads()]
    return sorted({node["span"]["line"] for _, node in syntax.walk(parts) if isinstance(node, dict) and "span" in node})


def tests_of(bundle: syntax.Bundle, files: Container[str]) -> list[Rule]:
    """The `test_…` rules of these files, each once."""
    return list(dict.fromkeys(r for r in bundle.rules() if r.name.startswith("test_") and r.file in files))


def _guard(request: Request) -> dict[str, Any]:
    """What the guards say that hold for all engines; `unread` has what this parser cannot read, and OPA may."""
    errors = Errors()
    try:
        _, bundle = _parse(request, coverage=False)
    except EngineError as error:
        return {"unread": error.problems, "warned": []}
    warned = guard.check(bundle, errors, embedded=False)
    errors.check()
    return {"unread": [], "warned": warned}


def load(request: Request, *, coverage: bool) -> Loaded:
    """Parse, guard and compile."""
    engine, bundle = _parse(request, coverage=coverage)
    errors = Errors()
    warned = guard.check(bundle, errors, embedded=True)
    errors.check()
    judged = {module.file: hoisted(module, bundle.prefixes) for module in bundle.modules}
    try:
        if any(module.added for module in judged.values()):
            engine = empty_engine(coverage=coverage)
            for path, module in judged.items():
                engine.add_policy(path, module.text)
        engine.add_data_json(json.dumps(request["data"]))
        engine.eval_query_as_json("true")  # compiles every module: unsafe variables, shadowed names
    except RuntimeError as error:
        raise EngineError(_problem("ENG502", error, _texts(request), judged)) from error
    _confine(request["memory"])  # before the first policy is asked
    return Loaded(engine, bundle, warned, judged)


def _parse(request: Request, *, coverage: bool) -> tuple[regorus.Engine, syntax.Bundle]:
    texts = _texts(request)
    engine = empty_engine(coverage=coverage)
    (names,) = _value(engine.eval_query_as_json("opa.runtime().builtins"))
    assert isinstance(names, list)
    errors = Errors()
    for path, text in texts.items():
        try:
            engine.add_policy(path, text)
        except RuntimeError as error:
            errors.extend([_unread(error, texts)])
    errors.check()
    modules = read(engine, texts)
    builtins = frozenset(str(name) for name in names)
    return engine, syntax.Bundle(modules, builtins, request["data"], request["tests"], request["namespaces"])


def read(engine: regorus.Engine, texts: Mapping[str, str]) -> list[syntax.Module]:
    """The trees of what an engine has parsed."""
    trees = {tree["source"]["file"]: tree["ast"] for tree in json.loads(engine.get_ast_as_json())}
    return [syntax.Module(path, text.encode(), trees[path]) for path, text in texts.items()]


def _texts(request: Request) -> dict[str, str]:
    return {**request["modules"], **request["tests"]}


def _unread(error: RuntimeError, texts: Mapping[str, str]) -> Problem:
    """Text that is no Rego, or the Rego of before 1.0."""
    found = _problem("ENG502", error, texts)
    if not (found.place and found.place.excerpt and "`if` keyword" in found.message):
        return found
    old, mend = old_head(found.place.excerpt, found.place.column)
    return problem("ENG525", found.place, construct=old, mend=mend)


def empty_engine(*, coverage: bool) -> regorus.Engine:
    """An engine that reads policies as all of ours are read."""
    engine = regorus.Engine()
    engine.set_policy_length_config(**_LENGTHS)
    engine.set_rego_v0(False)
    engine.set_gather_prints(True)
    engine.set_enable_coverage(coverage)
    return engine


def _ask_all(loaded: Loaded, rules: Sequence[Rule], resource_name: str) -> list[Answer]:
    """All rules in one query: what they share (statements, say) is evaluated once, not once per rule.

    An undefined rule is an empty array. Which rule broke, and where, only single queries can say.
    """
    try:
        query = f"[{', '.join(f'[x | x = {rule.path}]' for rule in rules)}]"
        (found,) = _value(loaded.engine.eval_query_as_json(query))
        assert isinstance(found, list)
        return [tuple(answer) for answer in found if isinstance(answer, list)]
    except RuntimeError:
        return [_ask(loaded, rule, resource_name) for rule in rules]


def _ask(loaded: Loaded, rule: Rule, resource_name: str) -> Answer:
    try:
        return _value(loaded.engine.eval_query_as_json(rule.path))
    except RuntimeError as error:
        texts = {module.file: module.source.decode() for module in loaded.bundle.modules}
        if "recursion detected" in str(error):
            raise failure(
                "ENG508", Place(rule.file, rule.line), name=rule.path, chain="its rules form a circle"
            ) from error
        found = _problem("ENG510", error, texts, loaded.judged, resource=resource_name)
        raise EngineError(found._replace(place=found.place or Place(rule.file, rule.line))) from error


def _value(answer: str) -> Answer:
    result = json.loads(answer).get("result")
    return (result[0]["expressions"][0]["value"],) if result else ()


def _text(error: RuntimeError) -> str:
    """What the engine says, without the trace of its own code."""
    return str(error).partition("Stack backtrace:")[0].strip()


def _problem(
    code: str, error: RuntimeError, texts: Mapping[str, str], judged: Mapping[str, Hoisted] | None = None, **fields: str
) -> Problem:
    said = _text(error)
    where, what = _WHERE.search(said), _WHAT.search(said)
    place = None
    if where and where["file"] in texts:
        line, column = int(where["line"]), int(where["column"])
        column = judged[where["file"]].column(line, column) if judged else column
        lines = texts[where["file"]].split("\n")
        place = Place(where["file"], line, column, 1, lines[line - 1] if line <= len(lines) else "")
    reason = " ".join((what["text"] if what else said).split())
    return problem(code, place, hint="", reason=reason, **fields)


if __name__ == "__main__":
    main()
