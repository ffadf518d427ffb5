"""The sender: what waits goes out, each hook's deliveries one after another, no hook waiting for another.

A row is `sent` only once an answer is recorded, or that none came. What was under way when the process died waits
still, and goes out again with the same guid: at least once. Nothing is tried again by itself, as on GitHub.
"""

import json
import sqlite3
import threading
import time

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks import wire
from engine.sandbox.forge.kept import Row

SWAPPED_S = 0.5  # how long a reordered delivery waits for one that it could come after
_PAUSE_S = 1.0  # after a failure of our own, such as a full disk


class Sender:
    """One thread that looks for hooks with something to send, and one for each of those while it has."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._looks = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._busy: dict[int, threading.Thread] = {}
        self._exchanges: set[wire.Exchange] = set()
        self._watch = threading.Thread(target=self._look, name="deliveries", daemon=True)

    def start(self) -> None:
        """Begin; with what waited when the last process ended."""
        self._forge.wake = self._looks.set
        self._looks.set()
        self._watch.start()

    def stop(self) -> None:
        """End within a moment. What is under way is broken off, stays waiting, and is sent again by the next sender."""
        self._stop.set()
        self._looks.set()
        self._watch.join()
        with self._lock:
            threads, exchanges = list(self._busy.values()), list(self._exchanges)
        for exchange in exchanges:
            exchange.break_off()
        for thread in threads:
            thread.join(5)

    def _look(self) -> None:
        while True:
            self._looks.wait()
            self._looks.clear()
            if self._stop.is_set():
                return
            for row in self._forge.kept.rows("SELECT DISTINCT hook FROM deliveries WHERE state IN (?, ?)", *_PENDING):
                with self._lock:
                    if row["hook"] not in self._busy:
                        thread = threading.Thread(target=self._work, args=(row["hook"],), daemon=True)
                        self._busy[row["hook"]] = thread
                        thread.start()

    def _work(self, hook: int) -> None:
        try:
            while (delivery := self._next(hook)) is not None:
                self._deliver(delivery)
        except sqlite3.Error:  # the disk is full, say: what cannot be recorded is not to be sent over and over
            self._stop.wait(_PAUSE_S)
        finally:
            with self._lock:
                del self._busy[hook]
            self._looks.set()  # one may have come since we last looked

    def _next(self, hook: int) -> Row | None:
        """The oldest that waits. Where only reordered ones are left, the newest of them, when no other came."""
        end = time.monotonic() + SWAPPED_S
        while not self._stop.is_set():
            found = self._forge.kept.row(_OLDEST, hook)
            if found is not None:
                return found
            swapped = self._forge.kept.row(_SWAPPED, hook)
            if swapped is None or time.monotonic() >= end:
                return swapped
            self._stop.wait(0.02)
        return None

    def _deliver(self, delivery: Row) -> None:
        kept = self._forge.kept
        hook = kept.row("SELECT * FROM hooks WHERE id = ?", delivery["hook"])
        if hook is None:
            kept.run("DELETE FROM deliveries WHERE id = ?", delivery["id"])
            return
        headers, data = wire.request(hook, delivery)
        exchange = wire.Exchange(hook["url"], headers, data, check=not hook["insecure_ssl"])
        with self._lock:
            if self._stop.is_set():
                return
            self._exchanges.add(exchange)
        answered = exchange.run()
        with self._lock:
            self._exchanges.discard(exchange)
        if self._stop.is_set() and answered.status is None:
            return
        with kept.change():
            kept.update(
                "deliveries",
                delivery["id"],
                state="sent",
                sent_at=self._forge.now(),
                duration=round(answered.seconds, 2),
                status_code=answered.status,
                request_json=json.dumps(headers),
                response_json=json.dumps(
                    {"headers": answered.headers, "payload": answered.payload, "failure": answered.failure}
                ),
            )
            kept.run(_RELEASE, delivery["hook"], delivery["id"])


_PENDING = ("waiting", "swapped")
_OLDEST = "SELECT * FROM deliveries WHERE hook = ? AND state = 'waiting' ORDER BY id LIMIT 1"
_SWAPPED = "SELECT * FROM deliveries WHERE hook = ? AND state = 'swapped' ORDER BY id DESC LIMIT 1"
_RELEASE = "UPDATE deliveries SET state = 'waiting' WHERE hook = ? AND id < ? AND state = 'swapped'"


def waiting(forge: Forge) -> int:
    """How many deliveries are still to be sent by themselves (late ones wait for a tick, and do not count)."""
    found: int = forge.kept.value("SELECT count(*) FROM deliveries WHERE state IN (?, ?)", *_PENDING)
    return found
