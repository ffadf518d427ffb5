"""The order of 10,000 resources from values that are parsed already. Budget: 2 s, linear.

What a resource says is remembered by the ids of its blobs, so this is what a run pays that knows most of a source: the
walk over its directories, the index of names, edges, circles, and the part of it that the run is about. Reading and
parsing all of it once is printed beside it. Each size is measured in a process of its own, which looks for no garbage,
as `engine` does not; the best of several rounds counts.

    python benchmarks/graph.py [ROUNDS]
"""

import gc
import json
import os
import subprocess
import sys
import time

from engine import data
from engine.core.resources import services
from engine.core.resources.index import Index
from engine.core.resources.order import order
from engine.core.resources.survey import Cache, Whole
from engine.run.module import read_module

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tests.support.order import arn, function, key, one, policy, queue, role, topic
from tests.support.resources import contents, rules

BUDGET_S = 2.0  # of 10,000
LINEAR = 1.3  # ten times as many may take so much more than ten times as long
SIZES = (1_000, 10_000)


def main(rounds: int = 5) -> int:
    """Print the times; 1 when one is above its budget."""
    rows = []
    print(f"{'resources':>10} {'edges':>8} {'order s':>9} {'read s':>8}")
    for size in SIZES:
        argv = [sys.executable, __file__, "measure", str(size), str(rounds)]
        row = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
        rows.append(row["order"])
        print(f"{size:>10,} {row['edges']:>8,} {row['order']:>9.3f} {row['read']:>8.2f}")
    ratio = rows[1] / rows[0] / 10
    print(f"10,000 against 1,000, each: {ratio:.2f}x (budget {LINEAR}x)")
    return int(rows[1] > BUDGET_S or ratio > LINEAR)


def measure(size: int, rounds: int) -> None:
    """Print the best of several orders of one source, as JSON: seconds."""
    gc.disable()
    declared, known = rules(), services.read(read_module(data.path("terraform")))
    seen = contents({}, _source(size), everything=True)
    cache: Cache = {}
    began = time.process_time()
    Whole(seen.directories, known, cache).survey(seen.blobs, declared)
    read = time.process_time() - began
    times, edges = [], 0
    for _ in range(rounds):
        began = time.process_time()
        survey = Whole(seen.directories, known, cache).survey({}, declared)
        made = order(survey, Index(survey, known, declared))
        part = made.graph.restricted(made.graph.nodes[::7])
        times.append(time.process_time() - began)
        edges = len(made.because)
        assert len(made.graph.nodes) == size, len(made.graph.nodes)
        assert made.hard == made.loose == ()
        assert part.after
    print(json.dumps({"order": min(times), "read": read, "edges": edges}))


def _source(size: int) -> dict[str, str]:
    """Groups of eight as a team has them, each hanging on the one before: a chain through the whole source."""
    files: dict[str, str] = {}
    for group in range(size // 8):
        name = f"t{group:05}"
        reader = arn(f"iam:role/{name}-reader")
        parts = (
            key(f"{name}-key", policy_json=policy("*", action="kms:*", principal={"AWS": reader})),
            role(f"{name}-reader", *([f"Lambda/t{group - 1:05}-app"] if group else [])),
            queue(f"{name}-jobs", kms_master_key_id=f"alias/{name}-key", dead_letter_queue=True),
            topic(f"{name}-events", subscriptions={"s": {"protocol": "sqs", "endpoint": arn(f"sqs:{name}-jobs")}}),
            one(f"S3/{name}-logs.tfvars", s3_buckets={f"{name}-logs": {}}),
            one(
                f"S3/{name}-lake.tfvars",
                s3_buckets={
                    f"{name}-lake": {
                        "sse_algorithm": "aws:kms",
                        "kms_key_arn": arn(f"kms:alias/{name}-key"),
                        "logging": {"target_bucket": f"{name}-logs"},
                        "policy_json": policy(arn(f"s3:{name}-lake/*"), principal={"AWS": reader}),
                    }
                },
            ),
            function(f"{name}-app", role=reader, environment_variables={"TOPIC": arn(f"sns:{name}-events")}),
            queue(f"{name}-more", dead_letter_target_arn=arn(f"sqs:{name}-jobs-dlq")),
        )
        for part in parts:
            files |= part
    return files


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
