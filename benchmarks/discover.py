"""Discovery of 100 changed resources among 10,000, against `git diff --name-status` of the same range. Budget: 3.

The ratio is of discovery in a process that runs already (in `engine run` and `engine serve` the libraries are loaded
once): its git processes, parsing, checking. The time of the whole command, start-up included, is printed beside it.

    python benchmarks/discover.py [RESOURCES] [CHANGED]
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

from engine import data
from engine.adapters.git import contents
from engine.adapters.git.repository import Repository
from engine.core.resources import services
from engine.core.resources.discover import discover
from engine.run.module import read_module

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tests.support.resources import rules

BUDGET = 3.0
ROUNDS = 15

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


def main(resources: int = 10_000, changed: int = 100) -> int:
    """Print the ratio; 1 when it is above the budget."""
    with tempfile.TemporaryDirectory() as directory:
        make(directory, resources, changed)
        module = services.read(read_module(data.path("terraform")))
        declared = rules()

        def discovery() -> tuple[float, ...]:
            times = [time.perf_counter()]
            repository = Repository(directory, path=os.environ["PATH"])
            found = repository.range("dev", "feature")
            times.append(time.perf_counter())
            seen = contents.of_range(repository, found, module)
            times.append(time.perf_counter())
            result = discover(seen, module, declared, declared.sources[0])
            times.append(time.perf_counter())
            assert len(result.resources) == changed, result
            assert not result.refused, result.refused
            return tuple(b - a for a, b in pairwise(times))

        diff = ["git", "diff", "--name-status", "dev...feature"]
        command = [sys.executable, "-m", "engine.cli.main", "discover", "--base", "dev", "--head", "feature"]
        command += ["--repo", directory, "--rules", data.path("deployment-rules.yaml")]
        ours, git = [], []
        discovery()
        for _ in range(ROUNDS):  # in turns, so that both see the same neighbours
            git.append(seconds(lambda: _run(diff, directory)))
            ours.append(discovery())
        whole = min(seconds(lambda: _run(command, os.getcwd())) for _ in range(3))
    best = min(ours, key=sum)
    ratio = sum(best) / min(git)
    print(f"git diff --name-status  {min(git) * 1e3:7.1f} ms")
    print(f"discovery               {sum(best) * 1e3:7.1f} ms   {ratio:.1f}x (budget {BUDGET:.0f}x)")
    for name, part in zip(("  git: what changed", "  git: trees and blobs", "  read and check"), best, strict=True):
        print(f"{name:<23} {part * 1e3:7.1f} ms")
    print(f"engine discover         {whole * 1e3:7.1f} ms   with start-up and rules")
    return int(ratio > BUDGET)


def seconds(what: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _run(argv: list[str], directory: str) -> None:
    subprocess.run(argv, cwd=directory, check=True, capture_output=True)


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
    sys.exit(main(*map(int, sys.argv[1:])))
