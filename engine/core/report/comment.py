"""The report as a pull request's comment: Markdown that fits, whatever the change was.

GitHub refuses more than 65,536 characters. What has to go goes in whole pieces, with a word that it is missing: plans
first (the longest of them first), then resources that passed, then findings of low severity. Never the headline.
"""

from engine.core.decision.explain import people
from engine.core.findings import Effect, Finding, Severity
from engine.core.outcome import Outcome
from engine.core.report import life as life_
from engine.core.report import markdown as md
from engine.core.report.fitting import LIMIT, Piece, and_more, keep, listed, size
from engine.core.report.model import MARKS, Gate, Life, Report, Result, Row, Standing
from engine.errors import Problem

MARK = "<!-- interlock -->"  # by which the comment is found again

_HEADLINES: dict[Result, str] = {
    "passed": "✅ Policy checks passed",
    "failed": "❌ Policy checks failed",
    "error": "⚠️ This change could not be judged",
    "refused": "❌ This change is refused",
    "pending": "⏳ This change is waiting",
    "unjudged": "ℹ️ There is no verdict yet",
    "idle": "ℹ️ Nothing starts on this event",
    "superseded": "ℹ️ A newer commit is there",
    "applied": "✅ Applied",
    "unapplied": "❌ Not all of it is applied",
}
_PROCEED: dict[Result, str] = {
    "passed": "Nothing is left to mend. Reviews of this commit count from now on; a new commit is judged afresh.",
    "failed": "Mend what is denied and push: the change is validated again. "
    "Where the rules allow an exception, an approver can comment its command.",
    "error": "Mend what is marked ⚠️: push where the change itself is at fault, have it run again where it is not. "
    "Until then nothing can be approved or overridden.",
    "refused": "Mend what is marked ❌. Where that is in the files, push; where it is not, have it run again.",
    "pending": "Nothing is wrong with it. What is missing is named below, with who can give it.",
    "unjudged": "Have the pull request validated: that plans, judges and signs.",
    "idle": "Nothing has to be done, and nothing was allowed.",
    "superseded": "Nothing has to be done: the newer commit has a run of its own.",
    "applied": "Nothing has to be done.",
    "unapplied": "What is missing is named on the pull request, with who can give it.",
}
_RUN_AGAIN = "Mend what could not be done, then have it run again. Until then nothing can be approved or overridden."
_QUIET = (Outcome.PASS, Outcome.NOT_APPLICABLE)  # gates that need no explanation here
_MARKS = {Standing.PASSED: "✅", Standing.WARNED: "✅", Standing.FAILED: "❌", Standing.ERROR: "⚠️"}
_EFFECTS = ((Effect.DENY, "Denied"), (Effect.WARN, "Warnings"), (Effect.EXCEPTION, "Excused by policy"))
_WORST = {severity: place for place, severity in enumerate(Severity)}
_DRAWN = 24  # resources of a picture that can still be read
_TITLES = 1_500  # bytes of all titles and notes, which are there even when there is room for nothing else
_HEAD = ("", "Resource", "Plan", "Policy")  # no more: it is read on a phone, too


def render(report: Report, limit: int = LIMIT) -> str:
    """The comment, at most `limit` bytes long."""
    if report.applied:
        from engine.core.report import applied  # most reports tell of no apply

        return applied.render(report, report.applied, limit)
    if report.life:
        return _living(report, report.life, limit)
    head, foot = _head(report), _foot(report)
    body = _body(report, limit - size(head) - size(foot) - _TITLES)
    return "\n\n".join(part for part in (head, *body, foot) if part) + "\n"


def is_marked(body: str, about: str = "") -> bool:
    """Does a comment end as ours about that do? Anybody can write that: whose it is, is another question."""
    return life_.unsigned(body).endswith(f"\n{_end(about)}")


def _end(about: str) -> str:
    """How a comment of ours about this ends."""
    if about == "apply":
        from engine.core.report import applied

        return applied.MARK
    assert about == ""
    return MARK


def _living(report: Report, life: Life, limit: int) -> str:
    """On the pull request's page: where it stands, what it takes, and how it came there."""
    head, foot, last = life_.head(report, life), _foot(report), life_.end(life, MARK)
    carried, history = life_.carried(life), life_.history(life)
    room = limit - sum(map(size, (head, foot, last, carried, history))) - _TITLES
    pieces = [Piece(text, rank) for rank, text in enumerate(life_.missing(life.merging))]
    missing, room = listed("### What it takes to merge", pieces, room, "gates")
    body = _body(report._replace(gates=()), room)
    return "\n\n".join(part for part in (head, carried, missing, *body, history, foot, last) if part) + "\n"


