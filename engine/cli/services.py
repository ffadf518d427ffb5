"""`engine services`: what a tfvars of each service may say, by the controller's own module."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.files import rules_option
from engine.columns import wrapped
from engine.errors import ExitCode, failure
from engine.names import closest, listing

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "list the services of the module, and what a tfvars of each may say"


def arguments(parser: ArgumentParser) -> None:
    """Declare the service."""
    parser.add_argument("service", metavar="NAME", nargs="?", help="S3; none: list all")
    rules_option(parser)
    parser.add_argument("--schema", action="store_true", help="print a JSON Schema of a tfvars of this service")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Print one service, or the list."""
    from engine.core.report import services as shown
    from engine.core.resources import services
    from engine.run.module import module_directory, read_module
    from engine.run.trusted import beside

    known = services.read(read_module(module_directory(beside(options.rules))))
    name = (options.service or "").lower()
    if name and name not in known.names:
        raise failure("ENG765", hint=closest(name, known.names), name=options.service, known=listing(known.names))
    if options.schema and not name:
        raise failure("ENG766", known=listing(known.names))
    if options.schema:
        console.json(shown.schema(known, name))
    elif options.json:
        found = [shown.to_json(known, one) for one in ([name] if name else sorted(known.names))]
        console.json({"version": 1, "services": found})
    elif name:
        console.out(shown.text(known, name, console.width))
    else:
        for one in sorted(known.names):
            for variable in shown.variables(known, one):
                said = f"{variable.name}: {variable.said.description}".rstrip()
                console.out(
                    "\n".join(wrapped(said, console.width if console.is_watched else 0, f"{one:<8}  ", " " * 10))
                )
    return ExitCode.DONE
