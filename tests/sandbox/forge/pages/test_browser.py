"""The pages in a real Chromium: used by hand, by keyboard, without scripts, on a phone; and attacked."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.sandbox.forge.serve import running
from tests.support.browser import BROKEN, NASTY, chromium, elsewhere
from tests.support.forge_scene import build

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
LONG = "W" * 300


def nasty(text: str) -> str:
    """A text with everything in it, and a word without end."""
    return f"{text} {NASTY} {LONG}"


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A scene in which every text is an attack; the branch and the file as nasty as git allows."""
    with running(str(tmp_path_factory.mktemp("hostile"))) as forge:
        branch = "<img/src=x/onerror=hurt(7)>'\"&amp;%2e%2e/" + "b" * 100
        path = "<script>hurt(8)<script>/'\"><img src=x onerror=hurt(9)>&#x3c;\u202eodd\x1b\n" + "f" * 100 + ".md"
        made = build(forge, nasty, branch=branch, path=path)
        forge.kept.run(
            "UPDATE accounts SET login = login || ?, name = ? WHERE login = 'alice'", "<b onclick=hurt(1)>", NASTY
        )
        forge.kept.run("UPDATE teams SET name = ?, description = ?", NASTY, NASTY)
        forge.kept.run("UPDATE rulesets SET name = ?", NASTY)
        forge.kept.run("UPDATE labels SET color = ?", '"><script>hurt(1)</script>')
        forge.kept.run("UPDATE apps SET name = ?", NASTY)
        forge.kept.run("UPDATE hooks SET url = ?", f"http://127.0.0.1:9/{NASTY}")
        yield made


