"""What the rules of a controller need of GitHub: rights, and events that GitHub is to send."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.core.rules.model import Rules


class Rights(NamedTuple):
    """Of all pipelines together."""

    permissions: frozenset[str]  # as the rows of actions and facts declare them: contents:read
    events: frozenset[str]  # that the rules listen to


def rights(controller: str) -> Rights:
    """Read from the rules, the actions that they use and the facts that their gates need.

    Raises:
        EngineError: the rules do not load.
    """
    from engine.run.trusted import load_rules

    return needed_by(load_rules(controller))


def needed_by(rules: "Rules") -> Rights:
    """The same, of rules that are loaded."""
    from engine.core.decision.matching import facts_for
    from engine.run.catalog import catalog
    from engine.run.facts.forge import permissions

    known = catalog()
    steps = (step for pipeline in rules.pipelines.values() for step in pipeline.steps)
    wanted = {name for step in steps for name in known.actions[step.uses].permissions}
    facts = permissions(facts_for(tuple(rules.pipelines), rules, known.actions))
    return Rights(
        frozenset([*wanted, *facts]), frozenset(event for trigger in rules.triggers for event in trigger.events)
    )
