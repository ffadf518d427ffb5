"""Saying things in the trail: durable when `Trail.say` returns, whoever else writes at the same moment.

Whoever puts batch n+1 first has it (`put_if_absent`), and everybody else writes behind it: one chain without a gap.
What the threads of a process say at once goes in one batch. A process that has just had its turn lets others have
theirs where there are others: else whoever knows the end of the chain would always be quicker than who has to look.
"""

import os
import random
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from engine.core.audit import chain
from engine.core.audit.chain import MOST, START, Head, Tip
from engine.core.audit.record import Said
from engine.core.kept import keys
from engine.errors import EngineError, failure, problem
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.adapters.storage.port import Store
    from engine.core.signature import Signer, TrustedKeys
    from engine.run.ports import Secrets

FILE = "audit.jsonl"
PATIENCE_S = 120.0  # for which others may be quicker
_CROWD_S = 30.0  # for which a process remembers that it is not alone
_SHORTEST_S, _LONGEST_S = 0.002, 0.5


class Place(Protocol):
    """Where a trail is kept. All methods raise EngineError when that fails."""

    def end(self, after: Head | None) -> Head | None:
        """The newest head; `after` is one that was the newest. None: nothing is there yet."""

    def put(self, number: int, data: bytes) -> bool:
        """Put the batch of that number, durably. False: there is another one by now."""


