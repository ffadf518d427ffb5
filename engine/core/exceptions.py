"""Exceptions from policy rules, as the controller's data lists them: excused for a reason, by somebody, until a day.

Pure, and the same for every engine: findings go in, findings come out, and an excused one says who excuses it. Nothing
is excused for ever, and nothing by an exception that has run out.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.findings import Effect, Finding, Severity
from engine.core.moment import later
from engine.errors import Errors, Place
from engine.names import closest

_NARROWING = ("resource", "value", "environment")
_REQUIRED = ("rule", "reason", "owner", "expires")
_CALLED = {  # field → what others call it
    "rule": ("id", "rule_id", "policy", "check", "name"),
    "reason": ("why", "because", "justification", "comment", "message", "description"),
    "owner": ("by", "who", "owned_by", "approved_by", "approver", "author"),
    "expires": ("until", "expiry", "expiration", "expires_at", "expires_on", "expire", "end", "end_date", "date"),
    "resource": ("resources", "address", "path", "target"),
    "value": ("values", "action", "actions"),
    "environment": ("env", "environments", "stage"),
}
_SAYS = {"reason": "why", "owner": "who answers for it", "expires": "until which day: 2027-01-31", "rule": "which rule"}
_PARTS = re.compile(r"[-/.]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
At: TypeAlias = Callable[[tuple[str | int, ...], bool], Place]  # of a path, or of its last key
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


def read(listed: Any, file: str, rules: Collection[str], at: At | None = None) -> tuple[Excuse, ...]:
    """The exceptions in `listed`, the value of `settings.exceptions`; `rules` are the ids that there are, and `at` says
    where a part of `listed` stands.

    Raises:
        EngineError: ENG517 (not as it has to be), ENG518 (two about the same), ENG519 (no such rule).
    """
    errors = Errors()
    found: list[Excuse] = []

    def place(*path: str | int) -> Place:
        is_key = path[1:] != () and path[-1] not in Excuse._fields
        return at(path, is_key) if at else Place(file)

    if not isinstance(listed, list):
        hint = "put `[ … ]` around it" if isinstance(listed, dict) else "write a list of objects: `[{…}]`"
        errors.add("ENG517", place(), hint=hint, number="", reason="the exceptions are no list")
        listed = []
    for number, item in enumerate(listed, 1):
        if wrong := _wrong(item):
            key, reason, hint = wrong
            errors.add("ENG517", place(number - 1, *key), hint=hint, number=f" {number}", reason=reason)
            continue
        excuse = Excuse(**{**item, "expires": f"{item['expires']}T23:59:59Z"})
        if excuse.rule not in rules:
            near = closest(excuse.rule, rules)
            errors.add("ENG519", place(number - 1, "rule"), hint=near, number=str(number), rule=excuse.rule)
        if any(_scope(excuse) == _scope(other) for other in found):
            errors.add("ENG518", place(number - 1), number=str(number), rule=excuse.rule)
        found.append(excuse)
    errors.check()
    return tuple(found)


def _wrong(item: Any) -> tuple[tuple[str, ...], str, str] | None:
    """What is wrong with one: the key at which, why, and what to do where that is plain."""
    if not isinstance(item, dict):
        hint = f'write `{{"rule": "{item}", …}}`' if isinstance(item, str) else ""
        return (), "it is no object", hint
    for key in item:
        if key not in Excuse._fields:
            meant = next((field for field, names in _CALLED.items() if key.casefold() in names), "")
            near = f"did you mean `{meant}`?" if meant and meant not in item else closest(key, Excuse._fields)
            return (key,), f"there is no setting {key}", near
    if missing := [key for key in _REQUIRED if key not in item]:
        return (), f"it has no {', '.join(missing)}", ""
    for key, value in item.items():
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            hint = f'write "{value[0]}"' if len(value) == 1 else "write an exception for each"
            return (key,), f"{key} is a list, and one text is wanted", hint
        if not isinstance(value, str) or not value.strip():
            return (key,), f"there is no text in {key}", f"say {_SAYS.get(key, 'it in a text')}"
    if not any(key in item for key in _NARROWING):
        return (), f"it says none of {', '.join(_NARROWING)}, which would switch the rule off", ""
    day = item["expires"]
    if not _is_day(day):
        other = next((text for text in _days(day) if _is_day(text)), "")
        return ("expires",), "expires is no day like 2027-01-31", f'write "{other}"' if other else "write a day like it"
    return None


def _is_day(text: str) -> bool:
    try:
        later(f"{text}T23:59:59Z", 0)
    except ValueError:
        return False
    return _DAY.fullmatch(text) is not None


def _days(text: str) -> Iterator[str]:
    """A day that is written in another way: with its time, with other signs, or the day first where dots say so."""
    yield text.partition("T")[0].partition(" ")[0]
    parts = _PARTS.split(text)
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        year, month, day = parts if len(parts[0]) == 4 else reversed(parts) if "." in text else ("", "", "")
        yield f"{year}-{month:0>2}-{day:0>2}"


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