def _body(report: Report, room: int) -> list[str]:
    """The parts between the headline and the signature, in their order."""
    broken, room = listed("### Could not be done", [Piece(_problem("", p), 0) for p in report.broken], room, "problems")
    gates, room = _gates(report, room)
    findings, room = _findings(report, room)
    refused, room = _refused(report, room)
    resources, room = _resources(report, room)
    order, room = _order(report, room)  # what people have to read has had its room by now
    plans, room = _plans(report, room)
    return [gates, broken, resources, order, findings, refused, plans]


def _head(report: Report) -> str:
    counted = dict.fromkeys(Standing, 0)
    for row in report.rows:
        counted[report.standing(row)] += 1
    passed = counted[Standing.PASSED] + counted[Standing.WARNED]
    tally = [
        f"{number} {word}"
        for number, word in (
            (passed, "passed"),
            (counted[Standing.FAILED], "failed"),
            (counted[Standing.ERROR], "not judged"),
        )
        if number
    ]
    noun = "resource" if len(report.rows) == 1 else "resources"
    told = f"{len(report.rows)} {noun}: {', '.join(tally)}. " if tally else _untallied(report)
    proceed = _RUN_AGAIN if report.broken else _PROCEED[report.result]
    judged = ""
    if report.receipts:
        from engine.core.receipts import told as tallied

        judged = f"\n\nPolicy: {tallied(report.receipts.counts)}."
    return f"{MARK}\n## {_HEADLINES[report.result]}\n\n{told}{_place(report)}\n\n**How to proceed:** {proceed}{judged}"


def _untallied(report: Report) -> str:
    """Nothing was planned: what has broken has the word, or else the gates."""
    if report.broken:
        number = len(report.broken)
        return f"{number} {'thing' if number == 1 else 'things'} could not be done. "
    if report.signature or not report.because:
        return "No resource was found. " if report.signature else ""
    return f"{md.code(report.pipeline)}{': ' if report.pipeline else ''}{md.prose(report.because)}. "


def _place(report: Report) -> str:
    commit = f"Commit {md.code(report.head_sha[:12])}" if report.head_sha else "No commit"
    if report.branch:
        nowhere = "" if report.applies else ", without an account: it can be merged, and nothing is applied"
        return f"{commit}, {md.text(report.environment)} → branch {md.code(report.branch)}{nowhere}."
    return f"{commit}, no environment{f', into {md.code(report.base_ref)}' if report.base_ref else ''}."


def _gates(report: Report, room: int) -> tuple[str, int]:
    """What the gates say, where it is they that decide; those that have nothing against it in one line."""
    if report.signature or not report.gates:
        return "", room
    order = list(MARKS)
    loud = sorted((g for g in report.gates if g.outcome not in _QUIET), key=lambda g: order.index(g.outcome))
    pieces = [Piece(_gate(gate), order.index(gate.outcome)) for gate in loud]
    for outcome in _QUIET:
        if names := [md.code(g.name) for g in report.gates if g.outcome is outcome]:
            pieces.append(Piece(f"- {MARKS[outcome]} {', '.join(names)}", len(order)))
    return listed("### Gates", pieces, room, "gates")


def _gate(gate: Gate) -> str:
    lines = [f"- {MARKS[gate.outcome]} {md.code(gate.name)}: {md.prose(gate.because)}"]
    for missing in gate.missing:
        who = f", from {md.text(people(missing.who))}" if missing.who else ""
        lines.append(f"  *Missing:* {md.prose(missing.what)}{who}")
    return "  \n".join(lines)


def _foot(report: Report) -> str:
    signed = report.signature
    if not signed:
        return ""
    told = (
        f"<sub>Statement {md.code(signed.statement)}, sequence {signed.sequence}, "
        f"signed {md.text(signed.signed_at)} with {md.code(signed.key)}, expires {md.text(signed.expires_at)}</sub>"
    )
    local = "*This is of a local run: no run on GitHub believes its statement.*\n\n" if signed.origin == "local" else ""
    return local + told


def _resources(report: Report, room: int) -> tuple[str, int]:
    if not report.rows:
        return "", room
    order = {Standing.ERROR: 0, Standing.FAILED: 1, Standing.WARNED: 2, Standing.PASSED: 3}
    pieces = [Piece(_row(report, row), order[report.standing(row)]) for row in report.rows]
    kept, left = keep(pieces, room)
    table = md.table(_HEAD, [p.text for p in kept])
    return and_more(table, "resources", len(pieces) - len(kept)), left


