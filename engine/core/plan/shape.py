"""Which names a plan has, as Terraform documents `terraform show -json` (Terraform 1.10 to 1.17, OpenTofu to 1.12).

Policies read plans by these names; one that no plan has is undefined, and a rule that needs it never fires.
"""

from collections.abc import Iterable, Mapping

# What stands at a name: `""` a value without names, `*` anything (attributes of resources, values of variables),
# `[x]` a list of x, `{x}` an object whose keys are free, `x` an object of the row below.
ANY, PLAN = "*", "plan"
_RESOURCE = {"address": "", "mode": "", "type": "", "name": "", "index": "*"}
SHAPES: Mapping[str, Mapping[str, str]] = {
    PLAN: {
        "format_version": "",
        "terraform_version": "",
        "variables": "{variable}",
        "planned_values": "values",
        "resource_drift": "[row]",
        "resource_changes": "[row]",
        "deferred_changes": "[*]",
        "deferred_action_invocations": "[*]",
        "action_invocations": "[*]",
        "output_changes": "{change}",
        "prior_state": "state",
        "configuration": "configuration",
        "relevant_attributes": "[attribute]",
        "checks": "[*]",
        "timestamp": "",
        "applyable": "",
        "complete": "",
        "errored": "",
    },
    "variable": {"value": "*"},
    "attribute": {"resource": "", "attribute": "[*]"},
    "row": {
        **_RESOURCE,
        "previous_address": "",
        "module_address": "",
        "provider_name": "",
        "deposed": "",
        "change": "change",
        "action_reason": "",
    },
    "change": {
        "actions": "[]",
        "before": "*",
        "after": "*",
        "after_unknown": "*",
        "before_sensitive": "*",
        "after_sensitive": "*",
        "replace_paths": "[[*]]",
        "importing": "*",
        "generated_config": "",
        "before_identity": "*",
        "after_identity": "*",
    },
    "state": {"format_version": "", "terraform_version": "", "values": "values", "checks": "[*]"},
    "values": {"outputs": "{output}", "root_module": "module"},
    "output": {"sensitive": "", "type": "*", "value": "*"},
    "module": {"address": "", "resources": "[resource]", "child_modules": "[module]"},
    "resource": {
        **_RESOURCE,
        "provider_name": "",
        "schema_version": "",
        "values": "*",
        "sensitive_values": "*",
        "depends_on": "[]",
        "tainted": "",
        "deposed_key": "",
        "identity": "*",
        "identity_schema_version": "",
    },
    "configuration": {"provider_config": "{provider}", "root_module": "written_module"},
    "provider": {
        "name": "",
        "full_name": "",
        "alias": "",
        "version_constraint": "",
        "module_address": "",
        "expressions": "*",
    },
    "written_module": {
        "outputs": "{*}",
        "resources": "[written_resource]",
        "module_calls": "{call}",
        "variables": "{*}",
        "actions": "[*]",
    },
    "written_resource": {
        **_RESOURCE,
        "provider_config_key": "",
        "provisioners": "[*]",
        "expressions": "*",
        "schema_version": "",
        "count_expression": "*",
        "for_each_expression": "*",
        "depends_on": "[]",
        "action_triggers": "*",
    },
    "call": {
        "source": "",
        "resolved_source": "",
        "expressions": "*",
        "count_expression": "*",
        "for_each_expression": "*",
        "module": "written_module",
        "version_constraint": "",
        "depends_on": "[]",
    },
}

Kinds = frozenset[str]  # what may stand somewhere, in the words of `SHAPES`


def below(kinds: Iterable[str], name: str) -> Kinds:
    """What stands at `name` below any of `kinds`; nothing where none of them has it."""
    found = set()
    for kind in kinds:
        if kind == ANY:
            found.add(ANY)
        elif kind.startswith("{"):
            found.add(kind[1:-1])
        elif name in SHAPES.get(kind, {}):
            found.add(SHAPES[kind][name])
    return frozenset(found)


def members(kinds: Iterable[str]) -> Kinds:
    """What stands in a list or an object when one goes through it."""
    found: set[str] = set()
    for kind in kinds:
        if kind == ANY:
            found.add(ANY)
        elif kind[:1] in ("[", "{"):
            found.add(kind[1:-1])
        else:
            # Not the maps: whoever goes through a plan and then names a key means no variable or output of that name.
            found.update(below for below in SHAPES.get(kind, {}).values() if not below.startswith("{"))
    return frozenset(found)


def names(kinds: Iterable[str]) -> frozenset[str]:
    """The names that are known below `kinds`."""
    return frozenset(name for kind in kinds for name in SHAPES.get(kind, {}))
