"""What a person reads of a way back, before it is asked for and on its pull request."""

from typing import Any

from engine.core.report import rollback as told


def entry(pr: int, outcome: str = "applied") -> dict[str, Any]:
    return {"number": pr, "pr": pr, "outcome": outcome, "commit": str(pr) * 40, "time": "2026-11-27T12:00:00Z"}


def row(*newer: dict[str, Any]) -> dict[str, Any]:
    return {
        "state_key": "S3/dev/a/terraform.tfstate", "path": "S3/a", "undone": entry(2), "good": entry(1),
        "newer": list(newer), "module_changed": False, "comes": "whole", "problem": None,
        "changes": [{"address": "aws_s3_bucket.a", "action": "update", "comes": "whole", "why": ""}],
    }  # fmt: skip


def test_what_was_merged_since_and_not_applied_is_not_taken_back_without_words() -> None:
    rows = [row(entry(3, "stopped"), entry(4, "refused"))]
    ways = {
        "preflight": "\n".join(told.lines(rows)),
        "pull request": told.opening(rows, "ann", "dev").body,
        "answer": told.reply({"resources": rows, "number": 9, "created": True}),
    }
    for where, said in ways.items():
        assert "merged since and is not applied is taken back on the branch, too" in said, where
        assert "stopped" in said, where
        assert "refused" in said, where
    assert "#3 (stopped), #4 (refused)" in ways["pull request"]


def test_where_nothing_was_merged_since_nothing_is_said_of_it() -> None:
    rows = [row()]
    every = [*told.lines(rows), told.opening(rows, "", "dev").body]
    every.append(told.reply({"resources": rows, "number": 9, "created": True}))
    assert not any("merged since" in said for said in every)
