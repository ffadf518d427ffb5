"""What `engine serve` is told: each of its processes reads it for itself, from the same arguments and environment."""

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.adapters import files, key_files, settings
from engine.adapters.ownership import ours, weak_spot
from engine.errors import failure

_DAY_S = 86_400
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Serving(NamedTuple):
    """The values, checked."""

    state_dir: str  # absolute, mode 0700, ours alone
    controller: str
    secrets: tuple[bytes, ...]  # of webhooks: the one, and during its rotation the one of before
    host: str = "127.0.0.1"
    port: int = 8080  # 0: any that is free
    root_path: str = ""  # behind which a proxy shows us: `/interlock`
    proxies: frozenset[str] = frozenset()  # addresses whose forwarded headers are believed
    host_names: frozenset[str] = LOOPBACK  # what a browser may call us by, without a port
    tokens_file: str | None = None  # of people: `name:sha256hex`
    parallelism: int = 4  # runs at once
    retention_s: int = 30 * _DAY_S  # of deliveries and runs

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Serving(state_dir={self.state_dir!r}, host={self.host!r}, port={self.port})"

    def at(self, *names: str) -> str:
        """A path in the directory of state: `at("inbox.db")`."""
        return os.path.join(self.state_dir, *names)

    @property
    def is_local(self) -> bool:
        """Can nobody reach us but this machine?"""
        return self.host in LOOPBACK


def serving(
    controller: str,
    *,
    state_dir: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8080,
    root_path: str = "",
    proxies: Iterable[str] = (),
    host_names: Iterable[str] = (),
    tokens_file: str | None = None,
    parallelism: int = 4,
    retention_s: int = 30 * _DAY_S,
    environ: Mapping[str, str],
) -> Serving:
    """The values; the directory of state is made, where it is not there.

    Raises:
        EngineError: ENG004, ENG780 no secret of webhooks; ENG001, ENG006, ENG009 of its file; ENG782 of the directory.
    """
    secrets = key_files.webhook_secrets(environ)
    if not secrets:
        raise failure("ENG780")
    if root_path and not (root_path.startswith("/") and root_path.isascii() and root_path.isprintable()):
        raise failure("ENG004", name="--root-path", reason=f"`{root_path[:60]}` is no path like /interlock")
    return Serving(
        state_dir=private(os.path.abspath(state_dir or settings.state_dir(environ))),
        controller=controller,
        secrets=secrets,
        host=host,
        port=port,
        root_path=root_path.rstrip("/"),
        proxies=frozenset(proxies),
        host_names=frozenset(name.lower() for name in host_names) | LOOPBACK,
        tokens_file=tokens_file,
        parallelism=parallelism,
        retention_s=retention_s,
    )


def private(directory: str) -> str:
    """`directory`, which is there and ours alone: deliveries lie in it, and logs.

    Raises:
        EngineError: ENG002, it cannot be made; ENG782, others could look into it or exchange it.
    """
    with files.failing("ENG002", directory):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        found = os.stat(directory)
        why = weak_spot(directory, ours())
    if found.st_mode & 0o077:
        why = why or f"others can look into it (mode {found.st_mode & 0o777:04o})"
    if why:
        raise failure("ENG782", directory=directory, reason=why)
    return directory
