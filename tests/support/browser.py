"""A real Chromium: found on PATH, never downloaded."""

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Each would call the function that the test looks for, or break out of an attribute, a tag, a text area, a title.
NASTY = (
    "</title></textarea></option></select></style></script>\"'><script>hurt(1)</script><img src=x onerror=hurt(2)>"
    "<svg onload=hurt(3)><a href=javascript:hurt(4)>x</a><iframe srcdoc='<script>parent.hurt(5)</script>'></iframe>"
    "{{7*7}}{% raw %}&lt;script&gt;hurt(6)&lt;/script&gt;</details></div></main><h1>Broken</h1><plaintext>"
)
# What a page has that none of ours has, after somebody's text got out of its place.
BROKEN = """() => ({
    scripts: document.querySelectorAll('script:not([src]), iframe, svg, plaintext, style, object, base').length,
    handlers: [...document.querySelectorAll('*')].filter(one =>
        [...one.attributes].some(said => said.name.startsWith('on') || said.name == 'style')).length,
    links: [...document.querySelectorAll('a')].filter(one => one.protocol == 'javascript:').length,
    headings: [...document.querySelectorAll('h1')].filter(one => !one.closest('.md')).length,
    mains: document.querySelectorAll('body > main').length,
    footers: document.querySelectorAll('body > footer').length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
})"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Playwright's browser; a machine without one skips the test, in CI it fails."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        assert os.environ.get("CI") != "true", "no Chromium on PATH, and CI must try the pages in one"
        pytest.skip(f"no Chromium on PATH ({', '.join(NAMES)})")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers give no user namespaces, which Chromium's sandbox needs; what it opens here is ours alone.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def elsewhere(html: str, host: str = "127.0.0.1") -> Iterator[str]:
    """Another site's page (another port is the same site to cookies, and another origin)."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
