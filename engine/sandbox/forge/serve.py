"""The forge on a loopback port."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.routing import BaseRoute

from engine.sandbox.forge import seed
from engine.sandbox.forge.answer import Route
from engine.sandbox.forge.app import application
from engine.sandbox.forge.checks import rest as checks
from engine.sandbox.forge.clock import Clock
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import http
from engine.sandbox.forge.git import rest as git
from engine.sandbox.forge.graphql import endpoint as graphql
from engine.sandbox.forge.people import rest as people
from engine.sandbox.forge.urls import Urls
from engine.sandbox.forge.work import merging
from engine.sandbox.forge.work import rest as work


def routes() -> list[Route]:
    """REST of every part. What may be anything comes after what says a word there (`/user/repos`, `/user/{id}`)."""
    found = [*checks.ROUTES, *people.ROUTES, *work.ROUTES, *git.ROUTES]
    return sorted(found, key=lambda route: (route.path.endswith(f"{{{route.slashes}}}"), route.path.endswith("}")))


def others(forge: Forge) -> list[BaseRoute]:
    """What is not REST, in the order in which it is looked for: control, GraphQL, git, pages."""
    return [graphql.path(forge), *http.routes(forge)]


@contextmanager
def running(folder: str, port: int = 0) -> Iterator[Forge]:
    """A forge in `folder`, listening until the end of the block; `port` 0 takes a free one."""
    import uvicorn

    os.makedirs(os.path.join(folder, "repositories"), mode=0o700, exist_ok=True)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)  # who connects before the server runs waits
        forge = Forge(folder, Urls(f"http://127.0.0.1:{listener.getsockname()[1]}"), Clock())
        seed.people(forge)
        seed.repositories(forge)
        merging.recover(forge)
        app = application(forge, routes(), others(forge))
        config = uvicorn.Config(app, log_level="warning", lifespan="off", server_header=False, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="forge", daemon=True)
        thread.start()
        try:
            yield forge
        finally:
            server.should_exit = True
            thread.join(10)
            forge.kept.close()
