"""`make release`: the same bytes, wherever and whenever a commit is built."""

import json
import os
import subprocess
import sys

import pytest

from engine.cli.main import main
from engine.errors import ExitCode
from tests.support.setup import flags
from tools import release


@pytest.mark.slow
def test_two_builds_of_one_commit_are_the_same_bytes(tmp_path):
    one = release._built(str(tmp_path / "one"))
    before = os.umask(0o077)  # a builder with other habits
    try:
        another = release._built(str(tmp_path / "a longer path" / "another"))
    finally:
        os.umask(before)
    assert [name.rpartition(".")[2] for name in sorted(one)] == ["whl", "gz"]
    assert one == another
    [wheel] = (name for name in one if name.endswith(".whl"))
    (tmp_path / wheel).write_bytes(one[wheel])
    top = tmp_path / "controller"
    assert main(["init", "controller", str(top), *flags("--wheel", str(tmp_path / wheel))]) == ExitCode.DONE
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--require-hashes"]
    asked = [
        *pip,
        "--find-links=.github/engine/wheels",
        "-r.github/engine/engine.lock",
        f"--target={tmp_path}/installed",
    ]
    assert subprocess.run(asked, cwd=top, check=False).returncode == 0
    assert (tmp_path / "installed/engine/__init__.py").is_file()
    with open(top / ".github/engine/wheels" / wheel, "ab") as file:
        file.write(b" ")
    assert subprocess.run(asked, cwd=top, check=False).returncode != 0, "of other bytes nothing is installed"


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "kept").write_text("")
    with pytest.raises(SystemExit, match="not empty"):
        release.main(str(tmp_path))


@pytest.mark.slow
def test_the_list_of_what_it_stands_on_is_read_from_hashed_lines(tmp_path):
    lines = ["jmespath==1.1.0 --hash=sha256:" + "1" * 64, "PyYAML==6.0.4 --hash=sha256:" + "2" * 64]
    (tmp_path / "requirements.txt").write_text("\n".join(lines) + "\n")
    said = json.loads(release._sbom(str(tmp_path / "requirements.txt")))
    assert said["metadata"]["component"]["name"] == "interlock-engine"
    assert {(one["name"], one["version"]) for one in said["components"]} == {("jmespath", "1.1.0"), ("PyYAML", "6.0.4")}


def test_the_release_is_of_the_version_that_the_package_says():
    found = subprocess.run(
        ["sed", "-n", r's/^__version__ = "\(.*\)"$/\1/p', os.path.join(release.ROOT, "engine/__init__.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    from engine import __version__

    assert found.stdout.strip() == __version__
