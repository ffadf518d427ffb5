"""What a pull request waits for and whom, as the run that told its page last has left it; and whose turn it is.

Only shown: nothing is decided by it. Who alters it in a store misleads people until the next run tells the page again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

Stage: TypeAlias = Literal["open", "merged", "ended"]
# Whose turn it is, in the order in which somebody is needed most.
Turn: TypeAlias = Literal["apply", "operator", "people", "author", "behind", "frozen", "person", "engine", "nobody"]


class Wait(NamedTuple):
    """One thing that is missing."""

    gate: str  # that waits for it; of what is merged, the path of the resource
    outcome: str  # of that gate: fail, error, pending; of a resource, what became of it
    what: str
    who: tuple[str, ...] = ()  # who can give it; nobody: it comes by itself, or never
    words: str = ""  # what they have to write, where it is a command

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {**self._asdict(), "who": list(self.who)}


class Step(NamedTuple):
    """What its page has said since when."""

    at: str
    head: str
    line: str


class Entry(NamedTuple):
    """One pull request. Texts of others are as they are: whoever shows them makes them harmless."""

    repo: str
    pr: int
    title: str
    author: str  # empty: nobody knows
    head: str
    base: str
    environment: str  # empty: none, or not known
    words: str  # the first line of its page: our own words ...
    detail: str  # ... and what follows them
    validation: str  # how the newest one of this head ended, as the labels have it; empty: it is merged
    sequence: int  # number of its verdict; 0: none
    stage: Stage
    waits: tuple[Wait, ...]
    since: str  # when its page began to say this
    at: str  # when the facts were fetched that it was last made of
    run: str
    number: int = 0  # of this record: what is written later has a higher one

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.repo}#{self.pr}"

    @property
    def line(self) -> str:
        """Where it stands, in one line."""
        return self.words + self.detail

    @property
    def turn(self) -> Turn:
        """Whose turn it is."""
        return _turn(self)

    @property
    def who(self) -> tuple[str, ...]:
        """Everybody who can bring it on now, each once: while something is against it, nobody's yes does."""
        against = [wait for wait in self.waits if wait.outcome in _AGAINST]
        return tuple(dict.fromkeys(name for wait in against or self.waits for name in wait.who))

    def to_json(self) -> dict[str, Any]:
        """For machines: `pull` of the API's schema."""
        said = {
            name: getattr(self, name) for name in self._fields if name not in ("waits", "number", "words", "detail")
        }
        waits = [wait.to_json() for wait in self.waits]
        return {**said, "line": self.line, "turn": self.turn, "waits": waits, "who": list(self.who)}


_AGAINST = ("fail", "error")


class Kept(NamedTuple):
    """All that is kept of a pull request: the entry, and what only its own page shows."""

    entry: Entry
    gates: tuple[Mapping[str, Any], ...] = ()  # {name, outcome, because, missing, causes} as in a decision
    steps: tuple[Step, ...] = ()  # oldest first


# What a page's line begins with → whose turn it is. Of several the first.
_TURNS: Sequence[tuple[str, Turn]] = (
    ("Passed: ", "people"),
    ("Failed: overridden", "people"),
    ("Failed: ", "author"),
    ("Refused: ", "author"),
    ("Frozen: ", "frozen"),
    ("Waiting behind ", "behind"),
    ("Nothing to validate", "person"),
)


def _turn(entry: Entry) -> Turn:
    if entry.stage == "ended":
        return "nobody"
    if entry.stage == "merged":
        return "apply" if any(wait.words for wait in entry.waits) else "engine"
    if entry.validation in ("error", "unknown"):
        return "operator"
    turn: Turn = next((turn for words, turn in _TURNS if entry.words.startswith(words)), "engine")
    return "engine" if turn == "people" and not entry.who else turn


def follows(before: Kept | None, entry: Entry, gates: Sequence[Mapping[str, Any]], most: int) -> Kept | None:
    """What is to be kept now, with at most so many steps; None: it says the same as what is kept."""
    if before is None:
        return Kept(entry, tuple(gates), (Step(entry.at, entry.head, entry.line),))
    old = before.entry
    if (old.line, old.head) == (entry.line, entry.head):
        entry, steps = entry._replace(since=old.since), before.steps
    else:
        steps = (*before.steps, Step(entry.at, entry.head, entry.line))[-most:]
    same = old._replace(at=entry.at, run=entry.run, number=entry.number) == entry
    return None if same and before.gates == tuple(gates) else Kept(entry, tuple(gates), steps)


def to_fields(kept: Kept) -> dict[str, Any]:
    """The fields of the record, but for `run`, which is the entry's."""
    said = kept.entry._asdict()
    del said["number"]
    return {
        "run": said.pop("run"),
        "entry": {**said, "waits": [wait.to_json() for wait in kept.entry.waits]},
        "gates": [dict(gate) for gate in kept.gates],
        "steps": [list(step) for step in kept.steps],
    }


def of_fields(said: Mapping[str, Any], number: int) -> Kept:
    """It again.

    Raises:
        ValueError: it has another form.
    """
    try:
        row = said["entry"]
        waits = tuple(Wait(**{**wait, "who": tuple(_texts(wait["who"]))}) for wait in row["waits"])
        entry = Entry(**{**row, "waits": waits, "run": said["run"], "number": number})
        steps = tuple(Step(*map(_text, step)) for step in said["steps"])
        gates = tuple(map(_gate, said["gates"]))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(str(error)) from None
    if not (type(entry.pr) is int and type(entry.sequence) is int and entry.stage in ("open", "merged", "ended")):
        raise ValueError("a number is none")
    texts = (text for name, text in entry._asdict().items() if name not in ("pr", "sequence", "waits", "number"))
    for text in (*texts, *(text for wait in waits for text in (wait.gate, wait.outcome, wait.what, wait.words))):
        _text(text)
    return Kept(entry, gates, steps)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is none")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a list is none")
    return list(map(_text, value))


def _gate(said: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("name", "outcome", "because"):
        _text(said[name])
    missing = [{"what": _text(one["what"]), "who": _texts(one["who"])} for one in said["missing"]]
    return {**{n: said[n] for n in ("name", "outcome", "because")}, "missing": missing,
            "causes": [_cause(one) for one in said["causes"]]}  # fmt: skip


def _cause(said: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(said["outcome"], str | None):
        raise ValueError("an outcome is none")
    facts = [{**one, "path": _text(one["path"])} for one in said["facts"]]
    causes = [_cause(one) for one in said["causes"]]
    return {"outcome": said["outcome"], "text": _text(said["text"]), "facts": facts, "causes": causes}
