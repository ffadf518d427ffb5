"""Every failure a user can cause: a code for ever, a place, what is wrong, what to do.

`TABLE` is the source of `engine error CODE` and of docs/reference/errors.md. Codes are never reused. The values are
NamedTuples because every command loads this module: a frozen dataclass costs about 0.8 ms of start-up each.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """What a command returns to the shell."""

    DONE = 0
    NEGATIVE = 1  # denied, policy failed, lint findings, drift, audit mismatch
    CONFIG = 2  # usage, or rules and configuration that do not load
    EXECUTOR = 3  # terraform, policy engine or GitHub failed
    AUTH = 4  # not authenticated or not permitted
    STALE = 5  # locked, stale or superseded
    WAITING = 8  # approvals or checks are pending
    BUG = 101
    INTERRUPTED = 130


class Row(NamedTuple):
    """One kind of failure. `title` and `remedy` are format strings over the same fields."""

    title: str
    remedy: str
    exit: ExitCode = ExitCode.CONFIG


_NO, _EXEC, _AUTH, _STALE, _WAIT = (
    ExitCode.NEGATIVE,
    ExitCode.EXECUTOR,
    ExitCode.AUTH,
    ExitCode.STALE,
    ExitCode.WAITING,
)

TABLE: dict[str, Row] = {
    # ENG001-019 commands, files, settings
    "ENG001": Row("{file} cannot be read: {reason}", "check the path and its permissions"),
    "ENG002": Row("{file} cannot be written: {reason}", "free some space or choose another directory", _EXEC),
    "ENG003": Row("unknown error code `{name}`", "codes look like ENG001; `engine error` lists them all"),
    "ENG004": Row("setting {name} is not valid: {reason}", "correct or unset {name}"),
    "ENG005": Row("unknown command `{name}`", "`engine --help` lists the commands"),
    "ENG006": Row("{file} can be read by others (mode {mode})", "chmod 600 {file}", _AUTH),
    # ENG020-039 YAML and JSON text
    "ENG020": Row("the file has {size} bytes; the limit is {limit}", "split it or remove what is not needed"),
    "ENG021": Row("byte {byte} is not UTF-8", "save the file as UTF-8"),
    "ENG022": Row("the file is empty", "write its content or remove it"),
    "ENG023": Row("character {character} cannot be seen", "remove it, or write it as an escape in double quotes"),
    "ENG024": Row("not valid YAML: {reason}", "correct the line, or quote the text"),
    "ENG025": Row("a tab where YAML wants spaces", "replace it with spaces"),
    "ENG026": Row("a second document begins here", "keep one document per file"),
    "ENG027": Row("key `{name}` is here twice", "the first is on line {line}: keep one"),
    "ENG028": Row("key `{text}` is not a string", "put it in quotes"),
    "ENG029": Row("tag `{tag}` is not used here", "write the value without it"),
    "ENG030": Row("merge key `<<` is not YAML 1.2", "write the keys out"),
    "ENG031": Row("more than {limit} values once aliases are expanded", "use fewer aliases, or split the file"),
    "ENG032": Row("nested deeper than {limit} levels", "flatten it"),
    "ENG033": Row("number `{text}` begins with a zero", "put it in quotes if it is text, else drop the zero"),
    "ENG034": Row("`{text}` is not a number that JSON can hold", "write a finite number, or put it in quotes"),
    "ENG035": Row("not valid JSON: {reason}", "correct the text here"),
    "ENG036": Row("half of a surrogate pair, which is no character", "write both halves, or the character itself"),
    "ENG037": Row("an alias that contains itself", "write the value out"),
    # ENG040-049 what a schema refuses
    "ENG040": Row("unknown key `{name}`", "known here: {known}"),
    "ENG041": Row("key `{name}` is missing", "add `{name}`{about}"),
    "ENG042": Row("expected {expected}, found {found}", "{about}"),
    "ENG043": Row("`{value}` is none of the values that are allowed here", "one of: {known}"),
    "ENG044": Row("`{value}` does not have the form that is needed here", "{about}"),
    "ENG045": Row("expected {limit}", "{about}"),
    "ENG046": Row("exactly one of {names} is needed, found {found}", "keep one of them"),
    "ENG047": Row("not allowed here: {reason}", "{about}"),
    "ENG048": Row("the document does not fit its schema", "compare it with the schema"),
    # ENG050-099 rules: load, lint
    # ENG100-149 expressions
    # ENG150-199 events and facts
    "ENG150": Row("the event is empty", "hand over the webhook's body, or the file that GITHUB_EVENT_PATH names"),
    "ENG151": Row("the event has {size} MB; GitHub sends at most 25", "this is not an event that GitHub sent"),
    "ENG152": Row("the event is not JSON: {reason}", "hand over the event as GitHub sent it, unchanged"),
    "ENG153": Row(
        "the event is not believed: {reason}", "hand over the event as GitHub sent it, unchanged"
    ),
    "ENG154": Row("the event is {found}, not an object", "hand over the event as GitHub sent it, unchanged"),
    "ENG155": Row("the event does not tell which one it is", "say --event-name NAME, one of: {known}"),
    "ENG156": Row("this `{event}` event cannot be used, see `{path}`: {reason}", "hand over GitHub's whole payload"),
    "ENG157": Row(
        "the dispatch breaks its contract, see `{path}`: {reason}", "see schemas/dispatch.schema.json"
    ),
    "ENG158": Row("the dispatch has a key that {event} does not take: {key}", "see schemas/dispatch.schema.json"),
    "ENG159": Row("{name} is not an event that rules can listen to", "these are: {known}"),
    # ENG200-249 decision, approvals, overrides
    # ENG250-269 rule fixtures (`engine test`)
    # ENG270-299 statements and keys
    # ENG300-349 configuration as data (discovery)
    # ENG350-379 git
    # ENG400-449 Terraform
    # ENG450-459 processes
    "ENG450": Row("{program} was not found", "{install}", _EXEC),
    "ENG451": Row(
        "{program} did not end within {seconds} s and was stopped", "raise the timeout, or see why it hangs", _EXEC
    ),
    "ENG452": Row("{program} was cancelled", "run the command again", ExitCode.INTERRUPTED),
    "ENG453": Row("{program} was killed by {signal}", "look for a lack of memory or a time limit", _EXEC),
    "ENG454": Row("{program} ended with exit code {status}: {said}", "correct what it complains about", _EXEC),
    "ENG455": Row(
        "{program} cannot be started: {reason}", "check that it is an executable for this machine", _EXEC
    ),
    "ENG456": Row("{program} printed more than {size} and was stopped", "see why it prints so much", _EXEC),
    # ENG500-549 policy engines
    # ENG550-599 running a decision
    "ENG999": Row("a bug in the engine: {reason}", "please report it with the traceback above", ExitCode.BUG),
}


class Place(NamedTuple):
    """Where something is, `line` and `column` counted from 1 (0: unknown); `excerpt` is that line of the source."""

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    excerpt: str = ""

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class Problem(NamedTuple):
    """One failure, ready to be shown."""

    code: str
    message: str
    hint: str
    place: Place | None = None

    def text(self) -> str:
        """`file:line:column: CODE message`, the source line with a caret, then the way out."""
        lines = [f"{self.place}: {self.code} {self.message}" if self.place else f"{self.code} {self.message}"]
        if self.place and self.place.excerpt:
            line, column, length, excerpt = self.place[1:]
            caret = "".join("\t" if c == "\t" else " " for c in excerpt[: max(column - 1, 0)])
            lines.append(f"{line} | {excerpt}")
            mark = "^" * max(1, min(length, len(excerpt) - column + 1))
            lines.append(f"{' ' * len(str(line))} | {caret}{mark} {self.hint}".rstrip())
        elif self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


def problem(code: str, place: Place | None = None, *, hint: str = "", **fields: object) -> Problem:
    """Fill the row of `code`; a `hint` (say, from `closest`) replaces the row's remedy.

    Raises:
        KeyError: unknown code or a missing field: a bug in the caller.
    """
    row = TABLE[code]
    return Problem(code, row.title.format(**fields), hint or row.remedy.format(**fields), place)


class EngineError(Exception):
    """One or more problems that end what was being done; only `cli.main` turns it into text."""

    def __init__(self, *problems: Problem) -> None:
        assert problems
        super().__init__("\n".join(p.text() for p in problems))
        self.problems: tuple[Problem, ...] = problems

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the first problem."""
        return TABLE[self.problems[0].code].exit


