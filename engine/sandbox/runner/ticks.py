"""What the clock starts: the `every:` rows of the rules, for each source that the forge has."""

from typing import Any

from engine.core.duration import written
from engine.errors import EngineError
from engine.sandbox.forge.forge import Forge
from engine.sandbox.stage import rules_in


def due(forge: Forge, controller: str) -> list[dict[str, Any]]:
    """The body of each tick, of the rows that come most often; none while the rules do not load.

    Each tick would start all of them, and what is rare (dropping old backups) has nothing to do in a sandbox's hour.
    """
    try:
        rules = rules_in(controller)
    except EngineError:
        return []
    often = min((row.every_s for row in rules.triggers if row.every_s is not None), default=None)
    return [
        {"schedule": written(trigger.every_s), "pipeline": trigger.run, "repository": {"full_name": source.repo}}
        for trigger in rules.triggers
        if trigger.every_s is not None and trigger.every_s == often
        for source in rules.sources
        if forge.repository(*source.repo.split("/", 1))
    ]
