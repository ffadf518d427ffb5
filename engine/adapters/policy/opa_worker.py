"""The `opa` program, asked by a process of its own: one conversation, then it ends.

It is not confined as `worker` is, for whoever may start nothing cannot start OPA. `sh` starts programs by `os.fork` and
waits for them with threads: beside other threads or much memory a fork is a danger, here it is none. Nobody else runs
in this process, and it holds no plan: standard input *is* the plans, and OPA reads them from there itself. Whatever
`adapters/process` does to this process it does to its group, which OPA and its children belong to.

`request.json` in the working directory says what is asked; standard output is one JSON value, standard error is OPA's.
"""

import json
import os
import re
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any, TypedDict

import sh

from engine.adapters.policy.bundle import Json
from engine.adapters.policy.conventions import Rule, is_asked, to_ask
from engine.adapters.policy.guard import FORBIDDEN
from engine.adapters.process import signal_name
from engine.errors import EngineError, Errors, Place, Problem, failure, problem

REQUEST = "request.json"
OUTPUT = 256 * 1024 * 1024  # bytes that OPA may write into one file, or print in answer to one question
OLDEST = (0, 59)  # the first that knows `import rego.v1`
_VERSION = re.compile(r"^Version: (\d+)\.(\d+)", re.MULTILINE)
_IMPORT_V1 = re.compile(r"^[ \t]*import[ \t]+rego\.v1\b", re.MULTILINE)
_NAME = "module.rego"  # of each module while it is formatted
_PARSE_ERROR = ": rego_parse_error: "  # behind `file:line`
_EVALUATION_ERRORS = frozenset(
    {"eval_conflict_error", "eval_builtin_error", "eval_type_error", "eval_internal_error", "eval_error"}
)
# Rules of all modules, parsed by OPA itself. No keyword, so that 0.59 reads it as 1.x does.
_PARSE = "[m | t = input[p]; m = {p: rego.parse_module(p, t)}]"


class Request(TypedDict):
    """What is asked."""

    program: str
    env: Mapping[str, str]
    seconds: float
    modules: Mapping[str, str]  # path → text
    data: Mapping[str, Json]
    namespaces: Sequence[str]
    judge: bool  # the plans on standard input, one JSON list; else OPA only says which rules there are
    format: Mapping[str, str]  # with these modules, they are written as Rego is today, and that is all


class DoubtError(Exception):
    """There is no answer to believe: OPA `broke` down, as a problem says, or its answer is `strange`, and why."""


