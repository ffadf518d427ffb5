"""The board's record of a pull request, kept wherever its page is told: the same value, before GitHub is asked.

So it says the same in both ways of running, and while GitHub cannot be written to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.holding import DONE
from engine.core.kept.board import Entry, Wait
from engine.core.outcome import Outcome

if TYPE_CHECKING:
    from engine.core.decision.gates import GateResult
    from engine.core.kept.board import Stage
    from engine.core.report.attempts import Applied
    from engine.core.report.model import Report
    from engine.run.actions.github.telling import Telling
    from engine.run.context import Context

_QUIET = (Outcome.PASS, Outcome.NOT_APPLICABLE)
_WAITS = 40  # that are kept of a pull request: one of 1,000 resources has no more to say
_MENDS = "a push that mends it"
_AGAIN = "a new validation, once what could not be done is mended"
_AGAINST = ("Failed: ", "Refused: ")


def told(ctx: "Context", telling: "Telling") -> None:
    """Keep what the page says of a validation. What is merged is told of by the run that applies, once it has begun.

    Raises:
        EngineError: the store fails.
    """
    from engine.core.report import state
    from engine.run.kept import board

    facts, pull = telling.document.facts, telling.pull
    if telling.is_merged:
        before = board.get(ctx.ports.store, pull.repo, pull.number)
        if before is not None and before.entry.stage != "open":
            return
    # Nothing of it is ever applied: no resource, or an environment without an account.
    found = facts.get("resources") or {}
    is_all = found.get("applies") is False or not (found.get("resources") or found.get("refused"))
    stage: Stage = "open" if not telling.is_merged else "ended" if found and is_all else "merged"
    is_left = telling.is_merged or telling.state == state.NOTHING  # then no gate is waited for
    waits = [] if is_left else [*_gates(telling.asked)]
    if not telling.is_merged and telling.state.words.startswith(_AGAINST) and not telling.is_overridden:
        waits.insert(0, _to_mend(ctx, telling))
    entry = _entry(ctx, facts, stage, waits)._replace(
        words=telling.state.words, detail=telling.state.detail,
        validation="" if telling.is_merged else telling.validation, sequence=telling.sequence,
    )  # fmt: skip
    _keep(ctx, entry, telling.asked)


def _to_mend(ctx: "Context", telling: "Telling") -> Wait:
    """What it takes before anybody's yes counts."""
    from engine.core.command import usage
    from engine.core.report.replies import may

    rule = ctx.rules.commands.get("validate")
    if telling.validation not in ("error", "unknown") or rule is None:
        return Wait("", Outcome.FAIL.value, _MENDS, _author(telling.document.facts))
    return Wait("", Outcome.ERROR.value, _AGAIN, (may(rule),), usage("validate"))


def closed(ctx: "Context") -> None:
    """It was closed, and not merged.

    Raises:
        EngineError: the store fails.
    """
    _keep(ctx, _entry(ctx, ctx.document.facts, "ended", ())._replace(words="Closed", detail=", not merged"), ())


def applied(ctx: "Context", report: "Report", asked: "Sequence[GateResult]") -> None:
    """Keep what became of applying it so far, and whose word brings the rest on.

    Raises:
        EngineError: the store fails.
    """
    facts, said = ctx.document.facts, report.applied
    assert said is not None
    is_done = bool(said.attempts) and said.done == len(said.attempts)
    waits = [*(() if said.is_live else _attempts(said)), *(_gates(asked) if not is_done else ())]
    entry = _entry(ctx, facts, "ended" if is_done else "merged", waits)._replace(
        words="Merged into ", detail=f"{report.base_ref}{_so_far(said)}", at=ctx.ports.now(),
        sequence=(facts.get("verdict") or {}).get("sequence", 0),
    )  # fmt: skip
    _keep(ctx, entry, asked)


def _so_far(said: "Applied") -> str:
    number = len(said.attempts)
    if not number:
        return ", being applied" if said.is_live else ", nothing of it applied"
    return f", {said.done} of {number} applied" + (" so far" if said.is_live else "")


def _attempts(said: "Applied") -> Iterator[Wait]:
    from engine.core.report.attempts import way_of, words

    for one in said.attempts:
        if one.outcome not in DONE:
            way = way_of(one)
            may = said.may.get(way.command, "")
            command = words(way, one.key) if way.command else ""
            means = f"{way.means}; {one.back}" if one.back else way.means
            yield Wait(one.path, one.waits or one.outcome, means, (may,) if may else (), command)


def _gates(asked: "Iterable[GateResult]") -> Iterator[Wait]:
    """Each thing that is missing once, whatever number of gates wait for it."""
    found: dict[Wait, list[str]] = {}
    for gate in asked:
        if gate.outcome not in _QUIET:
            rows = [Wait("", gate.outcome.value, one.what, one.who) for one in gate.missing]
            for row in rows or [Wait("", gate.outcome.value, gate.because)]:
                found.setdefault(row, []).append(gate.name)
    for row, names in found.items():
        yield row._replace(gate=", ".join(dict.fromkeys(names)))


def _entry(ctx: "Context", facts: Mapping[str, Any], stage: "Stage", waits: Sequence[Wait]) -> Entry:
    pr, now = facts["pr"], str(facts.get("now", ctx.now))
    environment = (facts.get("resources") or {}).get("environment") or ""
    author = next(iter(_author(facts)), "")
    return Entry(
        pr["base"]["repo"], pr["number"], pr["title"], author, pr["head"]["sha"], pr["base"]["ref"], environment, "",
        "", "", 0, stage, tuple(waits[:_WAITS]), now, now, ctx.run,
    )  # fmt: skip


def _author(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Whose change it is: of one that an App has opened, who has pushed last. An App mends nothing."""
    pushed = [one["user"] for one in reversed(facts.get("pushers") or ())]
    made = [one["author"] for one in reversed(facts.get("commits") or ())]
    people = (one for one in (facts["pr"]["author"], *pushed, *made) if one and not one.get("bot"))
    return next(((one["login"],) for one in people if isinstance(one.get("login"), str)), ())


def _keep(ctx: "Context", entry: Entry, asked: "Sequence[GateResult]") -> None:
    """Without credentials, whoever has put one into a title."""
    from engine.run.kept import board
    from engine.run.plans import redactor

    hide = redactor((), ctx.settings.credentials).text
    gates = [_hidden({n: v for n, v in gate.to_json().items() if n in _SHOWN}, hide) for gate in asked]
    clean = entry._replace(
        title=_text(entry.title, hide),
        detail=_text(entry.detail, hide),
        waits=tuple(one._replace(what=_text(one.what, hide)) for one in entry.waits),
    )
    board.keep(ctx.ports.store, clean, gates)


_SHOWN = ("name", "outcome", "because", "missing", "causes")


def _text(value: str, hide: Any) -> str:
    """Half of a character, which JSON's escapes can bring, could be written nowhere."""
    return str(hide(value)).encode(errors="backslashreplace").decode()


def _hidden(value: Any, hide: Any) -> Any:
    if isinstance(value, str):
        return _text(value, hide)
    if isinstance(value, Mapping):
        return {_text(name, hide): _hidden(part, hide) for name, part in value.items()}
    return [_hidden(part, hide) for part in value] if isinstance(value, list | tuple) else value
