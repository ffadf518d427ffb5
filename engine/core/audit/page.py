"""The page of a pack, for people: no script, nothing from elsewhere, all foreign text escaped."""

from collections.abc import Iterable
from html import escape

from engine.core.audit import show
from engine.core.audit.record import Record
from engine.printable import in_line

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>%s</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1f2328;background:#fff}
table{border-collapse:collapse;width:100%%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;
border-bottom:1px solid #d1d9e0}td,li{overflow-wrap:anywhere}
td:nth-child(-n+2),td:nth-child(4),td:nth-child(5),td:nth-child(8){overflow-wrap:normal;white-space:nowrap}
div{overflow-x:auto}.n{color:#59636e}
@media(prefers-color-scheme:dark){body{color:#f0f6fc;background:#0d1117}td,th{border-color:#3d444d}.n{color:#9198a1}}
</style></head><body>
"""


def render(repository: str, pr: int, made_at: str, records: Iterable[Record], lacks: Iterable[str]) -> bytes:
    """The whole page. It shows what the chain says, and proves nothing: `engine verify` does."""
    records = list(records)
    title = _text(f"{repository}#{pr}")
    parts = [_HEAD % title, f"<h1>{title}</h1>\n"]
    parts.append(
        f'<p class="n">Packed at {_text(made_at)}. This page proves nothing by itself: '
        "<code>engine verify FILE --trusted-keys KEYS</code> checks everything in the pack, this page included.</p>\n"
    )
    rows = list(show.rows_of(records)) if records else []
    parts.append("<h2>What became of it</h2>\n<ul>\n" + "".join(f"<li>{_text(row)}</li>\n" for row in rows) + "</ul>\n")
    parts.append(
        "<h2>What the trail says</h2>\n<div><table><thead><tr><th>Number</th><th>Time</th><th>Who</th><th>What</th>"
        "<th>Outcome</th><th>About</th><th>Why</th><th>Run</th></tr></thead><tbody>\n"
    )
    for one in records:
        said = one.said
        who = str((said.actor or {}).get("login") or "the engine")
        cells = (str(one.seq), one.time, who, said.what, said.outcome, said.key or "", said.why, one.run)
        parts.append("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>\n")
    parts.append("</tbody></table></div>\n")
    if lacks := list(lacks):
        parts.append("<h2>What is not in this pack</h2>\n<ul>\n" + "".join(f"<li>{_text(t)}</li>\n" for t in lacks))
        parts.append("</ul>\n")
    return "".join((*parts, "</body></html>\n")).encode("utf-8", "backslashreplace")


def _text(value: str) -> str:
    return escape(in_line(value))
