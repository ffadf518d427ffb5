"""Each console block of README and docs/ is true: it is typed as it stands there, and prints what is shown below it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine import data
from engine.adapters.keys import key_set
from engine.cli.main import COMMANDS, load, main, parser_of
from engine.run.trusted import load_rules
from tests.support.consoles import PAGES, ROOT, agrees, blocks
from tests.support.decision import payload
from tests.support.facts import approve, document, group, verdict
from tests.support.git import Clone
from tests.support.plans import a_change, a_plan

BLOCKS = [block for block in blocks() if not block.not_run]
GROUPS = {"reviewers": ("ann", "bob"), "security": ("cid", "dan"), "ciso": ("lea",), "special_approvers": ("eve",)}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """`controller`, a copy of what a controller repository holds, and `dev-deployment`, a clone of a source."""
    top = tmp_path_factory.mktemp("pages")
    controller = top / "controller"
    for name in (*data.NAMES, "docs"):
        copy = shutil.copytree if os.path.isdir(ROOT / name) else shutil.copy
        (controller / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, controller / name)
    shutil.rmtree(controller / "terraform" / ".terraform", ignore_errors=True)
    versions = {"bucket": "acme-lake", "versioning_configuration": [{"status": "Enabled"}]}
    plan = a_plan(a_change("create", None, versions, address='aws_s3_bucket_versioning.this["a"]', name="this"))
    (controller / "plan.json").write_text(json.dumps(plan))
    facts = document(
        verdict=verdict(rules=load_rules(str(controller)).digest),
        groups={name: group(*members) for name, members in GROUPS.items()},
        reviews=[approve("ann")],
    )
    (controller / "out").mkdir()
    (controller / "out" / "facts.json").write_text(json.dumps(facts.to_json()))
    (top / "controller-keys").mkdir(mode=0o700)
    (controller / "trusted-keys.yaml").write_bytes(key_set(str(top / "controller-keys"), None, "2099-01-01T00:00:00Z"))
    (controller / "event.json").write_text(json.dumps(payload()))
    source = Clone(top / "dev-deployment")
    shutil.copytree(ROOT / "examples" / "dev-deployment", source.directory, dirs_exist_ok=True)
    source.commit(message="base")
    source.branch("analytics-buckets")
    shutil.copytree(ROOT / "examples" / "change", source.directory, dirs_exist_ok=True)
    source.commit(message="change")
    return top


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{block.page}:{block.number}", marks=[pytest.mark.slow] if block.slow else [])
        for block in BLOCKS
    ],
)
def test_it_prints_what_the_page_shows(block, places, monkeypatch, capfd):
    monkeypatch.chdir(places / block.directory)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request_review")
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable), prepend=os.pathsep)
    for number, command in enumerate(block.commands, 1):
        if (words := command.words) is not None:
            code = main(words)
        else:
            assert block.slow, f"`{command.line}` takes a shell, so the block has to be marked slow"
            code = subprocess.run(["bash", "-c", command.line], timeout=300, check=False).returncode
        said = capfd.readouterr()
        printed = f"{said.out}\n{said.err}"
        assert code == (block.exits if number == len(block.commands) else 0), f"{command.line}\n{printed}"
        if command.output.strip():
            assert agrees(command.output, printed), f"$ {command.line}\n{printed}"


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=f"{block.page}:{block.number}") for block in blocks() if block.not_run]
)
def test_what_is_not_run_says_why_and_is_at_least_a_command(block):
    for name in re.findall(r"tests/[\w/.]+", block.not_run):
        assert (ROOT / name.rstrip(".")).exists(), f"{name} is said to show it"
    for command in block.commands:
        if (words := command.words) is not None:
            parser_of(words[0], load(words[0])).parse_args(words[1:])  # or argparse ends the test


def test_every_page_is_looked_at():
    found = list(blocks())
    assert len(found) > 20
    assert all(block.commands for block in found)
    assert {Path(block.page).name for block in found} >= {"README.md", "rules.md", "policies.md", "authors.md"}
    for page in PAGES:
        for fence in re.findall(r"^```(\w*)\n(.*)", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert fence[0] not in ("sh", "bash", "shell"), f"{page}: a console block, so that it is run: {fence[1]}"
            assert not (fence[0] == "" and fence[1].startswith(("engine ", "$ "))), f"{page}: {fence[1]}"


def options(parser):
    """All options of a command and of its verbs."""
    found = set(parser._option_string_actions)
    verbs = [action for action in parser._actions if isinstance(action.choices, dict)]
    return found.union(*(options(one) for action in verbs for one in action.choices.values()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_within_a_text_have_the_options_that_they_name(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`engine ([a-z][^`]*)`", text.replace("\n", " ")):
        name, *words = span.split()
        assert name in COMMANDS, f"engine {span}"
        known = options(parser_of(name, load(name)))
        named = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}
        assert named <= known, f"engine {span}: {named - known}"


@pytest.mark.parametrize(
    ("why", "shown", "printed", "true"),
    [
        ("the same", "a b", "a b\n", True),
        ("lines that are broken elsewhere", "a\nb  c", "a b\n   c", True),
        ("what nobody can foresee", "took ... s", "took 2.4 s", True),
        ("whole lines of that", "first\n...\nlast", "first\nx\ny\nlast", True),
        ("nothing where something may be", "a …", "a", True),
        ("another word", "a b", "a c", False),
        ("more than is shown", "a", "a b", False),
        ("less than is shown", "a b", "a", False),
    ],
)
def test_what_agrees(why, shown, printed, true):
    assert agrees(shown, printed) is true, why
