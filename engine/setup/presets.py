"""What other presets than `standard` change in the shipped rules and fixtures: small edits, each of which has to fit.

What an edit looks for and does not find is a bug: `tests/setup/test_presets.py` makes every preset and judges it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SPECS = "tests/specs/"
RULES, SETTLED, GIVEN = "deployment-rules.yaml", f"{SPECS}settled.yaml", f"{SPECS}given/pull-request.yaml"


class Edit(NamedTuple):
    """Put `put` in the place of every `start`; with an `end`, in that of all from the one `start` up to there."""

    file: str
    start: str
    put: str = ""
    end: str | None = None


class Preset(NamedTuple):
    """One way to set it up."""

    says: str
    edits: tuple[Edit, ...] = ()
    without: tuple[str, ...] = ()  # files
    gone: tuple[str, ...] = ()  # a case of the fixtures that has one of these words is about something that is gone
    adds: Mapping[str, str] = {}  # path → template


_NO_SECURITY_GATE = (
    Edit(RULES, "  # Judged by what the plan does", end="  said_here:"),
    Edit(RULES, "  security-reviewed:\n", end="  right-branch:\n"),
    Edit(RULES, "    - security-reviewed\n"),
    Edit(RULES, ", security, ciso,", ", security,"),
    Edit(SETTLED, "      - security-reviewed\n"),
    Edit(SETTLED, "    security-reviewed:", end="  overrides:\n"),
    Edit(SETTLED, "    security-reviewed: risky()\n"),
    Edit(SETTLED, " or security or ciso or", " or security or"),
    Edit(GIVEN, "      ciso: {members: [carol]}\n"),
)
_FREEZE = """\
  # Nothing of production in these days: the two moments, and tests/specs/freeze.yaml, are yours to change each year.
  in-season:
    needs: verdict
    when: "environment() == 'production'"
    reject: "seconds_since('2026-12-18T00:00:00Z') >= `0` && seconds_since('2027-01-04T00:00:00Z') < `0`"
    unmet: pending
    message: "Production is frozen until 2027-01-04."
  # Two of security, whatever the plan does: the CISO alone is not enough there.
  production-reviewed:
    needs: verdict
    when: "environment() == 'production'"
    approvals: {count: 2, from: [security], after: head}

"""
_APPROVED = "production-reviewed: 2 of security; after head; without author, co_authors, pushers, committers, bots"
_ASKED = "".join(f"    {gate}: environment() == 'production'\n" for gate in ("in-season", "production-reviewed"))
_STRICT = (
    Edit(RULES, "overrides:\n", _FREEZE, end="# Who may have what carried out"),
    Edit(RULES, "    override: policy-exception\n"),
    Edit(RULES, ", special_approvers]", "]"),
    Edit(RULES, "has_label('opa-passed') || has_label('opa-override')", "has_label('opa-passed')"),
    Edit(RULES, "Neither `opa-passed` nor `opa-override` is on it.", "No `opa-passed` is on it."),
    Edit(RULES, "    - security-reviewed\n", "    - security-reviewed\n    - production-reviewed\n"),
    Edit(RULES, "    - not-frozen\n", "    - not-frozen\n    - in-season\n"),
    Edit(GIVEN, "      special_approvers: {members: [dave]}\n"),
    Edit(SETTLED, "  labels:\n    policy-exception: opa-override\n"),
    Edit(SETTLED, "  overrides:\n    policy: policy-exception\n"),
    Edit(SETTLED, "  from:\n", "  expires:\n    verdicts: 7d\n", end="  commands:\n"),
    Edit(SETTLED, " or ciso or special_approvers", " or ciso"),
    Edit(SETTLED, "      - security-reviewed\n", "      - security-reviewed\n      - production-reviewed\n"),
    Edit(SETTLED, "      - not-frozen\n    github", "      - not-frozen\n      - in-season\n    github"),
    Edit(SETTLED, "      - not-frozen\n    terraform", "      - not-frozen\n      - in-season\n    terraform"),
    Edit(SETTLED, "    security-reviewed: 2", f"    {_APPROVED}\n    security-reviewed: 2"),
    Edit(SETTLED, "    as-merged: merged", f"{_ASKED}    as-merged: merged"),
)

PRESETS: Mapping[str, Preset] = {
    "small": Preset("one reviewer for any change", _NO_SECURITY_GATE, gone=("security-reviewed",)),
    "standard": Preset("the shipped rules: one reviewer, and two of security for what is risky"),
    "strict": Preset(
        "two of security for everything in production, a freeze, no overrides",
        _STRICT,
        without=(f"{SPECS}overrides.yaml",),
        gone=("special_approvers", "OVERRIDE:", "*said", "*used", "[opa-override]", "the CISO or two of security"),
        adds={f"{SPECS}freeze.yaml": "strict/freeze.yaml", f"{SPECS}production.yaml": "strict/production.yaml"},
    ),
}


def applied(preset: Preset, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The shipped files, changed.

    Raises:
        ValueError: an edit does not fit what is shipped: a bug.
    """
    texts = {path: data for path, data in files.items() if path not in preset.without}
    for edit in preset.edits:
        texts[edit.file] = _edited(texts[edit.file].decode(), edit).encode()
    for path in texts if preset.gone else ():
        if path.startswith(SPECS):
            texts[path] = _without(texts[path].decode(), preset.gone).encode()
    return texts


def _edited(text: str, edit: Edit) -> str:
    if edit.end is None:
        if edit.start not in text:
            raise ValueError(f"{edit.file}: no {edit.start!r}")
        return text.replace(edit.start, edit.put)
    before, found, rest = text.partition(edit.start)
    _, ends, after = rest.partition(edit.end)
    if not (found and ends):
        raise ValueError(f"{edit.file}: no {edit.start!r} up to {edit.end!r}")
    return before + edit.put + edit.end + after


def _without(text: str, words: Iterable[str]) -> str:
    """A fixture file without the cases that have one of these words: each begins with `- ` in the second column."""
    head, found, rest = text.partition("\ncases:\n")
    parts = re.split(r"(?m)^(?=  - |  #|$)", rest)
    kept = (part for part in parts if not (part.startswith("  - ") and any(word in part for word in words)))
    return head + found + "".join(kept)
