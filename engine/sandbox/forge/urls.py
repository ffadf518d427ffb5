"""Where everything is. PyGithub refuses answers whose URLs name another host or port than it asked, so they are built
from the request's own Host.
"""

from typing import NamedTuple
from urllib.parse import quote, urlsplit


class Urls(NamedTuple):
    """Addresses below `base`, which is `http://127.0.0.1:PORT`."""

    base: str

    @property
    def api(self) -> str:
        """Of REST, as GitHub Enterprise Server has it."""
        return f"{self.base}/api/v3"

    @property
    def graphql(self) -> str:
        """Of GraphQL."""
        return f"{self.base}/api/graphql"

    def repo(self, full_name: str, *parts: object) -> str:
        """REST below a repository: `repo("acme/x", "pulls", 7)`."""
        return "/".join([f"{self.api}/repos/{full_name}", *(quote(str(part), safe="") for part in parts)])

    def rest(self, *parts: object) -> str:
        """REST anywhere: `rest("users", "ann")`."""
        return "/".join([self.api, *(quote(str(part), safe="") for part in parts)])

    def page(self, *parts: object) -> str:
        """A page for people: `page("acme", "x", "pull", 7)`."""
        return "/".join([self.base, *(quote(str(part), safe="") for part in parts)])


def is_http(text: str) -> bool:
    """Could a webhook go there?"""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and text.isprintable()
    except ValueError:  # brackets that do not match, a port that is none
        return False
