"""What sweep goes by, in a store: what each pull request was last decided from, and which runs have begun.

Nothing here decides anything: whoever alters it makes a pull request be looked at once more, or once less until the
next thing happens on it. So what cannot be read is taken as not being there.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.decision.due import Last
from engine.core.kept import keys, record
from engine.errors import EngineError
from engine.run.kept import freezes
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.storage.port import Item, Store
    from engine.core.events.kinds import Subject

_MOST = 2000  # branches of which is remembered where they were


class Progress(NamedTuple):
    """How far sweep has come in a repository."""

    at: str = ""  # when; empty: never
    after: str = ""  # the subject that was the last one to have its turn
    tips: Mapping[str, str] = {}  # branch → where it was
    told: tuple[int, ...] = ()  # pull requests without a merge decision of which it was told


class Begun(NamedTuple):
    """A run that has begun and, as far as is known, not ended."""

    key: str
    pr: int | None
    ref: str | None
    pipeline: str
    at: str


def last(store: "Store", repo: str, pr: int) -> Last | None:
    """What the last decision of a pull request has left; None: nothing that can be read.

    Raises:
        EngineError: the store fails.
    """
    said = _read("swept", store.get(keys.swept(repo, pr)))
    return Last(said["marks"], tuple(said["keys"]), tuple(said["depends"]), said["until"]) if said else None


def note(store: "Store", run: str, repo: str, pr: int, new: Last) -> None:
    """From now on this is what the last decision has left; of two at once either.

    Raises:
        EngineError: the store fails.
    """
    key = keys.swept(repo, pr)
    data = record.encode(
        "swept",
        run=run,
        repository=repo,
        pr=pr,
        marks=dict(new.marks),
        keys=list(new.keys),
        depends=list(new.depends),
        until=new.until,
    )
    item = store.get(key)
    put(store, key, data, item.version if item else None)


def merged(store: "Store", repo: str, pr: int) -> None:
    """Say that it is merged, and perhaps not applied.

    Raises:
        EngineError: the store fails.
    """
    put(store, keys.unapplied(repo, pr), record.encode("unapplied", repository=repo, pr=pr))


def unapplied(store: "Store", repo: str) -> Iterator[int]:
    """The pull requests of a repository of which that was said.

    Raises:
        EngineError: the store fails.
    """
    for key in list(store.list(keys.unapplied(repo))):
        if said := _read("unapplied", store.get(key)):
            yield said["pr"]


def settled(store: "Store", repo: str, pr: int) -> None:
    """It is known what became of it.

    Raises:
        EngineError: the store fails.
    """
    end(store, keys.unapplied(repo, pr))


def progress(store: "Store", repo: str) -> Progress:
    """How far sweep has come.

    Raises:
        EngineError: the store fails.
    """
    said = _read("sweep", store.get(keys.swept(repo)))
    return Progress(said["at"], said["after"], said["tips"], tuple(said["told"])) if said else Progress()


def proceed(store: "Store", run: str, repo: str, new: Progress) -> None:
    """From now on it has come as far as this.

    Raises:
        EngineError: the store fails.
    """
    key = keys.swept(repo)
    item = store.get(key)
    tips = dict(list(new.tips.items())[-_MOST:])
    said = record.encode(
        "sweep", run=run, repository=repo, at=new.at, after=new.after, tips=tips, told=list(new.told[-_MOST:])
    )
    put(store, key, said, item.version if item else None)


def renews(store: "Store", run: str, repo: str, pr: int, about: str) -> bool:
    """Is it this run that validates just this by itself? One may, once.

    Raises:
        EngineError: the store fails.
    """
    said = record.encode("renewal", run=run, repository=repo, pr=pr, about=about)
    return put(store, keys.renewal(repo, pr, about), said)


def hears(store: "Store", run: str, repo: str, pr: int, about: str) -> bool:
    """Is it this run that says just this of what a stranger has started? One does, once.

    Raises:
        EngineError: the store fails.
    """
    said = record.encode("heard", run=run, repository=repo, pr=pr, about=about)
    return put(store, keys.heard(repo, pr, about), said)


def begin(store: "Store", run: str, subject: "Subject", pipeline: str, at: str) -> None:
    """Say that a run has begun, until somebody takes it back.

    Raises:
        EngineError: the store fails.
    """
    said = {"repository": subject.repo, "pr": subject.number, "ref": subject.ref, "pipeline": pipeline, "at": at}
    put(store, keys.begun(subject.repo, run), record.encode("begun", run=run, **said))


def end(store: "Store", key: str) -> None:
    """It has ended, or somebody has seen to what it has left.

    Raises:
        EngineError: the store fails.
    """
    item = store.get(key)
    if item is not None:
        store.delete(key, item.version)


def begun(store: "Store", repo: str) -> Iterator[Begun]:
    """The runs that have begun and not ended: at work, or left lying.

    Raises:
        EngineError: the store fails.
    """
    for key in list(store.list(keys.begun(repo))):
        if said := _read("begun", store.get(key)):
            yield Begun(key, said["pr"], said["ref"], said["pipeline"], said["at"])


def frozen(store: "Store") -> Collection[str]:
    """What is frozen and why, for comparing.

    Raises:
        EngineError: it cannot be believed; the store fails.
    """
    return [f"{said.environment or ''}: {said.reason}" for said in freezes.active(store)]


def _read(kind: str, item: "Item | None") -> dict[str, Any] | None:
    if item is None:
        return None
    try:
        return record.decode(kind, item.data, item.key)
    except EngineError:
        return None
