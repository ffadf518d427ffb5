"""What a run reaches the world through, as an environment says: for whoever starts one, a command or a service."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from engine.adapters.github.port import Forge
    from engine.adapters.settings import Settings
    from engine.adapters.storage.named import Opened
    from engine.run.ports import Opens, Ports


def ports(
    values: "Settings",
    run: str,
    out: str,
    github: "Opens | None",
    environ: Mapping[str, str],
    stores: "Opened | None" = None,
) -> "Ports":
    """Of one run, that keeps what it makes in `out`; `stores` opens its store, where others use it too.

    Raises:
        EngineError: the store cannot be opened.
    """
    from engine.adapters import clock
    from engine.adapters.keys import Keyring
    from engine.adapters.storage.named import opened
    from engine.run.audit import trail
    from engine.run.ports import Ports

    store, keyring, now = (stores or opened)(values.store), Keyring(environ), clock.ahead(values.clock_ahead_s)
    return Ports(store, keyring, now, trail(store, keyring, values, run, now, out), github=github)


def github(values: "Settings", opened_one: "Callable[[Forge], object]", environ: Mapping[str, str]) -> "Opens":
    """GitHub as the settings say; `opened_one` is told what was opened."""

    def opens(repos: "Sequence[str]", permissions: "Iterable[str]", installation: int | None) -> "Forge":
        from engine.adapters.github.forge import opened

        mirrors = os.path.join(values.cache_dir, "git")
        hub = cast("Forge", opened(environ, mirrors, values.path, repos, permissions, installation))
        opened_one(hub)
        return hub

    return opens
