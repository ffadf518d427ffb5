"""Who tells what. A run on a clone and a run on GitHub differ by their tellers alone.

The event (`told`) or GitHub tells of the pull request and of people, `change` (git and the rules) of what is in it, and
`kept` of earlier runs.
"""

from collections.abc import Mapping
from typing import Literal, Protocol

from engine.run.facts.gather import Fetch

LOCAL: Literal["local"] = "local"  # the origin of facts that a clone and an event tell
GITHUB: Literal["github"] = "github"  # the origin of facts that GitHub tells
WITHOUT_STORE = "it stands in a store, and ENGINE_STORE names none"  # of a fact of a run on GitHub that has none
WITHOUT_GITHUB = "a clone alone does not tell; run it on the pull request"  # of a fact that only GitHub knows


class Teller(Protocol):
    """Knows some facts, and no other teller of the same run knows one of them."""

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up."""


def together(*tellers: Teller) -> Mapping[str, Fetch]:
    """The fetchers of all tellers of a run."""
    found: dict[str, Fetch] = {}
    for teller in tellers:
        fetchers = teller.fetchers
        assert found.keys().isdisjoint(fetchers), f"two tellers of {found.keys() & fetchers.keys()}"
        found |= fetchers
    return found
