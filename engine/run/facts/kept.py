"""What is kept of earlier runs. Without a store there is nothing."""

from collections.abc import Mapping

from engine.run.facts.gather import Absent, Fetch


class NothingKept:
    """The teller of a run that has no store."""

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → why it is not there."""
        nothing = Absent("a clone keeps none")
        return {"statements": lambda: nothing, "verdict": lambda: nothing}
