"""How the checks of other collections are met: `checks.yaml`, with the annotations of the shipped rules beside it."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.adapters.policy.annotations import About, annotations, silent
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.core.source import load_yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILE = "tools/checks.yaml"
_SOURCES = (
    ("Checkov", r"CKV2?_AWS_\d+"),
    ("Trivy", r"AVD-AWS-\d{4}"),
    ("Security Hub", r"[A-Z][A-Za-z0-9]*\.\d+"),
    ("Prowler", r"[a-z0-9]+(_[a-z0-9]+)+"),
)


class Check(NamedTuple):
    """What checks of several collections are about, and how those are met that no rule names."""

    title: str
    service: str
    ids: tuple[str, ...]
    module: str = ""  # what the module does unless told otherwise
    why_not: str = ""


class Checks(NamedTuple):
    """The table."""

    sources: Mapping[str, Mapping[str, str]]  # name → release, read
    reasons: Mapping[str, str]  # name → text, as `why_not` may name it
    checks: tuple[Check, ...]


def checks() -> Checks:
    """The table, with the reasons that it names written out.

    Raises:
        EngineError: it is not YAML.
    """
    with open(os.path.join(ROOT, FILE), "rb") as file:
        said = load_yaml(file.read(), FILE).data
    reasons = said["reasons"]
    rows = [Check(**{**row, "ids": tuple(row["ids"])}) for row in said["checks"]]
    return Checks(
        said["sources"], reasons, tuple(row._replace(why_not=reasons.get(row.why_not, row.why_not)) for row in rows)
    )


def source(check: str) -> str:
    """The collection that an id is of; empty when it has the form of none."""
    return next((name for name, form in _SOURCES if re.fullmatch(form, check)), "")


def rules() -> tuple[About, ...]:
    """The shipped rules, in order of files and lines."""
    modules = policy_set(read_directory(os.path.join(ROOT, "policies"))).modules
    return tuple(sorted((*annotations(modules), *silent(modules)), key=lambda about: (about.file, about.line)))


def met(known: tuple[About, ...]) -> Mapping[str, tuple[str, ...]]:
    """Id of a check elsewhere → the rules that name it."""
    found: dict[str, dict[str, None]] = {}
    for about in known:
        for check in about.elsewhere:
            found.setdefault(check, {})[about.id] = None
    return {check: tuple(ids) for check, ids in found.items()}


def ways(check: Check, by_rule: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """How a check is met, in words: by rules, by the module, or not."""
    named = dict.fromkeys(rule for one in check.ids for rule in by_rule.get(one, ()))
    if named:
        yield ", ".join(named)
    if check.module:
        yield f"Module: {check.module}"
    if check.why_not:
        yield f"Not: {check.why_not}"
