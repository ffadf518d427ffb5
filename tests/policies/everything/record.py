"""Plan the inputs beside this file for real: Terraform, the universal module, the emulator.

`python -m tests.policies.everything.record` writes the plans. Documents stand in the inputs as what they are; the
module is handed their text, as it is by the engine.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from engine.adapters.terraform.plan import Limits, plan
from engine.adapters.terraform.workspace import prepare
from engine.sandbox.emulator import Emulator, emulator
from tests.support.terraform import a_job, a_setup, planned

HERE = Path(__file__).parent
INPUTS = sorted(path.stem for path in HERE.glob("*.yaml"))
# What was there before is nothing, and the time is nobody's business. The configuration stays: rules about what belongs
# together read its references.
_LEFT_OUT = ("prior_state", "relevant_attributes", "timestamp")


def variables(item: Any, name: str = "") -> Any:
    """What Terraform is given: each `…_json` as text."""
    if name == "inline_policies_json":
        return {key: json.dumps(document) for key, document in item.items()}
    if name.endswith("_json"):
        return json.dumps(item)
    if isinstance(item, dict):
        return {key: variables(inner, key) for key, inner in item.items()}
    return item


def record(name: str, aws: Emulator) -> dict[str, Any]:
    """The plan of one input."""
    values = variables(yaml.safe_load((HERE / f"{name}.yaml").read_text()))
    result = plan(a_job(f"X/{name}", values), prepare(a_setup(aws)), limits=Limits(attempts=1))
    return {key: value for key, value in planned(result).items() if key not in _LEFT_OUT}


if __name__ == "__main__":
    with emulator() as running:
        for each in INPUTS:
            (HERE / f"{each}.json").write_text(json.dumps(record(each, running), indent=1) + "\n")