class Numbered:
    """A trail in a store: `audit/<folder>/<number of the batch>`."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def end(self, after: Head | None) -> Head | None:
        """Looked for from where it was; else by doubling steps, since a trail may have a million batches."""
        number = after.number if after else self._folder() * keys.AUDIT_FOLDER
        found = list(self._store.list(keys.AUDIT, keys.audit(number) if number else ""))
        if not found:
            return after
        expected = [keys.audit(n) for n in range(number + 1, number + 1 + len(found))]
        if found != expected:
            missing = next(one for one, other in zip(expected, found, strict=True) if one != other)
            raise failure("ENG721", key=missing, reason="it is missing, and there are later ones")
        return self.head(number + len(found))

    def head(self, number: int) -> Head:
        """The head of a batch that is there.

        Raises:
            EngineError: ENG721, it is not there, or not right; the store fails.
        """
        key = keys.audit(number)
        item = self._store.get(key)
        if item is None:
            raise failure("ENG721", key=key, reason="it is missing")
        try:
            found = chain.last(item.data)
            if found.number != number:
                raise ValueError(f"it is batch {found.number}")
        except (ValueError, RecursionError) as error:
            raise failure("ENG721", key=key, reason=error) from None
        return found

    def put(self, number: int, data: bytes) -> bool:
        """Put the batch; an answer that was lost is read back."""
        return put(self._store, keys.audit(number), data)

    def _folder(self) -> int:
        """The last one that is begun."""
        low, high = 0, 1
        while self._is_begun(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_begun(middle) else (low, middle)
        return low

    def _is_begun(self, folder: int) -> bool:
        return self._store.get(keys.audit(folder * keys.AUDIT_FOLDER + 1)) is not None


class _Waiting:
    __slots__ = ("error", "is_done", "said")

    def __init__(self, said: Sequence[Said]) -> None:
        self.said = said
        self.is_done = False
        self.error: Exception | None = None


class Trail:
    """What is said by one run. Safe to use from any number of threads."""

    def __init__(
        self,
        place: Place,
        run: str,
        now: Callable[[], str],
        *,
        signer: "Signer | None" = None,
        hide: Callable[[str], str] = str,
        trusted: "Callable[[], TrustedKeys]" = dict,
    ) -> None:
        """`signer` signs heads, where this process has the `audit` key; `hide` hides secrets in a text; `trusted` are
        the keys by which the head before ours is believed, as far as it is signed by one of them.
        """
        self._place, self._run, self._now, self._signer, self._hide = place, run, now, signer, hide
        self._trusted = trusted
        self._by = os.urandom(8).hex()
        self._queue: list[_Waiting] = []
        self._queueing, self._writing = Lock(), Lock()
        self._last: Head | None = None
        self._mine = (0.0, 0.0)  # when our last batch was put, and how long that took
        self._crowded = -_CROWD_S  # when somebody was last quicker

    def say(self, *said: Said) -> None:
        """Durable when it returns; all of them, or none.

        Raises:
            EngineError: ENG720, it cannot be kept, with the reason. What it announces must not be done.
        """
        if not said:
            return
        mine = _Waiting(said)
        with self._queueing:
            self._queue.append(mine)
        with self._writing:
            if not mine.is_done:
                with self._queueing:
                    waiting, self._queue = self._queue, []
                self._write(waiting)
        if isinstance(mine.error, EngineError):
            raise EngineError(problem("ENG720"), *mine.error.problems) from mine.error
        if mine.error:
            raise mine.error

    def head(self) -> Head | None:
        """The newest that we know of; None: there is none yet.

        Raises:
            EngineError: ENG721; the store fails.
        """
        with self._writing:
            return self._found()

    def _write(self, waiting: Sequence[_Waiting]) -> None:
        """One batch after another; what one of them cannot keep, the others of this moment can."""
        batch: list[_Waiting] = []
        for one in (*waiting, None):
            if batch and (one is None or sum(len(each.said) for each in (*batch, one)) > MOST):
                self._settle(batch)
                batch = []
            if one is not None:
                batch.append(one)

    def _settle(self, batch: Sequence[_Waiting]) -> None:
        error: Exception | None = None
        try:
            said = [said for one in batch for said in one.said]
            for at in range(0, len(said), MOST):
                self._put(said[at : at + MOST])
        except Exception as failed:  # noqa: BLE001 - it is raised by each thread whose words it has lost
            error = failed
        for one in batch:
            one.is_done, one.error = True, error

    def _put(self, said: Sequence[Said]) -> None:
        self._give_way()
        start = time.monotonic()
        while True:
            last = self._found()
            tip = last.tip if last else START
            data, head = self._made(tip, said)
            asked = time.monotonic()
            if self._place.put(head.number, data):
                self._last = head
                self._mine = (time.monotonic(), time.monotonic() - asked)
                return
            self._crowded = time.monotonic()
            if self._crowded - start > PATIENCE_S:
                raise failure("ENG722", seconds=f"{PATIENCE_S:.0f}")
            last = self._place.end(self._last)
            self._check(last)
            self._last = last

    def _found(self) -> Head | None:
        """The newest head, looked for once, and looked at before anything is put behind it."""
        if self._last is None:
            last = self._place.end(None)
            self._check(last)
            self._last = last
        return self._last

    def _made(self, tip: Tip, said: Sequence[Said]) -> tuple[bytes, Head]:
        return chain.batch(tip, said, self._hide, run=self._run, time=self._now(), by=self._by, signer=self._signer)

    def _check(self, last: Head | None) -> None:
        """Nothing, if the head before ours is right, as far as one who signs behind it can tell.

        Raises:
            EngineError: ENG721: with ours behind it, it would be covered by our signature.
        """
        if last is None or last.key is None:
            return
        trusted = self._trusted()
        if last.key in trusted:
            reason = chain.doubt(last, trusted)
            if reason and not trusted[last.key].revoked:
                raise failure("ENG721", key=keys.audit(last.number), reason=reason)

    def _give_way(self) -> None:
        at, took = self._mine
        now = time.monotonic()
        if now - self._crowded < _CROWD_S and now - at < 4 * took:
            time.sleep(random.uniform(0.0, min(max(4 * took, _SHORTEST_S), _LONGEST_S)))  # noqa: S311 - no secret


def trail(
    store: "Store", secrets: "Secrets", settings: "Settings", run: str, now: Callable[[], str], out: str
) -> Trail:
    """The trail of a run: in the store that the settings name, or in a file among what the run keeps in `out`.

    Raises:
        EngineError: there is a key for it, and it cannot be used; the trusted keys cannot be read.
    """
    from engine.adapters.terraform.environment import redactor
    from engine.run import trusted

    def known() -> "TrustedKeys":
        return trusted.keys(settings.trusted_keys) if settings.trusted_keys else {}

    place: Place
    if settings.store:
        place = Numbered(store)
    else:
        from engine.run.audit_file import File

        place = File(os.path.join(out, FILE))

    def hide(text: str) -> str:
        return redactor(settings.credentials).text(text)  # what was given meanwhile, too

    return Trail(place, run, now, signer=signer(secrets), hide=hide, trusted=known)


def signer(secrets: "Secrets") -> "Signer | None":
    """The one of the key `audit`; None: this process has none."""
    try:
        return secrets.signer("audit")
    except EngineError as error:
        if error.problems[0].code != "ENG550":
            raise
        return None
