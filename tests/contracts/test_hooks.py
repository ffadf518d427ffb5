"""`.pre-commit-hooks.yaml`: installed by pre-commit from this repository, and run in a controller and in a source."""

import os
import subprocess
import sys

import pytest
import yaml

from engine import data
from engine.setup.repository import made
from tests.support.machine import good
from tests.support.setup import CONTROLLER, SOURCE, answers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _git(top, *words):
    return subprocess.run(["git", "-C", str(top), *words], check=True, capture_output=True, text=True).stdout.strip()


def _repository(top, name, files, hook):
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(text)
    config = {"repos": [{"repo": ROOT, "rev": _git(ROOT, "rev-parse", "HEAD"), "hooks": [hook]}]}
    (top / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    _git(top, "init", "-q")
    _git(top, "remote", "add", "origin", f"https://github.com/{name}.git")
    _git(top, "add", ".")


def _run(top, home):
    words = [os.path.join(os.path.dirname(sys.executable), "pre-commit"), "run", "--all-files"]
    env = {**os.environ, "PRE_COMMIT_HOME": str(home)}
    return subprocess.run(words, cwd=top, env=env, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.slow
def test_both_hooks_say_yes_and_no(tmp_path):
    rules, source, home = tmp_path / "rules", tmp_path / "source", tmp_path / "home"
    written = made(answers())
    _repository(rules, CONTROLLER, written, {"id": "engine-lint"})
    files = {"S3/a.tfvars": good().encode(), ".vscode/settings.json": b"{}", "README.md": b"text"}
    _repository(source, SOURCE, files, {"id": "engine-check", "args": ["--rules", str(rules)]})
    for top in (rules, source):
        done = _run(top, home)
        assert done.returncode == 0, done.stdout + done.stderr

    (source / "S3/a.tfvars").write_text("environment = var.x\n")
    done = _run(source, home)
    assert (done.returncode, "S3/a.tfvars" in done.stdout) == (1, True), done.stdout
    (rules / "specs/merge.yaml").write_bytes(written["specs/merge.yaml"] + b"unknown: key\n")
    done = _run(rules, home)
    assert (done.returncode, "ENG040" in done.stdout) == (1, True), done.stdout


def test_what_init_writes_calls_the_same_commands():
    with open(os.path.join(ROOT, ".pre-commit-hooks.yaml"), encoding="utf-8") as file:
        hooks = {hook["id"]: hook for hook in yaml.safe_load(file)}
    assert set(hooks) == {"engine-lint", "engine-check"}
    for kind, name in (("controller", "engine-lint"), ("source", "engine-check")):
        written = yaml.safe_load(made(answers(kind))[".pre-commit-config.yaml"])
        [hook] = [one for repo in written["repos"] for one in repo["hooks"] if one["id"] == name]
        assert hooks[name]["entry"] in hook["entry"]
        assert (hooks[name]["files"], hooks[name].get("exclude")) == (hook["files"], hook.get("exclude"))
    assert data.ROOT == ROOT
