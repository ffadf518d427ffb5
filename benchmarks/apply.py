"""What applying costs beside Terraform itself, and what it saves: `python benchmarks/apply.py [--rows topics,keys]`.

share:  one SNS topic, merge → applied: the engine's own part of Terraform's time, one-shot and in a process that stays.
topics, keys, buckets, mixed: five SNS topics, five KMS keys, three buckets, two roles and three buckets that come after
        them; validated and applied, beside the same by hand (init, plan, show; init, plan, show, apply, one after
        another): wall clock and CPU-seconds. On our side from an empty cache to the last entry of the ledger, planned
        and applied as the actions do it; without policy, which nobody asks by hand. By hand with Terraform's settings,
        and what each command took, so that whoever does without one can leave it out.
Each row has an emulator of its own, fails alone and is printed when it is known; all of them take about ten minutes.
`audit verify` has its own (`benchmarks/audit.py`).
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import engine.data
from engine.adapters import attached
from engine.adapters.terraform.workspace import Workspace
from engine.core.rules.model import Limits
from engine.errors import EngineError
from engine.sandbox.emulator import ACCOUNT, REGION, Emulator, emulator
from tests.support.merged import Machine, Merged, given


def cpu_s() -> float:
    """CPU-seconds of this process, of all that it has waited for, and of providers that serve it still."""
    waited = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return waited + sum(_at_work(os.getpid()))


def _at_work(parent: int) -> Iterator[float]:
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    for child in " ".join(file.read_text() for file in threads).split():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended by now
            name, _, rest = Path(f"/proc/{child}/stat").read_text().partition("(")[2].rpartition(")")
            if name.startswith("terraform-prov"):
                yield sum(map(int, rest.split()[11:13])) / os.sysconf("SC_CLK_TCK")
            yield from _at_work(int(child))


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
    _say(f"{what}: {whole:.2f} s, of which Terraform {terraform:.2f} s: own part {whole / terraform - 1:.1%} of that")


TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip


def _many(prefix: str, service: str, variable: str, number: int, **values: Any) -> dict[str, Any]:
    return {f"{service}/{prefix}-{n}": {variable: {f"{prefix}-{n}": values}} for n in range(number)}


ROLES = _many("mixed", "IAM", "iam_roles", 2, assume_role_policy_json=TRUST)
BUCKETS = _many("mixed", "S3", "s3_buckets", 3)
# Name → (resources with their values, what comes after what, the most that the time may be of that by hand)
ROWS: Mapping[str, tuple[dict[str, Any], Mapping[str, Sequence[str]], float]] = {
    "topics": (_many("many", "SNS", "sns_topics", 5), {}, 0.40),
    "keys": (_many("many", "KMS", "kms_keys", 5), {}, 0.38),
    "buckets": (_many("many", "S3", "s3_buckets", 3), {}, 0.50),
    "mixed": ({**ROLES, **BUCKETS}, dict.fromkeys(BUCKETS, tuple(ROLES)), 0.50),
}


def beside_hand(aws: Emulator, name: str) -> None:
    """Several resources, validated and applied by the engine and by hand."""
    values, after, budget = ROWS[name]
    root = Path(tempfile.mkdtemp())
    began, used = time.monotonic(), cpu_s()
    machine = ours(aws, root, values, after)
    took, took_cpu = time.monotonic() - began, cpu_s() - used
    spent = defaultdict[str, float](float)
    began, used = time.monotonic(), cpu_s()
    for path, said in values.items():
        for last in (False, True):
            _by_hand(root / f"hand-{path.replace('/', '-')}-{last}", machine, path, said, spent, apply=last)
    hand, hand_cpu = time.monotonic() - began, cpu_s() - used
    _say(f"{name}: {took:.1f} s instead of {hand:.1f} s: {took / hand:.2f} of the time ({budget:.2f} wanted)")
    _say(f"{name}: {took_cpu:.1f} CPU-s instead of {hand_cpu:.1f}: {took_cpu / hand_cpu:.2f} (0.55 wanted)")
    _say(f"{name}: by hand {', '.join(f'{word} {seconds:.1f} s' for word, seconds in spent.items())}")
    shutil.rmtree(root)


def ours(aws: Emulator, root: Path, values: Mapping[str, Any], after: Mapping[str, Sequence[str]]) -> Machine:
    """From a machine that has nothing but Terraform to the last entry of the ledger, as many at once as is shipped."""
    machine = Machine(root, given(aws), module=engine.data.path("terraform"))
    limits = Limits(lock_timeout_s=0)
    merged = Merged(machine, {path: {} for path in values}, variables=values, after=after, limits=limits)
    rows = merged.apply("r-many")
    assert {row["outcome"] for row in rows.values()} == {"applied"}, rows
    return machine


def _by_hand(
    folder: Path, machine: Machine, path: str, said: Mapping[str, Any], spent: dict[str, float], *, apply: bool
) -> None:
    shutil.copytree(engine.data.path("terraform"), folder, ignore=shutil.ignore_patterns(".terraform"))
    template = machine.workspace.template
    settings = machine.workspace.backend.settings(f"hand/{path}/terraform.tfstate", ACCOUNT, REGION)
    env = {**template.env, "GOGC": "100"}
    renamed = {name: {f"hand-{key}": one for key, one in rows.items()} for name, rows in said.items()}
    variables = {"environment": "development", "account": ACCOUNT, "region": REGION, "emulator": True, **renamed}
    (folder / "hand.auto.tfvars.json").write_text(json.dumps(variables))
    backend = [f"-backend-config={k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in settings.items()
               if not isinstance(v, list)]  # fmt: skip
    for command in (
        ["init", "-input=false", *backend],
        ["plan", "-input=false", "-out=p"],
        ["show", "-json", "p"],
        *([["apply", "-input=false", "p"]] if apply else []),
    ):
        began = time.monotonic()
        subprocess.run([*template.program.argv, *command], cwd=folder, env=env, check=True, capture_output=True)
        spent[command[0]] += time.monotonic() - began


def _say(line: str) -> None:
    """At once: whoever ends us early has what is known by then."""
    print(line, flush=True)


def main() -> int:
    """All of it, or the rows that are named; 1 when one of them failed."""
    known: dict[str, Callable[[Emulator], None]] = {
        "share": share,
        **{name: partial(beside_hand, name=name) for name in ROWS},
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", metavar="NAME,…", type=lambda said: said.split(","), default=[*known])
    rows = parser.parse_args().rows
    if unknown := set(rows) - set(known):
        parser.error(f"no {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    failed = 0
    for name in rows:
        try:
            with emulator() as aws:
                known[name](aws)
        except (AssertionError, EngineError, subprocess.CalledProcessError) as error:  # the others have their turn
            failed += 1
            _say(f"{name}: failed: {error}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
