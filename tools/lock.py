"""Write the hashed lock file that `engine init controller` puts beside its workflows: what it installs.

    python tools/lock.py

Wheels alone, for the machine that the workflows name. Asks the package index that pip is set up with.
"""

import json
import os
import sys
import tomllib
from pathlib import Path

from engine.adapters import process

TOP = Path(__file__).resolve().parent.parent
LOCK = TOP / "engine/setup/templates/controller/dot-github/engine/requirements.lock"
EXTRAS = ("github", "s3", "terraform")
PYTHON = "3.12"  # of `.github/actions/engine`
GLIBC = (17, 24, 27, 28, 31, 34, 35, 39)  # ubuntu-24.04 has 2.39
HEAD = """\
# What the engine is installed with: wheels for Python {python} on x86-64, each by its digest. Nothing else is taken.
# The engine's own wheel lies in `wheels/` here, and its line is the last one; README.md says how it gets there.
"""


def wanted() -> list[str]:
    """The requirements of the engine and of the extras."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *(one for name in EXTRAS for one in project["optional-dependencies"][name])]


def pinned(*asked: str) -> str:
    """What pip would install of `asked`, options among it: a line for each wheel of an index, by its digest."""
    words = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report=-", "--only-binary=:all:"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, *asked]
    report = json.loads(process.run(pip, cwd=str(TOP), env=os.environ, timeout_s=300).stdout)
    found = {
        one["metadata"]["name"].lower(): f"{one['metadata']['version']} --hash=sha256:"
        f"{one['download_info']['archive_info']['hashes']['sha256']}"
        for one in report["install"]
        if not one["is_direct"]  # the wheel itself, whose libraries these are
    }
    return "".join(f"{name}=={found[name]}\n" for name in sorted(found))


def main() -> None:
    """Resolve, and write."""
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in GLIBC]
    target = [f"--python-version={PYTHON}", "--implementation=cp", "--target=unused", *platforms]
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    LOCK.write_text(HEAD.format(python=PYTHON) + pinned(*target, *wanted()))


if __name__ == "__main__":
    main()
