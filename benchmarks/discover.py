"""Discovery: our own time per changed resource, beside git's. Budget: 0.35 ms, linear to 10,000 of 100,000 files.

Our own time is CPU time of this process: reading what git hands out, hashing, comparing, parsing, checking. What git's
processes take, and the wall time, are printed beside it; how many processes these are is a test
(`tests/adapters/git/test_contents.py`: five at most). Each size runs in a process of its own, in which the libraries
are loaded already, as in `engine run`; the best of several rounds counts. Memory: 1 GiB.

    python benchmarks/discover.py [ROUNDS]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise

from engine import data
from engine.adapters.git import contents
from engine.adapters.git.repository import Repository
from engine.core.resources import services
from engine.core.resources.discover import discover
from engine.run.module import read_module

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tests.support.resources import rules

BUDGET_MS = 0.35  # of our own, per changed resource
LINEAR = 1.3  # ten times as many may take so much more than ten times as long
MEMORY = 1024  # MiB
SIZES = ((10_000, 100), (10_000, 1_000), (50_000, 10_000))  # resources of two files each; how many of them changed
PARTS = ("what changed", "trees and blobs", "read and check")

TFVARS = """environment = "development"

s3_buckets = {
  "%(name)s" = {
    versioning  = %(versioning)s
    policy_file = "%(name)s.json"
    tags = {
      Owner      = "team-%(team)d@example.com"
      CostCenter = "%(team)d"
    }
  }
}
"""
POLICY = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
      "Resource": ["arn:aws:s3:::%(name)s", "arn:aws:s3:::%(name)s/*"],
      "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    }
  ]
}
"""


def main(rounds: int = 5) -> int:
    """Print the times; 1 when one is above its budget."""
    rows = []
    print(f"{'changed of files':>20} {'own ms each':>12} {'git ms each':>12} {'wall ms each':>13} {'MiB':>6}   {PARTS}")
    for resources, changed in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            make(directory, resources, changed)
            argv = [sys.executable, __file__, directory, str(changed), str(rounds)]
            row = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
        rows.append(row)
        own = sum(row["own"])
        parts = " + ".join(f"{part:.3f}" for part in row["own"])
        size = f"{changed:,} of {2 * resources:,}"
        print(f"{size:>20} {own:>12.3f} {row['git']:>12.3f} {row['wall']:>13.3f} {row['mib']:>6}   {parts}")
    each = [sum(row["own"]) for row in rows]
    print(f"10,000 against 1,000, each: {each[2] / each[1]:.2f}x (budget {LINEAR}x)")
    return int(max(each[1:]) > BUDGET_MS or each[2] > LINEAR * each[1] or max(row["mib"] for row in rows) > MEMORY)


def measure(directory: str, changed: int, rounds: int) -> None:
    """Print the best of several discoveries of one repository, as JSON: milliseconds per changed resource."""
    module, declared = services.read(read_module(data.path("terraform"))), rules()
    found = []
    for _ in range(rounds + 1):  # the first one loads libraries
        children, began = _children(), time.perf_counter()
        times = [time.process_time()]
        repository = Repository(directory, path=os.environ["PATH"])
        differing = repository.range("dev", "feature")
        times.append(time.process_time())
        seen = contents.of_range(repository, differing, module)
        times.append(time.process_time())
        result = discover(seen, module, declared, declared.sources[0])
        times.append(time.process_time())
        assert len(result.resources) == changed, result
        assert not result.refused, result.refused
        wall = time.perf_counter() - began
        repository.close()
        own = [b - a for a, b in pairwise(times)]
        found.append((own, _children() - children, wall))
    own, git, wall = min(found[1:], key=lambda row: sum(row[0]))
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    each = 1000 / changed
    print(json.dumps({"own": [part * each for part in own], "git": git * each, "wall": wall * each, "mib": mib}))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def make(directory: str, resources: int, changed: int) -> None:
    """A repository, packed as a clone is, in which `feature` changes some resources of `dev`."""
    subprocess.run(["git", "init", "-q", "-b", "dev", directory], check=True)
    names = [f"bucket-{i:05}" for i in range(resources)]
    touched = names[:: resources // changed]
    base = [(f"S3/{n}/{n}.{end}", text) for n in names for end, text in _files(n, "true").items()]
    head = [(f"S3/{n}/{n}.tfvars", _files(n, "false")["tfvars"]) for n in touched]
    stream = "".join([*_commit("dev", base), *_commit("feature", head, "refs/heads/dev")])
    subprocess.run(["git", "-C", directory, "fast-import", "--quiet"], input=stream.encode(), check=True)


def _files(name: str, versioning: str) -> dict[str, str]:
    values = {"name": name, "versioning": versioning, "team": int(name[-2:])}
    return {"tfvars": TFVARS % values, "json": POLICY % values}


def _commit(branch: str, files: list[tuple[str, str]], parent: str | None = None) -> Iterator[str]:
    yield f"commit refs/heads/{branch}\ncommitter A <a@example.com> 0 +0000\ndata 0\n"
    yield f"from {parent}\n" if parent else ""
    for path, text in files:
        yield f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"


if __name__ == "__main__":
    if len(sys.argv) > 3:
        measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
