"""How long `engine audit verify` takes for 1,000,000 records, in times of `sha256sum` of the same file.

python benchmarks/audit.py [RECORDS]        budget: 8 times
"""

import os
import resource
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.adapters.keys import FileSigner
from engine.core.audit import chain
from engine.core.audit.record import Said
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import entry

_SIZES = (1, 5, 2, 8)  # records of a batch: decisions alone, and what a merge counts and announces
_SIGNED = 20_000  # heads that are really signed: older signatures are not looked at, and making them takes minutes


def write(file: str, records: int, signer: FileSigner) -> None:
    """A trail as runs leave it."""
    tip, made = chain.START, 0
    with open(file, "wb") as out:
        while made < records:
            size = min(_SIZES[tip.number % len(_SIZES)], records - made)
            said = [
                Said(
                    "decision", "pending", "acme/dev-deployment", number, None, "merge: waiting for: reviewed, free",
                    {"login": "ann", "id": 101}, {"decision": f"sha256:{number:064x}", "pipeline": "merge"},
                )
                for number in range(made, made + size)
            ]  # fmt: skip
            made += size
            signs = signer if records - made < _SIGNED * 4 else None
            data, head = chain.batch(
                tip, said, str, run="4711-1", time="2026-11-23T21:00:00Z", by="0123456789abcdef", signer=signs
            )
            out.write(data)
            tip = head.tip


def best(command: list[str], times: int = 2) -> float:
    """Processor seconds of the cheapest of several: both have one thread, and others may be at work here, too."""
    found = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def main() -> None:
    """Write, measure, print."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    signer = FileSigner(Ed25519PrivateKey.generate())
    with tempfile.TemporaryDirectory() as folder:
        file, keys = os.path.join(folder, "audit.jsonl"), os.path.join(folder, "keys.yaml")
        write(file, records, signer)
        with open(keys, "w", encoding="utf-8") as out:
            out.write(entry(TrustedKey(signer.id, signer.public, ("audit",), "2099-01-01T00:00:00Z", None)))
        engine = [sys.executable, "-m", "engine.cli.main", "audit", "verify", "--file", file, "--keys", keys]
        digest, verify = best(["sha256sum", file]), best(engine)
        size = os.path.getsize(file) / 1e6
    print(
        f"{records:,} records, {size:.0f} MB: sha256sum {digest:.2f} s, verify {verify:.2f} s, {verify / digest:.1f} x"
    )


if __name__ == "__main__":
    main()
