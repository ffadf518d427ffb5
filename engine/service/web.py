"""The process that answers: webhooks into the inbox, pages and API out of what is kept. It asks nobody, plans nothing.

What it knows of the worker, the worker has written: rows, logs, and when it last said that it lives.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from engine.adapters import clock, files, settings
from engine.errors import EngineError, failure
from engine.service import log

if TYPE_CHECKING:
    from uvicorn import Server

    from engine.core.rules.model import Rules
    from engine.service.settings import Serving

_BACKLOG = 1024
_START_S, _END_S = 30.0, 15.0


class Web(NamedTuple):
    """Where it listens."""

    url: str
    host: str
    port: int


@contextmanager
def listening(serving: "Serving", environ: Mapping[str, str], came: Callable[[], None]) -> Iterator[Web]:
    """Answer until the end of the block; what came has been written by then, and `came` was told of it.

    Raises:
        EngineError: ENG002 nobody can listen there; ENG781, ENG788 the state; what the application says.
    """
    import uvicorn

    from engine.adapters.keys import Keyring
    from engine.adapters.storage.named import opened
    from engine.run.kept.board import Board
    from engine.service import listening as how
    from engine.service.app import create
    from engine.service.bound import Sources as Bounds
    from engine.service.deeds import hands
    from engine.service.health import Health, parts
    from engine.service.inbox import Inbox
    from engine.service.receiver import Receiver
    from engine.service.runs import FILE, Runs
    from engine.service.timeline import Trail as Told
    from engine.service.views import Sources

    values = settings.read(environ)
    store, keys = opened(values.store), Keyring(environ)
    inbox, runs = Inbox(serving.at(FILE)), Runs(serving.state_dir)
    named = partial(_environments, serving.controller)
    sources = Sources(
        store,
        Board(store),
        Told(store),
        clock.now,
        web=settings.forge(environ).web_url,
        inbox=inbox,
        runs=runs,
        health=Health(parts(serving, environ, store, inbox, runs)),
        environments=named,
    )

    receiver = Receiver(inbox, Bounds(inbox.database), serving.secrets, came)
    taken = _listen(serving.host, serving.port)
    host, port = taken.getsockname()[:2]
    ending = threading.Event()
    app = create(
        serving,
        port,
        sources,
        hands(sources, values, keys),
        webhooks=receiver.routes(),
        answered=lambda: receiver.answered,
        ending=ending.is_set,
    )
    server = uvicorn.Server(how.config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, name="web", daemon=True)
    thread.start()
    try:
        _until_started(server, thread)
        shown = f"[{host}]" if ":" in host else host
        yield Web(f"http://{shown}:{port}{serving.root_path}", host, port)
    finally:
        ending.set()
        server.should_exit = True
        thread.join(_END_S)
        inbox.close()
        runs.close()
        taken.close()


def _listen(host: str, port: int) -> socket.socket:
    with files.failing("ENG002", f"{host}:{port}"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def _until_started(server: "Server", thread: threading.Thread) -> None:
    until = time.monotonic() + _START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() >= until:
            raise failure("ENG999", reason="the web server did not start")
        time.sleep(0.01)


def _environments(controller: str) -> tuple[str, ...]:
    """That the rules name; none while they do not load, which is told elsewhere."""
    try:
        return tuple(_rules(controller).environments)
    except EngineError as error:
        log.warning("the rules do not load", reason=error)
        return ()


def _rules(controller: str) -> "Rules":
    from engine.run import trusted

    return trusted.load_rules(controller)
