"""The recipe of freeze windows in docs/rules.md, taken up into the shipped rules as it stands, and its fixture."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from engine import data
from engine.cli.main import main
from engine.errors import ExitCode

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
RECIPE, FIXTURE = re.findall(r"```yaml\n(.*?)```", PAGE.partition("## Freeze windows")[2], re.DOTALL)[:2]
NAME = "no-holidays"


@pytest.fixture(scope="module")
def controller(tmp_path_factory):
    """A controller with the recipe in it."""
    made = tmp_path_factory.mktemp("controller")
    shutil.copytree(data.path("specs"), made / "specs")
    shutil.copy(data.path("approvers-config.yaml"), made)
    text = Path(data.path("deployment-rules.yaml")).read_text(encoding="utf-8")
    define, gate = RECIPE.removeprefix("define:\n").split("gates:\n")
    text = text.replace("\ndefine:\n", f"\ndefine:\n{define}", 1).replace("\ngates:\n", f"\ngates:\n{gate}", 1)
    text = text.replace("    - not-frozen\n", f"    - not-frozen\n    - {NAME}\n")
    (made / "deployment-rules.yaml").write_text(text, encoding="utf-8")
    shutil.copytree("tests/specs/given", made / "tests" / "given")
    (made / "tests" / "holidays.yaml").write_text(FIXTURE, encoding="utf-8")
    return made


def test_it_stands_before_all_that_not_frozen_stands_before(controller):
    rules = yaml.safe_load((controller / "deployment-rules.yaml").read_text())
    guarded = {name for name, gates in rules["protect"].items() if NAME in gates}
    assert guarded == {"github.merge", "github.account", "terraform.apply"}


def test_it_is_sound(controller, capsys):
    assert main(["lint", str(controller / "deployment-rules.yaml")]) == ExitCode.DONE, capsys.readouterr()


def test_it_opens_and_closes_when_it_says(controller, capsys):
    words = ["test", str(controller / "tests" / "holidays.yaml"), "--rules", str(controller)]
    assert main(words) == ExitCode.DONE, capsys.readouterr()
    assert "5 cases passed" in capsys.readouterr().out
