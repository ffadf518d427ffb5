"""A state of Terraform's, as `state pull` gives it: whose it is, how old, and what it says."""

from typing import Any, NamedTuple

from engine.core import exact
from engine.core.canonical import digest

_VERSION = 4
_RUNNING = "terraform_version"  # of whoever pulls it, not of whoever wrote it
_CHECKS = "check_results"


class State(NamedTuple):
    """One state. Holds secrets in clear: it leaves the machine sealed, or not at all."""

    lineage: str
    serial: int
    digest: str  # of its canonical JSON without `terraform_version`, its `check_results` in one order
    data: bytes  # as it was pulled, and as `state push` takes it
    version: str | None = None  # of the object that it is kept in, where known

    @property
    def is_empty(self) -> bool:
        """Does it speak of nothing? Terraform leaves such a one where a plan was interrupted and there was none."""
        found = exact.loads(self.data)
        return isinstance(found, dict) and not (found.get("resources") or found.get("outputs"))

    def __repr__(self) -> str:
        """Without its content."""
        return f"State(lineage={self.lineage!r}, serial={self.serial}, digest={self.digest!r})"


def read(data: bytes) -> State | None:
    """The state in `data`; None: none yet, since there is no object, or one that nobody has written to.

    Raises:
        ValueError: it is no state; the text says why.
    """
    if not data.strip():
        return None
    found = exact.loads(data)
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    lineage, serial = found.get("lineage"), found.get("serial")
    if type(found.get("version")) is not int or found["version"] != _VERSION or not isinstance(lineage, str):
        raise ValueError(f"it is no state of version {_VERSION}")
    if type(serial) is not int or serial < 0:
        raise ValueError("it has no serial")
    if not lineage:
        if serial or found.get("resources"):
            raise ValueError("it has no lineage")
        return None
    said: Any = exact.plain({name: value for name, value in found.items() if name != _RUNNING})
    if isinstance(said.get(_CHECKS), list):  # measured: each pull has them, and what is in them, in another order
        said[_CHECKS] = sorted(map(_in_order, said[_CHECKS]), key=digest)
    return State(lineage, serial, digest(said), data)


def numbered(data: bytes, serial: int, lineage: str | None = None) -> bytes:
    """The same state under another serial, or lineage, and nothing else of it changed.

    Raises:
        ValueError: it is none.
    """
    found = exact.loads(data)
    if read(data) is None or not isinstance(found, dict):
        raise ValueError("it is no state that somebody has written to")
    return exact.dumps({**found, "serial": serial, "lineage": lineage or found["lineage"]}).encode()


def is_pushed(found: State | None, pushed: bytes) -> bool:
    """Is it what pushing that has left?

    Terraform counts its serial on once more, and gives a lineage of its own to what is pushed where there was nothing.
    """
    same = read(numbered(pushed, found.serial, found.lineage)) if found else None
    return same is not None and found is not None and same.digest == found.digest


def _in_order(check: Any) -> Any:
    objects = check.get("objects") if isinstance(check, dict) else None
    return {**check, "objects": sorted(objects, key=digest)} if isinstance(objects, list) else check
