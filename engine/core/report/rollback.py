"""A way back, told: before it is asked for, on its pull request, and in answer to the command."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.core.plan.loss import Comes
from engine.core.report import markdown as md
from engine.core.report.opening import Opening
from engine.core.report.quoted import quoted
from engine.printable import in_line

Row = Mapping[str, Any]  # as `run/rolling/look` gives it

_TITLE = 200
_ROWS = 50
_ADDRESS = 300  # characters
_MODULE = "the module has become another since, so this is its configuration of then with the module of today"
_TOO = "what was merged since and is not applied is taken back on the branch, too"
_EMPTY = "nothing has to be changed there; only the branch is ahead"


def summary(rows: Sequence[Row]) -> str:
    """In one line how much comes back; only of what could be planned."""
    known = [row for row in rows if not row["problem"]]
    if not known:
        return "There is no way back"
    comes = {one.words: one for one in Comes}
    worst = max(comes[row["comes"]] for row in known)
    if worst is Comes.WHOLE:
        return "All of it comes back whole"
    return f"Not all of it comes back whole: some comes back {worst.words}"


def is_available(rows: Sequence[Row]) -> bool:
    """Was a way back found, and planned, for each?"""
    return bool(rows) and not any(row["problem"] for row in rows)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """For a terminal."""
    for row in rows:
        yield f"{in_line(row['path'])} ({in_line(row['state_key'])})"
        if row["good"]:
            yield f"  from {_said(row['undone'])} back to {_said(row['good'])}"
        for one in row["newer"]:
            yield f"  {_TOO}: {_said(one)}"
        if row["problem"]:
            problem = row["problem"]
            yield f"  {problem['code']} {in_line(problem['message'])}"
            yield f"    {in_line(problem['hint'])}"
            continue
        if row["module_changed"]:
            yield f"  {_MODULE}"
        for one in row["changes"]:
            why = f": {one['why']}" if one["why"] else ""
            yield f"  {one['action']:8} {in_line(one['address'])}  comes back {one['comes']}{why}"
        if not row["changes"]:
            yield f"  {_EMPTY}"
    yield summary(rows)


def opening(rows: Sequence[Row], asker: str, base: str) -> Opening:
    """Title and body of its pull request; `asker` is a login, or empty."""
    numbers = sorted({row["undone"]["pr"] for row in rows})
    paths = [row["path"] for row in rows]
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    title = f"Take back {', '.join(f'no. {number}' for number in numbers)}: {paths[0]}{more}"
    by = f" {md.code(asker)} has asked for it." if asker else ""
    lead = f"Takes back what {', '.join(f'#{number}' for number in numbers)} has done to {md.code(base)}.{by}"
    parts = [lead, f"**{md.text(summary(rows))}.**", *map(_resource, rows[:_ROWS])]
    if len(rows) > _ROWS:
        parts.append(f"*… and {len(rows) - _ROWS} more.*")
    parts.append(
        "It is validated, judged and approved as any other change. Once it is applied, what runs and the branch say the"
        " same again, and a second plan has to be empty."
    )
    return Opening(quoted(title, _TITLE), "\n\n".join(parts) + "\n")


def message(rows: Sequence[Row], asker: tuple[str, int] | None) -> str:
    """Of its commit. Whoever has asked for it has a hand in it, so their approval does not count."""
    paths = ", ".join(quoted(row["path"], _ADDRESS) for row in rows[:_ROWS])
    each = [f"- {quoted(row['path'], _ADDRESS)} as in {row['good']['commit']}" for row in rows[:_ROWS]]
    said = [f"Take back {paths}"[:_TITLE], "", *each]
    if asker:
        login, number = asker
        said += ["", f"Co-authored-by: {quoted(login, 60)} <{number}+{quoted(login, 60)}@users.noreply.github.com>"]
    return "\n".join(said) + "\n"


def reply(outputs: Mapping[str, Any]) -> str:
    """The answer to the command."""
    verb = "Opened" if outputs["created"] else "It is open"
    said = md.text(summary(outputs["resources"]))
    since = [one for row in outputs["resources"] for one in row["newer"]]
    too = f"\n- {_too(since)}" if since else ""
    return f"{verb}: #{outputs['number']}. {said}; it waits for people as any other.{too}\n"


def _too(since: Sequence[Mapping[str, Any]]) -> str:
    each = dict.fromkeys(f"#{one['pr']} ({one['outcome']})" for one in since)
    return f"{_TOO[0].upper()}{_TOO[1:]}: {', '.join(each)}."


def _resource(row: Row) -> str:
    lead = f"{md.code(row['path'])}: from {_said(row['undone'])} back to {_said(row['good'])}."
    notes = [f"{_MODULE[0].upper()}{_MODULE[1:]}."] if row["module_changed"] else []
    notes += [f"**{_too(row['newer'])}**"] if row["newer"] else []
    if not row["changes"]:
        return "\n".join([lead, *notes, f"{_EMPTY[0].upper()}{_EMPTY[1:]}."])
    shown = row["changes"][:_ROWS]
    each = [
        md.row(md.code(one["address"]), *(md.text(one[cell]) for cell in ("action", "comes", "why"))) for one in shown
    ]
    table = md.table(("Address", "What is done", "Comes back", "Why"), each)
    more = [f"*… and {len(row['changes']) - _ROWS} more.*"] if len(row["changes"]) > _ROWS else []
    return "\n\n".join(["\n".join([lead, *notes]), table, *more])


def _said(entry: Mapping[str, Any]) -> str:
    return f"{entry['commit'][:12]} (no. {entry['pr']}, {entry['outcome']})"
