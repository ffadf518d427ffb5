"""What `engine policy test --mutate` tells: the changes that no test noticed, with the way to each."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.adapters.policy.bundle import PolicySet
    from engine.adapters.policy.mutation.run import Judged
    from engine.cli.console import Console
    from engine.core.report.junit import Tried

_LINES = 6  # of a changed place that are shown
_TESTS = 3  # that are named


def survivors(judged: "Iterable[Judged]") -> "list[Judged]":
    """Changes that no test noticed, and that nobody excused."""
    return [one for one in judged if one.outcome.value == "survived"]


def show(judged: "Sequence[Judged]", policies: "PolicySet", console: "Console") -> None:
    """Each survivor as a diff, then the counts of each policy."""
    for one in survivors(judged):
        console.out(console.colour(f"✗ {_where(one)}: no test notices: {one.mutant.name}", "red"))
        console.out(_told(one, policies))
    for file, counts in _counts(judged).items():
        console.out(f"    {file}: {_counted(counts)}")
    console.out(_counted(_count(judged)))


def as_json(judged: "Sequence[Judged]", policies: "PolicySet") -> dict[str, Any]:
    """Counts, survivors, and what is excused."""
    return {
        **_count(judged),
        "files": _counts(judged),
        "survivors": [_json(one, policies) for one in survivors(judged)],
        "excused": [{**_json(one, policies), "reason": one.why} for one in judged if one.outcome.value == "equivalent"],
    }


def rows(judged: "Sequence[Judged]", policies: "PolicySet") -> "list[Tried]":
    """One row per policy, and one per survivor."""
    from engine.core.report.junit import Tried

    told = [Tried(file, "mutation", 1, "", _counted(counts)) for file, counts in _counts(judged).items()]
    lost = [
        Tried(one.mutant.file, f"mutation {_where(one)}", one.mutant.place.line, one.mutant.name, _told(one, policies))
        for one in survivors(judged)
    ]
    return told + lost


def _where(one: "Judged") -> str:
    return f"{one.mutant.place.file}:{one.mutant.place.line}:{one.mutant.place.column}"


def _told(one: "Judged", policies: "PolicySet") -> str:
    before, after = one.mutant.shown(policies.modules[one.mutant.file].encode())
    tests = [test.removeprefix("data.") for test in one.reached]
    more = f" and {len(tests) - _TESTS} more" if len(tests) > _TESTS else ""
    reached = f"reached by {', '.join(tests[:_TESTS])}{more}" if tests else "no test reaches it"
    lines = [*_marked("-", before), *_marked("+", after), f"→ {reached}"]
    lines.append(f"→ write a test that fails, or say why none can: # mutant: {one.mutant.name} – REASON")
    return "\n".join(f"    {line}" for line in lines)


def _marked(mark: str, text: str) -> list[str]:
    lines = text.expandtabs(2).split("\n")
    shown = lines if len(lines) <= _LINES else [*lines[: _LINES - 1], "…"]
    return [f"{mark} {line}" for line in shown]


def _json(one: "Judged", policies: "PolicySet") -> dict[str, Any]:
    mutant = one.mutant
    before, after = mutant.shown(policies.modules[mutant.file].encode())
    place = {"file": mutant.file, "line": mutant.place.line, "column": mutant.place.column}
    return {**place, "change": mutant.name, "before": before, "after": after, "reached_by": list(one.reached)}


def _counts(judged: "Sequence[Judged]") -> dict[str, dict[str, int]]:
    files = sorted({one.mutant.file for one in judged})
    return {file: _count([one for one in judged if one.mutant.file == file]) for file in files}


def _count(judged: "Sequence[Judged]") -> dict[str, int]:
    from engine.adapters.policy.mutation.run import STOPPED

    outcomes = [one.outcome.value for one in judged]
    counts = {name: outcomes.count(name) for name in ("killed", "survived", "equivalent")}
    return {"changes": len(judged), **counts, "stopped": sum(one.why == STOPPED for one in judged)}


def _counted(counts: dict[str, int]) -> str:
    excused = f", {counts['equivalent']} cannot be noticed" if counts["equivalent"] else ""
    stopped = f" ({counts['stopped']} by the deadline, or the engine's end)" if counts["stopped"] else ""
    return f"{counts['changes']} changes, {counts['killed']} noticed{stopped}, {counts['survived']} survived{excused}"
