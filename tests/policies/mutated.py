"""On which policies and tests every change has been tried: `python -m tests.policies.mutated` tries all of them.

That takes minutes of both processors and comes to the same for the same files, so it is written down when no change has
survived: until one of the files is another, the slow tests try a share of the changes, and all of them after that.
"""

import json
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


def is_in_share(mutant: Mutant, share: int) -> bool:
    """Each change is in one of the shares, the same one wherever its policy is moved to."""
    said = "\0".join((mutant.file, mutant.rule, mutant.name))
    return int(sha256(said.encode()).hexdigest()[:8], 16) % SHARES == share % SHARES


def survivors(judged: tuple[Judged, ...]) -> list[str]:
    """Changes that no test has noticed and no comment excuses, with their places."""
    lost = [one.mutant for one in judged if one.outcome is Outcome.SURVIVED]
    return [f"{mutant.file}:{mutant.lines[0]}: {mutant.name}" for mutant in lost]


def main() -> None:
    """Try all, and write down that it was done."""
    judged = mutate(SHIPPED, Terms(), told=lambda line: print(line, flush=True))
    if lost := survivors(judged):
        sys.exit("\n".join(["no test notices:", *lost]))
    found = Counter(one.outcome.value for one in judged)
    RECORD.write_text(json.dumps({"digest": digest(files()), **dict(sorted(found.items()))}, indent=1) + "\n")


if __name__ == "__main__":
    main()
