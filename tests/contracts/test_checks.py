"""Every check of the collections we measure ourselves by is met in one way, or there is a reason why not."""

import re
from pathlib import Path

import pytest

from tools.checks import checks, met, rules, source, ways

TABLE = checks()
RULES = rules()
BY_RULE = met(RULES)
IDS = [one for check in TABLE.checks for one in check.ids]
SERVICES = {"S3", "KMS", "IAM", "Lambda", "SQS", "SNS", "CloudWatch"}
SILENT = [about.id for about in RULES if not about.title]


def test_an_id_stands_in_one_place():
    assert len(set(IDS)) == len(IDS)
    assert len(IDS) > 300
    assert [one for one in IDS if not source(one)] == []
    assert {source(one) for one in IDS} == set(TABLE.sources)


def test_every_id_that_a_rule_names_is_in_the_table():
    assert sorted(set(BY_RULE) - set(IDS)) == []


@pytest.mark.parametrize("check", TABLE.checks, ids=lambda check: check.ids[0])
def test_each_check_is_met_in_one_way(check):
    by_rule = [one for one in check.ids if one in BY_RULE]
    told = [way for way in (check.module, check.why_not) if way]
    if told:
        assert len(told) == 1
        assert by_rule == [], "a rule is enough: take the other way out"
    elif not SILENT:
        assert by_rule == list(check.ids), "a rule has to name it, or a line has to say why not"


def test_a_reason_is_a_sentence_and_is_used():
    with open(Path(__file__).parents[2] / "tools/checks.yaml", encoding="utf-8") as file:
        text = file.read()
    for check in TABLE.checks:
        for said in filter(None, (check.module, check.why_not)):
            assert said.endswith("."), said
            assert len(said.split()) > 3, said
        assert not check.title.endswith("."), check.title
        assert re.match("[A-Z]", check.title), check.title
        assert not check.why_not or re.match("[A-Z]", check.why_not), check.why_not
    for name in TABLE.reasons:
        assert f"why_not: {name}\n" in text, name


def test_a_reason_names_rules_that_there_are():
    known = {about.id for about in RULES}
    said = " ".join(check.why_not for check in TABLE.checks)
    named = {f"{kind}-{number}" for kind, numbers in _NAMED.findall(said) for number in re.findall(r"\d{3}", numbers)}
    assert named
    assert named <= known


_NAMED = re.compile(r"\b([A-Z]{3,4}-[A-Z0-9]{2,3})-(\d{3}(?:(?:, | to | and )\d{3})*)")


def test_what_the_module_is_said_to_do_it_has_settings_for():
    written = "\n".join(path.read_text() for path in (Path(__file__).parents[2] / "terraform").glob("*.tf"))
    for check in TABLE.checks:
        for name in re.findall(r"`([a-z_]+)`", check.module):
            assert re.search(rf"^ +{name} += ", written, re.MULTILINE), name
        for name in re.findall(r"\b[a-z0-9]+_(?:buckets|keys|functions|queues|topics)\b", check.module):
            assert f'variable "{name}"' in written, name


def test_other_services_are_there_only_for_rules():
    for check in TABLE.checks:
        if check.service not in SERVICES:
            assert not check.module, check.title
            assert not check.why_not, check.title


def test_every_way_is_told():
    for check in TABLE.checks:
        if check.module or check.why_not or any(one in BY_RULE for one in check.ids):
            assert len(list(ways(check, BY_RULE))) == 1, check.title
