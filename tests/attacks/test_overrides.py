"""`OVERRIDE: reason` against the forge: each wrong one by itself, on a change that only the right one gets merged."""

from contextlib import contextmanager

import pytest

from engine.core.moment import later
from engine.sandbox.forge.serve import running
from tests.support.page import Page

RIGHT = "OVERRIDE: the auditor waits for it"
DAY_S = 24 * 3600


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overrides")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder)


@pytest.fixture(scope="module")
def failed(page):
    """One that has failed and is approved: nothing but an override is missing. Who tries in vain leaves it so."""
    return page.ready("failed", "fail")


@contextmanager
def clock_of_ours(page, seconds):
    """That of the machine that runs, beside GitHub's."""
    page.now = lambda: later(page.forge.now(), seconds)
    try:
        yield
    finally:
        page.now = page.forge.now


@pytest.mark.parametrize(("why", "by", "body"), [
    ("somebody who may only read", "oscar", RIGHT),
    ("a reviewer without that right", "bob", RIGHT),
    ("the author", "alice", RIGHT),
    ("quoted", "dave", f"> {RIGHT}"),
    ("fenced", "dave", f"```\n{RIGHT}\n```"),
    ("indented, which is code", "dave", f"    {RIGHT}"),
    ("as code", "dave", f"`{RIGHT}`"),
    ("after another line", "dave", f"Hello\n\n{RIGHT}"),
    ("without a reason", "dave", "OVERRIDE:"),
    ("with blanks for a reason", "dave", "OVERRIDE:                  "),
    ("with a reason that nobody sees", "dave", "OVERRIDE: " + "\u200b" * 20),
    ("with a reason in a hidden comment", "dave", "OVERRIDE: <!-- the auditor waits for it -->"),
    ("with zero-width characters in the word", "dave", RIGHT.replace("OVER", "OVER\u200b")),
    ("with a word of look-alikes", "dave", RIGHT.replace("O", "\u041e")),
    ("in another case", "dave", RIGHT.replace("OVERRIDE", "Override")),
    ("with what turns the reading order round", "dave", RIGHT.replace("the", "\u202ethe")),
])  # fmt: skip
def test_a_wrong_one_overrides_nothing(page, failed, why, by, body):
    page.forge.clock.advance(2)
    page.hosted.comment(failed, by, body)
    done = page.run("merge", failed)
    assert (done.outcome, page.pull(failed).merged, page.decision(failed)) == ("fail", False, None), why


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("edited afterwards", {"body": RIGHT + ", and the customer"}),
        ("edited into one", {"body": RIGHT}),
    ],
)
def test_one_that_was_edited_overrides_nothing(page, failed, why, said):
    page.forge.clock.advance(2)
    comment = page.hosted.comment(failed, "dave", RIGHT if "afterwards" in why else "Good morning")
    page.forge.clock.advance(2)
    assert page.hosted.as_("dave", "PATCH", f"/issues/comments/{comment}", said).status == 200
    assert page.run("merge", failed).outcome == "fail", why
    assert not page.pull(failed).merged


def test_as_a_review_it_is_none(page, failed):
    page.hosted.review(failed, "dave", "COMMENT", body=RIGHT)
    assert page.run("merge", failed).outcome == "fail"
    assert not page.pull(failed).merged


def test_after_all_of_these_the_right_one_merges(page, failed):
    """It was they that were wrong, and they spoil no other."""
    page.forge.clock.advance(2)
    page.hosted.comment(failed, "dave", RIGHT)
    assert page.run("merge", failed)["github.merge"]["overridden"]


def test_from_before_the_verdict(page):
    number = page.hosted.pull("early")
    page.hosted.comment(number, "dave", RIGHT)
    page.forge.clock.advance(2)
    assert page.run("fail", number)["verdict.sign"]
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    assert page.run("merge", number).outcome == "fail"
    assert not page.pull(number).merged


def test_two_people_are_needed(page):
    number = page.ready("alone", "fail", by="dave")
    page.hosted.comment(number, "dave", RIGHT)
    assert page.run("merge", number).outcome in ("fail", "pending")
    assert not page.pull(number).merged


def test_what_is_critical_nobody_overrides(page):
    number = page.ready("critical", "severe")
    page.hosted.comment(number, "dave", RIGHT)
    done = page.run("merge", number)
    assert (done.outcome, page.pull(number).merged) == ("fail", False)


@pytest.mark.parametrize("behind_s", [0, 7200])
def test_one_that_has_expired(page, behind_s):
    """Also where our clock says that it has not."""
    number = page.ready(f"expired-{behind_s}", "fail")
    page.hosted.comment(number, "dave", RIGHT)
    page.forge.clock.advance(DAY_S)
    with clock_of_ours(page, -behind_s):
        done = page.run("merge", number)
    assert (done.outcome, page.pull(number).merged) == ("fail", False)


@pytest.mark.parametrize("result", ["pass", "fail"])
def test_a_clock_of_ours_that_is_behind_makes_no_verdict_older(page, result):
    """What people said shortly before it would count as said after it."""
    number = page.hosted.pull(f"behind-{result}")
    page.hosted.review(number, "ann")
    page.hosted.comment(number, "dave", RIGHT)
    page.forge.clock.advance(60)
    with clock_of_ours(page, -3600):
        assert page.run(result, number)["verdict.sign"]
        done = page.run("merge", number)
    assert (done.outcome, page.pull(number).merged) == ("pending" if result == "pass" else "fail", False)