def failure(code: str, place: Place | None = None, *, hint: str = "", **fields: object) -> EngineError:
    """`raise failure("ENG001", file=…, reason=…)`: an error with one problem."""
    return EngineError(problem(code, place, hint=hint, **fields))


class Errors:
    """Collects the problems of one input, so that all are reported in one go."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, code: str, place: Place | None = None, *, hint: str = "", **fields: object) -> None:
        """Record one problem."""
        self.problems.append(problem(code, place, hint=hint, **fields))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Record several."""
        self.problems.extend(problems)

    def check(self) -> None:
        """Raise what was collected, if anything, in order of place."""
        if self.problems:
            raise EngineError(*sorted(self.problems, key=lambda p: p.place[:3] if p.place else ("", 0, 0)))


def closest(name: str, known: Iterable[str]) -> str:
    """``did you mean `environment`?`` for a near miss of a known name, else an empty string."""
    from difflib import get_close_matches  # a failure path: not worth start-up time

    folded: dict[str, str] = {k.casefold(): k for k in known}
    match = get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return f"did you mean `{folded[match[0]]}`?" if match else ""


def listing(names: Sequence[str] | Iterable[str]) -> str:
    """`a, b, c` in order, for the remedy of an unknown name."""
    return ", ".join(sorted(names)) or "none"
