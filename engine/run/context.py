"""What an action is handed besides its inputs: frozen values, no globals."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import data
from engine.run.module import module_directory
from engine.run.stopping import NEVER, Unstopped
from engine.run.trusted import beside

if TYPE_CHECKING:
    import threading

    from engine.adapters.settings import Settings
    from engine.core.decision.decided import PipelineResult
    from engine.core.decision.document import FactDocument
    from engine.core.events.envelope import Event
    from engine.core.report.model import Report
    from engine.core.report.progress import Step
    from engine.core.resources.discover import Discovery
    from engine.core.rules.model import Rules
    from engine.run.kept.claims import Locks
    from engine.run.kept.journal import Journal
    from engine.run.ports import Ports
    from engine.run.runner import Ran


class Controller(NamedTuple):
    """The trusted side: the controller repository's checkout. Absolute paths."""

    directory: str
    module: str  # Terraform module
    policies: str

    @classmethod
    def at(cls, path: str, *, shipped: bool = False) -> "Controller":
        """Where the rules that `path` names are; with `shipped` the engine's own module and policies if it has none."""
        directory = beside(path)
        policies = os.path.join(directory, "policies")
        if shipped and not os.path.isdir(policies):
            policies = data.path("policies")
        return cls(directory, module_directory(directory, shipped=shipped), policies)


class Work(NamedTuple):
    """Where one pipeline's work goes, who watches it, and what stops it."""

    out: str  # directory that keeps everything the run makes; mode 0700
    progress: Callable[[str], None]  # one line for a person
    show: "Callable[[Report], None]"  # a finished report, to whoever watches
    cancel: "threading.Event"  # set when the action's time is up, or it is to stop
    # Told how an action goes, in rows of its output: of any thread, as often as it likes. None: nobody is told.
    live: "Callable[[Sequence[Mapping[str, Any]]], None] | None" = None
    stop: Unstopped = NEVER  # between two actions
    watch: "Callable[[Step], None] | None" = None  # told each step of a resource; None: `progress` is, as a line
    fail_fast: bool = False  # after the first failure nothing more begins
    tells: bool = True  # on the page, while an action goes
    most: int | None = None  # that a sweep finds, of all sources; None: its own limit for each

    def step(self, step: "Step") -> None:
        """A resource has come on. Of any thread."""
        if self.watch:
            self.watch(step)
        elif line := step.line():
            self.progress(line)


class Context(NamedTuple):
    """One pipeline of one decision, while it is carried out."""

    event: "Event"
    document: "FactDocument"
    rules: "Rules"
    controller: Controller
    discovery: "Discovery"
    settings: "Settings"
    ports: "Ports"  # an action gets the keys that its row names, and no others
    work: Work
    result: "PipelineResult"  # what is being carried out
    decision: str  # digest of the decision that is being carried out
    now: str  # RFC 3339, the fact of the same name
    run: str  # the run's id
    check_head: Callable[[], None]  # looks again; raises where the head has moved on (ENG552)
    journal: "Journal"  # what this run has done of the pipeline, here or in a process before this one
    step: str = ""  # the action's name in the journal
    reconcile: bool = False  # it was begun before, and nobody knows what came of it: look at the world first
    ran: "tuple[Ran, ...]" = ()  # what became of the actions before it
    # The same pipeline, decided anew by facts of now: for what is asked last before something that cannot be undone.
    again: "Callable[[], tuple[FactDocument, PipelineResult]] | None" = None
    locks: "Locks | None" = None  # what the pipeline's `locks` name, which is this run's alone
