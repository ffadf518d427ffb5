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
    from engine.core.decision.decided import Decision

HELP = "show what an event would start, which gates hold, and what is missing"


def arguments(parser: ArgumentParser) -> None:
    """Declare the event, the facts and the rules."""
    parser.add_argument("--event", metavar="FILE", help="the event's payload (default: GITHUB_EVENT_PATH)")
    parser.add_argument("--event-name", metavar="NAME", help="what kind of event it is (default: GITHUB_EVENT_NAME)")
    parser.add_argument("--facts", metavar="FILE", help="a recorded fact document; without it no fact is known")
    rules_option(parser, default=None)
    parser.add_argument("--pipeline", metavar="NAME", help="judge this pipeline, whatever the event starts")
    parser.add_argument("--json", action="store_true", help="for machines: schemas/decision.schema.json")


def run(options: Namespace, console: "Console") -> int:
    """Decide and print."""
    from engine.adapters.files import read
    from engine.cli.files import load_rules, read_event_file
    from engine.core.decision.decide import decide
    from engine.core.decision.document import FactDocument, from_json
    from engine.core.events.envelope import commits, read_event

    given = read_event_file(options.event, options.event_name)
    event = read_event(given.data, given.name, file=given.file)
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


def _text(decision: "Decision", console: "Console", with_facts: bool) -> str:
    from engine.core.report.explanation import render

    text = render(decision, console.colour)
    if decision.read and not with_facts:
        text += f"\n\nfacts that decide this: {', '.join(sorted(decision.read))} (give them with --facts FILE)"
    return text
