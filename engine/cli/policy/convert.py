"""`engine policy convert`: policies of before Rego 1.0, as they are written today."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.policy.common import programs, seconds
from engine.errors import ExitCode, Place, failure
from engine.names import plural

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = (
    "write policies of before Rego 1.0 as they are written today; needs `opa`; exit code 1 when something would change"
)


def arguments(parser: ArgumentParser) -> None:
    """Declare its arguments."""
    parser.add_argument("path", metavar="DIR", nargs="?", default="policies", help="default: ./policies")
    parser.add_argument("--write", action="store_true", help="change the files; otherwise the difference is shown")
    parser.add_argument("--timeout", metavar="S", type=seconds, default=120.0, help="seconds (default: 120)")


def run(options: Namespace, console: "Console") -> int:
    """Show what would change, or change it."""
    from engine.adapters.policy.bundle import read_directory
    from engine.adapters.policy.convert import converted, text_of
    from engine.adapters.policy.port import Terms

    files = read_directory(options.path).items()
    texts = {path: text_of(path, data) for path, data in files if path.endswith(".rego")}
    if not texts:
        raise failure("ENG500", where=options.path)
    changed = converted(texts, Terms(programs(), options.timeout))
    if options.write:
        for path in changed:
            _own(options.path, path)
        for path, text in changed.items():
            _write(os.path.join(options.path, path), text)
    else:
        for path, text in changed.items():
            console.data(_difference(path, texts[path], text))
    done = "converted" if options.write else "to convert: --write does it"
    number = plural(len(texts), "file")
    console.out(f"{number}, {len(changed) or 'nothing'} {done if changed else 'to convert'}")
    return ExitCode.NEGATIVE if changed and not options.write else ExitCode.DONE


def _own(directory: str, path: str) -> None:
    """A link would be followed to a file that nobody named.

    Raises:
        EngineError: ENG049.
    """
    full = os.path.join(directory, path)
    if os.path.realpath(full) != os.path.join(os.path.realpath(directory), *path.split("/")):
        raise failure("ENG049", Place(full), target=os.path.realpath(full))


def _write(full: str, text: str) -> None:
    from engine.adapters import files

    mode = os.stat(full).st_mode
    files.write(full, text.encode())
    os.chmod(full, mode & 0o777)


def _difference(path: str, before: str, after: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="")
    return "\n".join(lines)
