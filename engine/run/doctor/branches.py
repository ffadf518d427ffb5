"""Who may get what onto a branch: its rulesets, those of the organisation, its own protection."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.core import guards
from engine.core.doctor import Finding
from engine.run.doctor.asking import tried

if TYPE_CHECKING:
    from engine.adapters.github.client import Client


def of_branch(client: "Client", branch: guards.Branch, known: dict[int, Any]) -> list[Finding]:
    """What is wrong there. `known` keeps rulesets, which several branches may have.

    Raises:
        EngineError: as `Client.get`, of what says which rules there are.
    """
    from engine.adapters.github.client import at
    from engine.adapters.github.whole import Understood

    found = list[guards.Guard]()
    with Understood(f"the rules of {branch}"):
        for number, rules in guards.said(client.pages(at(branch.repo, "rules", "branches", branch.name))).items():
            if number not in known:
                known[number] = client.get(at(branch.repo, "rulesets", number))
            found.append(guards.of_ruleset(rules, known[number]))

    def own() -> Iterator[Finding]:
        said = client.find(at(branch.repo, "branches", branch.name, "protection"))
        with Understood(f"the protection of {branch}"):
            found.extend([guards.of_protection(said)] if said else [])
        yield from ()

    grant = f"give GITHUB_TOKEN `Administration: read` of {branch.repo}, or take an administrator's with scope `repo`"
    unseen = tried(str(branch), grant, own)
    # What is well may be well by what we cannot see alone; what is wrong is told.
    return unseen + [one for one in guards.judged(branch, found) if not (one.ok and unseen)]
