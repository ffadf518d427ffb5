"""The rows that tell of a run's resources, while it works and at its end: small, masked JSON."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from engine.core.plan.summary import diff
from engine.errors import Problem

if TYPE_CHECKING:
    from engine.core.kept.ledger import Entry
    from engine.core.plan.compare import Odd
    from engine.core.plan.events import Address, Change
    from engine.core.redact import Redactor
    from engine.run.applying.model import Target

Row = dict[str, Any]

UNTOLD = "Terraform's words are not shown, since what is secret in them could not be looked up"
_LONGEST = 2000  # characters of an error


class Rows:
    """All rows of a run. Safe to use from any number of threads; whoever watches gets copies."""

    def __init__(self, targets: "Sequence[Target]", live: Callable[[list[Row]], None] | None) -> None:
        self._rows = {target.number: _new(target) for target in targets}
        self._lock, self._live = Lock(), live

    def set(self, number: int, **changes: Any) -> None:
        """What is known of a resource now."""
        with self._lock:
            self._rows[number] |= changes
        self._tell()

    def came_on(self, number: int, change: "Change") -> None:
        """An address of a resource has come on. Why it has failed is told at the end, when all secrets are known."""
        with self._lock:
            row = self._rows[number]
            others = [one for one in row["addresses"] if one["address"] != change.address]
            row["addresses"] = [*others, _address(change.address, change, None)]
        self._tell()

    def of(self, number: int) -> Row:
        """The row of one resource."""
        with self._lock:
            return dict(self._rows[number])

    def all(self) -> list[Row]:
        """Every row, in the order of the resources."""
        with self._lock:
            return [dict(self._rows[number]) for number in sorted(self._rows)]

    def _tell(self) -> None:
        if self._live:
            self._live(self.all())


def _new(target: "Target") -> Row:
    resource = target.resource
    return {
        **{name: getattr(resource, name) for name in ("path", "service", "name", "state_key")},
        "outcome": "none",
        "waits": None,
        "addresses": [],
        "seconds": 0.0,
        "problem": None,
        "difference": None,
        "entry": None,
        "state": None,
    }


def addresses(of: "Mapping[str, Address]", hide: "Redactor | None") -> list[Row]:
    """What Terraform said of each; `hide` None: what is secret in its words nobody knows."""
    return [_address(name, one, hide) for name, one in of.items()]


def _address(name: str, one: "Address | Change", hide: "Redactor | None") -> Row:
    told = hide.text(one.error)[:_LONGEST] if hide else UNTOLD
    return {
        "address": name,
        "action": one.action,
        "status": one.status,
        "seconds": one.seconds,
        "error": told if one.error else None,
    }


def known(entry: "Entry") -> Row:
    """What an entry of the ledger says."""
    said, state = entry.said, entry.said["state"]
    return {
        "outcome": entry.outcome,
        "entry": entry.number,
        "state": state and {name: state[name] for name in ("lineage", "serial")},
        "addresses": [
            {"address": name, "action": "", "status": status, "seconds": 0.0, "error": None}
            for name, status in sorted(said["addresses"].items())
        ],
    }


def problem(why: Problem, hide: "Redactor | None") -> Mapping[str, Any]:
    """A problem without secrets; `hide` None: what is secret in its words nobody knows."""
    from engine.run.plans import hidden

    return (hidden(why, hide) if hide else why._replace(message=UNTOLD)).to_json()


def difference(
    odd: "Sequence[Odd]", plan: dict[str, Any], was: Mapping[str, Sequence[Any]], hide: "Redactor"
) -> list[Row]:
    """The two plans, where they differ; `was` are the lines of the approved one that were shown, as far as kept."""
    from engine.core.plan.model import changes

    fresh = {change.address: change for change in changes(plan)}
    return [
        {
            "address": one.address,
            "approved": one.approved,
            "fresh": one.fresh,
            "why": one.why,
            "was": list(was.get(one.address, ())),
            "lines": [list(line) for line in diff(fresh[one.address], hide)] if one.address in fresh else [],
        }
        for one in odd
    ]
