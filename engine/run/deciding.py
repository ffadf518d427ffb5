"""A decision made from facts of now, and kept before anything of it is done."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from engine import __version__
from engine.adapters import files
from engine.core.alone import alone
from engine.core.canonical import digest
from engine.core.decision.belief import believe
from engine.core.decision.decide import decide
from engine.core.decision.decided import Decision, PipelineResult
from engine.core.decision.document import FactDocument, freeze
from engine.core.decision.matching import Matching
from engine.core.events.ours import sent_by_bot
from engine.core.outcome import Outcome
from engine.core.resources.model import Discovery
from engine.errors import EngineError
from engine.run import results
from engine.run.facts.gather import gather
from engine.run.facts.teller import GITHUB
from engine.run.kept import swept
from engine.run.request import Request
from engine.run.telling import Judged, Telling, on_clone, on_github, opened
from engine.run.trusted import place_of


class Deciding(NamedTuple):
    """A decision, and what it was made of."""

    judged: Judged
    telling: Telling | None  # None: nobody was asked anything
    document: FactDocument  # facts as they were fetched
    decision: Decision
    passes: bool = False  # a fact is missing that may be there later

    def check_head(self) -> None:
        """Nothing, if the head is still where it was. Raises EngineError: ENG552."""
        assert self.telling is not None
        self.telling.check_head(again=True)

    @property
    def discovery(self) -> Discovery:
        """What the change consists of; where that cannot be told, nothing, and why: not every action asks for it."""
        fetched = self.document.facts.keys() | self.document.failed.keys()
        if self.telling is None or (self.telling.origin == GITHUB and "resources" not in fetched):
            return Discovery(None, None, (), ())
        try:
            with alone("what the change consists of"):
                return self.telling.change.discovery
        except EngineError as error:
            return Discovery(None, None, (), error.problems)


def deciding(request: Request, matching: Matching, judged: Judged) -> Deciding:
    """By the controller's rules, of a change that is of this repository, and whose head is still the event's.

    An event on which nothing starts, or that tells of what we did ourselves, is worth no question to GitHub.

    Raises:
        EngineError: they cannot be trusted, or it is not.
    """
    event, rules = judged.event, judged.rules
    nothing = freeze({}, origin=GITHUB)
    idle = Deciding(judged, None, nothing, Decision(event, rules.whole, nothing, frozenset(), (), matching.triggers))
    if request.repo is not None:
        telling = on_clone(judged, request.repo, request.asked)
    elif not matching.pipelines:
        return idle
    else:
        judged = opened(judged, matching, request.going.does)
        telling = on_github(judged, matching.needs, request.asked, request.going.run)
        echo = sent_by_bot(event) if judged.settings.bot is None and request.pipeline is None else None
        if echo is not None and telling.me() == echo:
            return idle._replace(decision=idle.decision._replace(triggers=()))
        telling.check_head()
    document, passes = gather(matching.needs, telling.fetchers, telling.otherwise, judged.stop)
    document = document._replace(origin=telling.origin)
    return Deciding(judged, telling, document, decide(event, document, rules, request.pipeline, matching), passes)


def anew(request: Request, matching: Matching, decided: Deciding, name: str) -> tuple[FactDocument, PipelineResult]:
    """The pipeline, decided again by facts of now."""
    fresh = deciding(request, matching, decided.judged._replace(now=decided.judged.ports.now()))
    found = next((result for result in fresh.decision.pipelines if result.name == name), None)
    assert found is not None, "the same event starts the same pipelines"
    return believe(fresh.document, fresh.judged.rules), found


def _say(decided: Deciding, request: Request, sources: Mapping[str, bytes]) -> None:
    """In the trail: what was decided, before anything of it is done. That nothing starts is no decision."""
    from engine.core.audit import says
    from engine.core.audit.decided import Decided
    from engine.run.kept import decisions, known_keys
    from engine.run.orchestrator.pool import run_all

    if not decided.decision.pipelines:
        return
    judged, decision = decided.judged, decided.decision.to_json()
    event, settings, ports = judged.event, judged.settings, judged.ports
    if not _is_news(decided, request):
        return
    # What takes its time in a store is asked for at once; nothing is written yet of what is told last.
    looks: list[Callable[[], object]] = [ports.audit.head]
    if settings.store and settings.trusted_keys:
        looks.append(partial(known_keys.look, ports, request.going.run, settings.trusted_keys))
    sent = {"name": event.name, "delivery": event.delivery, "payload": event.payload}
    run, facts = request.going.run, decided.document.to_json()
    kept = Decided(run, judged.now, __version__, request.pipeline, request.repo is not None, sent, facts, "", decision)
    looks.append(partial(decisions.put, ports.store, kept, sources, place_of(request.controller)[1]))
    digest_of_it = str(run_all(looks, lambda look: look(), len(looks))[-1])
    actor = says.person(event.payload.get("sender"))
    ports.audit.say(*says.decisions(decision, event.subject.repo, event.subject.number, actor, digest_of_it))


def _is_news(decided: Deciding, request: Request) -> bool:
    """What anybody may start on a pull request, as often as they like, is told while it comes to something new.

    Always told is what somebody has started who may write, and what lets something through that gates protect.
    """
    from engine.core.audit import says

    event, found, rules = decided.judged.event, decided.decision.pipelines, decided.judged.rules
    number = event.subject.number
    permissions = decided.document.facts.get("permissions", {})
    if number is None or not says.is_open(event.name, event.payload, permissions):
        return True
    passing = (one.name for one in found if one.outcome is Outcome.PASS)
    if any(step.uses in rules.protect for name in passing for step in rules.pipelines[name].steps):
        return True
    said = [[one.name, one.outcome.value, [[g.name, g.outcome.value] for g in one.gates]] for one in found]
    store, run = decided.judged.ports.store, request.going.run
    return swept.hears(store, run, event.subject.repo, number, digest(said))


def keep(decided: Deciding, request: Request, sources: Mapping[str, bytes], *, new: bool) -> None:
    """What was decided, and what it was decided by: enough to decide it again. It is in the trail then."""
    out = request.out
    files.make_directory(out)
    if new:
        results.clear(os.path.join(out, name) for name in decided.judged.rules.pipelines)
    results.keep(out, "event.json", decided.judged.event.payload)
    results.keep(out, "facts.json", decided.document.to_json())
    results.keep(out, "decision.json", decided.decision.to_json())
    _say(decided, request, sources)
