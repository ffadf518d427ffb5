"""Title and body of a pull request that we open: what changes, by whom, and where it goes."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.core.report import markdown as md
from engine.core.report.quoted import quoted
from engine.core.resources.model import Resource

_TITLE = 200
_ROWS = 50
_VERBS = {"added": "Add", "modified": "Change", "deleted": "Remove", "moved": "Move"}


class Opening(NamedTuple):
    """As GitHub wants it."""

    title: str
    body: str


def render(resources: Sequence[Resource], branch: str, base: str, environment: str, pusher: str, why: str) -> Opening:
    """Of a branch that somebody has pushed; `why` says why it goes to `base` where no one environment says it."""
    goes = f"for {md.text(environment)} " if environment else ""
    lead = f"Branch {md.code(branch)} was pushed by {md.code(pusher)}; {goes}it goes to {md.code(base)}."
    rows = [md.row(md.code(one.path), md.text(one.service), md.text(one.change)) for one in resources[:_ROWS]]
    parts = [lead, f"Why there: {md.prose(why)}." if why else ""]
    parts.append(md.table(("Resource", "Service", "Change"), rows) if rows else "No resource is changed.")
    if len(resources) > _ROWS:
        parts.append(f"*… and {len(resources) - _ROWS} more.*")
    parts.append("It is validated now. What is missing, and who can give it, stands in the comment below.")
    return Opening(_title(resources, branch, environment), "\n\n".join(filter(None, parts)) + "\n")


def _title(resources: Sequence[Resource], branch: str, environment: str) -> str:
    if not resources:
        return quoted(branch, _TITLE)
    first, more = resources[0], len(resources) - 1
    what = f"{_VERBS.get(first.change, 'Change')} {first.path}{f' and {more} more' if more else ''}"
    return quoted(f"{what} ({environment})" if environment else what, _TITLE)
