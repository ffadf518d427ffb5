"""Hiding 2,000 secrets in 1.2 MB of text. Budgets: 2 times the time of 20 secrets, 2.6 times that of half the text.

Time is to be linear in the text and to have next to nothing to do with the number of secrets; both ratios are of the
same run. Building the tables for the secrets is printed beside it: it is linear in them.

    python benchmarks/redact.py
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable

from engine.core.redact import HIDDEN, Redactor

SECRETS, FEW = 2_000, 20
BYTES = 1_200_000
BUDGET_SECRETS, BUDGET_TEXT = 2.0, 2.6


def main() -> int:
    """Measure, print, judge."""
    draw = random.Random(7)
    secrets = ["".join(draw.choices('abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789/+&"', k=32)) for _ in range(SECRETS)]
    text = report(draw, secrets[:FEW])
    half = text[: len(text) // 2]
    many, few = Redactor(secrets), Redactor(secrets[:FEW])
    building = once(lambda: many.text("to build its tables"))
    few.text("to build its tables")
    hidden = many.text(text)
    assert HIDDEN in hidden
    assert not any(secret in hidden for secret in secrets)
    # In turns, so that a busy machine slows all of them.
    rounds = [
        (once(lambda: many.text(text)), once(lambda: few.text(text)), once(lambda: many.text(half))) for _ in range(5)
    ]
    with_many, with_few, of_half = (statistics.median(r[n] for r in rounds) for n in range(3))
    by_secrets = statistics.median(a / b for a, b, _ in rounds)
    by_text = statistics.median(a / c for a, _, c in rounds)
    print(f"{len(text) / 1e6:.1f} MB, {SECRETS} secrets: {with_many:.2f} s (and once {building:.2f} s for the tables)")
    print(f"{FEW} secrets {with_few:.2f} s: ratio {by_secrets:.2f} (budget {BUDGET_SECRETS})")
    print(f"half the text {of_half:.2f} s: ratio {by_text:.2f} (budget {BUDGET_TEXT})")
    return 0 if by_secrets <= BUDGET_SECRETS and by_text <= BUDGET_TEXT else 1


def report(draw: random.Random, secrets: list[str]) -> str:
    """What a long report looks like: diffs with documents, some of which hold a secret."""
    lines: list[str] = []
    size = 0
    while size < BYTES:
        number = draw.randrange(10**6)
        value = json.dumps(
            {"Sid": f"s{number}", "Resource": f"arn:aws:s3:::bucket-{number}/*", "key": draw.choice(secrets)}
        )
        lines.append(f'+   policy = {json.dumps(value)}  # aws_s3_bucket.this["data-{number}"]')
        size += len(lines[-1]) + 1
    return "\n".join(lines)


def once(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
