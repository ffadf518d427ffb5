"""The parts of the comment that only a pull request's own page has: where it stands, what it takes, its history."""

from collections.abc import Iterator, Sequence

from engine.core.decision.explain import people
from engine.core.outcome import Outcome
from engine.core.report import markdown as md
from engine.core.report.model import MARKS, Gate, Life, Report, Validated

_HISTORY = 40  # verdicts that are shown
_CARRIED, _NAME = 20, 80
_WHO = 20
BLOCK = ("<!-- interlock ", " -->")
_NO = ("failed", "refused", "error")


def head(report: Report, life: Life) -> str:
    """The state is the first line, and nothing stands before it."""
    commit = f"Commit {md.code(report.head_sha[:12])}" if report.head_sha else "No commit"
    where = f", {md.text(report.environment)} → branch {md.code(report.branch)}" if report.branch else ""
    nowhere = "" if report.applies else ", without an account: it is merged, and nothing is applied"
    exception = f"\n\n**Exception:** {md.prose(life.exception)}" if life.exception else ""
    return f"{life.words}{md.prose(life.detail)}\n---\n\n{commit}{where}{nowhere}.{exception}"


def missing(gates: Sequence[Gate]) -> Iterator[str]:
    """What each gate says that does not hold, who can give what is missing, and the exact words."""
    order = list(MARKS)
    quiet = (Outcome.PASS, Outcome.NOT_APPLICABLE)
    for gate in sorted((g for g in gates if g.outcome not in quiet), key=lambda g: order.index(g.outcome)):
        yield _gate(gate)
    for outcome in quiet:
        if names := [md.code(gate.name) for gate in gates if gate.outcome is outcome]:
            yield f"- {MARKS[outcome]} {', '.join(names)}"


def _gate(gate: Gate) -> str:
    lines = [f"- {MARKS[gate.outcome]} {md.code(gate.name)}: {md.prose(gate.because)}"]
    for one in gate.missing:
        more = f" and {len(one.who) - _WHO} more" if len(one.who) > _WHO else ""
        who = f", from {md.text(people(one.who[:_WHO]))}{more}" if one.who else ""
        lines.append(f"  *Missing:* {md.prose(one.what)}{who}")
    return "  \n".join(lines)


def carried(life: Life) -> str:
    """What merging brings along."""
    if not life.carried:
        return ""
    named = ", ".join(md.text(name[:_NAME]) for name in life.carried[:_CARRIED])
    more = f" and {len(life.carried) - _CARRIED} more" if len(life.carried) > _CARRIED else ""
    return f"**Carries along** what was merged and never applied: {named}{more}."


def history(life: Life) -> str:
    """One line for each verdict, the newest first."""
    if not life.history:
        return ""
    shown = life.history[-_HISTORY:][::-1]
    rows = [
        md.row(str(one.number or "–"), md.code(one.head[:12]), md.text(one.result), md.text(one.at)) for one in shown
    ]
    older = len(life.history) - len(shown)
    note = f"\n\n*… and {older} earlier.*" if older else ""
    lead = f"History: {len(life.history)} {'validation' if len(life.history) == 1 else 'validations'}"
    return md.details(lead, md.table(("No.", "Head", "Result", "Time"), rows) + note)


def end(life: Life, mark: str) -> str:
    """The last lines: the mark, and the signed head, which nobody sees."""
    if not life.envelope:
        return mark
    from base64 import b64encode

    return f"{mark}\n{BLOCK[0]}{b64encode(life.envelope).decode()}{BLOCK[1]}"


def unsigned(body: str) -> str:
    """A comment without the signed head that it ends with, if it does."""
    text = body.replace("\r\n", "\n").rstrip()
    return text.rpartition("\n")[0] if _is_block(_last_line(body)) else text


def _last_line(body: str) -> str:
    return body.replace("\r\n", "\n").rstrip().rpartition("\n")[2]


def _is_block(line: str) -> bool:
    return line.startswith(BLOCK[0]) and line.endswith(BLOCK[1]) and len(line) > len("".join(BLOCK))


def file(life: Life | None, path: str, line: int) -> str:
    """The address of a line of a file, at the head that was judged; empty where that is not known."""
    if life is None or not life.files or not path:
        return ""
    from urllib.parse import quote

    return f"{life.files}/{quote(path, safe='/')}{f'#L{line}' if line else ''}"


def flips(before: Sequence[Validated], now: str) -> bool:
    """Is it another answer than the last one? Then the news goes into a new comment; a new head alone is none."""
    last = next((one.result for one in reversed(before) if one.result in ("passed", *_NO)), now)
    return now in ("passed", *_NO) and (last in _NO) != (now in _NO)
