"""The order of a pull request's resources: after what each comes, and what is known of it."""

import pytest

from engine.core.findings import Effect
from engine.core.kept.board import Wait
from engine.service.shown import Pull
from engine.service.timeline import Timeline
from tests.support.board import NOW, entry
from tests.support.reports import finding, report, row

PATHS = ("IAM/reader", "KMS/key", "S3/lake", "SNS/alerts")
ROWS = [row("S3/lake", after=("IAM/reader", "KMS/key")), row("SNS/alerts"), row("IAM/reader"), row("KMS/key")]
APPLYING = entry(stage="merged", words="Merged into ", detail="dev, 1 of 4 applied so far", waits=())
FAILED = APPLYING._replace(
    waits=(Wait("KMS/key", "failed", "Terraform ended in an error"), Wait("S3/lake", "skipped", "it comes after"))
)


def shown(of, rows=ROWS, findings=()):
    return Pull(NOW, of, "", (), report(rows, findings), Timeline(()))


@pytest.mark.parametrize(
    ("why", "of", "findings", "states"),
    [
        ("open: what policy says", entry(), [finding()._replace(resource="KMS/key")],
         {"IAM/reader": "passed", "KMS/key": "failed", "S3/lake": "passed", "SNS/alerts": "passed"}),
        ("open, with a warning", entry(), [finding(Effect.WARN)._replace(resource="KMS/key")],
         {"IAM/reader": "passed", "KMS/key": "warned", "S3/lake": "passed", "SNS/alerts": "passed"}),
        ("being applied: nobody knows yet", APPLYING, (), dict.fromkeys(PATHS, "")),
        ("one failed, and one is skipped", FAILED, (),
         {"IAM/reader": "done", "KMS/key": "failed", "S3/lake": "skipped", "SNS/alerts": "done"}),
        ("half applied, in words", FAILED._replace(waits=(Wait("KMS/key", "partial", "x"),)), (),
         {"IAM/reader": "done", "KMS/key": "half applied", "S3/lake": "done", "SNS/alerts": "done"}),
        ("all of it is applied", APPLYING._replace(stage="ended"), (),
         dict.fromkeys(PATHS, "done")),
        ("closed without a merge", entry(stage="ended", words="Closed", waits=()), (),
         dict.fromkeys(PATHS, "")),
    ],
)  # fmt: skip
def test_each_comes_after_what_it_waits_for_with_what_is_known_of_it(why, of, findings, states):
    found = shown(of, findings=findings).order
    assert {one.path: one.state for one in found} == states, why
    places = {one.path: place for place, one in enumerate(found)}
    assert all(places[other] < places[one.path] for one in found for other in one.after), why
    assert next(one for one in found if one.path == "S3/lake").after == ("IAM/reader", "KMS/key"), why


@pytest.mark.parametrize(
    ("why", "rows"),
    [("nothing is kept", ()), ("nothing waits", [row("S3/a"), row("S3/b")])],
)
def test_where_nothing_waits_nothing_is_shown(why, rows):
    assert shown(entry(), rows).order == (), why


def test_what_a_store_says_that_cannot_be_is_shown_all_the_same():
    """A circle, and a resource that is not there: whoever altered it misleads, and breaks no page."""
    found = shown(entry(), [row("S3/a", after=("S3/b", "S3/gone")), row("S3/b", after=("S3/a",))]).order
    assert sorted((one.path, one.after) for one in found) == [("S3/a", ("S3/b",)), ("S3/b", ("S3/a",))]
