"""The engine's pages in a real Chromium: attacked, without scripts, on a phone, by keyboard, kept up to date."""

from contextlib import contextmanager
from typing import Any

import pytest

from engine.run.kept import board
from engine.service import live
from tests.service.test_pages import PATHS
from tests.support.board import entry
from tests.support.browser import NASTY as SCRIPTS
from tests.support.browser import chromium
from tests.support.life import REPO, everything
from tests.support.serving import listening

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
NASTY = f" {SCRIPTS}\u202e\u200b{'W' * 300}"


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    before, live._BOARD_S = live._BOARD_S, 0.2  # somebody who looks on waits for seconds
    with listening(tmp_path_factory.mktemp("calm")) as scene:
        everything(scene)
        yield scene
    live._BOARD_S = before


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    with listening(tmp_path_factory.mktemp("hostile")) as scene:
        everything(scene, NASTY)
        yield scene


@contextmanager
def session(browser, scene, who="ann", size=DESK, **more):
    context = browser.new_context(viewport=size, base_url=f"http://127.0.0.1:{scene.port}", **more)
    context.set_default_timeout(120_000)
    page = context.new_page()
    try:
        if who:
            page.goto("/sign-in")
            page.fill("#secret", scene.tokens[who])
            page.click("#sign-in button")
        yield page
    finally:
        context.close()


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_script_in_every_field(browser, hostile):
    """What nobody may do on a page: run a script, ask another address, draw over it, break out of its place."""
    with session(browser, hostile) as page:
        hurt, asked, refused = [], [], []

        def hurts(what):
            hurt.append(what)

        page.expose_function("hurt", hurts)
        page.on("dialog", lambda dialog: hurts(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("pageerror", lambda error: hurt.append(str(error)))
        for path in PATHS:
            page.goto(path)
            page.wait_for_load_state("load")
            assert page.locator("h1").count() == 1, path
            assert page.locator("main img, main svg, main iframe, main script, main plaintext").count() == 0, path
            assert page.locator("footer").count() == 1, path
            assert overflow(page) <= 0, path
            for href in page.eval_on_selector_all("a", "all => all.map(one => one.href)"):
                assert href.startswith(f"http://127.0.0.1:{hostile.port}/"), href
        assert (hurt, refused) == ([], [])
        assert all(url.startswith(f"http://127.0.0.1:{hostile.port}/") for url in asked)


def test_a_name_with_everything_in_it_still_leads_to_what_it_can_unblock(browser, hostile):
    with session(browser, hostile) as page:
        page.goto(f"/pulls/{REPO}/7")
        page.locator(".waits a", has_text="bob").first.click()
        assert page.locator(".pulls .title").all_inner_texts() == [f"{REPO}#7"]
        assert page.input_value("input[name=who]") == f"bob{NASTY}"
        page.click("text=Show")
        assert page.locator(".pulls .title").all_inner_texts() == [f"{REPO}#7"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(browser, calm, hostile, scheme):
    for scene in (calm, hostile):
        with session(browser, scene, size=PHONE, color_scheme=scheme) as page:
            for path in PATHS:
                page.goto(path)
                assert overflow(page) <= 0, path


def test_without_scripts_everything_is_there_and_can_be_done(browser, calm):
    with session(browser, calm, java_script_enabled=False) as page:
        page.goto("/")
        page.click(f"text={REPO}#8")
        assert "a push that mends it" in page.inner_text("main")
        page.goto("/freeze")
        page.select_option("select[name=environment]", "development")
        page.fill("#new ~ form [name=reason]", "a drill")
        page.click("#new ~ form button")
        assert "development: a drill" in page.inner_text("main")
        with page.expect_navigation():
            page.locator(".frozen", has_text="a drill").locator("[name=reason]").fill("it is over")
            page.locator(".frozen", has_text="a drill").locator("button").click()
        assert "a drill" not in page.inner_text("main")


def test_a_page_keeps_itself_up_to_date_and_leaves_alone_what_somebody_types(browser, calm):
    with session(browser, calm) as page:
        page.goto("/pulls")
        page.wait_for_selector(".live:not([hidden])", state="attached")
        board.keep(calm.store, entry(50, repo=REPO, title="Came just now"), [])
        page.wait_for_selector("text=Came just now", timeout=60_000)
        page.focus("input[name=text]")
        page.keyboard.type("half a wo")
        board.keep(calm.store, entry(51, repo=REPO, title="And another"), [])
        page.wait_for_timeout(2_500)
        assert page.input_value("input[name=text]") == "half a wo"
        assert page.locator("text=And another").count() == 0


def test_what_is_folded_stays_so_when_the_page_changes(browser, calm):
    with session(browser, calm) as page:
        page.goto(f"/pulls/{REPO}/7")
        page.wait_for_selector(".live:not([hidden])", state="attached")
        page.click("details.quiet > summary")
        page.click(".gate.pending summary")
        before = page.eval_on_selector_all("details", "all => all.map(one => one.open)")
        kept: Any = board.get(calm.store, REPO, 7)
        board.keep(calm.store, kept.entry._replace(title="Changed meanwhile", at="2030-01-01T00:00:00Z"), kept.gates)
        page.wait_for_selector("h1:has-text('Changed meanwhile')", timeout=60_000)
        assert page.eval_on_selector_all("details", "all => all.map(one => one.open)") == before


def test_by_keyboard(browser, calm):
    with session(browser, calm) as page:
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.goto(f"/pulls/{REPO}/7")
        seen = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.tagName"))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none" or page.evaluate("document.activeElement === document.body")
        assert {"A", "SUMMARY", "PRE", "BUTTON"} <= seen


def test_a_screen_reader_is_told_what_colours_say(browser, calm):
    with session(browser, calm) as page:
        page.goto("/")
        for lane in page.locator("section.lane").all():
            assert lane.get_attribute("aria-labelledby")
        heads = page.locator(".lane table").first.locator("thead th").all_inner_texts()
        assert heads == ["Pull request", "What it waits for", "Who can unblock it", "Since"]
        page.goto(f"/pulls/{REPO}/7")
        assert "waits" in page.inner_text(".gate.pending")
        assert page.locator(".sign:not([aria-hidden=true])").count() == 0


def test_a_page_that_can_no_longer_be_kept_up_to_date_says_so(browser, calm):
    with session(browser, calm) as page:
        page.goto("/pulls")
        page.locator("footer .live").wait_for()
        assert page.locator("footer .stale").is_hidden()
        page.route("**/pulls", lambda route: route.abort())
        board.keep(calm.store, entry(21, repo=REPO, title="One that nobody sees here"), [])
        page.locator("footer .stale").wait_for()
        assert page.locator("footer .live").is_hidden()


def test_the_keyboard_stays_where_it_was_when_the_page_changes(browser, calm):
    with session(browser, calm) as page:
        page.goto(f"/pulls/{REPO}/7")
        page.locator("footer .live").wait_for()
        page.locator("summary").first.focus()
        before = page.evaluate("document.activeElement.textContent")
        kept: Any = board.get(calm.store, REPO, 7)
        board.keep(calm.store, kept.entry._replace(title="Another title"), kept.gates)
        page.locator("h1", has_text="Another title").wait_for()
        assert page.evaluate("document.activeElement.textContent") == before
