"""`engine explain`: what would follow from an event, and why. It fetches nothing and changes nothing.

Exit codes: 0 every pipeline passes, 8 one is pending, 1 one is refused or cannot be judged, or none starts at all:
that is no permission either.
"""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.files import rules_option
from engine.core.outcome import EXIT

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.analysis.fixtures import Case
    from engine.core.decision.decided import Decision
    from engine.core.rules.model import Rules

HELP = "show what an event would start, which gates hold, and what is missing"


def arguments(parser: ArgumentParser) -> None:
    """Declare the event, the facts and the rules."""
    parser.add_argument("--event", metavar="FILE", help="the event's payload (default: GITHUB_EVENT_PATH)")
    parser.add_argument("--event-name", metavar="NAME", help="what kind of event it is (default: GITHUB_EVENT_NAME)")
    parser.add_argument("--facts", metavar="FILE", help="a recorded fact document; without it no fact is known")
    rules_option(parser, default=None)
    parser.add_argument("--pipeline", metavar="NAME", help="judge this pipeline, whatever the event starts")
    parser.add_argument(
        "--case", metavar="FILE:N", help="a case of a fixture instead, by its line, or by its number: FILE:#N"
    )
    parser.add_argument("--json", action="store_true", help="for machines: schemas/decision.schema.json")


def run(options: Namespace, console: "Console") -> int:
    """Decide and print."""
    if options.case is not None:
        return _explain_case(options, console)
    from engine.adapters.files import read
    from engine.cli.files import read_event_file
    from engine.core.decision.decide import decide
    from engine.core.decision.document import FactDocument, from_json
    from engine.core.events.envelope import commits, read_event
    from engine.core.events.kinds import BY_NAME
    from engine.errors import Place, problem
    from engine.names import closest, either
    from engine.run.trusted import load_rules

    given = read_event_file(options.event, options.event_name)
    event = read_event(given.data, given.name, file=given.file)
    known = BY_NAME[event.name].kind.actions
    if known and event.action not in known:  # GitHub may have new ones; of a file, it is a slip
        fields = {"name": str(event.action), "event": event.name, "known": either(known)}
        odd = problem("ENG057", Place(given.file), hint=closest(fields["name"], known), **fields)
        console.problems([odd], lambda _: "warning")
    if options.rules is None:  # what lies here may be the very repository that the event is about
        from engine.adapters.settings import search_path
        from engine.run.trusted import unnamed

        unnamed(os.curdir, event.source_repo, commits(event), search_path())
    document = from_json(read(options.facts), options.facts) if options.facts else FactDocument({})
    decision = decide(event, document, load_rules(options.rules or os.curdir), options.pipeline)
    if options.json:
        console.json(decision.to_json())
    else:
        console.out(_text(decision, console, bool(options.facts)))
    return EXIT[decision.outcome]


def _explain_case(options: Namespace, console: "Console") -> int:
    """What the rules make of a fixture's case, and whether that is what it expects."""
    from engine.core.analysis import fixtures
    from engine.errors import failure
    from engine.run.trusted import load_rules

    beside = ("event", "event_name", "facts", "pipeline")
    if given := [f"--{name.replace('_', '-')}" for name in beside if getattr(options, name) is not None]:
        raise failure("ENG764", option=given[0])
    rules = load_rules(options.rules or os.curdir)
    result = fixtures.run(_case(options.case, rules), rules)
    if options.json:
        console.json(result.decision.to_json())
        return EXIT[result.decision.outcome]
    case = result.case
    console.out(f"{case.place.file}:{case.place.line}: {case.why}\n\n{_text(result.decision, console, True)}\n")
    if not result.mismatches:
        console.out("This is what the case expects.")
    for one in result.mismatches:
        console.out(f"The case expects another thing of {one.what}: {one.expected}; it came to {one.got}")
    return EXIT[result.decision.outcome]


def _case(named: str, rules: "Rules") -> "Case":
    """The case that begins in a line, or the one before it: what stands there belongs to that."""
    from engine.adapters.files import read
    from engine.core.analysis.fixtures import load
    from engine.errors import failure
    from engine.names import plural

    file, colon, number = named.rpartition(":")
    if (file.rpartition(":")[2]).isdecimal():  # as `engine test` says it, with a column
        file, colon, number = file.rpartition(":")
    by_number, digits = number.startswith("#"), number.removeprefix("#")
    if not colon or not file or not digits.isascii() or not digits.isdecimal() or len(digits) > _DIGITS:
        raise failure("ENG763", name=named, reason="it names no line and no number of a case")
    cases, wanted = load(file, rules, read).cases, int(digits)
    before = [case for case in cases if case.place.line <= wanted]
    if not cases:
        raise failure("ENG763", name=named, reason=f"{file} has no cases")
    if by_number and 1 <= wanted <= len(cases):
        return cases[wanted - 1]
    if by_number:
        raise failure("ENG763", name=named, reason=f"the last of its cases is #{len(cases)}")
    if not before:
        raise failure("ENG763", name=named, reason=f"its first case begins in line {cases[0].place.line}")
    lines = read(file).decode().splitlines()
    if wanted > len(lines):
        raise failure("ENG763", name=named, reason=f"{file} has {plural(len(lines), 'line')}")
    if below := next((line for line in lines[before[-1].place.line : wanted] if line[:1].isalpha()), ""):
        raise failure("ENG763", name=named, reason=f"what stands there belongs to `{below.partition(':')[0]}`")
    return before[-1]


_DIGITS = 9  # of a line


def _text(decision: "Decision", console: "Console", with_facts: bool) -> str:
    from engine.core.report.explanation import render

    text = render(decision, console.colour)
    if decision.read and not with_facts:
        text += f"\n\nfacts that decide this: {', '.join(sorted(decision.read))} (give them with --facts FILE)"
    return text
