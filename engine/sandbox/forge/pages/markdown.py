"""Markdown as GitHub shows it, and nothing in it that could act: no script, no form, no image from elsewhere.

markdown-it makes HTML of it, nh3 lets through what a text may hold, `images` turns what would be loaded into links.
A text is rendered once and remembered; what its mentions lead to is looked up before, since that changes.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from html.parser import HTMLParser
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from markupsafe import Markup

from engine import unseen
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import code
from engine.sandbox.forge.pages.asked import link, within

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MENTION = re.compile(r"(?<![\w/@`-])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?:/([A-Za-z0-9-]{1,100}))?(?![\w@])")
_REFERENCE = re.compile(r"(?<![\w/#&-])(?:([A-Za-z0-9-]+/[\w.-]+))?#(\d{1,9})\b")
_FOUND = re.compile(f"{_MENTION.pattern}|{_REFERENCE.pattern}")
_EMOJI = re.compile(r":([a-z0-9_+-]{1,30}):")
# fmt: off
EMOJI = {
    "+1": "👍", "-1": "👎", "bell": "🔔", "boom": "💥", "broom": "🧹", "bug": "🐛", "bulb": "💡", "clock1": "🕐",
    "construction": "🚧", "eyes": "👀", "fire": "🔥", "gear": "⚙️", "green_circle": "🟢", "heart": "❤️",
    "heavy_check_mark": "✔️", "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "information_source": "ℹ️",
    "key": "🔑", "link": "🔗", "lock": "🔒", "mag": "🔍", "memo": "📝", "no_entry": "⛔", "no_entry_sign": "🚫",
    "octagonal_sign": "🛑", "package": "📦", "pencil": "📝", "pushpin": "📌", "question": "❓", "red_circle": "🔴",
    "rocket": "🚀", "rotating_light": "🚨", "shield": "🛡️", "smile": "😄", "snowflake": "❄️", "sparkles": "✨",
    "stop_sign": "🛑", "tada": "🎉", "thumbsdown": "👎", "thumbsup": "👍", "unlock": "🔓", "warning": "⚠️",
    "wastebasket": "🗑️", "white_check_mark": "✅", "wrench": "🔧", "x": "❌", "yellow_circle": "🟡", "zap": "⚡",
}
# fmt: on
_TAGS = """a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s
samp section small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var"""
# More of these than any report has: read as Markdown, such a text takes seconds; it is shown as it was written.
_HEAVY = {"[": 4000, "|": 8000, "<": 8000}
_CELL = {"align", "colspan", "rowspan"}
_ATTRIBUTES = {
    "*": {"id", "title"},
    "a": {"href"},
    "details": {"open"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": _CELL,
    "th": _CELL,
}
_ALERTS = ("note", "tip", "important", "warning", "caution")
_CLASSES = {
    "a": {"mention", "reference", "footnote-backref"},
    "div": {"markdown-alert", *(f"markdown-alert-{name}" for name in _ALERTS)},
    "li": {"task-list-item", "footnote-item"},
    "p": {"markdown-alert-title"},
    "section": {"footnotes"},
    "span": {"task", *code.CLASSES},
    "sup": {"footnote-ref"},
    "ul": {"contains-task-list"},
}


def rendered(
    forge: Forge, sees: Callable[[Row], bool], repo: Row, text: str | None, name: str, *, file: str = ""
) -> Markup:
    """A text of `repo` as markup. `name` tells it from others on the page; `file` is the path of one in the repository,
    whose lines are not broken and whose links are relative to its place.
    """
    if not text or not text.strip():
        return Markup("")
    found: dict[str, str] = {}
    for match in _FOUND.finditer(text):
        if match[0] not in found and len(found) < 200:
            to = _to(forge, sees, repo, match)
            if to:
                found[match[0]] = to
    return _render(text, name, tuple(found.items()), file)


def _to(forge: Forge, sees: Callable[[Row], bool], repo: Row, match: re.Match[str]) -> str | None:
    login, team, elsewhere, number = match.groups()
    if login:
        account = forge.kept.row("SELECT * FROM accounts WHERE lower(login) = lower(?) AND NOT deleted", login)
        if account is None or not team:
            return link(account["login"]) if account else None
        slug = forge.kept.value("SELECT slug FROM teams WHERE organization = ? AND slug = ?", account["id"], team)
        return link("orgs", account["login"], "teams", slug) if slug else None
    if elsewhere:
        found = forge.repository(*elsewhere.split("/"))
        if found is None or not sees(found):
            return None
        repo = found
    if not repo:
        return None
    sql = "SELECT p.id AS pull FROM issues i LEFT JOIN pulls p ON p.id = i.id WHERE i.repository = ? AND i.number = ?"
    issue = forge.kept.row(sql, repo["id"], int(number))
    return within(repo, "pull" if issue["pull"] else "issues", number) if issue else None


@lru_cache(maxsize=2000)
def _render(text: str, name: str, links: Sequence[tuple[str, str]], file: str) -> Markup:
    import nh3

    shown = "".join(_visible(text))
    if any(shown.count(sign) > most for sign, most in _HEAVY.items()):
        return Markup("<pre>{}</pre>").format(shown)
    html = _reader(not file).render(shown, {"links": dict(links)})

    def attribute(_: str, key: str, value: str) -> str | None:
        if key in ("href", "src"):
            if value.startswith("#"):
                return f"#user-content-{name}-{value[1:]}"
            if file and "://" not in value and not value.startswith(("/", "mailto:")):
                return urljoin(file, value)
        return value

    clean = nh3.clean(
        html,
        tags=set(_TAGS.split()),
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "title", "textarea", "select"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=attribute,
        allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
        id_prefix=f"user-content-{name}-",
        link_rel="nofollow noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
    )
    return Markup(images(clean))  # noqa: S704 - what nh3 let through


def _visible(text: str) -> list[str]:
    """What turns the order of reading round, and controls, as escapes; what has no width may be part of an emoji."""
    parts, at = [], 0
    for found in unseen.forbidden(text):
        parts += [text[at : found.at], unseen.name(found.character)]
        at = found.at + len(found.character)
    return [*parts, text[at:]]


@cache
def _reader(breaks: bool) -> "MarkdownIt":
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin

    options = {"html": True, "linkify": True, "breaks": breaks, "highlight": _highlight}
    made = MarkdownIt("gfm-like2", options).use(footnote_plugin)
    made.disable("footnote_inline")
    made.core.ruler.push("forge", _tokens)
    made.add_render_rule("list_item_open", _task)
    return made


def _task(reader: Any, tokens: "Sequence[Token]", at: int, options: Any, env: Any) -> str:
    """An item of a list; what is to do has a sign before it, where GitHub has an input that nobody can use."""
    opened = str(reader.renderToken(tokens, at, options, env))
    done = (tokens[at].meta or {}).get("checked")
    return opened if done is None else f'{opened}<span class="task">{"☑" if done else "☐"}</span> '


def _highlight(source: str, language: str, _: str) -> str:
    return str(code.coloured(source, language=language))


def _tokens(state: Any) -> None:
    """Mentions, references and emoji as what they mean; headings with a name, below the page's own; cells without the
    style that the page's policy forbids.
    """
    names: Counter[str] = Counter()
    for token, after in zip_longest(state.tokens, state.tokens[1:]):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        if token.type == "heading_open":
            name = re.sub(r"[^\w -]", "", after.content.lower()).strip().replace(" ", "-")
            token.attrs["id"] = f"{name}-{names[name]}" if names[name] else name
            names[name] += 1
        elif token.type in ("th_open", "td_open"):
            style = token.attrs.pop("style", "")
            if style:
                token.attrs["align"] = str(style).rpartition(":")[2]
        elif token.type == "inline" and token.children:
            token.children = _inline(token.children, state.env["links"], type(token))


def _inline(children: "list[Token]", links: Mapping[str, str], make: "type[Token]") -> "list[Token]":
    made, inside = [], 0
    for child in children:
        inside += child.nesting if child.type in ("link_open", "link_close") else 0
        if child.type == "text":
            text = _EMOJI.sub(lambda match: EMOJI.get(match[1], match[0]), child.content)
            made.append(make("html_inline", "", 0, content=escape(text) if inside else _linked(text, links)))
        else:
            made.append(child)
    return made


def _linked(text: str, links: Mapping[str, str]) -> str:
    parts, at = [], 0
    for match in _FOUND.finditer(text):
        to = links.get(match[0])
        if to:
            kind = "mention" if match[1] else "reference"
            parts.append(
                f'{escape(text[at : match.start()])}<a class="{kind}" href="{escape(to)}">{escape(match[0])}</a>'
            )
            at = match.end()
    return "".join([*parts, escape(text[at:])])


def images(html: str) -> str:
    """Clean HTML in which an image is a link to where it is, or its text where it stands in a link already."""
    if "<img" not in html:
        return html
    walk = _Images(convert_charrefs=False)
    walk.feed(html)
    walk.close()
    return "".join(walk.parts)


class _Images(HTMLParser):
    """nh3 writes well-formed HTML; all of it is passed on as it is, but images."""

    def __init__(self, *, convert_charrefs: bool) -> None:
        super().__init__(convert_charrefs=convert_charrefs)
        self.parts: list[str] = []
        self.links = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag, or what stands for an image."""
        self.links += tag == "a"
        if tag != "img":
            self.parts.append(self.get_starttag_text() or "")
            return
        said = dict(attrs)
        text = escape(f"image: {said.get('alt') or said.get('src') or 'without a name'}")
        if self.links or not said.get("src"):
            self.parts.append(f"<span>[{text}]</span>")
        else:
            where = escape(said["src"] or "")
            self.parts.append(f'<a href="{where}" rel="nofollow noopener noreferrer">[{text}]</a>')

    def handle_endtag(self, tag: str) -> None:
        """As it is."""
        self.links -= tag == "a"
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """As it is."""
        self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        """As it is."""
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """As it is."""
        self.parts.append(f"&#{name};")
