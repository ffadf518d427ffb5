"""Judging plans with the shipped policies: the worker, the guard and the JSON in between, against the bare engine.

Baseline: one process that only imports the engine, loads the same modules and asks the same rules about the same plans.
Budget: at most 2.5 times that for one change of ten resources, 3 times for one plan of 10,000 changes, which has to
travel to the worker. Prints both ratios; exit code 1 above the budget.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan

ROOT = Path(__file__).parents[1]
ROUNDS = {"10 plans": 5, "10,000 changes": 2}
BUDGET = {"10 plans": 2.5, "10,000 changes": 3.0}
BARE = """
import json, sys, regorus
request = json.load(open(sys.argv[1]))
engine = regorus.Engine()
for path, text in request["modules"].items():
    engine.add_policy(path, text)
engine.add_data_json(json.dumps(request["data"]))
for plan in request["plans"]:
    engine.set_input_json(plan)
    for rule in request["rules"]:
        json.loads(engine.eval_query_as_json(rule))
"""


def plans() -> dict[str, list[Plan]]:
    """Real plans, and one of them with its changes repeated."""
    real = [Plan(file.stem, json.loads(file.read_text())) for file in sorted((ROOT / "tests/policies/plans").iterdir())]
    large = dict(real[0].plan)
    changes = list(json.loads(json.dumps(large["resource_changes"])))
    large["resource_changes"] = [
        {**changes[n % len(changes)], "address": f"{changes[n % len(changes)]['address']}#{n}", "index": str(n)}
        for n in range(10_000)
    ]
    return {"10 plans": real[:10], "10,000 changes": [Plan("large", large)]}


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of several runs: the others were disturbed."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> int:
    """Measure both, and compare."""
    policies = policy_set(read_directory(str(ROOT / "policies")))
    asked = {(text.split("package ")[1].split()[0], text) for text in policies.modules.values()}
    rules = [
        f"data.{name}.{rule}"
        for name, text in sorted(asked)
        for rule in ("deny", "warn")
        if f"\n{rule} contains" in text
    ]
    worst = 0
    for name, chosen in plans().items():
        request = {"modules": policies.modules, "data": policies.data, "rules": rules}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({**request, "plans": [json.dumps(plan.plan) for plan in chosen]}, file)
            file.flush()
            argv = [sys.executable, "-I", "-c", BARE, file.name]
            bare = best(lambda argv=argv: subprocess.run(argv, check=True), ROUNDS[name])  # type: ignore[misc]
        ours = best(lambda chosen=chosen: evaluate(chosen, policies), ROUNDS[name])  # type: ignore[misc]
        ratio = ours / bare
        print(f"{name}: {ours:.3f} s, bare engine {bare:.3f} s, ratio {ratio:.2f} (budget {BUDGET[name]:g})")
        worst |= ratio > BUDGET[name]
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
