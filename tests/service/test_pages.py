"""The pages over HTTP: what a newcomer reads there, with whose rights, and whatever does not answer."""

import re
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from engine.run.kept import board
from engine.service import app, rendering, views
from engine.service.health import Component
from engine.service.pages import PAGES
from tests.support.board import entry
from tests.support.life import EVIL, REPO, everything
from tests.support.palette import contrast, palettes
from tests.support.serving import scene as a_scene

PATHS = (
    "/", "/pulls", f"/pulls/{REPO}/7", f"/pulls/{REPO}/14", "/runs", "/runs/gh-d1", "/queue", "/deliveries", "/freeze",
)  # fmt: skip
STYLE = rendering._file("style.css")[1].decode()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with a_scene(tmp_path_factory.mktemp("pages")) as made:
        everything(made)
        yield made


@pytest.fixture(scope="module")
def browser(scene):
    made = scene.browser()
    assert made.sign_in("ann").status == 303
    return made


class Read(HTMLParser):
    """The tags of a page, its words, and whether every tag is closed."""

    VOID = ("meta", "link", "input", "br", "img")

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def test_every_path_is_looked_at_here():
    shapes = [re.sub(r"\{\w+\}", "[^/]+", page.path) for page in PAGES]
    assert all(any(re.fullmatch(shape, path) for path in PATHS) for shape in shapes)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_whole_and_has_nothing_that_the_policy_forbids(browser, path):
    answer = browser.get(path)
    assert answer.status == 200, answer.text
    read = Read(answer.text)
    assert read.open == []
    assert [tag for tag, _ in read.tags].count("h1") == 1
    assert next(attrs for tag, attrs in read.tags if tag == "html")["lang"] == "en"
    for tag, attrs in read.tags:
        assert tag not in ("style", "iframe", "object", "base")
        assert not any(name.startswith("on") or name == "style" for name in attrs), attrs
        assert tag != "script" or attrs.keys() == {"src", "defer"}
        if tag in ("input", "select") and attrs.get("type") != "hidden":
            assert "name" in attrs
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = {attrs["aria-labelledby"] for _, attrs in read.tags if "aria-labelledby" in attrs}
    assert named <= set(ids)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_overview_says_what_waits_for_whom(browser):
    text = Read(browser.get("/").text).text
    for words in (
        "acme/dev-deployment#7 A bucket for the data lake alice, production Passed: waiting for 1 more approval from "
        "reviewers; 2 approvals from security ann , bob , sam , sue , steve",
        "acme/dev-deployment#8 Rotate the keys alice, development Failed: 2 findings deny it, the worst is high alice",
        "acme/dev-deployment#10 A topic alice, development Stale: validating again nobody has to",
        "production is frozen: the auditors are here (olga,",
        "gh-d1",
    ):
        assert words in text


def test_a_run_says_how_far_each_resource_is(browser):
    text = Read(browser.get("/runs/gh-d1").text).text
    assert "Resource How far Time Why S3/data-lake plans" in text


def test_a_pull_request_says_why_and_what_to_write(browser):
    text = Read(browser.get(f"/pulls/{REPO}/7").text).text
    for words in (
        "1 more approval from reviewers : ann , bob", "reviewed waits : 1 approval from reviewers: 0 of 1",
        "environment() == 'production' verdict.environment is \"production\"",
        "carol's approval does not count: she has pushed", "deny high S3-ENC-001 not encrypted", "+ bucket =",
        "approval counted counts for reviewed by bob",
    ):  # fmt: skip
        assert words in text, words
    assert "To write on the pull request: /engine apply" in Read(browser.get(f"/pulls/{REPO}/14").text).text


def test_what_is_applied_after_what_is_said_with_what_became_of_each(browser):
    text = Read(browser.get(f"/pulls/{REPO}/14").text).text
    assert "In which order done KMS/data-key failed S3/data-lake after KMS/data-key stopped SQS/jobs" in text
    assert "In which order" not in browser.get(f"/pulls/{REPO}/7").text, "nothing waits"


@pytest.mark.parametrize(
    ("why", "path", "status"),
    [
        ("a pull request that is not there", f"/pulls/{REPO}/999", 404),
        ("a number that is none", f"/pulls/{REPO}/0x7", 404),
        ("a number without end", f"/pulls/{REPO}/{'9' * 400}", 404),
        ("a repository that is a path", "/pulls/..%2f..%2fetc/passwd/7", 404),
        ("a repository of odd characters", "/pulls/a%00b/%ff/7", 404),
        ("a run that is not there", "/runs/gh-none", 404),
        ("a run that is a path", "/runs/..%2f..%2finbox.db", 404),
        ("a page that is none", "/x", 404),
        ("a place in a list that is none", "/runs?before=x", 200),
        ("a state that is none", "/deliveries?state=%27%22%3E&repo=%ff", 422),
        ("what nobody can read as text", "/pulls?who=%ff%00&text=%F0%9F", 200),
    ],
)
def test_what_is_asked_for_and_is_not_there(browser, why, path, status):
    assert browser.get(path).status == status, why


