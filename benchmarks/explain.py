"""`engine explain` on a recorded event and facts with the shipped rules, against `python -c pass`. Budget: 7.5.

python benchmarks/explain.py [PAIRS]
"""

import json
import os
import sys
import tempfile

from engine import data

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # the tests' builders
BUDGET = 7.5
GROUPS = {"reviewers": ("ann", "bob"), "security": ("cid", "dan"), "ciso": ("lea",), "special_approvers": ("eve",)}


def main(pairs: int = 25) -> int:
    """Print the ratio; 1 when it is above the budget."""
    from benchmarks.starts import ENGINE, compared
    from engine.run.trusted import load_rules
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
        words = [ENGINE, "explain", "--event", event, "--facts", recorded]
        words += ["--rules", os.path.dirname(data.path("deployment-rules.yaml"))]
        return compared("engine explain", words, BUDGET, pairs, directory)


def _write(file: str, value: object) -> None:
    with open(file, "w", encoding="utf-8") as handle:
        json.dump(value, handle)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
