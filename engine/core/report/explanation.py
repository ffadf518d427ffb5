"""A decision for a person: one line per cause, what is missing, who can give it."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.decision.decided import ActionResult, Decision, PipelineResult
from engine.core.decision.explain import Cause, people
from engine.core.outcome import Outcome
from engine.printable import harmless, in_line

if TYPE_CHECKING:
    from engine.core.decision.gates import GateResult

Paint = Callable[[str, str], str]  # (text, colour) → text

# outcome → (mark, colour, word)
_SHOWN: dict[Outcome | None, tuple[str, str, str]] = {
    Outcome.PASS: ("✓", "green", "pass"),
    Outcome.FAIL: ("✗", "red", "fail"),
    Outcome.PENDING: ("…", "yellow", "pending"),
    Outcome.ERROR: ("!", "red", "error"),
    Outcome.NOT_APPLICABLE: ("–", "dim", "not applicable"),
    None: ("·", "dim", ""),
}
_LONGEST = 60  # characters of a value
_REMARKS = 3  # that are told where the whole tree is not


def plain(text: str, _: str) -> str:
    """No colours."""
    return text


def render(decision: Decision, paint: Paint = plain) -> str:
    """The whole tree."""
    event, action = decision.event, decision.event.action
    what = f"{event.name}{f' ({action})' if action else ''}"
    about = "" if event.subject.kind == "none" else f" of {event.subject}"
    lines = [paint(f"{what}{about}", "bold")]
    if not decision.pipelines:
        lines.append("  no pipeline starts on this event: nothing is allowed, and nothing happens")
        for fired in decision.triggers:
            lines.append(f"  {paint('–', 'dim')} `events:` row {fired.number} would start {fired.trigger.run}, but")
            lines += _causes(fired.causes, 2, paint)
    for pipeline in decision.pipelines:
        lines += ["", *_pipeline(pipeline, paint)]
    lines += _refused(decision, paint)
    return harmless("\n".join(lines), coloured=True)


def _refused(decision: Decision, paint: Paint) -> Iterator[str]:
    """What discovery refused, each with its place: the gate that asks for it only counts."""
    if "resources" not in decision.read or "resources" not in decision.document.facts:
        return
    rows = decision.document.facts["resources"]["refused"]
    if rows:
        yield "\n" + paint("refused", "bold")
    for row in rows:
        place = f"{row['path']}:{row['line']}" if row["line"] else row["path"]
        yield f"  {place}: {row['code']} {row['message']}"


def _pipeline(pipeline: PipelineResult, paint: Paint) -> Iterator[str]:
    mark, colour, word = _SHOWN[pipeline.outcome]
    yield f"{paint(f'{mark} {pipeline.name}: {word}', colour)} — {_safe(pipeline.because)}"
    yield from _causes(pipeline.causes, 1, paint)
    for gate in pipeline.gates:
        yield from _gate(gate, paint)
    if pipeline.outcome is Outcome.PASS:
        yield from _actions(pipeline.actions, paint)
        for key in pipeline.locks:
            yield f"  locks {_safe(key)}"
        if pipeline.then:
            yield f"  then {pipeline.then} is decided, with fresh facts"


def sentence(gate: "GateResult") -> str:
    """What a gate says where the whole tree is not shown: why, and which approvals and overrides do not count."""
    remarks = [c.text for c in gate.causes if c.outcome is None and c.text not in gate.because]
    if gate.outcome is Outcome.PASS or not remarks:
        return gate.because
    more = [f"{len(remarks) - _REMARKS} more in the explanation"] if len(remarks) > _REMARKS else []
    return "; ".join([gate.because, *remarks[:_REMARKS], *more])


def _gate(gate: "GateResult", paint: Paint) -> Iterator[str]:
    mark, colour, _ = _SHOWN[gate.outcome]
    causes, facts = gate.causes, ""
    if len(causes) == 1 and causes[0].text in gate.because:  # it is said already
        causes, facts = causes[0].causes, _facts(causes[0], paint)
    causes = tuple(c for c in causes if c.text != gate.because or c.causes or c.facts)
    yield f"  {paint(f'{mark} {gate.name}', colour)} — {_safe(gate.because)}{facts}"
    yield from _causes(causes, 2, paint)
    for missing in gate.missing:
        who = f": {people(missing.who)} can give it" if missing.who else ""
        yield f"    {paint('→', 'yellow')} missing: {_safe(missing.what)}{who}"


def _causes(causes: Sequence[Cause], depth: int, paint: Paint) -> Iterator[str]:
    for cause in causes:
        mark, colour, _ = _SHOWN[cause.outcome]
        yield f"{'  ' * depth}{paint(mark, colour)} {_safe(cause.text)}{_facts(cause, paint)}"
        yield from _causes(cause.causes, depth + 1, paint)


def _facts(cause: Cause, paint: Paint) -> str:
    facts = ", ".join(f"{path} is {_value(value)}" for path, value in cause.facts)
    return paint(f"   ({facts})", "dim") if facts else ""


def _actions(actions: Sequence[ActionResult], paint: Paint) -> Iterator[str]:
    for action in actions:
        says = {True: "", False: ": not run, its `if` does not hold", None: ": if earlier outputs say so"}[action.runs]
        known = [f"{name}={_value(value)}" for name, value in action.inputs.items()]
        later = [f"{name} from outputs" for name in action.deferred]
        given = f" ({', '.join([*known, *later])})" if known or later else ""
        yield f"  {paint('▸', 'dim')} {action.id}: {action.uses}{given}{says}"


def _value(value: Any) -> str:
    text = _safe(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _safe(text: str) -> str:
    """One line, whatever a title or a comment put in."""
    return in_line(text)
