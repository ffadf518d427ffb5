"""Entries of the board, as tests want them."""

from typing import Any

from engine.core.kept.board import Entry, Wait

NOW = "2026-11-27T12:00:00Z"
HEAD = "1" * 40


def entry(pr: int = 7, **fields: Any) -> Entry:
    """A pull request that waits for one approval of ann or bob."""
    waits = (Wait("reviewed", "pending", "1 more approval from reviewers", ("ann", "bob")),)
    whole = Entry(
        repo="acme/dev-deployment", pr=pr, title="A bucket for the data lake", author="alice", head=HEAD, base="dev",
        environment="development", words="Passed: waiting for ", detail="1 more approval from reviewers",
        validation="passed", sequence=1, stage="open", waits=waits, since=NOW, at=NOW, run="gh-1",
    )  # fmt: skip
    return whole._replace(**fields)


def gate(name: str = "reviewed", outcome: str = "pending", **more: Any) -> dict[str, Any]:
    """A gate, as a record has it."""
    row = {"name": name, "outcome": outcome, "because": "1 approval from reviewers: 0 of 1", "missing": []}
    return {**row, "causes": [], **more}
