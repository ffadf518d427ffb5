"""Exceptions from policy rules, as the controller's data lists them: excused for a reason, by somebody, until a day.

Pure, and the same for every engine: findings go in, findings come out, and an excused one says who excuses it. Nothing
is excused for ever, and nothing by an exception that has run out.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.findings import Effect, Finding, Severity
from engine.core.moment import later
from engine.errors import Errors, Place
from engine.names import closest

_NARROWING = ("resource", "value", "environment")
_REQUIRED = ("rule", "reason", "owner", "expires")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EXPIRED = "EXC-001"  # the rule that an exception which has run out breaks
NEVER = "9999-12-31T23:59:59Z"  # the moment for who does not say which: everything has run out by then


class Excuse(NamedTuple):
    """One exception. The patterns know `*`; an empty one is about everything."""

    rule: str
    reason: str
    owner: str
    expires: str  # a moment: the end of the day that is written
    resource: str = ""  # pattern of a Terraform address, or of the path of our resource
    value: str = ""  # pattern of what the finding is about, as `policy explain` says
    environment: str = ""  # name


def read(listed: Any, file: str, rules: Collection[str]) -> tuple[Excuse, ...]:
    """The exceptions in `listed`, the value of `settings.exceptions`; `rules` are the ids that there are.

    Raises:
        EngineError: ENG517 (not as it has to be), ENG518 (two about the same), ENG519 (no such rule).
    """
    errors = Errors()
    found: list[Excuse] = []
    place = Place(file)
    if not isinstance(listed, list):
        errors.add("ENG517", place, number="", reason="the exceptions are no list")
        listed = []
    for number, item in enumerate(listed, 1):
        wrong = _wrong(item)
        if wrong:
            errors.add("ENG517", place, number=f" {number}", reason=wrong)
            continue
        excuse = Excuse(**{**item, "expires": f"{item['expires']}T23:59:59Z"})
        if excuse.rule not in rules:
            errors.add("ENG519", place, hint=closest(excuse.rule, rules), number=str(number), rule=excuse.rule)
        if any(_scope(excuse) == _scope(other) for other in found):
            errors.add("ENG518", place, number=str(number), rule=excuse.rule)
        found.append(excuse)
    errors.check()
    return tuple(found)


def _wrong(item: Any) -> str:
    if not isinstance(item, dict):
        return "it is no object"
    unknown = [key for key in item if key not in Excuse._fields]
    odd = [key for key in item if not isinstance(item[key], str) or not item[key].strip()]
    missing = [key for key in _REQUIRED if key not in item]
    if unknown or odd or missing:
        return next(
            f"{what} {', '.join(map(str, keys))}"
            for what, keys in (("it has no", missing), ("there is no setting", unknown), ("there is no text in", odd))
            if keys
        )
    if not any(key in item for key in _NARROWING):
        return f"it says none of {', '.join(_NARROWING)}, which would switch the rule off"
    try:
        later(f"{item['expires']}T23:59:59Z", 0)
    except ValueError:
        return "expires is no day like 2027-01-31"
    return "" if _DAY.fullmatch(item["expires"]) else "expires is no day like 2027-01-31"


def _scope(excuse: Excuse) -> tuple[str, str, str, str]:
    return excuse.rule, excuse.resource, excuse.value, excuse.environment


class Standing(NamedTuple):
    """How a policy set's exceptions stand at some moment, each in one of these."""

    hold: tuple[Excuse, ...]  # for longer than is asked about
    soon: tuple[Excuse, ...]  # they hold, and run out within that time
    expired: tuple[Excuse, ...]


def standing(excuses: Sequence[Excuse], now: str, soon_s: int) -> Standing:
    """Which of them hold at the moment `now`, and which run out within `soon_s` seconds; the first to run out first."""
    soon = later(now, soon_s)
    order = sorted(excuses, key=lambda excuse: (excuse.expires, excuse.rule))
    return Standing(
        tuple(excuse for excuse in order if excuse.expires > soon),
        tuple(excuse for excuse in order if now <= excuse.expires <= soon),
        tuple(excuse for excuse in order if excuse.expires < now),
    )


def apply(
    findings: Sequence[Finding], excuses: Sequence[Excuse], environments: Mapping[str, str], now: str, file: str
) -> Iterator[Finding]:
    """The findings in their order, excused where an exception that has not run out says so; then a warning for each
    that has.

    `environments`: path of our resource → its environment, for all that were judged.
    """
    valid = [excuse for excuse in excuses if now <= excuse.expires]
    for finding in findings:
        reasons = [e for e in valid if _covers(e, finding, environments.get(finding.resource, ""))]
        if not reasons or finding.effect is Effect.EXCEPTION:
            yield finding
            continue
        longest = max(reasons, key=lambda excuse: excuse.expires)
        said = f"{finding.message} Excused until {longest.expires[:10]} by {longest.owner}: {longest.reason}"
        yield finding._replace(effect=Effect.EXCEPTION, message=said, until=longest.expires)
    for excuse in excuses:
        if excuse not in valid and environments:
            yield Finding(
                EXPIRED,
                Severity.LOW,
                Effect.WARN,
                f"An exception from {excuse.rule} ({excuse.owner}: {excuse.reason}) ran out on {excuse.expires[:10]}.",
                min(environments),
                remediation="Take it out, or have its owner give it another day.",
                policy=file,
            )


def _covers(excuse: Excuse, finding: Finding, environment: str) -> bool:
    return (
        excuse.rule == finding.rule
        and (not excuse.environment or excuse.environment == environment)
        and (not excuse.value or _like(excuse.value, finding.value))
        and (not excuse.resource or _like(excuse.resource, finding.address) or _like(excuse.resource, finding.resource))
    )


def _like(pattern: str, text: str) -> bool:
    """Piece by piece: an address is foreign text, on which an expression with many `*` would go back and forth."""
    first, *pieces = pattern.split("*")
    if not pieces:
        return text == pattern
    at, end = len(first), len(text) - len(pieces[-1])
    if at > end or not (text.startswith(first) and text.endswith(pieces[-1])):
        return False
    for piece in pieces[:-1]:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
