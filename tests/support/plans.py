"""Plans as `terraform show -json` writes them, without Terraform."""

from typing import Any


def a_change(actions, before=None, after=None, *, address='aws_s3_bucket.this["a"]', **more) -> dict[str, Any]:
    """One row of `resource_changes`; `unknown`, `before_sensitive`, `after_sensitive` and `replace_paths` go inside."""
    inside = {
        "actions": [actions] if isinstance(actions, str) else list(actions),
        "before": before,
        "after": after,
        "after_unknown": more.pop("unknown", {}),
        "before_sensitive": more.pop("before_sensitive", False),
        "after_sensitive": more.pop("after_sensitive", False),
    }
    for name in ("replace_paths", "importing"):
        if name in more:
            inside[name] = more.pop(name)
    kind = address.split(".")[0]
    provider = "registry.terraform.io/hashicorp/aws"
    return {"address": address, "mode": "managed", "type": kind, "provider_name": provider, "change": inside, **more}


def a_plan(*rows, **more) -> dict[str, Any]:
    """A complete plan with these resource changes."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": {"account": {"value": "123456789012"}, "region": {"value": "us-east-1"}},
        "resource_changes": list(rows),
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]}}}},
            "root_module": {"variables": {"account": {}, "region": {}}},
        },
        "timestamp": "2026-01-31T10:00:00Z",
        "complete": True,
        "errored": False,
        **more,
    }
