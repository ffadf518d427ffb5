"""Is linting linear? Time per file of 250 and of 1,000 spec files; PyYAML's bare C loader on the same files beside it.

Budget: a file among 1,000 costs at most 1.3 times what it costs among 250. Run: python benchmarks/lint.py
"""

import gc
import sys
import time
from collections.abc import Callable
from functools import partial

import yaml

from engine.core.declare import Catalog
from engine.core.rules.lint import lint
from engine.run.catalog import catalog

BUDGET = 1.3
FEW, MANY = 250, 1000
REPEATS = 4

_ENTRY = """\
version: 1
include: [specs/*.yaml]
sources: [{{repo: acme/dev, owns: ["**"]}}]
environments:
  production: {{branch: prod, account: "333333333333", region: us-east-1}}
otherwise: {{branch: main}}
events:
{events}
gates:
{gates}
  reviewed: {{approvals: {{from: [reviewers]}}}}
"""
_SPEC = """\
pipeline: p{number}
description: Plan the changed resources and tell what they are.
gates: [g{number}, reviewed]
permissions: [contents:read]
actions:
  - {{id: plan, uses: terraform.plan, timeout: 45m}}
  - {{id: report, uses: report.write, if: "always()", with: {{plan: "${{default(outputs.plan, `null`)}}"}}}}
"""
_GATE = '  g{number}: {{require: "pr.number != `{number}` && !(pr.draft)", message: "No ${{pr.number}}."}}\n'


def rules(number: int) -> dict[str, bytes]:
    """A rule set of so many spec files, each with a gate and an event of its own."""
    events = "\n".join(f'  - {{event: pull_request, when: "event.number == `{i}`", run: p{i}}}' for i in range(number))
    gates = "".join(_GATE.format(number=i) for i in range(number))
    files = {f"specs/p{i}.yaml": _SPEC.format(number=i).encode() for i in range(number)}
    files["deployment-rules.yaml"] = _ENTRY.format(events=events, gates=gates.rstrip()).encode()
    files["approvers-config.yaml"] = b"version: 1\ngroups: {reviewers: {users: [ann]}}\n"
    return files


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run: other programs on the machine do not count."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    """Print the ratios; 1 when the budget is passed."""
    gc.disable()  # as `engine lint` does
    known = catalog()
    sets = {number: rules(number) for number in (FEW, MANY)}
    ours = {number: float("inf") for number in sets}
    bare = dict(ours)
    for _ in range(REPEATS):  # taking turns, so that a slow minute hits both
        for number, files in sets.items():
            ours[number] = min(ours[number], seconds(partial(_clean, files, known)))
            bare[number] = min(bare[number], seconds(partial(_bare, files)))
    for number, taken in ours.items():
        print(
            f"{number:5} files: {taken * 1e3:6.0f} ms, {taken / number * 1e6:5.0f} µs per file, "
            f"{taken / bare[number]:4.1f}x PyYAML's C loader alone"
        )
    ratio = (ours[MANY] / MANY) / (ours[FEW] / FEW)
    print(f"time per file, {MANY} to {FEW}: {ratio:.2f} (budget {BUDGET})")
    return int(ratio > BUDGET)


def _clean(files: dict[str, bytes], known: Catalog) -> None:
    problems = lint(files, known)
    assert not problems, "\n".join(p.text() for p in problems[:3])


def _bare(files: dict[str, bytes]) -> None:
    for data in files.values():
        yaml.load(data, yaml.CSafeLoader)


if __name__ == "__main__":
    sys.exit(main())
