"""`engine explain` starts for every event: what it may load is a budget, here by name, in benchmarks/ by time."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

from engine import data
from tests.support.decision import payload
from tests.support.facts import document
from tests.support.machine import good

ENGINE = os.path.dirname(os.path.abspath(data.__file__))
RULES = os.path.dirname(data.path("deployment-rules.yaml"))
# `jmespath` brings `inspect`, `ast` and `dis`, once: no more of that kind. `yaml` takes as long as Python itself.
HEAVY = (
    "dataclasses",
    "datetime",
    "pathlib",
    "logging",
    "subprocess",
    "jsonschema",
    "fastjsonschema",
    "yaml",
    "_hashlib",
    "shutil",
    # Ours: what only an action that tells somebody something needs.
    "engine.core.kept",
    "engine.run.actions.github.board",
    "engine.run.actions.github.applied",
)
# Libraries of GitHub and AWS, and what they bring: a third of a second, and a way out that a local run must not have.
FAR = ("github", "jwt", "requests", "urllib3", "boto3", "botocore")


def test_explain_loads_nothing_heavy(tmp_path):
    event, facts = tmp_path / "event.json", tmp_path / "facts.json"
    event.write_text(json.dumps(payload()))
    facts.write_text(json.dumps(document().to_json()))
    words = ["explain", "--event", str(event), "--facts", str(facts), "--rules", RULES]
    program = (
        "import sys\n"
        "from engine.cli.main import main\n"
        f"code = main({words!r})\n"
        f"print(code.name, *(name for name in {(*HEAVY, *FAR)!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["WAITING"], done.stdout


# What carries something out: for an event that starts nothing (most of them) it stays where it is.
ACTING = ("threading", "engine.run.handle", "engine.run.runner", "engine.core.redact", "engine.adapters.keys")


def test_a_run_of_an_event_that_starts_nothing_loads_nothing_that_acts(tmp_path):
    event, controller = tmp_path / "event.json", tmp_path / "controller"
    pushed = {"ref": "refs/heads/dev", "before": "a" * 40, "after": "b" * 40, "deleted": False}
    event.write_text(json.dumps({**pushed, "repository": {"full_name": "acme/dev-deployment"}}))
    shutil.copytree(data.path("specs"), controller / "specs")
    for name in ("deployment-rules.yaml", "approvers-config.yaml"):
        shutil.copy(data.path(name), controller)
    words = ["run", "--event", str(event), "--event-name", "push", "--rules", str(controller)]
    program = (
        "import sys\n"
        "from engine.cli.main import main\n"
        f"code = main({[*words, '--out', str(tmp_path / 'out'), '--json']!r})\n"
        f"print(code.name, *(name for name in {(*HEAVY, *FAR, *ACTING)!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "DONE", done.stderr
    said = json.loads(done.stdout)
    assert (said["status"], said["requests"], said["reports"][0]["result"]) == ("nothing_to_do", 0, "idle")
    kept = sorted(os.listdir(tmp_path / "out"))
    assert kept == ["decision.json", "event.json", "facts.json", "report.json", "report.md"]


def _sources() -> Iterator[str]:
    for folder, _, names in os.walk(ENGINE):
        yield from (os.path.join(folder, name) for name in names if name.endswith(".py"))


def test_rules_are_read_with_the_jmespath_library_in_one_place():
    """Whoever else wanted its trees would have to know what it lets through."""
    importing = []
    for path in _sources():
        with open(path, encoding="utf-8") as file:
            importing += [path] if re.search(r"^\s*(import|from) jmespath", file.read(), re.M) else []
    expressions = os.path.join("core", "expressions")
    assert sorted(os.path.relpath(path, ENGINE) for path in importing) == [
        os.path.join("cli", "query.py"),  # plain JMESPath, by which nothing is decided
        os.path.join(expressions, "parse.py"),
        os.path.join(expressions, "tokens.py"),
    ]
    assert len(list(_sources())) > 100


def test_what_reads_no_rules_does_not_load_it():
    words = "from engine.cli.main import main; import sys; main(['version']); print('jmespath' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"


def test_a_local_run_loads_nothing_that_asks_github_or_aws(machine):
    machine.change({"S3/a.tfvars": good()})
    program = (
        "import sys\n"
        "from engine.cli.main import main\n"
        f"code = main({machine.words()!r})\n"
        f"print(code.name, *(name for name in {FAR!r} if name in sys.modules), file=sys.stderr)\n"
    )
    environ = {**os.environ, **machine.environ}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environ)
    assert done.stderr.splitlines()[-1] == "DONE", done.stderr
