"""Which gates stand before a pipeline: its own, and those that protect its actions wherever they are used."""

from engine.core.rules.model import Pipeline, Rules


def gates_of(pipeline: Pipeline, rules: Rules) -> tuple[str, ...]:
    """Names in order, each once. Leaving a gate out of a pipeline does not get round `protect:`."""
    protecting = (name for step in pipeline.steps for name in rules.protect.get(step.uses, ()))
    return tuple(dict.fromkeys((*pipeline.gates, *protecting)))
