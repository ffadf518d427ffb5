"""`engine doctor --github` as somebody types it: what is said, in which form, and with which exit code."""

import json
import os

import pytest

from engine.cli.main import main
from engine.core.doctor import Finding, fine
from engine.core.report.doctor import findings
from engine.errors import ExitCode
from tests.run.doctor.conftest import CONTROLLER, SOURCE
from tests.support.terraform import a_program


@pytest.fixture
def doctor(team, monkeypatch, capsys, tmp_path):
    """Runs it as the owner and as the App; exit code and what was said."""
    a_program(tmp_path / "bin", 'echo \'{"terraform_version": "1.11.4"}\'', "terraform")
    environ = {
        "GITHUB_API_URL": team.forge.urls.api,
        "GITHUB_TOKEN": team.token("olga"),
        "ENGINE_GITHUB_APP_ID": "1",
        "ENGINE_GITHUB_APP_KEY_FILE": os.path.join(team.forge.folder, "app-key.pem"),
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def _doctor(*words):
        code = main(["doctor", "--rules", team.controller, "--github", "--repo", CONTROLLER, *words])
        out, err = capsys.readouterr()
        return code, out + err

    return _doctor


def test_a_team_that_is_set_up_well(doctor):
    code, said = doctor()
    assert (code, "Fix:" in said) == (ExitCode.DONE, False), said
    assert f"✓ {SOURCE}, branch dev: takes pull requests only" in said


def test_a_hole_is_an_exit_code(doctor, team):
    team.ruleset(CONTROLLER, "main", enforcement="disabled")
    code, said = doctor()
    assert code == ExitCode.NEGATIVE
    first, attack, *rest = said.split("\n")
    fix = next(line for line in rest if line.startswith("  Fix: gh"))
    assert first == f"error {CONTROLLER}, branch main: takes pushes without a pull request"
    assert attack.startswith("  Attack: somebody who may write pushes")
    team.gh(fix.removeprefix("  Fix: "))  # as it is copied, without a line end in it
    assert doctor()[0] == ExitCode.DONE
    assert "Fix: the same as above" in "\n".join(rest)


def test_a_warning_is_none(doctor, team):
    team.olga("PUT", f"/repos/{CONTROLLER}/environments/new", {"deployment_branch_policy": OWN})
    code, said = doctor("--json")
    told = json.loads(said)
    assert (code, told["version"], told["ok"]) == (ExitCode.DONE, 1, True)
    (wrong,) = [one for one in told["findings"] if not one["ok"]]
    assert set(wrong) == {"subject", "ok", "what", "attack", "mend", "level"}
    assert (wrong["subject"], wrong["level"]) == (f"{CONTROLLER}, environment new", "warning")
    assert {one["level"] for one in told["findings"]} == {"fine", "warning"}


OWN = {"protected_branches": False, "custom_branch_policies": True}


def test_no_token_is_ever_said(doctor, team, monkeypatch):
    for token in (team.token("olga"), "ghp_that_nobody_knows"):
        monkeypatch.setenv("GITHUB_TOKEN", token)
        assert token not in doctor()[1] + doctor("--json")[1]


def test_what_is_no_repository(doctor):
    code, said = doctor("--repo", "../..")
    assert (code, "'../..' is no repository: say OWNER/NAME" in said) == (ExitCode.CONFIG, True)


def test_findings_are_wrapped_and_commands_are_not():
    command = "gh api --method PUT repos/acme/x/environments/y --input - <<< '{\"a b\": 1}'"
    rows = [
        fine("clock", "goes as GitHub's does"),
        Finding(
            "x",
            False,
            "is open to every branch that anybody can push " * 3,
            "somebody " * 20,
            f"{command} && {command}",
        ),
        Finding("x", False, "is open, too", "the same", f"{command} && {command}"),
        Finding("y", False, "evil\u202e\x1b[31m\nname", "a\nb", "say it", "warning"),
    ]
    said = findings(rows, 60)
    assert [line for line in said if len(line) > 60] == [f"  Fix: {command}", f"       {command}"]
    assert said.count("  Fix: the same as above") == 1
    assert said[-1] == "✓ clock: goes as GitHub's does"
    assert not any(odd in line for line in said for odd in ("\u202e", "\x1b", "\n"))
