"""`engine explain` on a recorded event and facts with the shipped rules, against `python -c pass`. Budget: 7.5.

Both are whole processes, started in turns so that they see the same neighbours; the ratio is the median of the pairs.
The first runs only write bytecode, as installing a package does, and are not counted.

    python benchmarks/explain.py [PAIRS]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from engine import data

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # the tests' builders
BUDGET = 7.5
GROUPS = {"reviewers": ("ann", "bob"), "security": ("cid", "dan"), "ciso": ("lea",), "special_approvers": ("eve",)}


def main(pairs: int = 25) -> int:
    """Print the ratio; 1 when it is above the budget."""
    from engine.cli.files import load_rules
    from tests.support.decision import payload
    from tests.support.facts import approve, comment, document, finding, group, verdict

    rules = load_rules(os.path.dirname(data.path("deployment-rules.yaml")))
    facts = document(
        verdict=verdict(rules=rules.digest, result="failed", findings=[finding()]),
        groups={name: group(*members) for name, members in GROUPS.items()},
        reviews=[approve("ann"), approve("author")],
        comments=[comment("eve")],
    )
    with tempfile.TemporaryDirectory() as directory:
        event, recorded = os.path.join(directory, "event.json"), os.path.join(directory, "facts.json")
        _write(event, payload())
        _write(recorded, facts.to_json())
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": os.path.join(directory, "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [os.path.join(os.path.dirname(sys.executable), "engine"), "explain", "--event", event]
        command += ["--facts", recorded, "--rules", os.path.dirname(data.path("deployment-rules.yaml"))]
        bare = [sys.executable, "-c", "pass"]
        for _ in range(3):
            _seconds(command, environment)
        measured = [(_seconds(bare, environment), _seconds(command, environment)) for _ in range(pairs)]
    ratio = median(ours / theirs for theirs, ours in measured)
    print(f"python -c pass  {median(theirs for theirs, _ in measured) * 1e3:6.1f} ms")
    print(f"engine explain  {median(ours for _, ours in measured) * 1e3:6.1f} ms   {ratio:.1f}x (budget {BUDGET}x)")
    return int(ratio > BUDGET)


def _write(file: str, value: object) -> None:
    with open(file, "w", encoding="utf-8") as handle:
        json.dump(value, handle)


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
