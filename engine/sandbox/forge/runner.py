"""Who starts the engine for a delivery or for the clock, as the forge sees it; without one nobody does."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

FOLDER = "runs"  # of the forge's: a directory for each run, by its number

if TYPE_CHECKING:
    from engine.sandbox.forge.forge import Forge


class Runner(Protocol):
    """It receives webhooks as any App does, and is given to `serve.running`.

    What a delivery starts goes, as far as `going` can tell, before the delivery is answered: so `idle` cannot miss it.
    """

    @property
    def pages(self) -> str:
        """Where pages of its own show what it does; empty: it has none, and those of the forge do."""

    def going(self) -> int:
        """How many runs have not ended."""

    def runs(self) -> Sequence[Mapping[str, Any]]:
        """All of them in their order, as the control door tells them (docs/sandbox.md)."""

    def advanced(self) -> None:
        """The forge's clock has been advanced."""

    def tick(self) -> int:
        """Start every `every:` row now; how many that were."""

    def stop(self) -> None:
        """End what was started."""


class Nobody:
    """A forge without an engine."""

    pages = ""

    def going(self) -> int:
        """None."""
        return 0

    def runs(self) -> Sequence[Mapping[str, Any]]:
        """None."""
        return ()

    def advanced(self) -> None:
        """Nobody has to know."""

    def tick(self) -> int:
        """None."""
        return 0

    def stop(self) -> None:
        """Nothing to do."""


def tick(forge: "Forge") -> int:
    """Send what was to be late, and start what the clock starts; how many runs that were."""
    forge.kept.run("UPDATE deliveries SET state = 'waiting' WHERE state = 'held'")
    forge.wake()
    return forge.runner.tick()
