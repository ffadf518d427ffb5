"""Write policies/aws/runtimes/data.json: Lambda's runtimes, and from when on AWS neither mends nor takes them.

Sources, both offline: cfn-lint's copy of the table in AWS's guide (its release is the date of the table), and
botocore's list for runtimes that are too new to have a date. Run by `make catalogue`.
"""

import json
import os
import sys
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from botocore.session import get_session

FILE = os.path.join(os.path.dirname(__file__), "..", "policies", "aws", "runtimes", "data.json")
_TABLE = "data/AdditionalSpecs/LmbdRuntimeLifecycle.json"
_NO_RUNTIME = {"custom"}  # in botocore's list alone


def runtimes() -> dict[str, dict[str, str]]:
    """Runtime → days (`2026-10-31`) of `deprecated` and `create_block`, and `successor`; those that are known."""
    table = json.loads(files("cfnlint").joinpath(_TABLE).read_text())
    found = {
        name: {
            key: row[source]
            for key, source in (
                ("deprecated", "deprecated"),
                ("create_block", "create-block"),
                ("successor", "successor"),
            )
            if row[source]
        }
        for name, row in table.items()
    }
    shape = get_session().get_service_model("lambda").shape_for("Runtime")
    return {name: found.get(name, {}) for name in sorted({*found, *shape.enum} - _NO_RUNTIME)}


def document(dated: str) -> dict[str, Any]:
    """The content of the file, whose table was read on the day `dated`."""
    return {"dated": dated, "sources": {name: version(name) for name in ("botocore", "cfn-lint")}, "known": runtimes()}


def main(arguments: list[str]) -> None:
    """Write the file. The argument is the day of cfn-lint's release; without one the sources have to be the same."""
    with open(FILE, encoding="utf-8") as handle:
        kept = json.load(handle)
    fresh = document(*(arguments or [kept["dated"]]))
    if not arguments and fresh["sources"] != kept["sources"]:
        raise SystemExit(
            "the sources have changed: python -m tools.aws_runtimes YYYY-MM-DD, the day of cfn-lint's release"
        )
    with open(FILE, "w", encoding="utf-8") as handle:
        handle.write(json.dumps(fresh, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
