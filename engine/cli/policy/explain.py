"""`engine policy explain [RULE]`: what a rule wants, why, an example of each kind, and how to excuse a finding."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from textwrap import fill, indent
from typing import TYPE_CHECKING, Any

from engine.cli.policy.common import has_own, policies
from engine.errors import ExitCode, failure
from engine.names import closest

if TYPE_CHECKING:
    from engine.adapters.policy.annotations import About
    from engine.cli.console import Console

HELP = "what a rule wants and why, with examples, and how to excuse a finding"

_EFFECTS = {"deny": "deny: the verdict fails", "warn": "warn: reported, blocks nothing"}
_DAYS = 90  # an exception that nobody has to renew within a quarter is forgotten


def arguments(parser: ArgumentParser) -> None:
    """Declare its arguments."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="ACC-PUB-001, or CKV_AWS_7; none: list all")
    parser.add_argument("--policies", metavar="DIR", help="default: ./policies, or the shipped ones")
    parser.add_argument("--list", action="store_true", help="all rules, one a line")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Show one rule (or those that do what another collection's check does), or all.

    Raises:
        EngineError: ENG500, ENG540, ENG541; or the policies cannot be read.
    """
    from engine.adapters.policy.annotations import annotations, silent

    # Nothing is judged here, so that the shipped rules may be explained to who has no others.
    judging = policies(options.policies, shipped=options.policies is None and not has_own())
    modules = judging.modules
    known = sorted((*annotations(modules), *silent(modules)), key=lambda about: (about.file, about.line))
    if not known:
        raise failure("ENG500", where=judging.origin)
    chosen = known if options.list or options.rule is None else _named(options.rule, known)
    if options.json:
        console.json({"rules": [_json(about) for about in chosen]})
    elif options.list or options.rule is None:
        _list(chosen, console)
    else:
        asked = options.rule.casefold()
        if all(about.id.casefold() != asked for about in chosen):
            console.out(f"{options.rule} is met by:\n")
        console.out("\n\n".join("\n".join(_told(about, console)) for about in chosen))
    return ExitCode.DONE


def _named(name: str, known: Sequence["About"]) -> Sequence["About"]:
    """The rules of this id, or those that have it among the ids elsewhere; in any case of letters.

    Raises:
        EngineError: ENG541, there is none.
    """
    asked = name.casefold()
    found = [about for about in known if about.id.casefold() == asked]
    found = found or [about for about in known if asked in (other.casefold() for other in about.elsewhere)]
    if not found:
        raise failure("ENG541", name=name, hint=closest(name, [about.id for about in known]))
    return found


def _list(known: Sequence["About"], console: "Console") -> None:
    wide = max((len(about.id) for about in known), default=0)
    for about in known:
        said = about.title or f"says nothing of itself ({about.file}:{about.line})"
        console.out(f"{about.id:<{wide}}  {about.effect:<4}  {about.severity or '-':<8}  {said}")


def _told(about: "About", console: "Console") -> Iterator[str]:
    from engine.core.report.hcl import hcl

    yield console.colour(f"{about.id}  {about.title}".rstrip(), "bold")
    if about.description:
        yield f"\n{fill(about.description, console.width, initial_indent='  ', subsequent_indent='  ')}"
    if not about.title:
        yield "\n  It says nothing of itself: there is no `# METADATA` comment above it."
    yield ""
    for name, said in _facts(about):
        yield fill(f"{name:<12}{said}", console.width, initial_indent="  ", subsequent_indent=" " * 14)
    for name, example in (("bad", about.bad), ("good", about.good)):
        if example:
            yield f"\n  {name}:\n{indent(hcl(example), '    ')}"
    yield "\n  To excuse it, put this into settings.exceptions of policies/data.json, with at least one of resource,"
    yield f"  value and environment; * stands for anything, and after its day it excuses nothing.{_value_of(about)}"
    yield indent(json.dumps(_exception(about), indent=2, ensure_ascii=False), "    ")


def _facts(about: "About") -> Iterator[tuple[str, str]]:
    """Name and value of what a line is enough for; nothing of what the rule does not say."""
    if about.severity:
        yield "severity", about.severity
    yield "effect", _EFFECTS[about.effect]
    if about.resources:
        yield "about", about.judged
    if about.elsewhere:
        yield "elsewhere", ", ".join(about.elsewhere)
    yield "defined at", f"{about.file}:{about.line}"


def _value_of(about: "About") -> str:
    """What `value` may be; a rule without an annotation may have one or not."""
    said = f"Its value is {about.value}." if about.value else "Its findings have no value." if about.title else ""
    return f"\n  {said}" if said else ""


def _exception(about: "About") -> dict[str, str]:
    """An entry that loads as it is, and excuses nothing before somebody has filled it in."""
    from engine.adapters.clock import now
    from engine.adapters.policy.annotations import BESIDE_TYPES
    from engine.core.moment import later

    types = [] if about.resources == ("plan",) else [*about.resources, *about.bad]
    kinds = [kind for kind in types if kind not in ("*", *BESIDE_TYPES)]
    return {
        "rule": about.id,
        "resource": f"{kinds[0]}.NAME" if kinds else "SERVICE/NAME",
        **({"value": about.value.upper()} if about.value else {}),
        "environment": "ENVIRONMENT",
        "reason": "why it is right here",
        "owner": "who answers for it",
        "expires": later(now(), _DAYS * 24 * 3600)[:10],
    }


def _json(about: "About") -> dict[str, Any]:
    return {**about._asdict(), "bad": dict(about.bad), "good": dict(about.good), "exception": _exception(about)}
