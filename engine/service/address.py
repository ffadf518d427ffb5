"""By what name a request has reached us, and through whose hands: read once, and nothing of it is believed twice."""

import ipaddress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope

from engine.adapters.web.own import own_path
from engine.errors import failure

if TYPE_CHECKING:
    from engine.service.settings import Serving

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HTTP = 80
_HOST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-:[]")
_PATH = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.~")
# What somebody adds who stands between us and whoever asks.
_FORWARDED = ("forwarded", "via", "x-forwarded-", "x-real-", "x-client-", "x-original-", "true-client-", "cf-")


class Place(NamedTuple):
    """Where we are reached."""

    host: str  # that we listen at
    port: int
    names: tuple[str, ...] = ()  # by which browsers call us from elsewhere, with or without a port
    proxies: tuple[Network, ...] = ()  # whose forwarded headers are believed
    root: str = ""  # the path below which browsers see us: /interlock


class Address(NamedTuple):
    """As what one request has reached us."""

    origin: str  # https://engine.example.org
    port: str
    is_alone: bool  # from this machine, on loopback, with nothing between


class RefusedError(Exception):
    """What is answered instead, in a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def place(serving: "Serving", port: int) -> Place:
    """What `engine serve` was told, checked; `port` is the one that it has come to listen at.

    Raises:
        EngineError: ENG802, it cannot be so.
    """
    names, root = sorted(serving.host_names - set(_LOOPBACK)), serving.root_path
    try:
        networks = tuple(ipaddress.ip_network(proxy) for proxy in sorted(serving.proxies))
    except ValueError as error:
        raise failure("ENG802", option="--proxy", reason=error) from None
    if root and (own_path(root) != root or root.endswith("/") or not _PATH.issuperset(root)):
        raise failure("ENG802", option="--root-path", reason="it begins with a slash and does not end with one")
    if any(not name or not _HOST.issuperset(name) for name in names):
        raise failure("ENG802", option="--host-name", reason="it is the name in the address, without https://")
    if not names and not _is_loopback(serving.host):
        raise failure("ENG802", option="--host", reason="other machines call us by a name: --host-name says which")
    return Place(serving.host, port, tuple(names), networks, root)


def reached(place: Place, scope: Scope) -> Address:
    """As what we were called.

    Raises:
        RefusedError: 421, it is not our name; 400, it is said twice.
    """
    sent = Headers(scope=scope)
    peer = (scope.get("client") or ("",))[0]
    is_proxy = (ip := _ip(peer)) is not None and any(ip in network for network in place.proxies)
    host = one(sent, "host") or ""
    scheme = "http"
    if is_proxy:
        host = one(sent, "x-forwarded-host") or host
        scheme = one(sent, "x-forwarded-proto") or scheme
    local, known = _hosts(place)
    if scheme not in ("http", "https") or host.lower() not in known:
        raise RefusedError(421, "This is not the name by which we are called (--host-name).")
    is_direct = not any(name.startswith(_FORWARDED) for name in sent)
    told = place.names or place.proxies or place.root
    alone = not told and is_direct and host.lower() in local and _is_loopback(peer)
    return Address(f"{scheme}://{host.lower()}", str(place.port), bool(alone))


@cache
def _hosts(place: Place) -> tuple[frozenset[str], frozenset[str]]:
    """What `Host` may say: (from this machine, at all)."""
    local = (
        {f"{name}:{place.port}" for name in ("127.0.0.1", "localhost", "[::1]")} if _is_loopback(place.host) else set()
    )
    if place.port == _HTTP:  # which browsers leave out
        local |= {name.removesuffix(f":{_HTTP}") for name in local}
    names = {*place.names, *(f"{name}:{place.port}" for name in place.names)}
    return frozenset(local), frozenset(local | names)


def one(sent: Headers, name: str) -> str | None:
    """What a header says.

    Raises:
        RefusedError: 400, it is there twice: who reads the other one would have understood something else.
    """
    found = sent.getlist(name)
    if len(found) > 1:
        raise RefusedError(400, f"The header {name} is there more than once.")
    return found[0] if found else None


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def _is_loopback(host: str) -> bool:
    found = _ip(host.strip("[]"))
    return host == "localhost" or (found is not None and found.is_loopback)
