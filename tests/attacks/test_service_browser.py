"""The pages of `engine serve` in a real Chromium, attacked by other pages and by what comes while somebody looks."""

from contextlib import contextmanager

import pytest

from tests.support.browser import BROKEN, NASTY, chromium, elsewhere
from tests.support.serving import listening

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with listening(tmp_path_factory.mktemp("attacked")) as one:
        one.pull(5)
        one.ran("r", "failed")
        one.delivered("d-2", "failed")
        yield one


@contextmanager
def session(browser, made, name=""):
    context = browser.new_context(base_url=f"http://127.0.0.1:{made.port}")
    context.set_default_timeout(120_000)
    page = context.new_page()
    if name:
        page.goto("/sign-in")
        page.fill("#secret", made.tokens[name])
        page.click("main button")
        page.wait_for_url("**/")
    try:
        yield page
    finally:
        context.close()


def test_what_comes_while_one_looks_is_text_too(browser, made):
    with session(browser, made) as page:
        said = []
        page.expose_function("hurt", lambda number: said.append(number))  # noqa: PLW0108 - playwright marks what it calls
        page.goto("/pulls")
        page.wait_for_selector(".live:not([hidden])")
        made.pull(6, title=f"Later {NASTY}")
        page.wait_for_selector("text=Later", timeout=15_000)
        found = page.evaluate(BROKEN)
        assert (found["scripts"], found["handlers"], found["links"], found["headings"]) == (0, 0, 0, 1)
        page.evaluate("hurt(0)")
        assert said == [0]


def test_a_page_may_do_only_what_its_policy_lets_it(browser, made):
    """Even if a script got into one: it is not run, and nothing could be sent elsewhere."""
    with session(browser, made, "ann") as page:
        page.goto("/pulls")
        page.evaluate(
            """() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';
            document.body.append(one); }"""
        )
        assert page.evaluate("window.ran") is None
        sent = page.evaluate("() => fetch('http://127.0.0.1:1/x').then(() => 'sent').catch(() => 'refused')")
        assert sent == "refused"
        assert page.evaluate("document.cookie") == ""


SITES = [
    ("another port, which is the same site to cookies", "127.0.0.1", "unsafe-url"),
    ("another name, which is another site", "localhost", "no-referrer"),
]


@pytest.mark.parametrize(("why", "host", "policy"), SITES, ids=[row[0] for row in SITES])
def test_a_form_on_another_page_does_nothing(browser, made, why, host, policy):
    base, before = f"http://127.0.0.1:{made.port}", made.said()
    kinds = {
        "/freeze": "",
        "/runs/gh-r/resume": "text/plain",
        "/deliveries/d-2/redeliver": "",
        "/sign-out": "multipart/form-data",
        "/api/v1/freeze": "text/plain",
    }
    forms = "".join(
        f'<form id="f{number}" method="post" action="{base}{path}" enctype="{kind}"><input name="state" value="on">'
        '<input name="reason" value="x"></form>'
        for number, (path, kind) in enumerate(kinds.items())
    )
    html = f'<meta name="referrer" content="{policy}">{forms}'
    with elsewhere(html, host) as there, session(browser, made, "ann") as page:
        for number in range(len(kinds)):
            page.goto(there)
            with page.expect_navigation() as answer:
                page.evaluate(f"document.getElementById('f{number}').submit()")
            assert answer.value.status in (401, 403), (why, number)
        page.goto("/")
        assert page.get_by_role("button", name="Sign out").count() == 1, "still signed in, as herself"
    assert made.said() == before
    assert made.runs.get("gh-r").state == "failed"
    assert made.inbox.get("d-2").state == "failed"


def test_a_page_elsewhere_shows_nothing_of_ours_and_reads_nothing(browser, made):
    base = f"http://127.0.0.1:{made.port}"
    html = f"<iframe src='{base}/pulls'></iframe><object data='{base}/pulls'></object><embed src='{base}/pulls'>"
    with elsewhere(html) as there, session(browser, made, "ann") as page:
        page.goto(there)
        page.wait_for_timeout(300)
        shown = [frame for frame in page.frames if frame != page.main_frame]
        assert all("Pull requests" not in frame.content() for frame in shown), "no clickjacking"
        for path in ("/api/v1/pulls", "/metrics", "/live", "/pulls"):
            read = page.evaluate(
                "url => fetch(url, {credentials: 'include'}).then(one => one.text()).catch(() => 'refused')",
                base + path,
            )
            assert read == "refused", path
        loaded = page.evaluate(
            """url => new Promise(done => { const one = document.createElement('script'); one.src = url;
            one.onload = () => done('ran'); one.onerror = () => done('refused'); document.body.append(one); })""",
            f"{base}/api/v1/pulls",
        )
        assert loaded == "refused"


def test_a_link_from_elsewhere_finds_one_signed_in(browser, made):
    """A check on GitHub leads here."""
    link = f"<a href='http://127.0.0.1:{made.port}/freeze'>here</a>"
    with elsewhere(link, "localhost") as there, session(browser, made, "ann") as page:
        page.goto(there)
        page.click("a")
        page.wait_for_url("**/freeze")
        assert page.get_by_role("button", name="Sign out").count() == 1


def test_a_deed_by_hand(browser, made):
    with session(browser, made, "ann") as page:
        page.goto("/freeze")
        page.select_option("select[name=environment]", "production")
        page.get_by_label("Why", exact=True).last.fill("<b>by hand</b>")
        page.get_by_role("button", name="Freeze", exact=True).click()
        page.wait_for_selector("text=<b>by hand</b>")
        assert made.said()[-1] == ("on", "ann")
