"""Conftest's conventions: which rules are asked, what they may answer, and what an `exception` excuses."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.adapters.policy.bundle import Json, kind
from engine.core.findings import Effect, Finding, Severity
from engine.errors import Errors, Place, failure
from engine.names import listing

EXCEPTION = "exception"
_ASKED = re.compile(r"(deny|violation|warn)(?:_([a-zA-Z0-9]+(?:_[a-zA-Z0-9]+)*))?", re.ASCII)
_EFFECTS = {"deny": Effect.DENY, "violation": Effect.DENY, "warn": Effect.WARN}
_SEVERITIES = {
    "deny": Severity.HIGH,
    "violation": Severity.HIGH,
    "warn": Severity.MEDIUM,
}  # where the policy names none
_TEXTS = ("id", "address", "remediation", "attribute")


class Rule(NamedTuple):
    """A rule that an engine has to ask, with the first place that defines it."""

    package: str  # `terraform.naming`
    name: str
    file: str
    line: int = 0

    @property
    def path(self) -> str:
        """`data.terraform.naming.deny`, in brackets where a part is no identifier."""
        parts = [*self.package.split("."), self.name]
        return "data" + "".join(f".{p}" if re.fullmatch(r"[A-Za-z_]\w*", p, re.ASCII) else f'["{p}"]' for p in parts)


# One answer: empty when the rule is undefined, else its value.
Answer = tuple[Json, ...]


def is_asked(name: str) -> bool:
    """Is a rule of this name asked: `deny`, `violation`, `warn`, each with or without `_suffix`?"""
    return _ASKED.fullmatch(name) is not None


def effect(name: str) -> Effect:
    """What a rule of this name, which is asked, does to the verdict."""
    match = _ASKED.fullmatch(name)
    assert match, name
    return _EFFECTS[match[1]]


def to_ask(defined: Sequence[Rule], namespaces: Sequence[str]) -> tuple[Rule, ...]:
    """The rules to ask, each once, exceptions included.

    Raises:
        EngineError: there is none, or none in one of the namespaces that were asked for.
    """
    unique: dict[tuple[str, str], Rule] = {}
    for rule in defined:
        if (is_asked(rule.name) or rule.name == EXCEPTION) and (not namespaces or rule.package in namespaces):
            unique.setdefault((rule.package, rule.name), rule)
    judging = {rule.package for rule in unique.values() if rule.name != EXCEPTION}
    missing = [space for space in namespaces if space not in judging]
    if missing or not judging:
        raise failure("ENG501", packages=listing(missing or {rule.package for rule in defined}))
    return tuple(rule for rule in unique.values() if rule.package in judging)


def findings(
    engine: str, resource: str, rules: Sequence[Rule], answers: Sequence[Answer]
) -> Iterator[tuple[Rule, Finding]]:
    """What the answers about one resource say, each with the rule that says it.

    Raises:
        EngineError: an answer that is neither a set of messages nor undefined.
    """
    errors = Errors()
    given = dict(zip(rules, answers, strict=True))
    excused = {
        rule.package: _excused(rule, answer, resource, errors) for rule, answer in given.items() if _is_excuse(rule)
    }
    found = [
        (rule, finding)
        for rule, answer in given.items()
        if not _is_excuse(rule)
        for item in _items(rule, answer, resource, errors)
        for finding in _finding(rule, item, resource, excused.get(rule.package, frozenset()), errors)
    ]
    errors.check()
    for rule, finding in found:
        yield rule, finding._replace(engine=engine)


def _is_excuse(rule: Rule) -> bool:
    return rule.name == EXCEPTION


def _place(rule: Rule) -> Place:
    return Place(rule.file, rule.line)


def _items(rule: Rule, answer: Answer, resource: str, errors: Errors) -> Sequence[Json]:
    if not answer:
        return ()
    value = answer[0]
    if isinstance(value, list):
        return value
    what = f"`{json.dumps(value)}`" if isinstance(value, bool) else kind(value)
    mend = f"write `{rule.name} contains msg if {{ … }}`: a set of messages is expected"
    errors.add("ENG514", _place(rule), rule=rule.path, what=what, resource=resource, mend=mend)
    return ()


def _excused(rule: Rule, answer: Answer, resource: str, errors: Errors) -> frozenset[str]:
    """Suffixes of the rules that the package's `exception` excuses; an empty one is plain `deny`."""
    names: set[str] = set()
    for item in _items(rule, answer, resource, errors):
        if isinstance(item, list) and all(isinstance(name, str) for name in item):
            names.update(str(name) for name in item)
        else:
            mend = 'write `exception contains rules if { rules := ["suffix"] }`'
            errors.add("ENG514", _place(rule), rule=rule.path, what=kind(item), resource=resource, mend=mend)
    return frozenset(names)


def _finding(rule: Rule, item: Json, resource: str, excused: frozenset[str], errors: Errors) -> Iterator[Finding]:
    match = _ASKED.fullmatch(rule.name)
    assert match, rule.name
    word, suffix = match[1], match[2] or ""
    detail: Mapping[str, Json] = {"msg": item} if isinstance(item, str) else item if isinstance(item, dict) else {}
    wrong = _wrong(detail)
    if wrong:
        known = ", ".join(f'"{name}"' for name in ("severity", *_TEXTS))
        mend = f'write a string, or an object with "msg" (and {known} as strings)'
        errors.add("ENG514", _place(rule), rule=rule.path, what=wrong, resource=resource, mend=mend)
        return
    severity, value = detail.get("severity"), detail.get("value")
    place = detail.get("_loc")
    file, line = (place.get("file"), place.get("line")) if isinstance(place, dict) else ("", 0)
    yield Finding(
        rule=str(detail.get("id") or f"{rule.package}.{rule.name}"),
        severity=Severity(str(severity).lower()) if severity is not None else _SEVERITIES[word],
        effect=Effect.EXCEPTION if suffix in excused else _EFFECTS[word],
        message=str(detail["msg"]),
        resource=resource,
        address=str(detail.get("address") or ""),
        remediation=str(detail.get("remediation") or ""),
        file=file if isinstance(file, str) else "",
        line=line if isinstance(line, int) else 0,
        policy=rule.file,
        value=value if isinstance(value, str) else "",
        attribute=str(detail.get("attribute") or ""),
    )


def _wrong(detail: Mapping[str, Json]) -> str:
    """What cannot be reported about a result; empty if it can."""
    message = detail.get("msg")
    if not isinstance(message, str) or not message.strip():
        return "a result without a message"
    for name in _TEXTS:
        if not isinstance(detail.get(name, ""), str):
            return f"a result whose {name} is {kind(detail[name])}"
    severity = detail.get("severity")
    if severity is not None and str(severity).lower() not in {s.value for s in Severity}:
        return f"a result of severity `{severity}` (known: {', '.join(s.value for s in Severity)})"
    return ""