@contextmanager
def session(browser, scene, login, size=DESK, **more) -> Iterator:
    """A page in a browser context of its own, signed in with one click."""
    context = browser.new_context(viewport=size, base_url=scene.forge.urls.base, **more)
    context.set_default_timeout(120_000)
    page = context.new_page()
    if login:
        page.goto("/login")
        page.get_by_role("button", name=login).click()
    try:
        yield page
    finally:
        context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_runs_and_nothing_breaks_whatever_is_written(browser, hostile, size):
    said: list[int] = []
    broken: dict[str, object] = {}

    def hurt(number: int) -> None:
        said.append(number)

    with session(browser, hostile, "olga", size) as page:
        page.expose_function("hurt", hurt)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        for name, path in hostile.pages.items():
            answer = page.goto(path)
            assert answer.status == (404 if name == "nowhere" else 200), name
            for details in page.locator("details").all():
                details.evaluate("one => one.open = true")
            found = page.evaluate(BROKEN)
            right = {"scripts": 0, "handlers": 0, "links": 0, "headings": 1, "mains": 1, "footers": 1, "wide": 0}
            if found != right:
                broken[name] = {key: value for key, value in found.items() if value != right[key]}
        assert [url for url in asked if not url.startswith(hostile.forge.urls.base)] == []
        page.evaluate("hurt(0)")  # by the test: so it would have been heard
    assert (said, broken) == ([0], {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_on_a_phone(browser, scene, scheme):
    with session(browser, scene, "olga", PHONE, color_scheme=scheme) as page:
        for name, path in scene.pages.items():
            page.goto(path)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, name


def test_a_pull_request_is_approved_with_the_keyboard_alone(browser, scene):
    with session(browser, scene, None) as page:
        page.goto(scene.conflict)
        _tab_to(page, "carol")
        page.keyboard.press("Enter")
        page.wait_for_selector("#answer")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        _tab_to(page, "Your words (Markdown)")
        page.keyboard.type("By keyboard")
        _tab_to(page, "Approve")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus is seen"
        page.keyboard.press("Enter")
        page.wait_for_selector("article.review.approved")
        assert "By keyboard" in page.inner_text("article.review.approved")


def _tab_to(page, name: str) -> None:
    """Press Tab until what has this name (its label, or its own words) has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "() => { const one = document.activeElement; const label = one.labels && one.labels[0];"
            " return [one.textContent, label ? label.querySelector('span').textContent : ''].map(text => text.trim()) }"
        )
        if name in said or said[0].split()[:1] == [name]:
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_everything_works_without_scripts(browser, scene):
    with session(browser, scene, "bob", java_script_enabled=False) as page:
        page.goto("/acme/dev-deployment/issues/new")
        page.get_by_label("Title").fill("Without a script")
        page.get_by_role("button", name="Open the issue").click()
        page.get_by_label("Your words (Markdown)").fill("**Works**")
        page.get_by_role("button", name="Comment", exact=True).click()
        assert page.locator("article .md strong").inner_text() == "Works"
        page.get_by_text("Edit title").click()
        page.get_by_label("Title").fill("Still without")
        page.get_by_role("button", name="Save").first.click()
        assert page.locator("h1").inner_text().startswith("Still without")
        page.get_by_role("button", name="Sign out").click()
        assert page.locator("h1").inner_text() == "Sign in"


def test_a_refusal_is_read_where_it_happened(browser, scene):
    with session(browser, scene, "alice") as page:
        page.goto(scene.pull)
        page.get_by_label("Your words (Markdown)").fill("My own <b>work</b>\n</textarea>")
        page.get_by_role("button", name="Approve").click()
        assert "approve your own pull request" in page.get_by_role("alert").inner_text()
        assert page.get_by_label("Your words (Markdown)").input_value() == "My own <b>work</b>\n</textarea>"
        assert "<b>" not in page.get_by_role("alert").inner_html()


def test_unseen_characters_come_back_from_a_form_as_they_were(browser, scene):
    from engine.sandbox.forge.tracker import issues
    from tests.support.forge_scene import as_user

    title = "a\u202eb\u00a0c\u200dd"
    repo = scene.forge.repository("acme", "dev-deployment")
    made = issues.create(scene.forge, as_user(scene.forge, "bob"), repo, title, None)
    number = scene.forge.kept.value("SELECT number FROM issues WHERE id = ?", made)
    with session(browser, scene, "bob") as page:
        page.goto(f"/acme/dev-deployment/issues/{number}")
        assert page.locator("h1").inner_text().startswith("a\\u202eb")
        page.get_by_text("Edit title").click()
        assert page.get_by_label("Title").input_value() == title
        page.get_by_role("button", name="Save").first.click()
    assert scene.forge.kept.value("SELECT title FROM issues WHERE id = ?", made) == title


SITES = [
    ("another port, which is the same site to cookies", "127.0.0.1"),
    ("another name, which is another site", "localhost"),
]


@pytest.mark.parametrize(("why", "host"), SITES, ids=[row[0] for row in SITES])
@pytest.mark.parametrize("policy", ["unsafe-url", "no-referrer"])
def test_a_form_on_another_page_does_nothing(browser, scene, why, host, policy):
    before = _counted(scene)
    base = scene.forge.urls.base
    forms = "".join(
        f'<form id="f{number}" method="post" action="{base}{path}"><input name="body" value="x">'
        '<input name="review" value="APPROVE"><input name="account" value="3"><input name="method" value="merge">'
        "</form>"
        for number, path in enumerate(
            [f"{scene.pull}/comments", f"{scene.pull}/merge", f"{scene.pull}/close", "/login", "/logout"]
        )
    )
    with (
        elsewhere(f'<meta name="referrer" content="{policy}">{forms}', host) as there,
        session(browser, scene, "olga") as page,
    ):
        for number in range(5):
            page.goto(there)
            with page.expect_navigation() as answer:
                page.evaluate(f"document.getElementById('f{number}').submit()")
            assert answer.value.status in (403, 421), (why, number)
        page.goto(base)
        assert page.locator("h1").inner_text() == "Hello, olga", "still signed in, as herself"
    assert _counted(scene) == before


def _counted(scene) -> list[int]:
    tables = ("comments", "reviews", "timeline", "pulls WHERE merged = 1", "issues WHERE state = 'open'")
    return [scene.forge.kept.value(f"SELECT count(*) FROM {table}") for table in tables]


def test_a_page_elsewhere_reads_nothing_and_shows_nothing_of_ours(browser, scene):
    base = scene.forge.urls.base
    html = f"<iframe src='{base}{scene.pull}'></iframe>"
    with elsewhere(html) as there, session(browser, scene, "olga") as page:
        page.goto(there)
        page.wait_for_timeout(300)
        shown = [frame for frame in page.frames if frame != page.main_frame]
        assert all("orders" not in frame.content() for frame in shown), "no clickjacking"
        read = page.evaluate(
            "url => fetch(url, {credentials: 'include'}).then(answer => answer.text()).catch(() => 'refused')",
            base + scene.pull,
        )
        assert read == "refused" or "sandbox; it answers" in read
        opened = page.evaluate("url => { const other = window.open(url); return other === null || other.closed }", base)
        assert opened in (True, False)
