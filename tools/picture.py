"""Take the pictures of the README: the page of a pull request of the demo, out of a real sandbox, by a real Chromium.

python -m tools.picture        # writes docs/pictures/pull-request.png and applied.png
"""

import os
import shutil
import sys
import tempfile

from playwright.sync_api import sync_playwright

from engine.sandbox.scenarios.play import Play
from engine.sandbox.scenarios.stories import UPLOADS, bad, mended
from engine.sandbox.whole import SetUp, whole

PLACE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "pictures")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WIDTH, _HEIGHT = 1000, 1300


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Play the story, and look at the page as its author: at the failed policy, and when it is applied."""
    program = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if program is None:
        sys.exit(f"no browser on PATH ({', '.join(_BROWSERS)})")
    os.makedirs(PLACE, exist_ok=True)
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
        page.screenshot(path=os.path.join(PLACE, "pull-request.png"))
        play.push("alice", "uploads", mended(), "Keep the bucket to ourselves")
        play.passed(pull)
        play.approve("ann", pull)
        play.merged(pull)
        play.applied(pull, UPLOADS)
        page.goto(pull.url)
        page.locator("article.spoken summary", has_text="done").last.click()
        page.locator("article.spoken", has_text="What was done").last.screenshot(
            path=os.path.join(PLACE, "applied.png")
        )
        browser.close()


if __name__ == "__main__":
    main()
