"""A page is used by who sits before it, and by no other page: what every page of ours does for that."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from starlette.requests import Request

_FIELDS = 200


def headers(script: bool = False) -> dict[str, str]:
    """Those of every answer that a browser shows. `script`: files of ours may be run, and may ask us."""
    more = "script-src 'self'; connect-src 'self'; " if script else ""
    return {
        "Content-Security-Policy": f"default-src 'none'; {more}style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # `no-referrer` would make browsers send `Origin: null` with our own forms.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def is_elsewhere(sent: Mapping[str, str], origin: str) -> bool:
    """Was this form sent by a page of any other address? `localhost` is another origin than `127.0.0.1`."""
    said, site = sent.get("origin"), sent.get("sec-fetch-site")
    return said not in (None, origin) or site not in (None, "same-origin", "none")


def is_taken_elsewhere(sent: Mapping[str, str]) -> bool:
    """Does a page of another address load this into itself? Who follows a link from there looks at it, and may."""
    return sent.get("sec-fetch-site") in ("cross-site", "same-site") and sent.get("sec-fetch-mode") != "navigate"


def own_path(to: str, *but: str) -> str:
    """A path here, where a page hands on where to go; anything else, or what begins like `but`, leads home."""
    plain = to.startswith("/") and not to.startswith(("//", *but))
    return to if plain and "\\" not in to and to.isascii() and to.isprintable() else "/"


def form(data: bytes) -> dict[str, str]:
    """The fields of a form; none where there are too many."""
    try:
        return dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        return {}


async def limited_body(request: "Request", limit: int) -> bytes | None:
    """The request's body; None: it is larger than `limit` bytes."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            return None
    return bytes(data)
