"""What an action is handed besides its inputs: frozen values, no globals."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import threading

    from engine.adapters.settings import Settings
    from engine.core.decision.decide import PipelineResult
    from engine.core.decision.document import FactDocument
    from engine.core.events.envelope import Event
    from engine.core.report.model import Report
    from engine.core.resources.discover import Discovery
    from engine.core.rules.model import Rules


class Controller(NamedTuple):
    """The trusted side: the controller repository's checkout. Absolute paths."""

    directory: str
    module: str  # Terraform module
    policies: str


class Context(NamedTuple):
    """One run's surroundings."""

    event: "Event"
    document: "FactDocument"
    rules: "Rules"
    controller: Controller
    discovery: "Discovery"
    settings: "Settings"
    out: str  # directory that keeps everything the run makes; mode 0700
    result: "PipelineResult"  # what is being carried out
    decision: str  # digest of the decision that is being carried out
    now: str  # RFC 3339, the fact of the same name
    progress: Callable[[str], None]  # one line for a person
    show: "Callable[[Report], None]"  # a finished report, to whoever watches
    cancel: "threading.Event"  # set when the action's time is up
