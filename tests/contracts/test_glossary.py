"""The glossary has each word once, and each is linked from where it is used; links between pages lead somewhere."""

import re

import pytest

from tests.support.consoles import PAGES, ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r'^\| <a id="([a-z-]+)"></a>\*\*([^*]+)\*\* \| ', GLOSSARY, re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def links():
    """(page, what it links to) of everything but the web."""
    for page in (*PAGES, *sorted((ROOT / "docs" / "reference").glob("*.md"))):
        for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
            if not target.startswith(("http:", "https:")):
                yield page, target


def anchors(text):
    """What a link may lead to in a page, as GitHub makes anchors of headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


def test_each_word_is_there_once_in_order_and_linked_from_another_page():
    words = [word.casefold() for _, word in TERMS]
    rows = [line for line in GLOSSARY.splitlines() if line.startswith('| <a id="')]
    assert len(rows) == len(TERMS)
    assert sorted(set(words), key=lambda word: word.removeprefix("a ")) == words
    linked = {target.partition("#")[2] for page, target in links() if target.partition("#")[0].endswith("glossary.md")}
    assert linked - {""} == {anchor for anchor, _ in TERMS}


@pytest.mark.parametrize("page", sorted({page for page, _ in links()}), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for _, target in (link for link in links() if link[0] == page):
        name, _, anchor = target.partition("#")
        there = (page.parent / name) if name else page
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there.read_text(encoding="utf-8")), target


def test_every_page_is_named_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in PAGES[1:]}
    assert {name for name in pages if f"docs/{name}" not in readme} <= {
        "conftest.md",
        "jobs.md",
        "reliability.md",
        "store.md",
    }
