"""`engine explain` starts for every event: what it may load is a budget, here by name, in benchmarks/ by time."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

from engine import data
from tests.support.decision import payload
from tests.support.facts import document

ENGINE = os.path.dirname(os.path.abspath(data.__file__))
RULES = os.path.dirname(data.path("deployment-rules.yaml"))
# `inspect` brings ast, dis and tokenize; `dataclasses` brings `inspect`.
HEAVY = ("jmespath", "inspect", "dataclasses", "pathlib", "logging", "subprocess", "jsonschema", "fastjsonschema")


def test_explain_loads_nothing_heavy(tmp_path):
    event, facts = tmp_path / "event.json", tmp_path / "facts.json"
    event.write_text(json.dumps(payload()))
    facts.write_text(json.dumps(document().to_json()))
    words = ["explain", "--event", str(event), "--facts", str(facts), "--rules", RULES]
    program = (
        "import sys\n"
        "from engine.cli.main import main\n"
        f"code = main({words!r})\n"
        f"print(code.name, *(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["WAITING"], done.stdout


def _sources() -> Iterator[str]:
    for folder, _, names in os.walk(ENGINE):
        yield from (os.path.join(folder, name) for name in names if name.endswith(".py"))


def test_the_engine_does_without_the_jmespath_library():
    """It is the tests' oracle: a parser of ours that leaned on it would agree with it by construction."""
    importing = []
    for path in _sources():
        with open(path, encoding="utf-8") as file:
            importing += [path] if re.search(r"^\s*(import|from) jmespath", file.read(), re.M) else []
    assert importing == []
    assert len(list(_sources())) > 100