def _order(report: Report, room: int) -> tuple[str, int]:
    """What is applied after what, drawn; nothing where nothing waits, or a picture would be of no use."""
    if len(report.rows) > _DRAWN or not any(row.after for row in report.rows):
        return "", room
    from engine.core.report.graph import change

    drawn = md.fence("\n".join(change({row.path: row.after for row in report.rows})), "mermaid")
    block = md.details("In which order they are applied", drawn)
    return (block, room - size(block)) if size(block) <= room else ("", room)


def _row(report: Report, row: Row) -> str:
    standing = report.standing(row)
    denied = sum(f.effect is Effect.DENY for f in report.of(row))
    warned = sum(f.effect is Effect.WARN for f in report.of(row))
    policy = {
        Standing.PASSED: "passed",
        Standing.WARNED: f"passed, {warned} {'warning' if warned == 1 else 'warnings'}",
        Standing.FAILED: f"**{denied} denied**",
        Standing.ERROR: "not judged",
    }[standing]
    return md.row(
        _MARKS[standing],
        f"{md.code(row.path)}<br>{md.text(row.service)}, {md.text(row.change)}",
        md.text(str(row.counts)) if row.counts else "**failed**",
        policy,
    )


def _findings(report: Report, room: int) -> tuple[str, int]:
    parts: list[str] = []
    for effect, title in _EFFECTS:
        found = sorted((f for f in report.findings if f.effect is effect), key=lambda f: _WORST[f.severity])
        pieces = [Piece(_finding(f, report.life), _WORST[f.severity]) for f in found]
        block, room = listed(f"### {title}", pieces, room, "findings")
        parts.append(block)
    return "\n\n".join(part for part in parts if part), room


def _finding(finding: Finding, life: Life | None) -> str:
    place = f"{finding.file}:{finding.line}" if finding.file and finding.line else finding.file
    where = [md.code(part) for part in dict.fromkeys((finding.resource, finding.address)) if part]
    if place and place not in (finding.resource, finding.address):
        where.append(md.link(md.code(place), life_.file(life, finding.file, finding.line)))
    if finding.sid:
        where.append(f"statement {md.code(finding.sid)}")
    lines = [
        f"- **{finding.severity.value}** {md.code(finding.rule)} {md.prose(finding.message)}",
        "  " + ", ".join(where),
    ]
    if finding.remediation:
        lines.append(f"  *Fix:* {md.prose(finding.remediation)}")
    return "  \n".join(lines)  # two spaces: a line break


def _refused(report: Report, room: int) -> tuple[str, int]:
    failed = [(row.path, row.problem) for row in report.rows if row.problem]
    pieces = [Piece(_problem(path, problem), 0) for path, problem in failed]
    could_not, room = listed("### Could not be planned", pieces, room, "resources")
    pieces = [Piece(_problem("", problem), 0) for problem in report.refused]
    refused, room = listed("### Refused", pieces, room, "refusals")
    return "\n\n".join(part for part in (could_not, refused) if part), room


def _problem(path: str, problem: Problem) -> str:
    where = [md.code(part) for part in dict.fromkeys((path, str(problem.place or ""))) if part]
    first = f"- {', '.join(where)}{': ' if where else ''}{md.prose(problem.message)} ({md.text(problem.code)})"
    return f"{first}  \n  *Fix:* {md.prose(problem.hint)}" if problem.hint else first


def _plans(report: Report, room: int) -> tuple[str, int]:
    planned = [(row, _diffs(row)) for row in report.rows if row.diffs and row.counts]
    if not planned:
        return "", room
    pieces = [Piece(block, size(block)) for _, block in planned]
    kept, left = keep(pieces, room, part=1.0)
    shown = {p.text for p in kept}
    hidden = sum(block not in shown for _, block in planned)
    body = "\n\n".join(["### Plans", *(p.text for p in kept)])
    note = f"*{hidden} {'plan is' if hidden == 1 else 'plans are'} too long for a comment; the run's report has all.*"
    return (f"{body}\n\n{note}" if hidden else body), left


def _diffs(row: Row) -> str:
    assert row.counts
    summary = f"{md.text(row.path)}: {md.text(str(row.counts))}"
    return md.details(summary, md.fence("\n\n".join(d.text for d in row.diffs), "diff"))
