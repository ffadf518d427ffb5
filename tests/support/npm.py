"""Files of npm packages that tests compare with, downloaded once into the user's cache; when a test may do without."""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

_CACHE = os.path.join(os.path.expanduser("~"), ".cache", "interlock-tests", "npm")
CI = os.environ.get("CI") == "true"
# What it looks like when npm, or its registry, is not there.
UNREACHABLE = (OSError, subprocess.SubprocessError)
# A user's machine may have no npm; CI may not do without.
needs_npm = [
    pytest.mark.npm,
    pytest.mark.skipif(not CI and not shutil.which("npm"), reason="npm fetches what this needs; install Node.js"),
]


def packed(package: str) -> str:
    """Where the archive of `name@version` is. Processes that fetch it at once do not disturb each other."""
    path = os.path.join(_CACHE, package.removeprefix("@").replace("/", "-").replace("@", "-") + ".tgz")
    if not os.path.exists(path):
        os.makedirs(_CACHE, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            command = ["npm", "pack", "--silent", "--fetch-retries", "1", "--pack-destination", folder, package]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            (name,) = os.listdir(folder)
            os.replace(os.path.join(folder, name), path)
    return path


def files(package: str) -> Iterator[tuple[str, Any]]:
    """Every JSON file of a package, by path."""
    with tarfile.open(packed(package)) as archive:
        for member in archive:
            if member.name.endswith(".json") and (file := archive.extractfile(member)):
                yield member.name.removeprefix("package/"), json.load(file)


def unpacked(package: str, name: str) -> str:
    """Where one file of a large package is, unpacked beside its archive."""
    path = f"{packed(package)}.{os.path.basename(name)}"
    if not os.path.exists(path):
        with tarfile.open(packed(package)) as archive, tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            archive.extract(f"package/{name}", folder, filter="data")
            os.replace(os.path.join(folder, "package", name), path)
    return path


def installed(package: str) -> str:
    """Where `name@version` is installed with what it needs; for `NODE_PATH`, or as a directory to run node in."""
    path = os.path.join(_CACHE, package.removeprefix("@").replace("/", "-").replace("@", "-"))
    if not os.path.exists(path):
        os.makedirs(_CACHE, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            made = os.path.join(folder, "made")
            command = [
                "npm",
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
                made,
                package,
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            try:
                os.rename(made, path)
            except OSError:  # another process was quicker
                if not os.path.exists(path):
                    raise
    return path


def or_skip(package: str, error: Exception) -> NoReturn:
    """Of a fixture whose package could not be fetched: a user's machine may be offline, CI may not.

    Raises:
        Exception: the error itself, in CI; pytest's skip elsewhere.
    """
    if CI:
        raise error
    pytest.skip(f"{package} cannot be fetched: {error}")
