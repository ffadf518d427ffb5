"""Runs a workflow file as GitHub would, as far as ours go: what a file says that is not known here is an error.

Jobs in the order of `needs`, one at a time, each with what the file gives it and no more: its environment's secrets and
variables, outputs of the jobs before it, artefacts. `run:` steps are processes; the actions that we use are folders.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_KEYS = {
    "workflow": {"name", "on", "permissions", "concurrency", "env", "jobs"},
    "job": {"name", "needs", "if", "runs-on", "timeout-minutes", "environment", "permissions", "outputs", "steps"},
    "step": {"name", "id", "if", "uses", "with", "run", "shell", "env"},
    "action": {"name", "description", "inputs", "runs"},
}
_SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"], "python": ["python3"]}
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|\|\||&&|==|!=|[!(),]|[A-Za-z_][\w.-]*)")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class Host(NamedTuple):
    """What is set in the repository's settings and what the machine has; by environment, `""` for all of them."""

    secrets: dict[str, dict[str, str]]
    variables: dict[str, dict[str, str]]
    environ: dict[str, str]  # of the machine
    token: str = "ghs_of-the-job"
    oidc: tuple[str, str] = ("", "")  # where a job asks for its token, and with what
    ref: str = "refs/heads/main"  # GITHUB_REF
    open_to: str = "refs/heads/main"  # the one ref that environments are open to; "": any


class Job(NamedTuple):
    """What became of one."""

    result: str  # success, failure, skipped
    outputs: dict[str, str]
    log: str  # of its processes


def parsed(file: Path) -> Any:
    return yaml.load(file.read_text(), yaml.BaseLoader)  # scalars are texts


def run(repo: Path, name: str, event: tuple[str, dict[str, Any]], host: Host, folder: Path) -> dict[str, Job]:
    """Run `.github/workflows/NAME.yml` of the repository in `repo` on an event; everything is kept in `folder`."""
    flow = parsed(repo / f".github/workflows/{name}.yml")
    _known("workflow", flow)
    assert event[0] in flow["on"], f"{name} does not listen to {event[0]}"
    assert not flow["permissions"], "of all jobs"
    done: dict[str, Job] = {}
    (folder / "artefacts").mkdir(parents=True)
    (folder / "event.json").write_text(json.dumps(event[1]))
    left = dict(flow["jobs"])
    while left:
        key = next(key for key, job in left.items() if not set(job.get("needs", ())) & left.keys())
        done[key] = _Runner(repo, flow, key, left.pop(key), event, host, folder, done).run()
    return done


def _known(kind: str, found: Any) -> None:
    assert found.keys() <= _KEYS[kind], f"a {kind} with {sorted(found.keys() - _KEYS[kind])}"


