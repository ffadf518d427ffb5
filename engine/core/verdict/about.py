"""What a verdict is about and what it was given under: the one place where both are compared with what is now.

Two readers ask: whoever looks for the verdict among signed statements (`check`), and every decision, a replayed one
too, which trusts no fetcher (`core/decision/belief`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from engine.core.canonical import digest
from engine.core.moment import later
from engine.core.repository import same_repository

SKEW_S = 300  # clocks of two machines may differ
# Digests that a verdict carries of what it was made with. Where either side does not know one, it is another.
MADE_WITH = ("policy", "module", "lock_file")
# What makes two statements of one pull request say the same, whatever their head and number.
_CONTENT = (
    "result",
    "base_ref",
    "environment",
    "branch",
    "rules",
    *MADE_WITH,
    "change",
    "findings",
    "resources",
    "trees",
)


class Wanted(NamedTuple):
    """What a verdict has to be about, and given under. The fields have the names of the verdict's own."""

    repo: str
    pr: int | None
    head_sha: str
    base_ref: str
    rules: str  # digest without the approvers
    policy: str | None  # digest of the policy bundle
    module: str | None  # digest of the Terraform module
    lock_file: str | None  # digest of its provider lock file
    origin: str = "github"  # of whoever asks: a run on a clone has statements of its own


class Row(NamedTuple):
    """One field that has to be the same, and what is said of a verdict where it is not."""

    field: str
    otherwise: str  # format string over the verdict
    unknown: str = ""  # the same where it is not known what it would have to be


# Whose verdict it is: another's is passed over.
IDENTITY = (
    Row("origin", "is of a {origin} run, which only such runs believe"),
    Row("repo", "is of another repository, {repo}"),
    Row("pr", "is of another pull request"),
    Row("head_sha", "is of another head, {head_sha:.7}"),
)
# What it was given under: a change makes it void, and an older one is not revived.
SURROUNDINGS = (
    Row("base_ref", "is of another base, {base_ref}"),
    Row("rules", "was given under other rules"),
    Row("policy", "was given under other policies"),
    Row("module", "was planned with another Terraform module"),
    Row(
        "lock_file",
        "was planned with another provider lock file",
        "cannot be compared: the module has no provider lock file; `terraform providers lock` makes one",
    ),
)


def differs(rows: Iterable[Row], verdict: Mapping[str, Any], wanted: Wanted) -> str:
    """The first of `rows` in which the verdict is not what is wanted, said of it; empty when there is none."""
    row = next((row for row in rows if not _same(row.field, verdict, wanted)), None)
    if row is None:
        return ""
    return row.unknown if row.unknown and getattr(wanted, row.field) is None else row.otherwise.format(**verdict)


def _same(field: str, verdict: Mapping[str, Any], wanted: Wanted) -> bool:
    theirs, ours = verdict.get(field), getattr(wanted, field)
    if field == "repo":  # GitHub takes either case, and shows one
        return same_repository(str(theirs), ours)
    return bool(theirs == ours and (theirs is not None or field not in MADE_WITH))


def ahead(verdict: Mapping[str, Any], now: str) -> bool:
    """Was it signed further in the future than clocks may differ?

    Raises:
        ValueError: `now` is no real moment.
    """
    confirmed_at: str = verdict.get("confirmed_at", verdict["signed_at"])
    return confirmed_at > now and confirmed_at > later(now, SKEW_S)


def expired(verdict: Mapping[str, Any], now: str) -> bool:
    """At the very second of its expiry it is expired."""
    return bool(now >= verdict["expires_at"])


def kept_since(verdict: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]]) -> str:
    """When what `verdict` says was first said without a break; `earlier` are those before it, the latest one first.

    Only the one directly before it counts: what was said, contradicted and said again (A, B, A) is new. One that could
    not judge the same change has said nothing against it, and is passed over.
    """
    for one in earlier:
        if content(one) == content(verdict):
            since: str = one["signed_at"]
            return since
        if one["result"] != "error" or any(one.get(name) != verdict.get(name) for name in ("trees", "change")):
            break
    now: str = verdict["confirmed_at"]
    return now


def content(verdict: Mapping[str, Any]) -> str:
    """Digest of what a statement says: the change as far as it is known, what was found, and what it was made with.

    Equal content means that whoever read one has read the other, apart from its head, its number and its times.
    """
    return digest({field: verdict.get(field) for field in _CONTENT})
