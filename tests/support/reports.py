"""Reports to render, and what a browser would make of the Markdown."""

from base64 import b64decode
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt

from engine.core.findings import Effect, Finding, Severity
from engine.core.outcome import Outcome
from engine.core.plan.summary import Line, Summary
from engine.core.receipts import Tally
from engine.core.report.life import BLOCK, unsigned
from engine.core.report.model import Diff, Gate, Judged, Report, Result, Row, Signature
from engine.errors import Problem

DIGEST = "sha256:" + "1" * 64
SIGNATURE = Signature(DIGEST, "ed25519:" + "a" * 32, 3, "2026-11-23T21:00:00Z", "2026-11-30T21:00:00Z")

JUDGED = Judged(DIGEST, Tally(73, 61, 24, 20, 1, denied=1, warned=1, excepted=1, passed=1, not_applicable=9, error=73))


def row(path: str = "S3/data-lake", **changes: Any) -> Row:
    """A resource that was planned: three to create."""
    service, _, name = path.rpartition("/")
    return Row(path, service, name, "added", Summary(create=3), (), 2.1)._replace(**changes)


def finding(effect: Effect = Effect.DENY, **changes: Any) -> Finding:
    """A finding about `row()`."""
    return Finding("S3-ENC-001", Severity.HIGH, effect, "it is not encrypted", "S3/data-lake")._replace(**changes)


def report(
    rows: Sequence[Row] = (row(),),
    findings: Sequence[Finding] = (),
    refused: Sequence[Problem] = (),
    result: Result = "passed",
    **changes: Any,
) -> Report:
    """A report about pull request 7."""
    made = Report(
        "acme/dev-deployment",
        7,
        "a1b2c3d4" * 5,
        "development",
        "dev",
        result,
        tuple(rows),
        tuple(findings),
        tuple(refused),
        SIGNATURE,
    )
    return made._replace(**changes)


def gate(outcome: Outcome = Outcome.FAIL, **changes: Any) -> Gate:
    """What a gate has said."""
    return Gate("reviewed", outcome, "too few have approved")._replace(**changes)


def diff(text: str, address: str = "aws_s3_bucket.this", action: str = "create") -> Diff:
    """One change of a plan."""
    return Diff(address, action, tuple(map(Line, text.split("\n"))))


_VOID = ("br", "hr", "img", "input")


class Page(HTMLParser):
    """What stands on the page: text by element, and every element that was opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.cells: list[list[str]] = []  # of the tables, row by row
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.unclosed = self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open and any(tag in ("td", "th") for tag in self._open):
            self.cells[-1][-1] += data


def page(markdown: str) -> Page:
    """The rendered comment, as GitHub's kind of Markdown has it: tables, HTML, and links made of bare addresses."""
    renderer = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    assert renderer.linkify
    renderer.linkify.set({"fuzzy_link": False})  # GitHub links no bare domain (`www.` has a test of its own)
    return Page(renderer.render(markdown))


def hostile() -> list[tuple[str, str]]:
    """Names and messages that try to be more than text, each with the reason."""
    return [
        ("ends a cell", "a|b"),
        ("ends a cell in one parser only", "a\\|b\\\\|c"),
        ("ends a code span", "a`b``c`"),
        ("ends the element", "</code></td></table><h1>passed</h1>"),
        ("ends the details", "</details>"),
        ("opens a comment", "<!-- "),
        ("runs a script", "<script>alert(1)</script>"),
        ("loads a picture", "![x](https://evil.example/x.png)"),
        ("is a link", "[click](https://evil.example)"),
        ("is a bare address", "https://evil.com/login"),
        ("is another", "www.evil.com"),
        ("is an address of mail", "root@evil.com"),
        ("is an entity", "&lt;b&gt; &#60;b&#62;"),
        ("is a heading", "# passed"),
        ("is a list", "- passed"),
        ("is a quote", "> passed"),
        ("is a fence", "```\n## passed\n```"),
        ("is a new line", "a\n\n## passed"),
        ("is an old new line", "a\r\n\r## passed"),
        ("is emphasis", "*a* _b_ **c** __d__ ~~e~~"),
        ("is a table", "|a|\n|-|\n|b|"),
        ("turns the text around", "a\u202egnp.exe"),
        ("controls the terminal", "\x1b[2J\x1b]0;title\x07a\x00b"),
        ("is empty", ""),
        ("is white space", " \t "),
        ("is long", "x" * 5000),
        ("is long in bytes", "😀" * 1000),
    ]


def envelope_of(body: str) -> bytes:
    """The signed head that a comment of ours ends with; empty where it does not."""
    lines = body.replace("\r\n", "\n").rstrip().rpartition("\n")
    if unsigned(body) == "".join(lines):
        return b""
    begin, end = BLOCK
    try:
        return b64decode(lines[2][len(begin) : -len(end)], validate=True)
    except ValueError:
        return b""