class _Runner:
    """One job."""

    def __init__(self, repo: Path, flow: Any, key: str, job: Any, event: Any, host: Host, top: Path, done: Any) -> None:
        _known("job", job)
        self.repo, self.flow, self.job, self.host, self.top = repo, flow, job, host, top
        self.needs = {name: done[name] for name in job.get("needs", ())}
        self.home, self.temp = top / key / "work", top / key / "temp"
        self.event, self.failed, self.log = event, False, ""
        github = {"event_name": event[0], "event": event[1], "workspace": str(self.home), "token": host.token}
        github |= {"ref_name": host.ref.split("/", 2)[-1], "run_id": top.name}
        self.contexts: dict[str, Any] = {
            "github": github,
            "needs": {name: {"result": one.result, "outputs": one.outputs} for name, one in self.needs.items()},
            "inputs": event[1].get("inputs") or {},
            "runner": {"temp": str(self.temp)},
            "steps": {},
        }

    def run(self) -> Job:
        if not self._holds(self.job.get("if"), all(one.result == "success" for one in self.needs.values())):
            return Job("skipped", {}, "")
        environment = self._text(self.job.get("environment", ""))
        if environment and self.host.open_to not in ("", self.host.ref):
            return Job("failure", {}, f"{self.host.ref} is not allowed to deploy to {environment}")
        for kind, of in (("secrets", self.host.secrets), ("vars", self.host.variables)):
            self.contexts[kind] = {**of.get("", {}), **of.get(environment, {})}
        self.home.mkdir(parents=True)
        self.temp.mkdir()
        self.env = self._texts(self.flow.get("env"))
        for step in self.job["steps"]:
            self._step(step, self.contexts)
        return Job("failure" if self.failed else "success", self._texts(self.job.get("outputs")), self.log)

    def _step(self, step: Any, contexts: dict[str, Any]) -> None:
        _known("step", step)
        self.contexts, outer = contexts, self.contexts
        if self._holds(step.get("if"), not self.failed):
            (self._process if "run" in step else self._action)(step)
        self.contexts = outer

    def _action(self, step: Any) -> None:
        uses, given = step["uses"], self._texts(step.get("with"))
        if uses.startswith("$/"):
            self._composite(self.repo / uses[2:], given)
            return
        action, _, version = uses.partition("@")
        assert re.fullmatch("[0-9a-f]{40}", version), uses
        getattr(self, "_" + action.removeprefix("actions/").replace("-", "_"))(**given)

    def _checkout(self, **given: str) -> None:
        assert (given, self.job["permissions"]["contents"]) == ({"persist-credentials": "false"}, "read")
        shutil.copytree(self.repo, self.home, dirs_exist_ok=True)

    def _setup_python(self, **given: str) -> None:
        assert given.keys() == {"python-version", "cache", "cache-dependency-path"}
        assert list(self.home.glob(given["cache-dependency-path"]))

    def _upload_artifact(self, name: str, path: str, **given: str) -> None:
        assert given.keys() <= {"if-no-files-found", "overwrite", "retention-days"}
        found = list(Path("/").glob(path[1:]))
        assert found or given["if-no-files-found"] == "ignore", f"no {path}"
        for file in found:
            place = self.top / "artefacts" / name / file.relative_to(self.temp)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)

    def _download_artifact(self, name: str, path: str) -> None:
        shutil.copytree(self.top / "artefacts" / name, path, dirs_exist_ok=True)

    def _composite(self, place: Path, given: dict[str, str]) -> None:
        action = parsed(place / "action.yml")
        _known("action", action)
        assert (action["runs"].keys(), action["runs"]["using"]) == ({"using", "steps"}, "composite")
        declared = action.get("inputs", {})
        assert given.keys() <= declared.keys()
        inputs = {key: given.get(key, one["default"]) for key, one in declared.items()}
        inside = {"inputs": inputs, "runner": self.contexts["runner"], "github": self.contexts["github"], "steps": {}}
        for step in action["runs"]["steps"]:
            self._step(step, inside)

    def _process(self, step: Any) -> None:
        assert "${{" not in step["run"]
        script, output = self.temp / "step", self.temp / "output"
        script.write_text(step["run"])
        output.write_text("")
        words = [*_SHELLS[step.get("shell", "bash")], str(script)]
        environ = self.host.environ | self.env | self._texts(step.get("env")) | self._told(output)
        done = subprocess.run(words, cwd=self.home, env=environ, capture_output=True, text=True, check=False)
        self.log += f"── {step['name']}: {done.returncode}\n{done.stdout}{done.stderr}"
        self.failed = self.failed or done.returncode != 0
        if "id" in step:
            self.contexts["steps"][step["id"]] = {"outputs": _outputs(output.read_text())}

    def _told(self, output: Path) -> dict[str, str]:
        """What every process is told, and where a job that may have one asks for its token."""
        told = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_RUN_ID": self.top.name}
        told |= {"GITHUB_EVENT_NAME": self.event[0], "GITHUB_EVENT_PATH": str(self.top / "event.json")}
        told |= {"GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(self.temp)}
        told["GITHUB_REPOSITORY"] = self.event[1]["repository"]["full_name"]
        if self.job["permissions"].get("id-token") == "write":
            url, bearer = self.host.oidc
            told |= {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer}
        return told

    def _texts(self, found: Any) -> dict[str, str]:
        return {key: self._text(value) for key, value in (found or {}).items()}

    def _text(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: _as_text(self._value(found[1])), text)

    def _holds(self, condition: str | None, success: bool) -> bool:
        """A condition that asks for no status asks for success as well."""
        if condition is None:
            return success
        inside = condition.removeprefix("${{").removesuffix("}}")
        return bool((success or re.search(r"\b(always|cancelled)\(", inside)) and self._value(inside))

    def _value(self, text: str) -> Any:
        words = _TOKEN.findall(text)
        assert re.sub(r"\s", "", "".join(words)) == re.sub(r"\s", "", text), f"not known: {text}"
        value = self._or(words)
        assert not words, f"not known: {text}"
        return value

    def _or(self, words: list[str]) -> Any:
        found = [self._and(words)]
        while words[:1] == ["||"] and words.pop(0):
            found.append(self._and(words))
        return next(filter(None, found), found[-1])

    def _and(self, words: list[str]) -> Any:
        found = [self._equal(words)]
        while words[:1] == ["&&"] and words.pop(0):
            found.append(self._equal(words))
        return next((one for one in found if not one), found[-1])

    def _equal(self, words: list[str]) -> Any:
        value = self._one(words)
        if words[:1] and words[0] in ("==", "!="):
            is_equal = words.pop(0) == "=="
            return (_as_text(value) == _as_text(self._one(words))) == is_equal
        return value

    def _one(self, words: list[str]) -> Any:
        word = words.pop(0)
        if word == "!":
            return not self._one(words)
        if word == "(":
            value = self._or(words)
            assert words.pop(0) == ")"
            return value
        if word[0] == "'":
            return word[1:-1].replace("''", "'")
        return self._call(word, words) if words[:1] == ["("] else self._named(word)

    def _call(self, name: str, words: list[str]) -> Any:
        given = []
        while words.pop(0) != ")":  # what stands before a value is `(` or `,`
            given += [] if words[0] == ")" else [self._or(words)]
        known: dict[str, Callable[..., Any]] = {"always": lambda: True, "cancelled": lambda: False}
        known |= {"fromJSON": json.loads, "contains": lambda found, one: one in found}
        return known[name](*given)

    def _named(self, path: str) -> Any:
        """What is not there is nothing, as GitHub has it; a context that is not there is an error."""
        first, *rest = path.split(".")
        value = self.contexts[first]
        assert first != "github" or rest[0] in value, f"not known: {path}"
        for name in rest:
            value = value.get(name) if isinstance(value, dict) else None
        return "" if value is None else value


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _outputs(text: str) -> dict[str, str]:
    return {found[1]: found[3] for found in re.finditer(r"(?ms)^([^\n=]+)<<(\w+)\n(.*?)\n?^\2$", text)}
