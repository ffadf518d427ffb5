"""What is owed of overrides that were used."""

import pytest

from engine.core.kept.debts import Settled, debts, finding_of
from tests.support.merges import TREE, finding, override, said


def merged(at, pr=7, overrides=(), denied=(), **changes):
    time = f"2026-11-{at:02}T12:00:00Z"
    decision = said(pr=pr, merged_at=time, overrides=list(overrides), **changes)
    return Settled(decision, frozenset(map(finding_of, denied)))


OWED = merged(1, overrides=[override()], denied=[finding()])
OTHER = finding(rule="S3-LOG-001")


@pytest.mark.parametrize(
    ("why", "later", "open_"),
    [
        ("nothing came after it", [], ["S3-ENC-001"]),
        ("the next merge of the resource is without it", [merged(2, 8)], []),
        ("the next one still has it", [merged(2, 8, denied=[finding()])], ["S3-ENC-001"]),
        ("it came back", [merged(2, 8), merged(3, 9, denied=[finding()])], ["S3-ENC-001"]),
        ("of another rule", [merged(2, 8, denied=[OTHER])], []),
        ("another resource says nothing of it", [merged(2, 8, trees={"S3/logs": TREE})], ["S3-ENC-001"]),
        ("another repository neither", [merged(2, 8, repository={"id": 1, "name": "acme/other"})], ["S3-ENC-001"]),
        ("nor another branch", [merged(2, 8, base={"ref": "prod", "sha": "b" * 40})], ["S3-ENC-001"]),
    ],
)
def test_until_what_it_covered_is_gone(why, later, open_):
    found = debts([*later, OWED])
    assert [row["rule"] for debt in found for row in debt.findings] == open_, why


def test_of_several_findings_the_rest_is_owed():
    both = merged(1, overrides=[override(findings=[finding(), OTHER])], denied=[finding(), OTHER])
    [debt] = debts([both, merged(2, 8, denied=[OTHER])])
    assert [row["rule"] for row in debt.findings] == ["S3-LOG-001"]
    assert (debt.login, debt.id, debt.since, debt.pr) == ("dave", 41, "2026-11-01T12:00:00Z", 7)


def test_the_oldest_comes_first():
    young = merged(3, 9, overrides=[override(login="erin")], denied=[finding()])
    assert [debt.login for debt in debts([young, OWED])] == ["dave", "erin"]
