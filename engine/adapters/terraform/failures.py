"""What kind of failure Terraform reports, and what to do about it: retry, plan again, initialise again, or never.

Terraform numbers no errors, so this reads their text; the texts are those of Terraform 1.10 to 1.15 and of the AWS SDK.
An unknown one is never retried.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from engine.adapters.process import Done
from engine.adapters.terraform import locks
from engine.adapters.terraform.locks import Lock
from engine.core.redact import Redactor
from engine.core.resources.services import FRAME
from engine.errors import EngineError, Place, Problem, problem
from engine.printable import uncoloured

_SHOWN = 3  # errors in one message
_LONGEST = 1200  # characters


class Kind(Enum):
    """What helps against a failure."""

    RETRY = "retry"  # the same again, later
    REPLAN = "replan"  # a new plan
    REINIT = "reinit"  # a new working directory
    NEVER = "never"  # somebody has to change something


class Diagnostic(NamedTuple):
    """One error or warning of Terraform."""

    severity: str
    summary: str
    detail: str
    address: str

    @property
    def text(self) -> str:
        """As Terraform says it: show only an excerpt of it."""
        where = f"{self.address}: " if self.address else ""
        return f"{where}{self.summary}. {self.detail}".rstrip()


class TerraformError(EngineError):
    """A failure that Terraform reported, with its kind, and whose lock it has met; of refused values one for each."""

    def __init__(self, *found: Problem, kind: Kind, lock: Lock | None = None) -> None:
        super().__init__(*found)
        self.kind = kind
        self.lock = lock


class _Row(NamedTuple):
    code: str
    kind: Kind
    pattern: str


# The first row that matches decides: what is specific stands before what is general.
_TABLE = (
    _Row("ENG415", Kind.NEVER, r"NoSuchBucket|S3 bucket \S+ does not exist|requested bucket from"),
    _Row("ENG465", Kind.NEVER, r"AWS account ID not allowed: \d"),
    _Row(
        "ENG417",
        Kind.NEVER,
        r"AccessDenied|UnauthorizedOperation|UnrecognizedClient|ExpiredToken|InvalidClientTokenId|InvalidAccessKeyId"
        r"|SignatureDoesNotMatch|No valid credential sources|StatusCode: 40[13]\b",
    ),
    _Row("ENG408", Kind.NEVER, r"match any of the checksums"),
    _Row("ENG413", Kind.REPLAN, r"Saved plan is stale|plan file was created by"),
    _Row(
        "ENG414",
        Kind.REINIT,
        r"Backend initialization required|Backend configuration changed|Backend type changed|initialization required"
        r"|Required plugins are not installed|Inconsistent dependency lock file|Module not installed",
    ),
    _Row(
        "ENG411",
        Kind.RETRY,
        r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|StatusCode: 5\d\d\b"
        r"|connection refused|connection reset|use of closed network connection|unexpected EOF"
        r"|i/o timeout|handshake timeout|no such host|deadline exceeded"
        r"|checksum calculated for the state",
    ),
    _Row("ENG412", Kind.RETRY, r"Error acquiring the state lock"),
    _Row(
        "ENG403",
        Kind.NEVER,
        r"Failed to query available provider packages|Failed to install provider|Could not retrieve the list of"
        r"|Failed to load plugin|Failed to instantiate provider|Could not load plugin",
    ),
    _Row("ENG418", Kind.NEVER, r"no space left on device|read-only file system|disk quota exceeded"),
)
_OTHER = _Row("ENG410", Kind.NEVER, "")
_AS_THEY_ARE: Mapping[str, str] = {}
_LOCK = "terraform providers lock"
_REFUSED = "Invalid value for variable"  # by a `validation` block of the module
_RULE = re.compile(r"This was checked by the validation rule at (\w*)\.tf:[\d,-]+\.?$")
_UNDECLARED = "Value for undeclared variable"  # only a warning to Terraform: it plans on without the value


def diagnostics(output: bytes) -> tuple[Diagnostic, ...]:
    """The diagnostics of `-json` output: one a line, where others are passed over (init prints some), or all in one."""
    rows = [message.get("diagnostic") for line in output.splitlines() for message in _objects(line)]
    for whole in _objects(output):  # `validate`
        found = whole.get("diagnostics")
        rows += found if isinstance(found, list) else []
    return tuple(_diagnostic(row) for row in rows if isinstance(row, dict))


def errors(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those that make the answer wrong."""
    return tuple(d for d in found if d.severity == "error" or d.summary == _UNDECLARED)


