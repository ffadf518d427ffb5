"""The page in a pack, in a real browser: whatever stands in the trail is text there, and nobody is asked anything."""

import pytest

from engine.core.audit import page
from engine.core.audit.record import Record, Said
from tests.support.browser import chromium

MARKUP = (
    "<script>document.title='owned'</script><img src=http://127.0.0.1:9/x onerror=document.title='owned'>"
    "</td></table><style>body{display:none}</style>\u202e\u2028\x00'\"&lt;"
)


def everywhere(text):
    """A record in which it stands wherever a text can."""
    actor = {"login": text, "id": 1}
    details = {"commit": text, "author": actor, "environment": text, "counts": {text: 1}}
    details["verdict"] = {"sequence": 1, "result": text}
    for what in ("plan", "approval", "override", "merge", "apply"):
        outcome = "completed" if what == "merge" else text
        yield Record(1, text, text, Said(what, outcome, text, 7, text, text, actor, details))


@pytest.mark.browser
def test_markup_in_every_field_is_text(tmp_path):
    file = tmp_path / "page.html"
    file.write_bytes(page.render(MARKUP, 7, MARKUP, everywhere(MARKUP), [MARKUP]))
    with chromium() as browser:
        shown = browser.new_page()
        asked, said = list[str](), list[str]()
        shown.on("request", lambda one: asked.append(one.url))
        shown.on("console", lambda one: said.append(one.text))
        shown.goto(file.as_uri())
        assert asked == [file.as_uri()]
        assert said == []
        assert shown.title() != "owned"
        assert shown.locator("body script, body style, img, a, iframe, form").count() == 0
        assert shown.locator("tbody tr").count() == 5
        assert shown.locator("body").is_visible()
        assert "<script>" in shown.locator("tbody td").nth(2).inner_text()
        assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
