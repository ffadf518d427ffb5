"""Attacks on the order of a change: circles that hide, sources that cost too much, words that want to be drawn."""

import pytest

from engine import data
from engine.cli.main import main
from engine.errors import ExitCode
from tests.support.git import Clone
from tests.support.order import bucket, edges, one, ordered, together


def test_a_circle_does_not_hide_behind_one_that_was_there() -> None:
    old = together(bucket("a", "S3/b"), bucket("b", "S3/a"))
    head = together(old, bucket("c", "S3/d"), bucket("d", "S3/c", "S3/a"))
    found = ordered(head, old)
    assert [p.code for p in found.refused] == ["ENG815"]
    assert found.graph.cycle() is None


def test_a_circle_through_what_is_not_changed_is_one() -> None:
    old = together(bucket("a"), bucket("b", "S3/a"))
    assert [p.code for p in ordered(together(old, bucket("a", "S3/b")), old).refused] == ["ENG815"]


OUTSIDE = {"target_bucket": "outside"}
EVIL = bucket("evil", "S3/victim")
CLAIM = one("S3/evil.tfvars", "S3/victim", s3_buckets={"evil": {"bucket_name": "outside"}})


@pytest.mark.parametrize(
    ("why", "old", "new"),
    [
        ("it waits for what comes anew", EVIL, bucket("victim", logging={"target_bucket": "evil"})),
        ("it waits for what begins to name it", together(EVIL, bucket("victim")),
         bucket("victim", logging={"target_bucket": "evil"})),
        ("it has claimed a name that is long in use", together(CLAIM, bucket("victim", logging=OUTSIDE)),
         bucket("victim", logging=OUTSIDE, tags={"a": "b"})),
        ("two waited for each other, merged each by itself", together(bucket("victim", "S3/evil"), EVIL),
         bucket("victim")),
        ("all wait for each other beside it", together(*(bucket(f"e{n}", *(f"S3/e{m}" for m in range(9) if m != n))
                                                        for n in range(9))), bucket("victim", "S3/e1")),
    ],
)  # fmt: skip
def test_nobodys_resource_is_held_up_by_what_others_wait_for(why, old, new):
    """What waits for it is refused where it is written, and nowhere else."""
    found = ordered(together(old, new), old)
    assert ([p.code for p in found.refused], [one.path for one in found.resources]) == ([], ["S3/victim.tfvars"]), why
    assert edges(found) == [], why


@pytest.mark.parametrize("text", ["{", '{"Statement":' + "[" * 5000 + "]" * 5000 + "}", '{"a":NaN}', '{"a":1,"a":2}',
                                  '{"a":' + "9" * 5000 + "}", '{"a":"\\ud800arn:aws:s3:::x"}'])  # fmt: skip
def test_a_document_that_breaks_a_reader_keeps_nobody_else_from_their_order(text):
    old = together(bucket("a"), one("S3/evil.tfvars", s3_buckets={"evil": {"policy_json": text}}))
    found = ordered(together(old, bucket("b", "S3/a"), bucket("a", tags={"x": "y"})), old)
    assert (found.refused, edges(found)) == ((), ["S3/b > S3/a"])


def test_many_that_define_the_same_are_no_million_edges() -> None:
    """Nothing that one pull request can bring costs the square of what it is."""
    many = 300
    logs = [one(f"S3/l{n}.tfvars", s3_buckets={f"k{n}": {"bucket_name": "logs"}}) for n in range(many)]
    users = [bucket(f"u{n}", logging={"target_bucket": "logs"}) for n in range(many)]
    assert len(edges(ordered(together(*logs, *users)))) <= 10 * many


def test_a_long_circle_is_told_in_short() -> None:
    ring = [bucket(f"b{n}", f"S3/b{(n + 1) % 50}") for n in range(50)]
    found = ordered(together(*ring), {})
    (problem,) = found.refused
    assert problem.message.endswith(" and 39 more")
    assert problem.message.count("waits for") == 11
    assert found.resources == ()


def test_what_somebody_wrote_is_in_no_drawing(tmp_path, capsys):
    """A text may hold anything, so drawings have paths alone, which cannot."""
    made = Clone(tmp_path)
    text = 'arn:aws:s3:::b/"]; click r1 javascript:alert(1)'
    made.commit(bucket("a", tags={"x": text, "y": text + "\n--> r9"}) | bucket("b"))
    words = ["graph", "resources", "--repo", made.directory, "--rules", data.path("deployment-rules.yaml")]
    for form in ("mermaid", "dot"):
        assert main([*words, "--format", form]) == ExitCode.DONE
        assert "click" not in capsys.readouterr().out