def test_deeds_are_offered_to_who_may_do_them(scene, browser):
    """The others would only find out by being refused."""
    reader = scene.browser()
    reader.sign_in("eve")
    for path, word in (("/runs/gh-d1", "/cancel"), ("/runs/gh-d3", "/resume"), ("/deliveries", "/redeliver")):
        assert word in browser.get(path).text
        assert word not in reader.get(path).text
        assert word not in scene.browser().get(path).text
    assert 'value="on"' in browser.get("/freeze").text
    assert 'value="on"' not in reader.get("/freeze").text


def test_forms_do_what_they_say(tmp_path):
    with a_scene(tmp_path) as made:
        everything(made)
        ann = made.browser()
        ann.sign_in("ann")
        for path, form in (("/runs/gh-d1", "/runs/gh-d1/cancel"), ("/runs/gh-d3", "/runs/gh-d3/resume"),
                           ("/deliveries", "/deliveries/d2/redeliver")):  # fmt: skip
            page = ann.get(path).text
            token = re.search(rf'action="{form}".*?name="token" value="([^"]+)"', page, re.DOTALL)
            assert token, path
            assert ann.post(form, {"token": token[1]}).status == 303
        after: Any = [made.runs.get("gh-d1"), made.runs.get("gh-d3"), made.inbox.get("d2")]
        assert (after[0].asked_by, after[1].state, after[2].state) == ("ann", "queued", "waiting")


def test_below_a_path_every_link_stays_there(tmp_path):
    with a_scene(tmp_path, root_path="/interlock", host_names=frozenset({"engine.example"})) as made:
        everything(made)
        ann = made.browser(host="engine.example")
        ann.sign_in("ann")
        for path in ("/", f"/pulls/{REPO}/7", "/deliveries"):
            for tag, attrs in Read(ann.get(f"/interlock{path}").text).tags:
                for name in ("href", "src", "action"):
                    if name in attrs and not attrs[name].startswith("#"):
                        assert attrs[name].startswith("/interlock/"), (tag, attrs)


def test_a_store_that_does_not_answer_is_a_page_that_says_so(tmp_path):
    with a_scene(tmp_path) as made:
        everything(made)
        assert made.browser().get("/").status == 200
        (tmp_path / "store" / ".interlock-store").unlink(missing_ok=True)
        for file in (tmp_path / "store").glob(".interlock-store*"):
            file.unlink()
        overview = made.browser().get("/")
        assert overview.status == 200
        assert "ENG190" in overview.text
        assert "acme/dev-deployment#7" in overview.text, "what was known stays"
        broken = made.browser().get(f"/pulls/{REPO}/7")
        assert broken.status == 503
        assert "ENG190" in broken.text


def test_a_record_that_is_none_is_named_and_hides_no_other(tmp_path):
    with a_scene(tmp_path) as made:
        made.store.put_if_absent("board/acme/dev-deployment/0000000005.0000000001", b"{}")
        board.keep(made.store, entry(7, repo=REPO), [])
        text = made.browser().get("/pulls").text
        assert "board/acme/dev-deployment/0000000005.0000000001" in text
        assert "acme/dev-deployment#7" in text


def test_a_page_reads_no_record_twice(tmp_path, monkeypatch):
    with a_scene(tmp_path) as made:
        for number in range(1, 41):
            board.keep(made.store, entry(number, repo=REPO), [])
        first = made.browser().get("/pulls").text
        reads, get = [], made.store.get

        def counted(key):
            reads.append(key)
            return get(key)

        monkeypatch.setattr(made.store, "get", counted)
        assert made.browser().get("/pulls").text.count("</tr>") == first.count("</tr>") == 41
        assert not [key for key in reads if key.startswith("board/")]


def test_what_pages_are_made_with_is_kept_by_browsers_and_tells_nothing(scene):
    for name in rendering._STATIC:
        answer = scene.browser(client="192.0.2.1").get(f"/static/{rendering._file(name)[0]}")
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
    assert "url(" not in STYLE
    assert "@import" not in STYLE


