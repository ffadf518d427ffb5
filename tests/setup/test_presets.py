"""Each preset is a controller whose rules lint clean and decide as its own fixtures say, each gate seen both ways."""

import compileall
import re

import pytest
import yaml

from engine import data
from engine.core.analysis import fixtures
from engine.core.analysis.coverage import coverage
from engine.core.rules.lint import lint
from engine.core.rules.load import load
from engine.run.catalog import catalog
from engine.setup import repository
from engine.setup.presets import PRESETS, SPECS, Edit, Preset, applied
from engine.setup.repository import RULES, made
from tests.support.setup import ACCOUNTS, SOURCE, answers


def _rules(files):
    return {path: text for path, text in files.items() if path.startswith(RULES)}


@pytest.mark.parametrize("preset", sorted(PRESETS.keys() - {"standard"}))
def test_a_preset_holds_what_its_fixtures_say_at_full_coverage(preset):
    files = made(answers(preset=preset))
    assert lint(_rules(files), catalog()) == ()
    rules = load(_rules(files), catalog())
    found = [fixtures.load(path, rules, files.__getitem__) for path in files if re.match(f"{SPECS}[^/]*$", path)]
    results = [fixtures.run(case, rules) for file in found for case in file.cases]
    assert [(r.case.place, r.case.why) for r in results if r.mismatches] == []
    points = coverage(rules, (r.decision for r in results), [what for file in found for what in file.stated])
    assert [point.what for point in points if not point.seen] == []
    assert len(results) > 300
    assert {name: e.account for name, e in rules.environments.items()} == ACCOUNTS
    assert [source.repo for source in rules.sources] == [SOURCE]


def test_standard_is_what_is_shipped_with_other_names():
    """Of which `make check` says the same."""
    for path, text in made(answers()).items():
        if path.startswith(("specs/", SPECS)) or path == "deployment-rules.yaml":
            with open(f"{data.ROOT}/{path}", encoding="utf-8") as file:
                shipped = file.read().replace("acme/dev-deployment", SOURCE)
            for old, new in zip("123", "456", strict=True):
                shipped = shipped.replace(old * 12, new * 12)
            assert _in_a_row(text.decode()).partition("  groups:\n")[0] == shipped.partition("  groups:\n")[0], path


def _in_a_row(rules):
    """The environments as they are shipped: without roles, of which there are none."""
    roles = r"    roles:\n      plan: .*\n      apply: .*\n"
    row = r"  (\w+):\n    branch: (.*)\n    account: (.*)\n    region: (.*)\n" + roles
    return re.sub(row, r"  \1: {branch: \2, account: \3, region: \4}\n", rules)


def test_each_environment_has_roles_of_its_own_account():
    rules = load(_rules(made(answers())), catalog())
    for name, to in rules.environments.items():
        assert to.roles
        assert to.roles[:2] == tuple(
            f"arn:aws:iam::{to.account}:role/interlock-{use}-{name}" for use in ("plan", "apply")
        )


@pytest.mark.parametrize(
    ("preset", "gates", "without"),
    [
        ("small", {"reviewed"}, {"security-reviewed", "production-reviewed"}),
        ("standard", {"reviewed", "security-reviewed"}, {"in-season"}),
        ("strict", {"reviewed", "security-reviewed", "production-reviewed", "in-season"}, set()),
    ],
)
def test_who_is_asked(preset, gates, without):
    rules = load(_rules(made(answers(preset=preset))), catalog())
    for action in ("github.merge", "github.account", "terraform.apply"):
        asked = set(rules.protect[action])
        assert (gates - asked, without & asked) == (set(), set()), action
    assert bool(rules.overrides) is (preset != "strict")


def test_policies_and_module_are_the_shipped_ones_byte_for_byte():
    files = made(answers(preset="strict"))
    for folder in ("policies", "terraform"):
        shipped = {path for path in files if path.startswith(f"{folder}/")}
        assert f"{folder}/.terraform.lock.hcl" in shipped or folder == "policies"
        for path in shipped:
            with open(f"{data.ROOT}/{path}", "rb") as file:
                assert files[path] == file.read(), path


def test_a_login_that_yaml_would_read_otherwise_is_a_login():
    files = made(answers(reviewers=["null", "123", "on", "1e5"]))
    assert yaml.safe_load(files["approvers-config.yaml"])["groups"]["reviewers"] == {
        "users": ["null", "123", "on", "1e5"]
    }


def test_no_name_of_what_is_shipped_is_left():
    for kind in ("controller", "source"):
        for path, text in made(answers(kind)).items():
            assert b"acme/dev-deployment" not in text or path.startswith(("schemas/", "policies/")), path
            assert b"@@" not in text, path


def test_what_python_leaves_beside_a_template_is_none():
    """As an installation does, which compiles what it has brought."""
    compileall.compile_dir(repository._TEMPLATES, quiet=2)
    assert [path for path in made(answers()) if not path.isascii() or "__pycache__" in path] == []


def test_a_source_whose_name_a_fixture_uses_for_another():
    files = made(answers(source="acme/other"))
    rules = load(_rules(files), catalog())
    found = fixtures.load(f"{SPECS}merge.yaml", rules, files.__getitem__)
    assert [case.why for case in found.cases if fixtures.run(case, rules).mismatches] == []


@pytest.mark.parametrize("edit", [Edit("x", "nowhere"), Edit("x", "a", end="nowhere"), Edit("x", "nowhere", end="a")])
def test_an_edit_that_does_not_fit_is_a_bug(edit):
    with pytest.raises(ValueError, match="nowhere"):
        applied(Preset("", (edit,)), {"x": b"a b"})
