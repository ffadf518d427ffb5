"""`engine run` of an event that starts nothing, as a job of CI runs it, against `python -c pass`. Budget: 8.

Most events of a repository are such. No request is made either: the API's address leads nowhere.

    python benchmarks/idle.py [PAIRS]
"""

import json
import os
import shutil
import sys
import tempfile

from engine import data

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUDGET = 8
NOWHERE = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_TOKEN": "none", "GITHUB_ACTIONS": "true", "CI": "true"}
EVENT = {
    "ref": "refs/heads/dev",
    "before": "a" * 40,
    "after": "b" * 40,
    "deleted": False,
    "repository": {"full_name": "acme/dev-deployment"},
}


def main(pairs: int = 25) -> int:
    """Print the ratio; 1 when it is above the budget."""
    from benchmarks.starts import ENGINE, compared

    with tempfile.TemporaryDirectory() as directory:
        controller = os.path.join(directory, "controller")
        os.mkdir(controller)
        for name in ("deployment-rules.yaml", "approvers-config.yaml", "specs"):
            source = data.path(name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, os.path.join(controller, name))
        event = os.path.join(directory, "event.json")
        with open(event, "w", encoding="utf-8") as handle:
            json.dump(EVENT, handle)
        words = [ENGINE, "run", "--event", event, "--event-name", "push", "--rules", controller]
        words += ["--out", os.path.join(directory, "out")]
        files = {name: os.path.join(directory, name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        environ = {**os.environ, **NOWHERE, **files}
        return compared("engine run, nothing to do", words, BUDGET, pairs, directory, environ)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
