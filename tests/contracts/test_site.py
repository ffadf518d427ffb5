"""The pages build as a site, strictly; whoever looks at it asks no other host for anything."""

import http.server
import os
import subprocess
import sys
import threading
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.support.browser import chromium
from tests.support.consoles import PAGES, ROOT
from tests.support.npm import needs_npm

pytestmark = [pytest.mark.slow, *needs_npm]  # Mermaid comes from npm
SHOWN = ("index.html", "COMPLETE-PIPELINE-SETUP-GUIDE.html", "controls.html", "reference/commands.html")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Where it lies, and where it is served."""
    folder = tmp_path_factory.mktemp("site")
    words = [os.path.join(os.path.dirname(sys.executable), "mkdocs"), "build", "--strict", "--site-dir", str(folder)]
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield folder, f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def test_every_page_is_there_and_leads_nowhere_that_is_not(site):
    folder, _ = site
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert {f"{page.stem}.html" for page in PAGES[1:]} <= made
    assert "index.html" in made, "README"


@pytest.mark.browser
def test_nobody_else_is_asked_for_anything(site):
    """Pages are opened, a diagram is drawn, something is searched for: each request is the site's own."""
    _, url = site
    with chromium() as browser:
        page = browser.new_page()
        asked, broken = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("response", lambda answer: broken.append(answer.url) if answer.status >= 400 else None)
        for name in SHOWN:
            page.goto(url + name, wait_until="networkidle")
        page.goto(url + SHOWN[1], wait_until="networkidle")
        page.wait_for_selector("div.mermaid", timeout=60_000)
        box, meta = (
            page.locator("input.md-search__input"),
            "document.querySelector('.md-search-result__meta').textContent",
        )
        box.click()
        page.wait_for_function(f"!{meta}.includes('Initializing')", timeout=60_000)  # before that it hears nothing
        box.press_sequentially("digest key")  # it listens to keys
        page.wait_for_selector("li.md-search-result__item", state="attached", timeout=60_000)
    hosts = {urlsplit(one).netloc for one in asked if not one.startswith(("data:", "blob:"))}
    assert (hosts, broken) == ({urlsplit(url).netloc}, [])
    assert any(one.endswith("/assets/mermaid.min.js") for one in asked)
    assert len(asked) > len(SHOWN)
