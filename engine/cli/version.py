"""`engine version`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from engine import __version__
from engine.cli.console import Console
from engine.errors import ExitCode

HELP = "the version of the engine"
NAME = "interlock-engine"
_DEV = ("extra == 'dev'", 'extra == "dev"')


def arguments(parser: ArgumentParser) -> None:
    """`--verbose`, `--json`."""
    parser.add_argument("--verbose", "-v", action="store_true", help="with what it works: for a report of a bug")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: Console) -> int:
    """Print it."""
    with_what = dict(_with_what()) if options.verbose else {}
    if options.json:
        console.json({"name": NAME, "version": __version__, **({"with": with_what} if options.verbose else {})})
        return ExitCode.DONE
    console.out(f"{NAME} {__version__}")
    width = max(map(len, with_what), default=0)
    for name, version in with_what.items():
        console.out(f"  {name:<{width}}  {version}")
    return ExitCode.DONE


def _with_what() -> Iterator[tuple[str, str]]:
    """Programs and libraries, each with its version; one that is not there is left out.

    Nothing of the settings is in it but the programs' versions: it can be shown to anybody.
    """
    import os
    import platform
    from importlib import metadata

    from engine import data
    from engine.run.machine import checks

    yield "python", f"{platform.python_version()} ({platform.python_implementation()})"
    yield "system", platform.platform(terse=True)
    module = data.path("terraform")
    for check in checks(os.curdir, module, os.environ, only=("git", "terraform", "opa", "checkov")):
        if check.found:
            yield check.name, check.found
    needed = [row for row in metadata.requires(NAME) or () if not row.endswith(_DEV) and not row.startswith(NAME)]
    for library in sorted(set(map(_library, needed))):
        try:
            yield library, metadata.version(library)
        except metadata.PackageNotFoundError:  # an extra that is not installed
            continue


def _library(requirement: str) -> str:
    """`moto[server]>=5.2.1; extra == 'emulator'` → `moto`."""
    end = next((at for at, sign in enumerate(requirement) if not (sign.isalnum() or sign in "-_.")), len(requirement))
    return requirement[:end]
