"""Attacks on the order of a change: circles that hide, sources that cost too much, words that want to be drawn."""

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
