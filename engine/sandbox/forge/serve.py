"""The forge on a loopback port, from its state to its threads; and everything ended again."""

import os
import shutil
import socket
import threading
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from engine.errors import failure
from engine.sandbox.forge import control, ports, seed
from engine.sandbox.forge.answer import Route
from engine.sandbox.forge.app import application
from engine.sandbox.forge.checks import rest as checks
from engine.sandbox.forge.clock import Clock
from engine.sandbox.forge.faults import Faults
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import http, pushes
from engine.sandbox.forge.git import rest as git
from engine.sandbox.forge.graphql import endpoint as graphql
from engine.sandbox.forge.hooks import manage, outbox
from engine.sandbox.forge.hooks import rest as hooks
from engine.sandbox.forge.hooks.sending import Sender
from engine.sandbox.forge.pages import book
from engine.sandbox.forge.people import rest as people
from engine.sandbox.forge.runner import Nobody, Runner, tick
from engine.sandbox.forge.tracker import merging
from engine.sandbox.forge.tracker import rest as work
from engine.sandbox.forge.urls import Urls

if TYPE_CHECKING:
    from logging import LogRecord

    from starlette.types import ASGIApp

_IDLE_S = 60  # how long a connection may wait for its next request
_ENDING_S = 1  # how long answers that are under way may take when we end


def routes() -> list[Route]:
    """REST of every part. What may be anything comes after what says a word there (`/user/repos`, `/user/{id}`)."""
    found = [*checks.ROUTES, *hooks.ROUTES, *people.ROUTES, *work.ROUTES, *git.ROUTES]
    return sorted(found, key=lambda route: (route.path.endswith(f"{{{route.slashes}}}"), route.path.endswith("}")))


def others(forge: Forge) -> list[BaseRoute]:
    """What is not REST, in the order in which it is looked for: control, GraphQL, git, pages."""
    return [
        *control.door(forge),
        graphql.path(forge),
        *http.routes(forge),
        *book.routes(forge),
    ]


@contextmanager
def running(
    folder: str,
    port: int | None = None,
    *,
    webhook: str = "",
    tick_s: float | None = None,
    chaos: str | None = None,
    runner: Callable[[Forge], Runner] = lambda _: Nobody(),
) -> Iterator[Forge]:
    """A forge in `folder`, listening until the end of the block.

    `port` None takes the one of last time, if it is free, and 0 any. `webhook` is where the App's deliveries go (else
    where they went), `tick_s` how often the clock ticks by itself, `chaos` the seed of what goes wrong.

    Raises:
        EngineError: ENG002 the state cannot be written, ENG539 the port is taken, ENG545 the state is damaged.
    """
    with ExitStack() as ending:
        with _kept_in(os.path.join(folder, "forge.db")):
            forge = _opened(folder)
            ending.callback(forge.kept.close)
            listener = ending.enter_context(_listening(forge, port))
            forge.urls = Urls(f"http://127.0.0.1:{listener.getsockname()[1]}")
            forge.faults = Faults(chaos)
            forge.emit = partial(outbox.emit, forge)
            _fill(forge, webhook)
            merging.recover(forge)
            pushes.recover(forge)
        # What waits goes to where the runner of today receives; its runs ask, and wait until we answer.
        forge.runner = runner(forge)
        ending.callback(forge.runner.stop)
        sender = Sender(forge)
        sender.start()
        ending.callback(sender.stop)
        ending.enter_context(_serving(application(forge, routes(), others(forge)), listener))
        ending.callback(forge.runner.stop)  # before nobody answers them any more
        ending.callback(forge.ending.set)
        if tick_s is not None:
            ending.enter_context(_ticking(forge, tick_s))
        yield forge


def _fill(forge: Forge, webhook: str) -> None:
    """What a new sandbox has, and what a new address of an old one changes."""
    forge.set_setting("port", forge.urls.base.rpartition(":")[2])
    seed.people(forge)
    seed.repositories(forge)
    forge.set_setting("seeded", "1")
    forge.kept.run("DELETE FROM sessions")  # what a page may do, it may since this start
    for app in forge.kept.rows("SELECT id FROM apps"):
        manage.of_app(forge, app["id"])
        if webhook:
            manage.send_app_to(forge, app["id"], webhook)


@contextmanager
def _kept_in(file: str) -> Iterator[None]:
    """What the disk refuses while we begin, as an error for people."""
    import sqlite3

    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise failure("ENG002", file=file, reason=getattr(error, "strerror", None) or str(error)) from error
    except sqlite3.DatabaseError as error:
        raise failure("ENG545", file=file, reason=str(error)) from error


def _opened(folder: str) -> Forge:
    """The rows, those of an earlier process too."""
    forge = _rows(folder)
    if not forge.setting("seeded"):  # whoever began to fill or to empty it was killed: nobody has been here since
        forge.kept.close()
        _forget(folder)
        forge = _rows(folder)
    forge.clock.advance(float(forge.setting("clock_ahead_s", "0")))
    return forge


def _rows(folder: str) -> Forge:
    os.makedirs(os.path.join(folder, "repositories"), mode=0o700, exist_ok=True)
    os.close(os.open(os.path.join(folder, "forge.db"), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600))
    return Forge(folder, Urls(""), Clock())


def _forget(folder: str) -> None:
    for name in ("forge.db", "forge.db-wal", "forge.db-shm"):
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))
    shutil.rmtree(os.path.join(folder, "repositories"))


@contextmanager
def _listening(forge: Forge, port: int | None) -> Iterator[socket.socket]:
    """A socket that listens: who connects before the server runs waits."""
    last = int(forge.setting("port", "0"))
    # Named TCP, or asyncio does not know that it may send at once: each answer would wait 40 ms for the next.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        try:
            if port is None:
                ports.bind(listener, last)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
            listener.listen(128)
        except OSError as error:  # of `listen`: another began to between the two
            wanted = port if port is not None else listener.getsockname()[1]
            raise failure("ENG539", port=wanted, reason=error.strerror or str(error)) from error
        yield listener


@contextmanager
def _serving(app: "ASGIApp", listener: socket.socket) -> Iterator[None]:
    import logging

    import uvicorn

    logging.getLogger("uvicorn.error").addFilter(_is_news)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # by our own clock, see `Dated`
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_ENDING_S,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="forge", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_ENDING_S + 10)


def _is_news(record: "LogRecord") -> bool:
    """Not what is meant: an answer that is cut on purpose is never ended, and who waits when we end is broken off."""
    broken_off = record.exc_info is not None and record.exc_info[0] is CancelledError
    return not broken_off and not any(said in record.getMessage() for said in _MEANT)


_MEANT = ("returned without completing response", "timeout graceful shutdown exceeded")


@contextmanager
def _ticking(forge: Forge, every_s: float) -> Iterator[None]:
    """The sandbox's own clock for `every:`."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(every_s):
            tick(forge)

    thread = threading.Thread(target=work, name="ticks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