PAIRS = [
    *(
        (ink, ground, 4.5)
        for ink in ("ink", "dim", "accent", "good", "bad", "wait")
        for ground in ("paper", "sheet", "sunk")
    ),
    *(("ink", ground, 4.5) for ground in ("ins", "del", "mod")),
    ("on", "button", 4.5),
    *(("focus", ground, 3.0) for ground in ("paper", "sheet", "sunk")),
    *(("dim", ground, 3.0) for ground in ("paper", "sheet")),  # the edge of what can be typed into
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrast(scheme, ink, ground, least):
    palette = palettes(STYLE)[scheme]
    assert contrast(palette[ink], palette[ground]) >= least


def test_the_sheet_names_no_colour_outside_of_the_palettes():
    rest = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl\(", rest) == []


def test_no_template_turns_escaping_off():
    for file in Path(rendering.HERE, "templates").glob("*.html"):
        text = file.read_text()
        assert "autoescape" not in text, file
        assert re.findall(r"\|\s*safe", text.replace("' aria-current=\"page\"' | safe", "")) == [], file


def test_what_others_write_is_text_on_every_page(tmp_path):
    """In a browser: `tests/attacks/test_pages.py`."""
    with a_scene(tmp_path) as made:
        everything(made, EVIL)
        for path in PATHS:
            read = Read(made.browser().get(path).text)
            assert not any(tag == "img" for tag, _ in read.tags), path
            assert sum(tag == "script" for tag, _ in read.tags) == 1, path
            assert "49" not in re.sub(r"\d\d:\d\d:\d\d", "", read.text).split(), path
            assert "\u202e" not in read.text, path


@pytest.mark.parametrize("path", ["/runs", "/deliveries"])
def test_what_comes_earlier_is_of_the_state_and_the_repository_that_were_asked_for(tmp_path, monkeypatch, path):
    monkeypatch.setattr(views, "PAGE", 1)
    with a_scene(tmp_path) as one:
        for number in range(3):
            one.ran(f"r{number}", "failed")
            one.delivered(f"d{number}", "failed")
        shown = one.ask("GET", f"{path}?state=failed&repo=acme/infra", ("Accept", "text/html")).text
        (link,) = re.findall(rf'href="({path}\?before=[^"]*)"', shown)
        assert "state=failed" in link
        assert "repo=acme%2Finfra" in link


@pytest.mark.parametrize("path", ["/runs", "/deliveries", "/api/v1/runs", "/api/v1/deliveries"])
def test_a_state_that_there_is_not_is_not_all_of_them(scene, path):
    """`cancled` that shows every run says that none was cancelled, or that all were."""
    answer = scene.ask("GET", f"{path}?state=cancled", ("Accept", "text/html"))
    assert (answer.status, "ENG867" in answer.text, "gh-d1" in answer.text) == (422, True, False)


def test_what_is_broken_stands_before_what_cannot_go_on_without_it(scene):
    """`At work: it goes on by itself` is no truth where the worker is dead."""
    parts = (
        Component("queue", "broken", "the worker has not begun", "look at its log"),
        Component("keys", "well", "a"),
    )
    with replaced(scene, health=lambda: parts) as ask:
        read = Read(ask("/").text).text
        assert (
            read.index("the worker has not begun") < read.index("Waiting for people") < read.index("What it stands on")
        )


def test_the_overview_reads_no_rules(scene):
    """Each page, and each scrape of the metrics, would load them anew."""
    with replaced(scene, environments=lambda: pytest.fail("read")) as ask:
        for path in ("/", "/pulls", "/metrics", "/api/v1/overview"):
            assert ask(path).status == 200


@contextmanager
def replaced(scene, **parts):
    """The same application, made from other sources."""
    sources = scene.sources._replace(**parts)
    made = app.create(scene.serving, scene.port, sources, scene.hands)
    before, scene.app = scene.app, made
    try:
        yield lambda path: scene.ask("GET", path, ("Accept", "text/html"))
    finally:
        scene.app = before


def test_what_is_refused_is_shown_by_its_own_page_with_what_was_typed(tmp_path):
    with a_scene(tmp_path) as one:
        one.ran("r", "done")
        ann = one.browser()
        ann.sign_in("ann")
        typed = {"token": ann.token(), "state": "on", "environment": "production", "reason": f"au\u200bdit {EVIL}"}
        answer = ann.post("/freeze", typed)
        tags = Read(answer.text).tags
        assert answer.status == 422
        assert "ENG803" in Read(answer.text).text
        (why,) = [at["value"] for tag, at in tags if tag == "input" and at.get("name") == "reason"]
        assert why == typed["reason"]
        assert [at["value"] for tag, at in tags if tag == "option" and "selected" in at] == ["production"]
        assert [at["data-live"] for tag, at in tags if tag == "body"] == [""], "nothing takes it away again"
        (form,) = [at for tag, at in tags if tag == "form" and at["action"] == "/freeze"]
        again = {**typed, "reason": "the auditors are here"}
        assert (form["method"], ann.post("/freeze", again).status) == ("post", 303)
        ended = ann.post("/freeze", {**typed, "state": "off", "reason": "\u200b"})
        assert ended.text.count('value="\u200b"') == 1, "in the form that ends this one, and in no other"
        assert ann.post("/runs/gh-r/cancel", {"token": ann.token()}).status == 409
        shown = Read(ann.post("/runs/gh-r/cancel", {"token": ann.token()}).text).text
        assert "ENG791" in shown
        assert "What it says" in shown, "the run's own page"
        assert ann.post("/runs/gh-none/cancel", {"token": ann.token()}).status == 404
