"""Which environments a controller's workflows have jobs in: read from the files, and expanded for each environment."""

import os

import pytest

from engine import setup
from engine.errors import EngineError
from engine.run.doctor.environments import wanted

SHIPPED = os.path.join(os.path.dirname(setup.__file__), "templates", "controller", "dot-github", "workflows")


def test_those_of_the_workflow_that_is_shipped(tmp_path):
    (tmp_path / ".github").mkdir()
    os.symlink(SHIPPED, tmp_path / ".github" / "workflows")
    assert set(wanted(str(tmp_path), ["dev", "prod"])) == {
        "interlock-route", "interlock-sign", "interlock-report",
        "interlock-plan-dev", "interlock-plan-prod", "interlock-plan-otherwise",
        "dev", "prod", "otherwise",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("why", "text", "names"),
    [
        ("a name", "jobs: {a: {environment: x}}", ["x"]),
        ("a name with an address", "jobs: {a: {environment: {name: x, url: y}}}", ["x"]),
        ("no job has one", "jobs: {a: {steps: []}}", []),
        ("no jobs", "on: push", []),
        ("something else", "[1]", []),
        ("one that depends on the run", "jobs: {a: {environment: 'p-${{ needs.r.outputs.environment }}'}}", ["p-dev"]),
        ("a blank more", "jobs: {a: {environment: \"${{needs.r.outputs.environment || 'o'}}\"}}", ["dev", "o"]),
    ],
)
def test_a_workflow(tmp_path, why, text, names):
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "a.yaml").write_text(text)
    (tmp_path / ".github" / "workflows" / "README").write_text("- no: [workflow")
    assert list(wanted(str(tmp_path), ["dev"])) == names, why


def test_a_controller_without_workflows(tmp_path):
    assert wanted(str(tmp_path), ["dev"]) == {}


def test_a_workflow_that_is_none(tmp_path):
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "a.yml").write_text("jobs: [")
    with pytest.raises(EngineError):
        wanted(str(tmp_path), [])
