"""Owners of single services, whose gates the shipped rules have commented out: as somebody would take them up."""

import re
import shutil
from pathlib import Path

import pytest

from engine import data
from engine.cli.main import main
from engine.errors import ExitCode

OWNERS = ("access-owners", "data-owners", "function-owners", "messaging-owners")


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """The shipped rules with the marks taken off, and the gates beside `security-reviewed`."""
    made = tmp_path_factory.mktemp("controller")
    shutil.copytree(data.path("specs"), made / "specs")
    text = Path(data.path("deployment-rules.yaml")).read_text(encoding="utf-8")
    text = re.sub(r"^  # ((?:  .*|[a-z]+-owners:)\n)", r"  \1", text, flags=re.MULTILINE)
    beside = "".join(f"    - {name}\n" for name in ("security-reviewed", *OWNERS))
    text = text.replace("    - security-reviewed\n", beside)
    (made / "deployment-rules.yaml").write_text(text, encoding="utf-8")
    text = Path(data.path("approvers-config.yaml")).read_text(encoding="utf-8")
    text = re.sub(r"^  # ([a-z]+: \{.*\n)", r"  \1", text, flags=re.MULTILINE)
    (made / "approvers-config.yaml").write_text(text, encoding="utf-8")
    return made


def test_it_is_all_there(rules):
    text = (rules / "deployment-rules.yaml").read_text()
    assert [text.count(f"  {name}:\n") for name in OWNERS] == [1] * 4
    assert [text.count(f"    - {name}\n") for name in OWNERS] == [3] * 4


def test_it_is_sound(rules, capsys):
    assert main(["lint", str(rules / "deployment-rules.yaml")]) == ExitCode.DONE, capsys.readouterr()


def test_each_service_asks_its_own_people(rules, capsys):
    done = main(["test", "tests/cases/per-service", "--rules", str(rules / "deployment-rules.yaml")])
    assert done == ExitCode.DONE, capsys.readouterr().out