def of_resource(
    resource: str, done: Done, redactor: Redactor, *, attempts: int = 1, instead: Mapping[str, str] = _AS_THEY_ARE
) -> TerraformError:
    """What a command on `resource` complained about; `instead` of some codes another, whose kind is `NEVER`."""
    row, said = _classify(done, redactor)
    if row is _OTHER and (refused := _refused(done, redactor)):
        return TerraformError(*(problem("ENG904", Place(resource), said=one) for one in refused), kind=Kind.NEVER)
    if row.code in instead:
        row = row._replace(code=instead[row.code], kind=Kind.NEVER)
    found = [one.detail for one in errors(diagnostics(done.stdout))] if row.code == "ENG412" else []
    if row.code == "ENG412" and not found:  # `state push` speaks to people only, in a frame
        found = [uncoloured(done.stderr.decode(errors="replace")).replace("\u2502", " ")]
    held = locks.read(found, redactor)
    said = str(held) if held else said
    told = problem(
        row.code, Place(resource), resource=resource, said=said, reason=said, attempts=attempts, command=_LOCK
    )
    return TerraformError(told, kind=row.kind, lock=held)


def of_module(path: str, done: Done, redactor: Redactor, lock: str = _LOCK) -> TerraformError:
    """What `init` or `validate` complained about: its providers or the module itself.

    `lock` is the command that adds what is installed to the lock file.
    """
    row, said = _classify(done, redactor)
    # Without a backend only providers are fetched: a failing network is theirs.
    codes = {"ENG403": "ENG403", "ENG408": "ENG408", "ENG411": "ENG403", "ENG418": "ENG418"}
    found = problem(codes.get(row.code, "ENG405"), said=said, reason=said, path=path, command=lock)
    return TerraformError(found, kind=row.kind)


def _refused(done: Done, redactor: Redactor) -> list[str]:
    """What the module says of values that it refuses, if that is all that is wrong; of the source's values alone."""
    found = errors(diagnostics(done.stdout))
    rules = [_RULE.search(one.detail.rstrip()) for one in found if one.summary == _REFUSED]
    if not found or len(rules) < len(found) or any(rule is None or rule[1] in FRAME for rule in rules):
        return []
    said = dict.fromkeys(_RULE.sub("", one.detail.rstrip()).strip() for one in found)
    return [" ".join(redactor.excerpt(one, _LONGEST).split()) for one in said]


def _classify(done: Done, redactor: Redactor) -> tuple[_Row, str]:
    found = errors(diagnostics(done.stdout))
    if not found:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        last = redactor.excerpt(said, _LONGEST, end=True)
        found = (Diagnostic("error", f"It failed without saying why (exit code {done.code})", last, ""),)
    said = "; ".join(dict.fromkeys(d.text for d in found[:_SHOWN]))
    if len(found) > _SHOWN:
        said += f"; and {len(found) - _SHOWN} more"
    text = "\n".join(f"{d.summary}\n{d.detail}" for d in found)
    row = next((row for row in _TABLE if re.search(row.pattern, text)), _OTHER)
    return row, " ".join(redactor.excerpt(said, _LONGEST + _SHOWN).split())


def _objects(text: bytes) -> Iterator[dict[str, Any]]:
    """The JSON object that `text` is, if it is one."""
    if text.startswith(b"{"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return
        if isinstance(value, dict):
            yield value


def _diagnostic(row: Mapping[str, object]) -> Diagnostic:
    severity, summary, detail, address = (row.get(k) or "" for k in ("severity", "summary", "detail", "address"))
    return Diagnostic(str(severity), str(summary), str(detail), str(address))