def main() -> None:
    """Answer one request."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at the deadline, end at once
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python would let whoever it starts write on in vain
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    most = OUTPUT if allowed == resource.RLIM_INFINITY else min(OUTPUT, allowed)
    with open(REQUEST, encoding="utf-8") as file:
        request: Request = json.load(file)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    answer: dict[str, Any]
    try:
        opa = _Program(request, most)
        answer = _formatted(opa, request["format"]) if request["format"] else _judged(opa, request)
    except EngineError as error:
        answer = {"problems": error.problems}
    except DoubtError as error:
        answer = dict([error.args])
    json.dump(answer, sys.stdout)


class _Program:
    """OPA, how long it may still take, and how many bytes it may print."""

    def __init__(self, request: Request, most: int) -> None:
        self.program, self._env, self.seconds = request["program"], dict(request["env"]), request["seconds"]
        self._end, self._most = time.monotonic() + self.seconds, most
        try:
            self._opa = sh.Command(self.program)
        except sh.CommandNotFound:
            if os.path.exists(self.program):
                raise self._broke("ENG455", reason="it is no program that can be executed") from None
            raise failure("ENG521", program=self.program, setting="ENGINE_OPA") from None

    def ask(
        self,
        *words: str,
        stdin: IO[bytes] | IO[str] | None = None,
        stderr: IO[bytes] | IO[str] = sys.stderr,
        answers: Sequence[int] = (0,),
    ) -> tuple[int, bytes]:
        """Its exit code and all that it printed: into a file, which the system keeps from growing too large.

        Raises:
            EngineError: ENG511, it is not done in time.
            DoubtError: it ends in another way than with one of `answers`.
        """
        with tempfile.TemporaryFile(dir=".") as stdout:
            try:
                code = self._run(words, {"_in": stdin, "_out": stdout, "_err": stderr, "_ok_code": answers})
            finally:  # however it ended then
                if stdout.seek(0, os.SEEK_END) >= self._most:
                    raise self._broke("ENG456", size=f"{self._most / 1024**2:g} MiB")
            stdout.seek(0)
            return code, stdout.read()

    def _run(self, words: Sequence[str], how: Mapping[str, Any]) -> int:
        for thread in threading.enumerate():  # that `sh` has left of the last question: a fork is to find none
            if thread is not threading.main_thread():
                thread.join()
        try:
            done = self._opa(
                *words,
                **how,
                _env=self._env,
                _cwd=".",
                _timeout=max(self._end - time.monotonic(), 0.01),
                _timeout_signal=signal.SIGKILL,
                _new_session=False,  # it stays in our group, with which it is ended
                _new_group=False,
                _return_cmd=True,
            )
        except sh.TimeoutException:
            raise failure("ENG511", seconds=f"{self.seconds:g}") from None
        except sh.SignalException as error:
            raise self._broke("ENG453", signal=signal_name(-error.exit_code)) from None
        except sh.ErrorReturnCode as error:
            raise self._broke("ENG454", status=str(error.exit_code), said="it said nothing") from None
        except sh.ForkException as error:  # the trace of the copy that should have become OPA
            raise self._broke("ENG455", reason=str(error).strip().rpartition("\n")[2]) from None
        return int(done.exit_code)

    def _broke(self, code: str, **fields: str) -> DoubtError:
        return DoubtError("broke", problem(code, None, hint="", program=os.path.basename(self.program), **fields))


def told(program: str, said: bytes) -> tuple[int, int]:
    """The version that an OPA says it has.

    Raises:
        EngineError: ENG522, it is too old, or no OPA.
    """
    match = _VERSION.search(said.decode(errors="replace"))
    found = (int(match[1]), int(match[2])) if match else (0, 0)
    if found < OLDEST:
        shown = f"{found[0]}.{found[1]}" if match else ""
        raise failure("ENG522", program=program, version=shown, mend="install OPA 0.59 or later")
    return found


def _version(opa: _Program, modules: Mapping[str, str]) -> tuple[int, int]:
    found = told(opa.program, opa.ask("version")[1])
    shown, errors = f"{found[0]}.{found[1]}", Errors()
    for path, text in modules.items() if found < (1, 0) else ():
        if not _IMPORT_V1.search(text):  # it would read the old language, and mean something else
            mend = "add `import rego.v1`, which OPA before 1.0 needs"
            errors.add("ENG522", Place(path, 1, 1), program=f"{path} is Rego v1 and OPA", version=shown, mend=mend)
    errors.check()
    return found


def _judged(opa: _Program, request: Request) -> dict[str, Any]:
    modules = request["modules"]
    _version(opa, modules)
    options = _write(opa, request)
    with open("modules.json", encoding="utf-8") as texts:
        trees = _eval(opa, modules, _PARSE, [], texts, parsing=True)
    rules = _rules(trees, request)
    if not request["judge"]:
        return {"rules": rules, "value": []}
    parts = ", ".join(f"{json.dumps(rule.path)}: [x | x = {rule.path} with input as plan]" for rule in rules)
    return {"rules": rules, "value": _eval(opa, modules, f"[{{{parts}}} | plan = input[_]]", options, sys.stdin)}


def _write(opa: _Program, request: Request) -> list[str]:
    """Exactly the policy set, in our directory, and capabilities without a way out; the options that load them."""
    try:
        capabilities = json.loads(opa.ask("capabilities", "--current")[1])
        capabilities["builtins"] = [b for b in capabilities["builtins"] if b["name"] not in FORBIDDEN]
    except (ValueError, KeyError, TypeError) as error:
        raise DoubtError("strange", "its capabilities are not JSON as expected") from error
    capabilities["allow_net"] = []
    texts = {file_of(number): text for number, text in enumerate(request["modules"].values())}
    values = {"modules": request["modules"], "data": request["data"], "capabilities": capabilities}
    texts |= {f"{name}.json": json.dumps(value) for name, value in values.items()}
    os.mkdir(os.path.dirname(file_of(0)))
    for path, text in texts.items():
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(text)
    return ["--data", os.path.dirname(file_of(0)), "--data", "data.json", "--capabilities", "capabilities.json"]


def file_of(number: int) -> str:
    """Where OPA finds a module. By its number, since a path may lead out of the directory."""
    return f"modules/{number}.rego"


def _rules(trees: Any, request: Request) -> tuple[Rule, ...]:
    errors = Errors()
    defined: list[Rule] = []
    try:
        found = {path: tree for item in trees for path, tree in item.items()}
        for path in request["modules"]:
            package = ".".join(part["value"] for part in found[path]["package"]["path"][1:])
            for rule in found[path].get("rules", []):
                name = rule["head"]["ref"][0]["value"]
                if rule["head"].get("args"):
                    if is_asked(name):
                        errors.add("ENG509", Place(path), name=name, prefix=f"`{name.partition('_')[0]}`")
                    continue
                defined.append(Rule(package, name, path))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise DoubtError("strange", "its syntax tree is not as expected") from error
    errors.check()
    return to_ask(defined, request["namespaces"])


def _eval(
    opa: _Program,
    modules: Mapping[str, str],
    query: str,
    options: Sequence[str],
    stdin: IO[str],
    *,
    parsing: bool = False,
) -> Any:  # JSON whose shape the callers check
    words = ["eval", "--format", "json", "--stdin-input", "--strict-builtin-errors", *options]
    words += ["--timeout", f"{max(opa.seconds, 1):.0f}s", query]
    code, said = opa.ask(*words, stdin=stdin, answers=(0, 2))
    try:
        answer = json.loads(said)
        if found := answer.get("errors"):
            raise EngineError(*(_problem(item, opa, modules, parsing=parsing) for item in found))
        if code != 0:
            raise ValueError(f"exit code {code}")
        return answer["result"][0]["expressions"][0]["value"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DoubtError("strange", "it is not JSON as expected") from error


def _problem(item: Mapping[str, Any], opa: _Program, modules: Mapping[str, str], *, parsing: bool) -> Problem:
    code, message = str(item.get("code", "")), str(item.get("message", item))
    location = item.get("location") or {}
    names = {file_of(number): path for number, path in enumerate(modules)}
    named = str(location.get("file", "")).replace(os.getcwd() + "/", "")
    file, line, column = names.get(named, ""), int(location.get("row") or 0), int(location.get("col") or 0)
    before, inside, said = message.partition(_PARSE_ERROR) if parsing else ("", "", "")
    named, _, number = before.rpartition(":")
    if inside and number.isdecimal():
        file, line, column = re.split(r": |\n", named)[-1], int(number), 1
        message = said.partition("\n")[0]
    lines = modules.get(file, "").split("\n")
    place = Place(file, line, column, 1, lines[line - 1] if 0 < line <= len(lines) else "") if file else None
    if code == "eval_cancel_error":
        return problem("ENG511", place, seconds=f"{opa.seconds:g}")
    if code in _EVALUATION_ERRORS and not parsing:
        return problem("ENG510", place, resource="one of the plans", reason=message)
    return problem("ENG502", place, reason=message)


def _formatted(opa: _Program, modules: Mapping[str, str]) -> dict[str, Any]:
    """The new text of each module, or what OPA has against it."""
    option = "--v0-v1" if _version(opa, {}) >= (1, 0) else "--rego-v1"
    found: dict[str, tuple[int, str, str]] = {}
    for path, text in modules.items():
        with open(_NAME, "w", encoding="utf-8", newline="") as handle:
            handle.write(text)
        with tempfile.TemporaryFile(dir=".") as said:
            code, new = opa.ask("fmt", option, _NAME, stderr=said, answers=(0, 1, 2))
            said.seek(0)
            found[path] = code, new.decode(errors="replace"), said.read().decode(errors="replace").replace(_NAME, path)
    return {"formatted": found}


if __name__ == "__main__":
    main()
