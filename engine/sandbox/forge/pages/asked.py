"""How pages are written: rows of `Page` (what a path shows) and `Deed` (what a form does), as REST has its routes."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from engine.sandbox.forge.answer import Viewer, missing, number
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access


class Problem(NamedTuple):
    """Why a form was not taken; the page shows it at the form, with what was typed."""

    form: str
    message: str
    typed: Mapping[str, str]


class Ask(NamedTuple):
    """One request of a browser, read."""

    forge: Forge
    viewer: Viewer
    me: Row | None  # the account that is signed in
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    repo: Row  # of paths below /{owner}/{repo}; else an empty mapping
    level: str  # what the viewer may do there (access.LEVELS)
    token: str  # of this session's forms
    host: str  # what the browser called us
    at: str  # path and query of the page
    problem: Problem | None = None

    def may(self, level: str) -> bool:
        """May the viewer do what takes this level?"""
        return self.me is not None and access.at_least(self.level, level)

    def number(self, name: str = "number") -> int:
        """A number in the path.

        Raises:
            ForgeError: 404, it is none.
        """
        found = number(self.path.get(name), 0)
        if not found:
            raise missing()
        return found


class Shown(NamedTuple):
    """A page to send: a template and what it needs beside `ask`."""

    template: str
    values: Mapping[str, Any]
    title: str
    status: int = 200
    leads_to: str = ""  # another origin, to which a form of this page leads in the end


class Page(NamedTuple):
    """What a path shows. `level` is demanded of the repository in the path; `open` pages need nobody signed in."""

    path: str
    show: Callable[[Ask], Shown]
    level: str = "read"
    open: bool = False


class Signed(NamedTuple):
    """Where the browser goes next, as somebody else: the key of the new session."""

    to: str
    key: str


class Deed(NamedTuple):
    """What a form does; it answers where the browser goes next. A refusal is shown by `page`, at the form."""

    path: str
    do: Callable[[Ask], str | Signed]
    page: Callable[[Ask], Shown]
    level: str = "read"
    open: bool = False


class Landing(NamedTuple):
    """What a form of another site leads to: a page that shows what was sent, and does nothing of it."""

    path: str
    show: Callable[[Ask], Shown]


class Paging(NamedTuple):
    """One page of a list: how many there are, which page this is, and the last."""

    total: int
    page: int
    last: int
    size: int

    @property
    def skip(self) -> int:
        """How many rows come before."""
        return (self.page - 1) * self.size


def paging(ask: Ask, total: int, size: int = 30) -> Paging:
    """The page that the query names, as far as there is one."""
    last = max(1, -(-total // size))
    return Paging(total, min(last, max(1, number(ask.query.get("page"), 1))), last, size)


def link(*parts: object, anchor: str = "", **query: object) -> str:
    """A path on this forge: names are quoted, slashes in them (branches, files) stay."""
    path = "/" + "/".join(quote(str(part), safe="/", errors="surrogateescape") for part in parts if part != "")
    asked = {name: value for name, value in query.items() if value not in (None, "")}
    return path + (f"?{urlencode(asked, errors='surrogateescape')}" if asked else "") + (f"#{anchor}" if anchor else "")


def within(repo: Row, *parts: object, anchor: str = "", **query: object) -> str:
    """`link` below a repository."""
    return link(repo["owner_login"], repo["name"], *parts, anchor=anchor, **query)
