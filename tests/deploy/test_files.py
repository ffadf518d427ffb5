"""What is shipped to run the engine with, and our own workflows: read by the tools that know them. Nothing is built."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WORKFLOWS = ".github/workflows"


def read(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_container_file_is_one_that_hadolint_takes():
    read(BIN / "hadolint", "deploy/Containerfile")


def test_the_container_is_nobody_and_holds_nothing_secret():
    text = (ROOT / "deploy/Containerfile").read_text()
    users = re.findall(r"^USER (.*)$", text, re.MULTILINE)
    assert users == ["10001:10001"]
    assert text.index("USER 10001") < text.index("ENTRYPOINT")
    assert not re.findall(r"^(?:ARG|ENV).*(?:SECRET|TOKEN|KEY)", text, re.MULTILINE)
    assert "--require-hashes" in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
def test_the_unit_is_one_that_systemd_takes(tmp_path):
    unit = (ROOT / "deploy/interlock.service").read_text()
    unit = unit.replace("/opt/interlock/bin/engine", str(BIN / "engine"))  # has to be there
    file = tmp_path / "interlock.service"
    file.write_text(unit)
    read("systemd-analyze", "verify", file)
    read("systemd-analyze", "security", "--offline=true", "--threshold=15", file)  # of 100; 0 can do nothing at all


def test_container_and_unit_start_serve_with_options_that_it_has():
    said = read(BIN / "engine", "serve", "--help")
    for name in ("deploy/Containerfile", "deploy/interlock.service"):
        text = (ROOT / name).read_text()
        [line] = [line for line in text.splitlines() if line.startswith(("CMD", "ExecStart="))]
        options = re.findall(r"--[a-z-]+", line)
        assert options
        assert [one for one in options if f" {one} " not in said] == []


@pytest.mark.slow
def test_our_workflows_are_right_and_give_nobody_a_way_in():
    read(BIN / "zizmor", "--offline", "--persona", "auditor", "--quiet", WORKFLOWS)
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / WORKFLOWS).glob("*.yml"))
    read(BIN / "actionlint", *files)
    read(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)


def test_every_action_is_named_by_digest_with_its_version_beside_it():
    for file in (ROOT / WORKFLOWS).glob("*.yml"):
        for line in re.findall(r"uses: (.*)", file.read_text()):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
