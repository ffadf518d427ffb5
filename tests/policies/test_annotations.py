"""What the shipped rules say of themselves is complete and true: their examples are judged by the engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.policy.annotations import annotations, silent
from engine.adapters.policy.bundle import PolicySet, policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.core.findings import Severity
from tests.support.examples import plan

FILES = read_directory(str(Path(__file__).parents[2] / "policies"))
SHIPPED = policy_set(FILES)
ABOUT = annotations(SHIPPED.modules)
FILES_WITH = sorted({about.file for about in ABOUT})


def with_settings(settings: dict[str, dict[str, Any]]) -> PolicySet:
    data = json.loads(FILES["data.json"])
    for group, values in settings.items():
        data["settings"][group].update(values)
    return policy_set({**FILES, "data.json": json.dumps(data).encode()})


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, tuple[str, str]]]:
    """Name of an example → rule → effect and severity, of everything that it is denied or warned for."""
    groups: dict[str, dict[str, Any]] = {}
    for about in ABOUT:
        for name, example in ((f"{about.id}/bad", about.bad), (f"{about.id}/good", about.good)):
            if example:
                groups.setdefault(json.dumps(example.get("settings", {})), {})[name] = example
    results: dict[str, dict[str, tuple[str, str]]] = {name: {} for group in groups.values() for name in group}
    for settings, examples in groups.items():
        judged = [plan(name, example) for name, example in examples.items()]
        for finding in evaluate(judged, with_settings(json.loads(settings))):
            results[finding.resource][finding.rule] = (finding.effect.value, finding.severity.value)
    return results


@pytest.mark.parametrize("about", [a for a in ABOUT if a.bad], ids=lambda about: about.id)
def test_the_bad_example_is_found_and_the_good_one_is_not(about, found):
    assert found[f"{about.id}/bad"].get(about.id) == (about.effect, about.severity)
    assert about.id not in found[f"{about.id}/good"]


@pytest.mark.parametrize("file", FILES_WITH)
def test_every_rule_says_everything(file):
    """What `policy explain`, receipts and the table of checks take from it."""
    assert [about.id for about in silent(SHIPPED.modules) if about.file == file] == []
    for about in (about for about in ABOUT if about.file == file):
        assert about.title, about.id
        assert not about.title.endswith("."), about.id
        assert about.description.endswith("."), about.id
        assert about.severity in {severity.value for severity in Severity}, about.id
        assert about.resources, about.id
        assert about.bad, about.id
        assert about.good, about.id
        text = SHIPPED.modules[about.file].split(f'"{about.id}"')[0]
        assert bool(about.value) == ("lib.about(" in text.rpartition("\n")[2]), about.id


def test_no_file_of_rules_is_silent():
    assert {about.file for about in silent(SHIPPED.modules)} == set()


def test_an_id_is_one_rule_s():
    ids = [about.id for about in ABOUT]
    assert len(set(ids)) == len(ids)
