"""Where providers come from: a mirror on this machine where there is one, else the registry, as for every user.

The answer is a CLI configuration of our own, so that a planned change does not depend on whose home directory it is.
"""

import glob
import json
import os
from typing import NamedTuple

from engine.errors import failure

HOSTS = ("registry.terraform.io", "registry.opentofu.org")

# Terraform's implied directories, then where administrators unpack mirrors (they are found one level down, too).
_IMPLIED = (
    "{home}/.terraform.d/plugins",
    "{home}/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)
_PREFIXES = ("/opt", "/usr/local/share", "/usr/share", "/var/lib", "{home}")


class Providers(NamedTuple):
    """A choice of where providers come from."""

    mirror: str | None
    file: str | None  # the user's own CLI configuration, which then decides alone
    text: str  # that file's content, or the configuration to write


def choose(setting: str | None, cli_config: str | None, home: str) -> Providers:
    """The mirror of `setting`; else the user's own CLI configuration; else a mirror that is found; else the registry.

    Raises:
        EngineError: `setting` names no mirror, or the user's configuration cannot be read.
    """
    if setting:
        if not _hosts(setting):
            raise failure("ENG404", path=setting)
        return _mirrored(setting)
    for file in (cli_config, os.path.join(home, ".terraformrc")):
        if file and os.path.isfile(file):  # Terraform itself only warns about one that is missing
            try:
                with open(file, encoding="utf-8", errors="replace") as handle:
                    return Providers(None, os.path.abspath(file), handle.read())
            except OSError as error:
                raise failure("ENG001", file=file, reason=error.strerror or str(error)) from error
    found = next((path for path in _places(home) if _hosts(path)), None)
    return _mirrored(found) if found else Providers(None, None, "disable_checkpoint = true\n")


def _places(home: str) -> list[str]:
    prefixes = [prefix.format(home=home) for prefix in _PREFIXES]
    return [
        *(path.format(home=home) for path in _IMPLIED),
        *prefixes,
        *(below for prefix in prefixes for below in sorted(glob.glob(os.path.join(glob.escape(prefix), "*")))),
    ]


def _hosts(path: str) -> list[str]:
    return [host for host in HOSTS if os.path.isdir(os.path.join(path, host))]


def _mirrored(path: str) -> Providers:
    """What the mirror holds comes from it, and only from it; anything else from its registry."""
    path = os.path.abspath(path)
    held = sorted(
        os.path.relpath(provider, path)
        for host in _hosts(path)
        for provider in glob.glob(os.path.join(glob.escape(path), host, "*", "*"))
    )
    names = json.dumps(held)
    return Providers(
        path,
        None,
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {json.dumps(path)}\n    include = {names}\n  }}\n"
        f"  direct {{\n    exclude = {names}\n  }}\n"
        "}\n",
    )
