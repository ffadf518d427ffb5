"""Take the picture of the README: the page of a pull request of the demo, out of a real sandbox, by a real Chromium.

python -m tools.picture        # writes docs/pictures/pull-request.png
"""

import os
import shutil
import sys
import tempfile

from playwright.sync_api import sync_playwright

from engine.sandbox.scenarios.play import Play
from engine.sandbox.scenarios.stories import bad
from engine.sandbox.whole import SetUp, whole

FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "pictures", "pull-request.png")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WIDTH, _HEIGHT = 1000, 1300


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Play the story up to the failed policy, and look at the page as its author."""

    program = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if program is None:
        sys.exit(f"no browser on PATH ({', '.join(_BROWSERS)})")
    os.makedirs(os.path.dirname(FILE), exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as state,
        whole(state, SetUp(), lasting=False) as told,
        tempfile.TemporaryDirectory() as clone,
        sync_playwright() as playwright,
    ):
        play = Play(told, _say, clone)
        pull = play.push("alice", "uploads", bad(), "A bucket for uploads")
        play.failed(pull)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
        page.goto(f"{told['url']}/login")
        page.get_by_role("button", name="alice", exact=False).first.click()
        page.goto(pull.url)
        page.screenshot(path=FILE)
        browser.close()


if __name__ == "__main__":
    main()
