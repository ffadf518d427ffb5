"""A real Checkov for slow tests: whatever ENGINE_CHECKOV names, or the environment that `make checkov` has made.

It brings a hundred packages (291 MB) whose pins would fight with ours, hence an environment of its own, once per
machine, and only when somebody asks for it: `.ci/run` does, and goes on where the registry cannot be reached.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PACKAGE = "checkov==3.3.30"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "interlock-tests"
_PLACE = _CACHE / PACKAGE  # a link: programs of an environment know where they are, so it cannot be moved
_FAILED = _CACHE / f"{PACKAGE}.failed"


def program() -> str:
    """Path of the program; skips, and says why, where there is none."""
    named = os.environ.get("ENGINE_CHECKOV")
    if named:
        return named
    if not _PLACE.exists():
        pytest.skip(_FAILED.read_text() if _FAILED.exists() else f"no {PACKAGE}: `make checkov` installs it")
    return str(_PLACE / "bin/checkov")


def install() -> None:
    """Make the environment, unless it is there.

    Raises:
        SystemExit: it cannot be made; tests say why they are skipped, until it can.
    """
    if _PLACE.exists():
        return
    _CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="checkov-", dir=_CACHE))
    for argv in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", PACKAGE],
    ):
        try:
            subprocess.run(argv, check=True, capture_output=True, text=True, timeout=600)
            continue
        except subprocess.CalledProcessError as error:
            reason = (error.stderr or error.stdout).strip().rpartition("\n")[2]
        except subprocess.TimeoutExpired as error:
            reason = str(error)
        shutil.rmtree(folder)
        _FAILED.write_text(f"{PACKAGE} cannot be installed: {reason}")
        raise SystemExit(_FAILED.read_text())
    link = folder.with_suffix(".link")
    link.symlink_to(folder.name)
    link.replace(_PLACE)
    _FAILED.unlink(missing_ok=True)


if __name__ == "__main__":
    install()
