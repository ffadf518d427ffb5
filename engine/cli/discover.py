"""`engine discover`: which resources a change touches, where their state lies, and what must be refused."""

from typing import TYPE_CHECKING

from engine.cli.files import rules_option, shipped_option
from engine.errors import ExitCode, failure
from engine.names import listing, plural
from engine.printable import in_line

if TYPE_CHECKING:
    import argparse

    from engine.cli.console import Console
    from engine.core.resources.model import Discovery

HELP = "list the resources that a range of commits changes, and what is refused in it"

_COLOURS = {"added": "green", "modified": "yellow", "deleted": "red", "moved": "yellow", "unchanged": "dim"}


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare the command's arguments."""
    parser.epilog = (
        "Exit code 1 when something is refused, 0 otherwise: also when no resource changed (nothing is listed then; "
        "whether that is good enough is for the gates to say, and they refuse an empty set)."
    )
    parser.add_argument("--repo", metavar="DIR", default=".", help="clone of the source repository (default: here)")
    parser.add_argument("--base", metavar="REV", help="where the change will be merged; optional with --all")
    parser.add_argument("--head", metavar="REV", default="HEAD", help="the change (default: HEAD)")
    parser.add_argument("--all", action="store_true", help="all resources of the head, not only those that changed")
    rules_option(parser)
    shipped_option(parser)
    parser.add_argument(
        "--source", metavar="REPO", help="which declared source it is (default: its origin, or the only one)"
    )
    parser.add_argument(
        "--allow-destroy", metavar="PATH", action="append", default=[], help="a deleted resource that may be destroyed"
    )
    parser.add_argument(
        "--allow-move",
        metavar="PATH",
        action="append",
        default=[],
        help="a resource that may change name or environment",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: "argparse.Namespace", console: "Console") -> int:
    """Discover and print."""
    if options.base is None and not options.all:
        raise failure("ENG359")
    discovery = _discover(options)
    if options.json:
        console.json(discovery.to_json())
    else:
        _print(discovery, console)
    return ExitCode.NEGATIVE if discovery.refused else ExitCode.DONE


def _discover(options: "argparse.Namespace") -> "Discovery":
    from engine.adapters import settings
    from engine.adapters.git import contents
    from engine.adapters.git.repository import Repository
    from engine.core.resources import services, sources
    from engine.core.resources.discover import discover
    from engine.run import aws_actions
    from engine.run.module import module_directory, read_module
    from engine.run.ordering import ordered
    from engine.run.trusted import beside, load_rules, stand_apart

    controller = beside(options.rules)
    surroundings = settings.read()
    repository = Repository(options.repo, path=surroundings.path)
    changed = [repository.resolve(options.head)]
    stand_apart(controller, options.repo, options.source, commits=changed, search_path=surroundings.path)
    rules = load_rules(options.rules)
    declared = services.read(read_module(module_directory(controller, shipped=options.shipped)))
    source = sources.choose(rules, options.source, repository.origin().name)
    found = repository.range(options.base, options.head) if options.base is not None else None
    if options.all:
        head = found.head if found else repository.resolve(options.head)
        looked_at = contents.of_everything(repository, head, declared, found)
        tree, before = repository.tree_of(head), repository.tree_of(found.base) if found else ""
    else:
        assert found is not None
        merge = repository.merge(found)
        tree, before = merge.tree, merge.before
        if merge.conflicts:
            paths = listing(map(in_line, merge.conflicts))
            raise failure("ENG370", head=options.head, base=options.base, paths=paths)
        looked_at = contents.of_range(repository, merge, declared)
    discovered = discover(
        looked_at,
        declared,
        rules,
        source,
        allow_destroy=options.allow_destroy,
        allow_move=options.allow_move,
        actions=aws_actions.known,
    )
    return ordered(discovered, repository, tree, before, declared, rules)


def _print(discovery: "Discovery", console: "Console") -> None:
    if discovery.environment is not None:
        console.out(f"environment {discovery.environment}, branch {discovery.branch}")
    if discovery.resources:
        rows = [(r.change, r.path, r.state_key) for r in discovery.resources]
        widths = [max(len(row[i]) for row in rows) for i in range(2)]
        for change, path, key in rows:
            console.out(f"  {console.colour(f'{change:<{widths[0]}}', _COLOURS[change])}  {path:<{widths[1]}}  {key}")
    else:
        console.out("no resource to plan")
    warned = [problem for resource in discovery.resources for problem in resource.warned]
    if warned or discovery.refused:
        console.out("")
    console.problems(warned, lambda _: "warning", aside=False)
    console.problems(discovery.refused, aside=False)
    if discovery.refused:
        console.out("\n" + console.colour(f"refused: {plural(len(discovery.refused), 'problem')}", "red"))
