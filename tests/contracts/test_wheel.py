"""The wheel carries exactly the shipped data that git tracks, wherever `engine.data` looks for it."""

import os
import subprocess
import sys
import zipfile

import pytest

from engine import data

_BESIDE = ("engine/sandbox/forge/", "engine/setup/")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.mark.slow
def test_wheel_has_exactly_the_tracked_data(tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ROOT}", str(clone)], check=True)
    (clone / "terraform" / ".terraform").mkdir()
    (clone / "terraform" / ".terraform" / "stray").write_text("a provider that `terraform init` left behind")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(clone)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        beside = {name for name in archive.namelist() if name.startswith(_BESIDE)}
        packed = {n.removeprefix("engine/_data/") for n in archive.namelist() if n.startswith("engine/_data/")}
    tracked = subprocess.run(["git", "ls-files", *data.NAMES], cwd=clone, check=True, capture_output=True, text=True)
    assert packed == set(tracked.stdout.split())
    ours = subprocess.run(["git", "ls-files", *_BESIDE], cwd=clone, check=True, capture_output=True, text=True)
    assert beside == set(ours.stdout.split()), "what lies beside the modules too: schema, templates, style sheet"


def test_checkout_data_is_at_the_top_level():
    assert data.path("schemas") == os.path.join(ROOT, "schemas")
