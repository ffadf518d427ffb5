"""Answers to commands. They quote no foreign text, and are short: the comment has the whole report."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.canonical import digest
from engine.core.command import COMMANDS, usage
from engine.core.decision.commands import Answer
from engine.core.decision.explain import Missing, people
from engine.core.outcome import Outcome
from engine.core.report import markdown as md
from engine.core.report.model import MARKS, Gate
from engine.core.report.state import State
from engine.core.rules.model import CommandRule
from engine.errors import TABLE, ExitCode, Problem

_GATES = 30
_WHO = 12
_DIGITS = 20  # fewer than that in an id
# Of what waits a sweep takes care, but of no comment: this one is answered by that.
_ONCE = "when that has ended, write it again in a new comment: each is carried out at most once"
_MARK = ("<!-- interlock reply ", " -->")


def refusal(answer: Answer) -> str:
    """Why a command is not carried out, or waits for others; only for who is answered (`Answer.speaks`)."""
    assert answer.speaks
    waits = answer.judgement.outcome is Outcome.PENDING
    lines = [f"{'Waiting' if waits else 'Not done'}: {md.prose(answer.judgement.because)}."]
    lines += [f"- {_missing(one)}" for one in answer.judgement.missing]
    return "\n".join(lines) + "\n"


def mended(word: str, outputs: Mapping[str, Any]) -> str:
    """What two people have had done to a state."""
    key, entry = md.code(outputs["key"]), f"(number {outputs['entry']} of its ledger)"
    if outputs.get("lock"):
        return f"Taken away: Terraform's lock of the state of {key}. {md.text(outputs['lock'])}.\n"
    if word == "unlock":
        lines = [f"Given up: {key} holds nothing more {entry}. Nothing was applied; the next merge brings it along."]
        if outputs.get("begun"):
            lines.append("- An apply of it had begun, and nobody knows what it came to: its state is looked at first.")
        return "\n".join(lines) + "\n"
    state = outputs["state"]
    if state is None:
        return f"Done before: {key} {entry}.\n"
    which = f"lineage {md.code(state['lineage'])}, serial {state['serial']}"
    if word == "adopt":
        lead = f"Adopted: the state of {key} is ours as it is {entry}, {which}; {outputs['commit'][:12]} says the same."
        return f"{lead}\n\n{_list('It has', outputs['addresses'])}\n"
    kept = f" What was there is backup {outputs['kept']}." if outputs["kept"] is not None else ""
    lead = f"Restored: the state of {key} is backup {outputs['backup']} {entry}, {which}.{kept}"
    plan = outputs["plan"]
    if plan["problem"]:
        tail = f"- It could not be planned ({plan['problem']}): comment {md.code('/engine replan')}."
    else:
        tail = _list("The branch would change", plan["addresses"])
    return f"{lead}\n\n{tail}\n- Verdicts from before are void: validate again, or {md.code('/engine replan')} here.\n"


def failed(problems: Sequence[Problem]) -> str:
    """Why what was asked for could not be done."""
    first = problems[0]
    hint = _ONCE if TABLE[first.code].exit is ExitCode.WAITING else first.hint
    return f"Not done ({first.code}): {md.prose(first.message)}.\n- {md.prose(hint)}\n"


def _list(lead: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _WHO} more" if len(names) > _WHO else ""
    return f"- {lead} {', '.join(map(md.code, names[:_WHO])) or 'nothing'}{more}."


def help_(rules: Mapping[str, CommandRule]) -> str:
    """Which commands there are, and who may say them."""
    rows = [
        md.row(md.code(usage(name)), md.text(COMMANDS[name].doc), md.text(may(rule))) for name, rule in rules.items()
    ]
    lead = "Write one as the first words of a new comment."
    return f"{lead}\n\n{md.table(('Command', 'What it does', 'Who may'), rows)}\n"


def may(rule: CommandRule) -> str:
    """Who may say a command."""
    who = [*rule.groups, *(("anybody with write access",) if rule.writers else ())]
    lead = f"{rule.need} people of " if rule.need > 1 else ""
    return lead + (f"{', '.join(who[:-1])} or {who[-1]}" if len(who) > 1 else who[0])


def status(state: State, gates: Sequence[Gate]) -> str:
    """What is missing, who can give it, and what to write."""
    waiting = [gate for gate in gates if gate.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    lines = [state.markdown, ""]
    for gate in waiting[:_GATES]:
        lines.append(f"- {MARKS[gate.outcome]} {md.code(gate.name)}")
        lines += [f"  - {_missing(one)}" for one in gate.missing]
    return "\n".join(lines).rstrip() + "\n"


def why(state: State, gates: Sequence[Gate], name: str = "") -> str:
    """Why each gate says what it says, or the one of that name."""
    named = [gate for gate in gates if gate.name == name] if name else list(gates)
    if not named:
        known = ", ".join(md.code(gate.name) for gate in gates[:_GATES])
        return f"No gate of that name is asked here. There are: {known or 'none'}.\n"
    lines = [f"- {MARKS[gate.outcome]} {md.code(gate.name)} {md.prose(gate.because)}" for gate in named[:_GATES]]
    more = [f"- and {len(named) - _GATES} more"] if len(named) > _GATES else []
    return "\n".join([state.markdown, "", *lines, *more]) + "\n"


def _missing(missing: Missing) -> str:
    names = missing.who[:_WHO]
    more = f" and {len(missing.who) - _WHO} more" if len(missing.who) > _WHO else ""
    return f"{md.prose(missing.what)}{f', from {md.text(people(names))}{more}' if names else ''}"


def marked(body: str, to: int, run: str) -> str:
    """An answer as it is put up: its last line, which nobody sees, says which comment it is to, and of which run."""
    return f"{body.rstrip()}\n\n{_MARK[0]}{to} {_named(run)}{_MARK[1]}"


def answered(body: str, run: str) -> int | None:
    """The comment that an answer of ours is to; None where it is none, or one of this very run."""
    last = body.replace("\r\n", "\n").rstrip("\n").rpartition("\n")[2]
    if not (last.startswith(_MARK[0]) and last.endswith(_MARK[1])):
        return None
    to, _, of = last[len(_MARK[0]) : -len(_MARK[1])].partition(" ")
    return int(to) if to.isascii() and to.isdigit() and len(to) < _DIGITS and of != _named(run) else None


def _named(run: str) -> str:
    """A run's id may hold anything that can be printed."""
    return digest(run).removeprefix("sha256:")[:32]
