"""Who starts the engine for a delivery or for the clock, as the forge sees it; without one nobody does."""

from typing import TYPE_CHECKING, Protocol

FOLDER = "runs"  # of the forge's: a directory for each run, by its number

if TYPE_CHECKING:
    from engine.sandbox.forge.forge import Forge


class Runner(Protocol):
    """It writes rows into `runs`, receives webhooks as any App does, and is given to `serve.running`.

    A run that a delivery starts has its row before the delivery is answered: so `idle` cannot miss it.
    """

    def going(self) -> int:
        """How many runs have not ended."""

    def tick(self) -> int:
        """Start every `every:` row now; how many that were."""

    def stop(self) -> None:
        """End what was started."""


class Nobody:
    """A forge without an engine."""

    def going(self) -> int:
        """None."""
        return 0

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
