"""The teller of a merge that has happened: which commit it is, whose it was, and what we have signed of it.

GitHub says which commit a pull request became and who merged it, git what that commit is to the branch, and the store
whether there is a merge decision about it. Only the last is a proof; whoever has none is judged afresh.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import failure
from engine.run.facts.gather import Absent, Fetch, Slow
from engine.run.facts.people import somebody
from engine.run.facts.talk import is_us

if TYPE_CHECKING:
    from engine.run.facts.change import Change
    from engine.run.facts.hosted import PullRequest
    from engine.run.facts.kept import Kept

_SAID = ("keys", "people", "overrides", "trees")  # of the merge decision


class Merged:
    """The teller."""

    def __init__(self, sides: "PullRequest", repo: str, change: "Change", kept: "Kept") -> None:
        self._sides, self._repo, self._change, self._kept = sides, repo, change, kept

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up."""
        return {"merged": Slow(self._merged)}

    def _merged(self) -> Any:
        pull = self._sides.pull
        if not pull.merged:
            return Absent("it is not merged")
        commit = self._sides.where.merge_commit()
        if pull.merged_at is None:
            raise failure("ENG597", what=f"#{pull.number}", reason="it does not say when it was merged")
        decision = self._decision(pull.number, commit)
        return {
            "commit": commit,
            "ours": is_us(pull, pull.merged_by),
            "accounted": decision is not None,
            "by": somebody(pull.merged_by),
            "at": pull.merged_at,
            "landed": self._change.is_trunk(commit),
            "squashed": self._change.is_whole(pull.commit_count),
            "decision": decision,
        }

    def _decision(self, number: int, commit: str) -> Any:
        """What we have signed of just this merge.

        Raises:
            EngineError: ENG740, the decision was made of another commit; ENG741, the statement that it
                leans on is not in the store as it was.
        """
        found = self._kept.decision(self._repo, number)
        if found is None:
            return None
        said, subject = found.said, f"{self._repo}#{number}"
        if said["commit"] != commit:
            raise failure("ENG740", subject=subject, decided=said["commit"], commit=commit)
        verdict = {name: said["verdict"][name] for name in ("sequence", "digest")}
        if self._kept.statement(verdict["sequence"]) != verdict["digest"]:
            raise failure("ENG741", subject=subject, number=verdict["sequence"])
        return {
            "digest": found.digest,
            "verdict": verdict,
            "base_ref": said["base"]["ref"],
            **{name: said[name] for name in _SAID},
        }
