"""A real OPA for tests: the Go library inside `opa-golib-python-bindings`, behind the command line of the `opa` binary.

No package ships the binary. The library declares a newer Python than ours but runs on it, so the declaration is ignored
and it is installed into a directory of its own: for tests only.
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "opa-golib-python-bindings==0.4.4"
VERSION = "1.20.2"  # of the OPA inside
_ROOT = Path(__file__).resolve().parents[2]


def library() -> Path:
    """Directory of the library, installed once per machine; skips (on CI: fails) when it cannot be fetched."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "interlock-tests"
    place = cache / PACKAGE
    if not place.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            target = Path(folder) / "library"
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python"]
            argv = [*pip, "--target", str(target), PACKAGE]
            done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=300)
            if done.returncode:
                reason = f"{PACKAGE} cannot be installed: {done.stderr.strip()[-300:]}"
                if os.environ.get("CI") == "true":
                    pytest.fail(reason)
                pytest.skip(reason)
            try:
                target.rename(place)
            except OSError:  # another test process was faster
                assert place.is_dir()
    return place


def executable(folder: Path, *, version: str = VERSION) -> str:
    """A program in `folder` that answers as `opa` does."""
    return script(
        folder / "opa",
        f"import sys\nsys.path[:0] = [{str(library())!r}, {str(_ROOT)!r}]\n"
        f"from tests.support.opa_cli import main\nmain(sys.argv[1:], {version!r})\n",
    )


def script(file: Path, text: str) -> str:
    """An executable Python script."""
    file.write_text(f"#!{sys.executable}\n{text}")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


_TREE = {"package": {"path": [{"value": "data"}, {"value": "main"}]}, "rules": [{"head": {"ref": [{"value": "deny"}]}}]}


def value(said: Any) -> str:
    """How `opa eval` says it."""
    return json.dumps({"result": [{"expressions": [{"value": said}]}]})


_IMPORTS = "import os, signal, subprocess, sys, time\n"
_ANSWERS = "\nsys.stdout.write(open(sys.argv[1]).read())\nsys.exit("


def pretender(folder: Path, answer: str = "", code: int = 0, *, does: str = "") -> str:
    """A program whose version is right, for a policy set of one module `m0.rego` with the rule `deny`.

    Asked about plans it runs the Python text `does`, prints `answer` and ends with `code`.
    """
    for name, text in (("parsed", value([{"policies/m0.rego": _TREE}])), ("answer", answer)):
        (folder / name).write_text(text)
    judging = f"cat '{folder}/answer'; exit {code}"
    if does:
        judging = f"exec '{script(folder / 'does', f'{_IMPORTS}{does}{_ANSWERS}{code})')}' '{folder}/answer'"
    file = folder / "opa"
    file.write_text(
        "#!/bin/sh\n"
        'case "$1 $*" in\n'
        "version*) echo 'Version: 1.9.0';;\n"
        "capabilities*) echo '{\"builtins\": []}';;\n"
        f"*rego.parse_module*) cat '{folder}/parsed';;\n"
        f"*) {judging};;\n"
        "esac\n"
    )
    file.chmod(0o755)
    return str(file)
