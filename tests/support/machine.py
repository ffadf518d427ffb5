"""A machine that `engine run` is tried on: a pull request in a clone, a controller, keys, and a Terraform that answers
at once. What it answers to `show` is one of the recorded plans, chosen by the names in the resource's variables."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine import data
from engine.adapters.keys import FileSigner, new_key
from engine.adapters.terraform.backend import Backend
from engine.cli.main import main
from tests.support.clone import Clone, bucket
from tests.support.terraform import a_program

PLANS = Path(__file__).parent.parent / "policies" / "plans"
_POLICIES = Path(__file__).parent / "policies"
GOOD, BAD = "acme-dev-good", "acme-dev-bad"  # names of buckets: the second one's plan is denied
_RECORD = {
    "version": 3,
    "backend": {
        "type": "s3",
        "hash": 1,
        "config": dict.fromkeys(Backend("b", emulator=True).settings("k", "1", "r")),
    },
}


# A pipeline that a clone can carry out besides: all gates of a merge, and nobody who merges.
_MERGEABLE = """
pipeline: mergeable
gates: [open, ready, policy, reviewed, security-reviewed, right-branch, same-tree, free, in-order, not-frozen]
actions:
  - {id: report, uses: report.write}
"""


class Ended(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str


class Machine:
    """Everything in one directory; a run keeps its results in `out`."""

    def __init__(self, root: Path) -> None:
        self.root, self.out = root, root / "out"
        self.answers, self.controller = root / "answers", root / "controller"
        self.answers.mkdir()
        self.controller.mkdir()
        for name in ("deployment-rules.yaml", "approvers-config.yaml", "specs"):
            source = data.path(name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, self.controller / name)
        shutil.copytree(_POLICIES, self.controller / "policies")
        (self.controller / "specs" / "mergeable.yaml").write_text(_MERGEABLE)
        module = self.controller / "terraform"
        shutil.copytree(data.path("terraform"), module, ignore=shutil.ignore_patterns(".terraform*"))
        (self.answers / "record").write_text(json.dumps(_RECORD))
        self.answer("good", recorded("s3-good"))
        self.answer("bad", recorded("s3-public"))
        self.signer: FileSigner = new_key(str(root / "key.pem"))
        self.environ = {
            "ENGINE_TERRAFORM": str(self.program()),
            "ENGINE_CACHE_DIR": str(root / "cache"),
            "ENGINE_SIGNING_KEY_FILE": str(root / "key.pem"),
            "ENGINE_DIGEST_KEY": "d" * 32,
            "ENGINE_EMULATOR": "1",
            "CI": "",  # these tests run in a job, too, where a store in a directory is nobody else's
        }

    def judge_as_shipped(self) -> None:
        """By the shipped policies instead of a few small ones, which are read fifty times faster."""
        shutil.rmtree(self.controller / "policies")
        shutil.copytree(data.path("policies"), self.controller / "policies")

    def program(self, **commands: str) -> Path:
        """The Terraform; `commands` replace the shell text behind one of its subcommands. `$A` is `answers`."""
        answers = {
            "version": """echo '{"terraform_version": "1.11.4"}'""",
            "init": "mkdir -p .terraform; cp $A/record .terraform/terraform.tfstate",
            "plan": "exit 2",
            "show": f"if grep -q {BAD} resource.tfvars.json; then cat $A/bad; else cat $A/good; fi",
            **commands,
        }
        cases = "\n".join(f"{name}) {body};;" for name, body in answers.items())
        return a_program(self.root / "bin", f"A={self.answers}\ncase $1 in\n{cases}\nesac")

    def answer(self, name: str, plan: Mapping[str, Any]) -> None:
        """What `show` prints: `good` or `bad`."""
        (self.answers / name).write_text(json.dumps(plan))

    def change(
        self, head: Mapping[str, str | None], base: Mapping[str, str | None] | None = None, onto: str = "dev"
    ) -> Clone:
        """The pull request into a branch; its event is in `event.json`."""
        clone = Clone(self.root / "source", {"README.md": "configuration only"} if base is None else base, head, onto)
        (self.root / "event.json").write_bytes(clone.event())
        return clone

    def words(self, *more: str) -> list[str]:
        """The command line of the run."""
        places = ["--event", "event.json", "--repo", "source", "--rules", "controller", "--out", "out"]
        words = [str(self.root / word) if not word.startswith("--") else word for word in places]
        return ["run", *words, *more]

    def process(self, *more: str, **environ: str) -> "subprocess.Popen[str]":
        """The run as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "engine.cli.main", *self.words(*more)],
            env={**os.environ, **self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def statement(self) -> Any:
        """What was signed."""
        import base64

        return json.loads(base64.b64decode(json.loads((self.out / "statement.json").read_text())["payload"]))

    def report(self) -> Any:
        """report.json."""
        return json.loads((self.out / "report.json").read_text())

    def everything_said(self, ended: Ended) -> str:
        """All that leaves the machine: what was printed and kept, the statement in clear, without the plans."""
        import base64

        kept = [file.read_text() for file in self.out.iterdir() if file.is_file()]
        statement = self.out / "statement.json"
        if statement.exists():
            kept.append(base64.b64decode(json.loads(statement.read_text())["payload"]).decode())
        return "\n".join([ended.out, ended.err, *kept])


class Runs:
    """Runs commands here and now, with the machine's settings and no others."""

    def __init__(self, machine: Machine, monkeypatch: Any, capfd: Any) -> None:
        self._machine, self._patch, self._capture = machine, monkeypatch, capfd

    def __call__(self, *words: str, **environ: str) -> Ended:
        for name in [n for n in os.environ if n.startswith(("ENGINE_", "AWS_", "GITHUB_"))]:
            self._patch.delenv(name)
        for name, value in {**self._machine.environ, **environ}.items():
            self._patch.setenv(name, value)
        self._capture.readouterr()
        code = main(list(words))
        return Ended(code, *self._capture.readouterr())


def recorded(name: str) -> dict[str, Any]:
    """A recorded plan, with the declarations of its variables (without them all of them count as secret)."""
    plan: dict[str, Any] = json.loads((PLANS / f"{name}.json").read_text())
    declared: dict[str, Any] = {variable: {} for variable in plan["variables"]}
    return {**plan, "configuration": {"root_module": {"variables": declared}}}


def good(name: str = GOOD) -> str:
    """The tfvars of a bucket whose plan is allowed."""
    return bucket(name)


def bad(name: str = BAD) -> str:
    """The tfvars of a bucket whose plan is denied; nothing in the tfvars themselves is refused."""
    return bucket(name)


def ended(process: "subprocess.Popen[str]", timeout_s: float = 60) -> Ended:
    """Wait for it."""
    with contextlib.ExitStack() as stack:
        stack.callback(process.kill)
        out, err = process.communicate(timeout=timeout_s)
    return Ended(process.returncode, out, err)
