"""URLs of remotes, in each form that git takes: what they call a repository, and whether anybody but us calls it so."""

from typing import NamedTuple

_SCHEME = "://"


class Url(NamedTuple):
    """Where a repository is."""

    host: str  # with its user and port; empty for a path of this machine
    path: str  # without `.git`

    @property
    def name(self) -> str:
        """`acme/dev-deployment`; empty where the path has not that much."""
        parts = self.path.split("/")[-2:]
        return "/".join(parts) if len(parts) == 2 and all(parts) else ""


def parse(url: str) -> Url:
    """Read a URL, a path, or `host:path`, as git-clone(1) tells them apart: the latter has no `/` before its `:`."""
    host, path = _parts(url)
    return Url(host, path.rstrip("/").removesuffix(".git"))


def _parts(url: str) -> tuple[str, str]:
    if _SCHEME in url:
        scheme, _, rest = url.partition(_SCHEME)
        host, _, path = rest.partition("/")
        return ("" if scheme.casefold() == "file" else host), path
    if url.casefold().startswith("file:"):
        return "", url[len("file:") :]
    bracket = url.find("]") if "[" in url.partition(":")[0] else -1  # around an IPv6 address
    colon = url.find(":", bracket + 1)
    return (url[:colon], url[colon + 1 :]) if colon > 0 and "/" not in url[:colon] else ("", url)
