"""The mutation tester's own process, confined and killable as `policy.worker` is: one start, many questions.

The first line of standard input is the request of `policy.worker`; the answer is a line, `{}` or its problems. Then
each line is a question and each answer a line: `null` asks for a survey (which tests there are, what they reach and how
long they take; which changes there are, and what comments say of them), a list for the judgement of one change.
"""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import regorus

from engine.adapters.policy import syntax
from engine.adapters.policy.conventions import Rule
from engine.adapters.policy.hoist import hoisted
from engine.adapters.policy.mutation import STILLBORN, SURVIVED
from engine.adapters.policy.mutation.excuses import Comment, comments
from engine.adapters.policy.mutation.operators import Mutant, mutants
from engine.adapters.policy.worker import Loaded, Request, empty_engine, load, read, tests_of
from engine.errors import EngineError


def main() -> None:
    """Answer until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    request: Request = json.loads(sys.stdin.readline())
    try:
        loaded = load(request, coverage=True)
    except EngineError as error:
        _say({"problems": error.problems})
        return
    judge = _Judge(request, loaded)
    _say({})
    for line in sys.stdin:
        question = json.loads(line)
        _say(judge.judge(*question) if question else _survey(request, loaded.engine, loaded.bundle))


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _survey(request: Request, engine: regorus.Engine, bundle: syntax.Bundle) -> dict[str, Any]:
    changes: list[Mutant] = []
    said: list[Comment] = []
    for module in bundle.modules:
        if module.file in request["modules"]:
            changes += mutants(module)
            said += comments(module)
    tests = [_reached(rule, engine, request["modules"]) for rule in tests_of(bundle, request["tests"])]
    return {"changes": changes, "comments": said, "tests": tests}


def _reached(rule: Rule, engine: regorus.Engine, modules: Mapping[str, str]) -> tuple[str, float, dict[str, Any]]:
    """A test's path, its seconds, and per policy the lines that it reaches and those that can be reached."""
    engine.clear_coverage_data()
    began = perf_counter()
    engine.eval_query_as_json(rule.path)
    seconds = perf_counter() - began
    engine.take_prints()
    files = json.loads(engine.get_coverage_report_as_json())["files"]
    lines = {f["path"]: [f["covered"], f["not_covered"]] for f in files if f["path"] in modules}
    return rule.path, seconds, lines


class _Judge:
    """Engines that lack one policy, copied and completed for every change: that takes milliseconds.

    Each change is compiled with all policies, and with those tests alone that come to the changed one: of the shipped
    tests that is a quarter, and a third of the time.
    """

    def __init__(self, request: Request, loaded: Loaded) -> None:
        self._judged, self._names = loaded.judged, loaded.bundle.prefixes
        self._texts = {**request["modules"], **request["tests"]}
        self._tests = _with_their_helpers(request["tests"], loaded.bundle.modules)
        self._file_of = {rule.path: rule.file for rule in tests_of(loaded.bundle, request["tests"])}
        self._data = json.dumps(request["data"])
        self._without: dict[str, tuple[frozenset[str], regorus.Engine]] = {}
        self._killers: dict[tuple[str, str], list[str]] = {}

    def judge(self, file: str, start: int, end: int, text: str, rule: str, tests: Sequence[str]) -> str:
        """The first test that fails. What has killed another change of the same rule is asked first."""
        source = self._texts[file].encode()
        engine = self._engine(file, tests).clone()
        try:
            engine.add_policy(file, self._hoisted(file, (source[:start] + text.encode() + source[end:]).decode()))
            engine.eval_query_as_json("true")  # compiles it
        except RuntimeError:
            return STILLBORN
        killers = self._killers.setdefault((file, rule), [])
        reaching = set(tests)
        for test in dict.fromkeys([*(k for k in killers if k in reaching), *tests]):
            if not _passes(engine, test):
                if test in killers:
                    killers.remove(test)
                killers.insert(0, test)
                return test
        return SURVIVED

    def _hoisted(self, file: str, text: str) -> str:
        engine = empty_engine(coverage=False)
        engine.add_policy(file, text)
        (module,) = read(engine, {file: text})
        return hoisted(module, self._names).text

    def _engine(self, file: str, tests: Sequence[str]) -> regorus.Engine:
        wanted = frozenset().union(*(self._tests[self._file_of[test]] for test in tests))
        there, engine = self._without.get(file, (None, None))
        if there is None or engine is None or not wanted <= there:
            wanted |= there or frozenset()
            engine = empty_engine(coverage=False)
            for path, module in self._judged.items():
                if path != file and (path not in self._tests or path in wanted):
                    engine.add_policy(path, module.text)
            engine.add_data_json(self._data)
            self._without[file] = wanted, engine
        return engine


def _with_their_helpers(tests: Mapping[str, str], modules: Sequence[syntax.Module]) -> dict[str, frozenset[str]]:
    """Each file of tests, and those whose package it names, or one of these does: rather too many than too few."""
    names = {module.file: module.package[-1] for module in modules if module.file in tests}
    found = {file: {file} | {other for other in names if names[other] in tests[file]} for file in names}
    grown = True
    while grown:
        wider = {file: set[str]().union(*(found[other] for other in others)) for file, others in found.items()}
        grown, found = wider != found, wider
    return {file: frozenset(others) for file, others in found.items()}


def _passes(engine: regorus.Engine, test: str) -> bool:
    try:
        result = json.loads(engine.eval_query_as_json(test)).get("result")
    except RuntimeError:
        return False
    return bool(result) and result[0]["expressions"][0]["value"] is True


if __name__ == "__main__":
    main()
