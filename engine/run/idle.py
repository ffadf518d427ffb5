"""An event that starts nothing: most of them are such, so it is known by the rules alone and ends in a moment.

Nobody is asked, no key and no store is needed, and little is loaded: what carries something out stays where it is.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.core.decision.matching import Matching, match, without_github
from engine.core.events.envelope import Event, commits, read_event
from engine.core.events.ours import Us, is_ours
from engine.errors import EngineError
from engine.run import results, trusted
from engine.run.catalog import catalog
from engine.run.request import Request, Watcher

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.core.report.model import Report
    from engine.core.rules.model import Rules


def idle(request: Request, settings: "Settings", watcher: Watcher) -> bool:
    """Does the event start nothing? Then that has been kept and told.

    What is wrong with it, or with the rules, is not told here: `handle` comes upon it again.

    Raises:
        EngineError: ENG002, it cannot be kept.
    """
    going = request.going
    if request.repo is not None or request.pipeline is not None or going.resume or going.until or going.handover:
        return False
    try:
        event = read_event(request.event, request.event_name, file=request.event_file)
        rules, _ = rules_of(event, request, settings)
        matching = matching_of(event, request, rules, settings)
    except EngineError:
        return False
    if matching.pipelines:
        return False
    from engine.core.decision.decided import Decision
    from engine.core.decision.document import freeze

    nothing = freeze({}, origin="github")
    decision = Decision(event, rules.whole, nothing, frozenset(), (), matching.triggers)
    results.clear(os.path.join(request.out, name) for name in rules.pipelines)
    results.keep(request.out, "event.json", event.payload)
    results.keep(request.out, "facts.json", nothing.to_json())
    results.keep(request.out, "decision.json", decision.to_json())
    watcher.decided(decision)
    watcher.kept(_written(event, request.out))
    return True


def rules_of(event: Event, request: Request, settings: "Settings") -> "tuple[Rules, Mapping[str, bytes]]":
    """The controller's rules, which whoever made the change cannot have written, and the files that say them.

    Raises:
        EngineError: ENG559 they could have; all that keeps them from loading.
    """
    directory, entry = trusted.place_of(request.controller)
    trusted.stand_apart(directory, request.repo, event.source_repo, commits=commits(event), search_path=settings.path)
    files = trusted.read_rules(directory, entry)
    return trusted.load_files(files, request.controller), files


def matching_of(event: Event, request: Request, rules: "Rules", settings: "Settings") -> Matching:
    """What the event starts. What only GitHub can carry out is left out on a clone, and what we did ourselves there.

    Raises:
        EngineError: ENG201, there is no such pipeline.
    """
    actions = catalog().actions
    matching = match(event, rules, request.pipeline, actions)
    if request.pipeline is not None:
        return matching
    if request.repo is not None:
        return without_github(matching, rules, actions)
    if is_ours(event, Us(settings.app, settings.bot)):
        return matching._replace(pipelines=(), needs=frozenset(), triggers=())  # their `when` is not why
    return matching


def _written(event: Event, out: str) -> "Report":
    """The report of it: no words but ours, and names of the event, which no `Redactor` changes."""
    from engine.core.report.model import redacted
    from engine.run import reports

    report = reports.about(event)._replace(result="idle", because="no pipeline starts on it")
    return reports.put(redacted(report, None), out)
