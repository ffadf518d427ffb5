"""The comment about applying: where each resource of a merge stands, what differs, who must act in which words.

What has to go where there is no room goes in whole pieces: first the addresses of what is applied, then that itself.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from engine.core.holding import DONE
from engine.core.report import life as life_
from engine.core.report import markdown as md
from engine.core.report.attempts import FAILED, Applied, Attempt, Differs, Touched, Way, time, way_of, words
from engine.core.report.fitting import LIMIT, Piece, and_more, keep, listed, size
from engine.core.report.model import Gate, Report
from engine.core.report.state import State, merged
from engine.errors import Problem

MARK = "<!-- interlock apply -->"
_TITLES = 2_000  # bytes of all titles and notes
_KEYS = 5  # states that are named in one line
_MARKS = {
    **dict.fromkeys(DONE, "✅"), "failed": "❌", "partial": "❌", "stopped": "✋", "refused": "❌", "skipped": "⏭️",
    "rolled_back": "↩️", "half_back": "❌",
}  # fmt: skip
_WORDS = {
    "partial": "half applied",
    "skipped": "skipped: it comes after what was not applied",
    "stopped": "stopped: it differs from what was approved",
    "rolled_back": "taken back by itself",
    "half_back": "half taken back by itself",
}
_STEPS = {"started": "⏳", "done": "✅", "failed": "❌"}
_STATES = {"started": "under way"}
_ROLLBACK = "Comment `/engine rollback` here to have the pull request of that opened"
_UNSEEN = "comment `/engine rollback` here, which looks first at what comes back"
_HEAD = ("", "Resource", "State", "Time")  # no more: it is read on a phone, too


def state(report: Report, applied: Applied) -> State:
    """The first line, and the titles of checks: `Merged into dev: applied, 3 resources`."""
    lead = merged(report.base_ref)
    return lead._replace(detail=lead.detail + _became(report, applied))


def _became(report: Report, applied: Applied) -> str:
    """What follows on `Merged into dev`."""
    number, done = len(applied.attempts), applied.done
    counted = f"{number} {'resource' if number == 1 else 'resources'}"
    if not report.applies:
        return ", and nothing of it is applied: there is no account"
    if applied.is_live:
        return f": applying, {done} of {counted} done"
    if not number:
        against = _against(report)
        if not against and not report.broken:
            return ": still to be applied, which comes by itself"
        return f": not applied, {against.because if against else report.broken[0].message}"
    if done == number:
        return f": applied, {counted}"
    waiting = sum(one.outcome == "none" for one in applied.attempts)
    short = number - done
    what = "still to be applied" if waiting == short else "not applied"
    return f": {short} of {counted} {'is' if short == 1 else 'are'} {what}"


def _against(report: Report) -> Gate | None:
    """The gate that says why nothing is applied."""
    quiet = ("pass", "not_applicable")
    return next((gate for gate in report.gates if gate.outcome.value not in quiet), None)


def render(report: Report, applied: Applied, limit: int = LIMIT) -> str:
    """The comment, at most `limit` bytes long."""
    head, foot = _head(report, applied), _foot(applied)
    room = limit - size(head) - size(foot) - _TITLES
    gates, room = _gates(report, applied, room)
    broken, room = listed("### Could not be done", [Piece(_problem(p), 0) for p in report.broken], room, "problems")
    act, room = _to_do(applied, room)
    wrong, room = _wrong(applied, room)
    table, room = _table(applied, room)
    differs, room = _difference(applied, room)
    each, room = _addresses(applied, room)
    parts = (head, gates, broken, act, table, wrong, differs, each, foot)
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Report, applied: Applied) -> str:
    commit = f"Commit {md.code(applied.commit[:12])}" if applied.commit else "No commit"
    where = f", {md.text(report.environment)} → branch {md.code(report.branch)}" if report.branch else ""
    summed = " ".join(f"{md.text(line)}." for line in applied.summary.lines()) if applied.summary else ""
    return f"{state(report, applied).markdown}\n---\n\n{commit}{where}." + (f" {summed}" if summed else "")


def _gates(report: Report, applied: Applied, room: int) -> tuple[str, int]:
    if applied.attempts or not _against(report):
        return "", room
    pieces = [Piece(text, rank) for rank, text in enumerate(life_.missing(report.gates))]
    return listed("### What it takes to apply", pieces, room, "gates")


def _problem(problem: Problem, path: str = "") -> str:
    where = f"{md.code(path)}: " if path else ""
    first = f"- {where}{md.prose(problem.message)} ({md.text(problem.code)})"
    return f"{first}  \n  *Fix:* {md.prose(problem.hint)}" if problem.hint else first


def _to_do(applied: Applied, room: int) -> tuple[str, int]:
    """Who must act, in which words: one line for each that means the same."""
    if applied.is_live:
        return "", room
    open_ = [(way_of(one), one) for one in applied.attempts if not one.is_done]
    ways = list(dict.fromkeys(way for way, _ in open_))
    pieces = [
        Piece(_act(way, [one for found, one in open_ if found == way], applied), number)
        for number, way in enumerate(ways)
    ]
    held = [one.key for _, one in open_ if one.outcome == "none"]
    if held and (who := applied.may.get("unlock")):
        said = f"- To give it up, so that others may go on: {md.code('/engine unlock KEY')}, by {md.text(who)}."
        pieces.append(Piece(said, len(ways)))
    pieces += [Piece(text, len(ways) + 1) for text in _backs(applied)]
    return listed("### What to do", pieces, room, "reasons")


def _backs(applied: Applied) -> Iterator[str]:
    """What a plan of the way back has shown, one line for all of which it is the same; nothing is told unseen."""
    looked = [(one, str(one.back)) for one in applied.attempts if one.back]
    for said in dict.fromkeys(text for _, text in looked):
        those = [one for one, text in looked if text == said]
        lead = f"- {_paths(those)}: {md.prose(said)}."
        is_there = those[0].back is not None and not those[0].back.problem
        yield f"{lead} {_ROLLBACK} ({md.text(applied.may['rollback'])} may)." if is_there and _may(applied) else lead


def _may(applied: Applied) -> bool:
    return "rollback" in applied.may and not applied.revert


def _act(way: Way, those: Sequence[Attempt], applied: Applied) -> str:
    lead = f"- {_paths(those)}: {way.means}."
    if not way.command:
        return f"{lead} Nothing has to be done: it is tried again by itself."
    if way.command == "rollback" and applied.revert:
        return f"{lead} #{applied.revert} makes the branch say so, too; it waits for people as any other."
    said = " and ".join(dict.fromkeys(md.code(words(way, one.key)) for one in those[:_KEYS]))
    if way.command not in applied.may:
        return f"{lead} The rules name nobody who may comment {said}: have whoever keeps them look at it."
    return f"{lead} Comment {said} here ({md.text(applied.may[way.command])} may), {way.then}."


def _paths(those: Sequence[Attempt]) -> str:
    more = f" and {len(those) - _KEYS} more" if len(those) > _KEYS else ""
    return f"{', '.join(md.code(one.path) for one in those[:_KEYS])}{more}"


def _table(applied: Applied, room: int) -> tuple[str, int]:
    if not applied.attempts:
        return "", room
    pieces = [Piece(_row(one, applied), _rank(one)) for one in applied.attempts]
    kept, left = keep(pieces, room)
    table = md.table(_HEAD, [piece.text for piece in kept])
    return and_more(table, "resources", len(pieces) - len(kept)), left


def _wrong(applied: Applied, room: int) -> tuple[str, int]:
    """What is wrong with each, where the two plans do not say it."""
    those = [(one.path, one.problem) for one in applied.attempts if one.problem and not one.difference]
    return listed("### What went wrong", [Piece(_problem(p, path), 0) for path, p in those], room, "problems")


def _rank(one: Attempt) -> int:
    """What people have to read comes first."""
    return 2 if one.is_done else 0 if one.outcome != "none" or one.touched else 1


def _row(one: Attempt, applied: Applied) -> str:
    mark = _MARKS.get(one.outcome) or ("⏳" if one.touched or one.waits or not applied.is_live else "")
    return md.row(
        mark,
        f"{md.code(one.path)}<br>{md.text(one.service)}, {md.text(one.name)}",
        md.text(_said(one, applied)),
        time(one.seconds),
    )


def _said(one: Attempt, applied: Applied) -> str:
    if one.outcome != "none":
        return _WORDS.get(one.outcome, one.outcome)
    if one.waits:
        return f"waits: {way_of(one).means}"
    if one.touched:
        done = sum(each.status != "started" for each in one.touched)
        return f"applying, {done} of {len(one.touched)} changes done" if applied.is_live else way_of(one).means
    return "to come" if applied.is_live else way_of(one).means


def _difference(applied: Applied, room: int) -> tuple[str, int]:
    """What was approved beside what would be done now, folded."""
    told = [_differs(one, each) for one in applied.attempts for each in one.difference or ()]
    pieces = [Piece(text, size(text)) for text in told]  # the shorter ones first
    return listed("### What differs from what was approved", pieces, room, "differences")


def _differs(one: Attempt, each: Differs) -> str:
    said = f"approved: {md.text(each.approved or 'nothing')}; now: {md.text(each.fresh or 'nothing')}"
    lead = f"{md.text(each.address)}: {said} ({md.text(one.path)})"
    plans = [(name, lines) for name, lines in (("What was approved", each.was), ("Now", each.lines)) if lines]
    blocks = [f"{name}:\n\n{md.fence(chr(10).join(map(str, lines)), 'diff')}" for name, lines in plans]
    return md.details(
        lead, "\n\n".join([f"{md.prose(each.why).capitalize()}." if each.why else "", *blocks]).strip() or "Nothing."
    )


def _addresses(applied: Applied, room: int) -> tuple[str, int]:
    """Each resource's addresses, folded: what was done, how long it took, and what went wrong."""
    pieces = [Piece(_touched(one), _rank(one)) for one in applied.attempts if one.touched]
    return listed("### What was done", pieces, room, "resources")


def _touched(one: Attempt) -> str:
    counts = [f"{len(list(group))} {word}" for word, group in groupby(sorted(map(_word, one.touched)))]
    return md.details(f"{md.text(one.path)}: {md.text(', '.join(counts))}", "\n".join(map(_address, one.touched)))


def _word(each: Touched) -> str:
    return _STATES.get(each.status, each.status)


def _address(each: Touched) -> str:
    took = f", {time(each.seconds)}" if each.seconds else ""
    error = f"  \n  {md.prose(each.error)}" if each.error else ""
    return f"- {_STEPS.get(each.status, '⏳')} {md.code(each.address)} {md.text(each.action)}{took}{error}"


def _foot(applied: Applied) -> str:
    log = md.link("The whole log", applied.log) if applied.log else ""
    is_unseen = any(one.outcome in (*DONE, *FAILED) and not one.back for one in applied.attempts)
    back = (
        f"To take it back: {_UNSEEN} ({md.text(applied.may['rollback'])} may)." if is_unseen and _may(applied) else ""
    )
    said = " · ".join(part for part in (log, "" if applied.is_live else back) if part)
    return f"<sub>{said}</sub>\n{MARK}" if said else MARK
