"""What applying costs beside Terraform itself, and what it saves: `python benchmarks/apply.py [share|topics|audit]`.

share:  one SNS topic, merge → applied: the engine's own part of Terraform's time, one-shot and in a process that stays.
topics: five SNS topics, validated and applied, beside the same by hand (init, plan, show; init, plan, show, apply, one
        after another): wall clock and CPU-seconds.
`audit verify` has its own (`benchmarks/audit.py`).
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import engine.data
from engine.adapters import attached
from engine.adapters.terraform.workspace import Workspace
from engine.sandbox.emulator import ACCOUNT, REGION, Emulator, emulator
from tests.support.merged import Machine, Merged, given

TOPICS = 5


def cpu_s() -> float:
    """CPU-seconds of this process and of all that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


@contextmanager
def terraform_s() -> Iterator[list[float]]:
    """Seconds that are spent waiting for Terraform, each command on its own."""
    spent: list[float] = []

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **more: Any) -> Any:
            began = time.monotonic()
            try:
                return call(*arguments, **more)
            finally:
                spent.append(time.monotonic() - began)

        return run

    command, follow = Workspace.command, attached.follow
    Workspace.command, attached.follow = timed(command), timed(follow)  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        Workspace.command, attached.follow = command, follow  # type: ignore[method-assign]


def a_merge(root: Path, aws: Emulator, name: str) -> Merged:
    """Of one topic; it is planned, so that there is something approved."""
    machine = Machine(root, given(aws), module=engine.data.path("terraform"))
    return Merged(machine, {f"SNS/{name}": {}}, variables={f"SNS/{name}": {"sns_topics": {name: {}}}})


def share(aws: Emulator) -> None:
    """The engine's own part."""
    root = Path(tempfile.mkdtemp())
    for name in ("one", "two"):
        merged = a_merge(root, aws, f"share-{name}")
        with terraform_s() as spent:
            began = time.monotonic()
            (row,) = merged.apply(f"r-{name}").values()
            whole = time.monotonic() - began
        assert row["outcome"] == "applied", row
        own = whole - sum(spent)
        _tell("in a process that stays", whole, whole - own)
    merged = a_merge(root, aws, "share-once")
    began = time.monotonic()
    one = merged.process("r-once")
    assert "applied" in one.communicate()[0]
    whole = time.monotonic() - began
    _tell("one-shot", whole, sum(spent))
    shutil.rmtree(root)


def _tell(what: str, whole: float, terraform: float) -> None:
    print(f"{what}: {whole:.2f} s, of which Terraform {terraform:.2f} s: own part {whole / terraform - 1:.1%} of that")


def topics(aws: Emulator) -> None:
    """Five of them, by the engine and by hand."""
    root = Path(tempfile.mkdtemp())
    began, used = time.monotonic(), cpu_s()
    machine = Machine(root, given(aws), module=engine.data.path("terraform"))
    names = [f"many-{number}" for number in range(TOPICS)]
    values: dict[str, Any] = {f"SNS/{name}": {"sns_topics": {name: {}}} for name in names}
    merged = Merged(machine, {path: {} for path in values}, variables=values)
    rows = merged.apply("r-many")
    assert {row["outcome"] for row in rows.values()} == {"applied"}, rows
    ours, ours_cpu = time.monotonic() - began, cpu_s() - used
    began, used = time.monotonic(), cpu_s()
    for number in range(TOPICS):
        for last in (False, True):
            _by_hand(root / f"hand-{number}-{last}", machine, number, apply=last)
    hand, hand_cpu = time.monotonic() - began, cpu_s() - used
    print(f"{TOPICS} topics: {ours:.1f} s instead of {hand:.1f} s: {ours / hand:.2f} of the time")
    print(f"{TOPICS} topics: {ours_cpu:.1f} CPU-s instead of {hand_cpu:.1f}: {ours_cpu / hand_cpu:.2f}")
    shutil.rmtree(root)


def _by_hand(folder: Path, machine: Machine, number: int, *, apply: bool) -> None:
    shutil.copytree(engine.data.path("terraform"), folder, ignore=shutil.ignore_patterns(".terraform"))
    template = machine.workspace.template
    settings = machine.workspace.backend.settings(f"hand/{number}/terraform.tfstate", ACCOUNT, REGION)
    env = {**template.env, "GOGC": "100"}
    variables = {"environment": "development", "account": ACCOUNT, "region": REGION, "emulator": "true"}
    words = [f"-var={name}={value}" for name, value in variables.items()]
    backend = [f"-backend-config={k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in settings.items()
               if not isinstance(v, list)]  # fmt: skip
    for command in (
        ["init", "-input=false", *backend],
        ["plan", "-input=false", "-out=p", *words, f"-var=sns_topics={{hand-{number}={{}}}}"],
        ["show", "-json", "p"],
        *([["apply", "-input=false", "p"]] if apply else []),
    ):
        subprocess.run([*template.program.argv, *command], cwd=folder, env=env, check=True, capture_output=True)


def main(names: list[str]) -> None:
    """All of it, or what is named."""
    known = {"share": share, "topics": topics}
    with emulator() as aws:
        for name in names or known:
            known[name](aws)


if __name__ == "__main__":
    main(sys.argv[1:])
