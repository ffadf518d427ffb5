"""`engine graph resources`: which resource of a source waits for which."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.files import rules_option, shipped_option
from engine.errors import ExitCode, failure
from engine.names import closest, either

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "show in which order resources are applied, and why"
_FORMATS = ("lines", "mermaid", "dot")


def arguments(parser: ArgumentParser) -> None:
    """Declare the verb."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    resources = verbs.add_parser(
        "resources",
        help="of a whole source at one commit",
        description=(
            "A resource waits for those that it names where AWS would miss them (the role of a function, the key of a "
            "bucket, the principal of a policy), and for those that its `depends_on` lists. Arrows go as things are "
            "applied; a dashed one is a name that nobody waits for. What is destroyed goes the other way."
        ),
        epilog="Exit code 1 when some wait for one another, 0 otherwise.",
    )
    resources.add_argument("--repo", metavar="DIR", default=".", help="clone of the source repository (default: here)")
    resources.add_argument("--head", metavar="REV", default="HEAD", help="the commit (default: HEAD)")
    resources.add_argument("--environment", metavar="NAME", help="of this environment only")
    rules_option(resources)
    shipped_option(resources)
    resources.add_argument("--format", choices=_FORMATS, default="lines", help="how it is drawn (default: lines)")
    resources.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace, console: "Console") -> int:
    """Look at the source, and draw it."""
    from engine.adapters import settings
    from engine.adapters.git import contents
    from engine.adapters.git.repository import Repository
    from engine.core.report import graph
    from engine.core.resources import ordering, services
    from engine.run.module import module_directory, read_module
    from engine.run.trusted import beside, load_rules, stand_apart

    controller = beside(options.rules)
    surroundings = settings.read()
    repository = Repository(options.repo, path=surroundings.path)
    head = repository.resolve(options.head)
    stand_apart(controller, options.repo, None, commits=[head], search_path=surroundings.path)
    rules = load_rules(options.rules)
    declared = services.read(read_module(module_directory(controller, shipped=options.shipped)))
    survey = contents.survey(repository, repository.tree_of(head), declared, rules, {})
    known = sorted({part.environment for part in survey.parts.values() if part.said})
    if options.environment not in (None, *known):
        hint = closest(options.environment, known)
        raise failure("ENG823", hint=hint, name=options.environment, known=either(known))
    found = graph.drawing(survey, ordering.whole(survey, declared, rules), options.environment)
    if options.json:
        console.json(graph.to_json(found))
    else:
        for line in graph.DRAWINGS[options.format](found):
            (console.out if options.format == "lines" else console.data)(line)
    return ExitCode.NEGATIVE if found.circles else ExitCode.DONE
