"""The trail for people: a table, and for a pull request its life as a tree."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from engine.core.audit.record import Record
from engine.core.repository import same_repository


class Asked(NamedTuple):
    """Which records. None: all of them."""

    repository: str | None = None
    pr: int | None = None
    resource: str | None = None  # a state key, or a part of one between `/`
    actor: str | None = None  # a login
    since: str | None = None  # a moment

    def takes(self, record: Record) -> bool:
        """Is it one of these?"""
        said = record.said
        return (
            (self.repository is None or same_repository(said.repository, self.repository))
            and (self.pr is None or said.pr == self.pr)
            and (self.resource is None or _is_about(said.key, self.resource))
            and (self.actor is None or (said.actor or {}).get("login", "").lower() == self.actor.lower())
            and (self.since is None or record.time >= self.since)
        )


def _is_about(key: str | None, resource: str) -> bool:
    return key is not None and (key == resource or f"/{resource.strip('/')}/" in f"/{key}/")


def table(records: Iterable[Record]) -> Iterator[str]:
    """A line of each."""
    for one in records:
        said = one.said
        where = said.repository if said.pr is None else f"{said.repository}#{said.pr}"
        about = " ".join(part for part in (where, said.key) if part)
        done = f"{said.what:<8}  {said.outcome:<9}"
        yield f"{one.seq:>6}  {one.time}  {_who(said.actor):<16}  {done}  {about}  {said.why}"


def trees(records: Iterable[Record]) -> Iterator[str]:
    """The life of each pull request of these, as lines."""
    by: dict[tuple[str, int], list[Record]] = {}
    for one in records:
        if one.said.pr is not None:
            by.setdefault((one.said.repository.lower(), one.said.pr), []).append(one)
    for found in by.values():
        said = found[0].said
        yield f"{said.repository}#{said.pr}"
        rows = list(rows_of(found))
        for place, row in enumerate(rows):
            yield f"{'└─' if place == len(rows) - 1 else '├─'} {row}"


def rows_of(records: Sequence[Record]) -> Iterator[str]:
    """commit by → validation → plan → approval by → environment → merged → apply started, completed → result."""
    plans = _newest_plans(records)
    merged = next(
        (one for one in reversed(records) if (one.said.what, one.said.outcome) == ("merge", "completed")), None
    )
    if plans:
        details = plans[0].said.details
        yield f"commit {str(details.get('commit'))[:12]} by {_who(details.get('author'))}"
        verdict = details.get("verdict", {})
        yield f"validation {verdict.get('result')} (verdict {verdict.get('sequence')}, {plans[0].time})"
    for one in plans:
        counts = ", ".join(f"{n} {action}" for action, n in sorted(one.said.details.get("counts", {}).items()))
        yield f"plan {one.said.key or 'of nothing'}: {counts or one.said.outcome}"
    for one in _once(records, "approval"):
        yield f"approval by {_who(one.said.actor)}: {one.said.why}"
    for one in _once(records, "override"):
        yield f"override by {_who(one.said.actor)}: {one.said.why}"
    if plans:
        yield f"environment {plans[0].said.details.get('environment') or 'none'}"
    if merged:
        commit = str(merged.said.details.get("commit"))[:12]
        yield f"merged {commit}, {merged.said.why.removeprefix('merged ')} ({merged.time})"
    applies = [one for one in records if one.said.what == "apply"]
    for one in applies:
        about = f" {one.said.key}" if one.said.key else ""
        yield f"apply {one.said.outcome}{about} ({one.time}) {one.said.why}".rstrip()
    yield f"result {_result(records)}"


def _result(records: Sequence[Record]) -> str:
    for one in reversed(records):
        said = one.said
        if said.what in ("apply", "merge", "unlock"):
            return f"{said.what} {said.outcome}: {said.why}"
    last = records[-1].said
    return f"{last.what} {last.outcome}: {last.why}"


def _newest_plans(records: Sequence[Record]) -> list[Record]:
    plans = [one for one in records if one.said.what == "plan"]
    return [one for one in plans if _number(one) == _number(plans[-1])]


def _number(record: Record) -> Any:
    return record.said.details.get("verdict", {}).get("sequence")


def _once(records: Sequence[Record], what: str) -> Iterator[Record]:
    """Each of them once, though a merge that was tried again has counted it again."""
    seen: set[tuple[str | None, str, str]] = set()
    for one in records:
        key = (one.said.key, _who(one.said.actor), one.said.why)
        if one.said.what == what and key not in seen:
            seen.add(key)
            yield one


def _who(actor: Any) -> str:
    login = actor.get("login") if isinstance(actor, dict) else None
    return str(login) if login else "-"
