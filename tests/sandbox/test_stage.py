"""What a sandbox's engine lives on."""

from engine.core.rules.load import load
from engine.run.catalog import catalog
from engine.run.trusted import read_rules
from engine.sandbox import stage


def test_its_rules_are_the_shipped_ones_but_that_nobody_waits_long_for_a_lock(tmp_path):
    shipped = load(read_rules("."), catalog())
    rules = load(read_rules(stage.controller(str(tmp_path))), catalog())
    assert rules.limits == shipped.limits._replace(lock_timeout_s=5)
    assert set(rules.pipelines) == set(shipped.pipelines)


def test_what_is_changed_there_stays(tmp_path):
    place = stage.controller(str(tmp_path))
    with open(f"{place}/deployment-rules.yaml", "a") as file:
        file.write("# mine\n")
    assert stage.controller(str(tmp_path)) == place
    with open(f"{place}/deployment-rules.yaml") as file:
        assert file.read().endswith("# mine\n")
