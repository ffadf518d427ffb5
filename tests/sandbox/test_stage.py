"""What the engine lives on in a sandbox: made once, and completed where an older sandbox lacks something."""

import os
from pathlib import Path

from engine.adapters.key_files import SIGNING
from engine.core.rules.load import load
from engine.core.verdict.trust import load_trusted_keys
from engine.run.catalog import catalog
from engine.run.trusted import read_rules
from engine.sandbox import stage


def _purposes(folder: Path) -> dict[str, str]:
    found = load_trusted_keys((folder / "trusted-keys.yaml").read_bytes())
    return {purpose: key.id for key in found.values() for purpose in key.purposes}


def test_there_is_a_key_for_each_purpose_and_it_stays(tmp_path: Path) -> None:
    stage._keys(str(tmp_path))
    made = _purposes(tmp_path)
    assert set(made) == set(SIGNING)
    assert len(set(made.values())) == len(made)
    stage._keys(str(tmp_path))
    assert _purposes(tmp_path) == made


def test_a_sandbox_of_an_earlier_release_gets_the_key_that_it_lacks(tmp_path: Path) -> None:
    stage._keys(str(tmp_path))
    made = _purposes(tmp_path)
    trusted = tmp_path / "trusted-keys.yaml"
    head, rows = trusted.read_text().split("keys:\n")
    kept = [f"  - {row}" for row in rows.split("  - ")[1:] if made["audit"] not in row]
    trusted.write_text(head + "keys:\n" + "".join(kept))
    os.remove(tmp_path / "audit-key.pem")
    stage._keys(str(tmp_path))
    now = _purposes(tmp_path)
    assert {**now, "audit": ""} == {**made, "audit": ""}, "what was signed before is believed"
    assert now["audit"] != made["audit"]


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
