"""What is odd about a rule's comment is a warning at its place; what is shipped has none."""

from pathlib import Path

import pytest

from engine import data
from engine.adapters.policy.slips import slips

RULE = """package team

# METADATA
# title: Buckets have an owner
# custom:
#   id: TEAM-001
#   severity: medium
#   resources: [aws_s3_bucket]
#   value: the owner
deny contains finding if {
	finding := {"id": "TEAM-001", "message": "no owner"}
}
"""


def told(text: str) -> list[tuple[str, int, int, str]]:
    return [(p.code, p.place.line, p.place.column, p.hint) for p in slips({"a.rego": text}) if p.place]


def test_a_right_one_has_none():
    assert told(RULE) == []


@pytest.mark.parametrize(
    ("why", "old", "new", "code", "line", "column", "hint"),
    [
        ("a misspelt mark", "METADATA", "METADTA", "ENG998", 3, 3, "write `METADATA`"),
        ("a mark in small letters", "METADATA", "Metadata", "ENG998", 3, 3, "write `METADATA`"),
        ("a mark with a colon", "METADATA", "METADATA:", "ENG998", 3, 3, "write `METADATA`"),
        (
            "an id outside of custom",
            "# custom:\n#   id: TEAM-001",
            "# id: TEAM-001\n# custom:",
            "ENG998",
            5,
            3,
            "below `# cu",
        ),
        ("a severity that there is not", ": medium", ": medum", "ENG998", 7, 15, "did you mean `medium`?"),
        ("a severity of other tools", ": medium", ": blocker", "ENG998", 7, 15, "write critical, high"),
        ("a misspelt key", "severity:", "severty:", "ENG998", 7, 5, "write `severity`"),
        ("two ids", "id: TEAM-001", "id: TEAM-002", "ENG998", 6, 9, "the same id"),
    ],
)
def test_a_slip_is_told_where_it_is(why, old, new, code, line, column, hint):
    ((found, row, at, way),) = told(RULE.replace(old, new, 1))
    assert (found, row, at) == (code, line, column), why
    assert hint in way, why


def test_keys_of_other_collections_are_theirs():
    assert told(RULE.replace("#   value: the owner", "#   team: data\n#   provider: aws")) == []


def test_a_word_of_prose_is_no_mark():
    assert told(RULE.replace("# METADATA", "# Metadata\n\n# METADATA")) == []


def test_what_is_shipped_has_none():
    files = Path(data.path("policies")).glob("*.rego")
    assert list(slips({file.name: file.read_text() for file in files})) == []
