"""On which policies and tests everything has been tried: `python -m tests.policies.mutated` does so.

Every change of a policy, every managed policy of AWS, every test on a real OPA: that takes minutes of both processors
and comes to the same for the same files, so it is written down when all has gone well. Until one of the files is
another, the slow tests try a share of it, and all of it after that.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from engine.adapters.policy import mutation
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.mutation.operators import Mutant
from engine.adapters.policy.mutation.run import Judged, Outcome, mutate
from engine.adapters.policy.port import Terms
from tests.support.few import ALL

RECORD = Path(__file__).with_suffix(".json")
SHARES = 16  # one of which is tried; which one depends on the policies
POLICIES = read_directory(str(Path(__file__).parents[2] / "policies"))
SHIPPED = policy_set(POLICIES)


def files() -> dict[str, bytes]:
    """All that the outcome of a change hangs on: policies, their tests and data, and what makes and judges changes."""
    program = Path(mutation.__file__).parent
    return {**POLICIES, **{f"mutation/{file.name}": file.read_bytes() for file in sorted(program.glob("*.py"))}}


def digest(of: Mapping[str, bytes]) -> str:
    """Of all names and contents."""
    return sha256(json.dumps([[name, sha256(of[name]).hexdigest()] for name in sorted(of)]).encode()).hexdigest()


NOW = digest(files())
IS_WHOLE = ALL or json.loads(RECORD.read_text())["digest"] != NOW


def is_chosen(name: str, shares: int = SHARES) -> bool:
    """Whether one of many things is tried now: each is in one of the shares, or all of them are."""
    return IS_WHOLE or (int(sha256(name.encode()).hexdigest()[:8], 16) - int(NOW[:8], 16)) % shares == 0


def among(mutant: Mutant) -> bool:
    """The same of a change, wherever in its policy that has been moved to."""
    return is_chosen("\0".join((mutant.file, mutant.rule, mutant.name)))


def survivors(judged: tuple[Judged, ...]) -> list[str]:
    """Changes that no test has noticed and no comment excuses, with their places."""
    lost = [one.mutant for one in judged if one.outcome is Outcome.SURVIVED]
    return [f"{mutant.file}:{mutant.lines[0]}: {mutant.name}" for mutant in lost]


def main() -> None:
    """Try all, and write down that it was done."""
    judged = mutate(SHIPPED, Terms(timeout_s=600), told=lambda line: print(line, flush=True))
    if lost := survivors(judged):
        sys.exit("\n".join(["no test notices:", *lost]))
    others = [str(RECORD.parents[1] / name) for name in ("policies/test_shipped.py", "tools/test_aws_catalogue.py")]
    argv = [sys.executable, "-m", "pytest", "-n0", "-m", "slow", *others]
    subprocess.run(argv, env={**os.environ, "ENGINE_TEST_ALL": "1"}, check=True)
    found = Counter(one.outcome.value for one in judged)
    RECORD.write_text(json.dumps({"digest": NOW, **dict(sorted(found.items()))}, indent=1) + "\n")


if __name__ == "__main__":
    main()
