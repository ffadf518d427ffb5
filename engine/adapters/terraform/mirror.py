"""Where providers come from: a mirror on this machine where there is one, else the registry, as for every user.

A provider is a program that gets our credentials. So a mirror is one that somebody named, or one that lies where
Terraform itself looks or where only root can put it, and that nobody else can change. The answer is a CLI configuration
of our own, so that a planned change does not depend on whose home directory it is.
"""

import glob
import json
import os
import tempfile
from collections.abc import Collection, Iterator
from typing import NamedTuple

from engine.adapters import files
from engine.adapters.ownership import ROOT, ours, weak_spot
from engine.errors import Problem, failure, problem

HOSTS = ("registry.terraform.io", "registry.opentofu.org")

# Terraform's implied directories, then below what an administrator unpacks mirrors.
# https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
_IMPLIED = (
    "{home}/.terraform.d/plugins",
    "{home}/.local/share/terraform/plugins",
    "{home}/Library/Application Support/io.terraform/plugins",
    "/Library/Application Support/io.terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)
_PREFIXES = ("/opt", "/usr/local/share", "/usr/share")
_ADMINISTRATORS = (ROOT,)  # whose those have to be
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - named to keep out of them
_MOST = 10_000  # files of a mirror that are looked at; a provider has a handful

# Without a method that is named, Terraform would look into its implied directories by itself.
_REGISTRY = "disable_checkpoint = true\nprovider_installation {\n  direct {}\n}\n"


class Providers(NamedTuple):
    """A choice of where providers come from."""

    mirror: str | None
    file: str | None  # the user's own CLI configuration, which then decides alone
    text: str  # that file's content, or the configuration to write
    passed_over: tuple[Problem, ...] = ()  # mirrors that are not believed, and why


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
            return Providers(None, os.path.abspath(file), files.read(file).decode(errors="replace"))
    return _found(home)


def _found(home: str) -> Providers:
    passed_over: list[Problem] = []
    for path, owners, nowhere in _places(home):
        if _hosts(path):
            reason = _doubt(path, owners, nowhere)
            if not reason:
                return _mirrored(path, passed_over)
            passed_over.append(problem("ENG419", path=path, reason=reason))
    return Providers(None, None, _REGISTRY, tuple(passed_over))


def _places(home: str) -> Iterator[tuple[str, Collection[int], Collection[str]]]:
    """Where a mirror may lie, whose it then has to be, and below what it must not lie."""
    for path in _IMPLIED:
        yield path.format(home=home), ours(), ()
    homes = [] if os.path.realpath(home) == os.sep else [home]  # of a user who has none
    nowhere = (*homes, *_TEMPORARY, tempfile.gettempdir())
    for prefix in _PREFIXES:
        for path in sorted(glob.glob(os.path.join(glob.escape(prefix.format(home=home)), "*"))):
            yield path, _ADMINISTRATORS, nowhere


def _hosts(path: str) -> list[str]:
    return [host for host in HOSTS if os.path.isdir(os.path.join(path, host))]


def _doubt(path: str, owners: Collection[int], nowhere: Collection[str]) -> str:
    """Why a mirror that nobody named is not believed; empty when it is."""
    try:
        real = os.path.realpath(path, strict=True)
        for place in map(os.path.realpath, nowhere):
            if os.path.commonpath((real, place)) == place:
                return f"it lies below {place}"
        for looked_at, part in enumerate(_parts(path)):
            if looked_at > _MOST:
                return f"it has more than {_MOST} files"
            if work_tree := _work_tree(os.path.realpath(part)):
                return f"it belongs to a checkout, {work_tree}"
            if why := weak_spot(part, owners):
                return why
    except OSError as error:
        return f"it cannot be looked at: {error.strerror or error}"
    return ""


def _parts(path: str) -> Iterator[str]:
    """The mirror, and everything that Terraform could take from it: links may lead to directories elsewhere."""
    yield path
    for host in _hosts(path):
        top = os.path.join(path, host)
        yield top
        for folder, folders, names in os.walk(top, followlinks=True):
            yield from (os.path.join(folder, name) for name in (*folders, *names))


def _work_tree(path: str) -> str:
    """The git work tree that `path` lies in: what is there may have come with a branch."""
    while not os.path.lexists(os.path.join(path, ".git")):
        if path == (path := os.path.dirname(path)):
            return ""
    return path


def _mirrored(path: str, passed_over: Collection[Problem] = ()) -> Providers:
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
        tuple(passed_over),
    )
