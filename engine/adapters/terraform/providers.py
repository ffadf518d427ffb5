"""One process of each provider, without any credentials, that serves every `terraform show -json`.

`show` asks a provider for its schemas and for nothing else, so one serves all; starting an own one each time is a
quarter of what it costs (0.4 of 1.8 CPU-seconds with the AWS provider). A plan or an apply never comes here: what a
provider was configured with is a matter of its process. Where one does not start, Terraform starts its own, as ever.

It says where it listens as Terraform's plugins do: `1|5|unix|/its/socket|grpc`, in a directory that is ours alone.
"""

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from glob import escape, glob

from engine.adapters.session import Session
from engine.adapters.terraform.memory import slots
from engine.errors import EngineError

_START_S = 30.0
# Not a secret: it says that nobody has started a plugin by mistake, and no plugin starts without it.
_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
_PROTOCOLS = ("5", "6")
# A provider outlives whoever asks it; so it ends when our end of the pipe does, also where we are killed.
_KEEPER = """exec 3<&0; "$0" </dev/null 2>/dev/null 3<&- & provider=$!
{ cat <&3; kill -9 $provider; } >/dev/null 2>&1 &
wait $provider; rm -rf "$PLUGIN_UNIX_SOCKET_DIR"
"""
_MEMORY = 2  # Terraforms for which there is room: with less there is none for a process that stays


class Providers:
    """Those of one initialised module, started when first asked for; they end with this. Thread-safe."""

    def __init__(self, module: str, path: str) -> None:
        self._module, self._path = module, path
        self._lock = threading.Lock()
        self._kept: list[tuple[Session, tempfile.TemporaryDirectory[str]]] | None = None
        self._said: dict[str, str] = {}

    def env(self) -> Mapping[str, str]:
        """What tells Terraform of them; empty where there is none."""
        with self._lock:
            if self._kept is None:
                self._kept, found = [], {}
                for address, file in self._files() if slots() >= _MEMORY else ():
                    with contextlib.suppress(EngineError, OSError, ValueError):  # Terraform starts its own
                        found[address] = self._started(file)
                self._said = {"TF_REATTACH_PROVIDERS": json.dumps(found)} if found else {}
            return self._said

    def give_up(self) -> None:
        """One of them is no help."""
        with self._lock:
            self._kept, self._said = [], {}

    def _files(self) -> Iterator[tuple[str, str]]:
        """The address of each provider, and its program: of the only version that is installed."""
        top = os.path.join(self._module, ".terraform", "providers")
        found = dict[str, list[str]]()
        for file in glob(os.path.join(escape(top), *["*"] * 5, "terraform-provider-*")):
            found.setdefault("/".join(os.path.relpath(file, top).split(os.sep)[:3]), []).append(file)
        yield from ((address, files[0]) for address, files in found.items() if len(files) == 1)

    def _started(self, file: str) -> Mapping[str, object]:
        # A socket's path must be short.
        folder = tempfile.TemporaryDirectory(prefix="interlock-", ignore_cleanup_errors=True)
        env = {
            "PATH": self._path,
            "GOGC": "400",
            "TF_PLUGIN_MAGIC_COOKIE": _COOKIE,
            "PLUGIN_PROTOCOL_VERSIONS": ",".join(_PROTOCOLS),
            "PLUGIN_UNIX_SOCKET_DIR": folder.name,
        }
        session = Session(
            ["/bin/sh", "-c", _KEEPER, file], cwd=folder.name, env=env, timeout_s=_START_S, install="install a shell"
        )
        core, protocol, network, socket, kind, *_ = session.line().decode().split("|")
        if (core, network, kind) != ("1", "unix", "grpc") or protocol not in _PROTOCOLS:
            raise ValueError("another plugin")
        if os.path.dirname(socket) != folder.name:
            raise ValueError("another place")
        assert self._kept is not None
        self._kept.append((session, folder))
        return {
            "Protocol": kind,
            "ProtocolVersion": int(protocol),
            "Pid": session.pid,
            "Test": True,  # Terraform leaves it alone when it has done
            "Addr": {"Network": network, "String": socket},
        }
