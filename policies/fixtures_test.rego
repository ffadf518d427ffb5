# Builders of plans in the shape of `terraform show -json`.
package terraform.fixtures

import rego.v1

plan(changes) := {
	"format_version": "1.2",
	"variables": {"account": {"value": "111111111111"}, "region": {"value": "us-east-1"}},
	"resource_changes": changes,
}

create(kind, after) := change(kind, ["create"], after, {})

# `unknown`: attributes known only after apply, which are absent from `after`.
vague(kind, after, unknown) := change(kind, ["create"], after, unknown)

change(kind, actions, after, unknown) := {
	"address": sprintf("%s.this[\"x\"]", [kind]),
	"mode": "managed",
	"type": kind,
	"name": "this",
	"index": "x",
	"change": {"actions": actions, "before": null, "after": after, "after_unknown": unknown},
}

# A resource of `kind` whose `attribute` is a policy document with one statement.
document(kind, attribute, statement) := create(kind, {attribute: json.marshal({"Version": "2012-10-17", "Statement": statement})})

ids(findings) := {finding.id | some finding in findings}

# What all rules about access say: who is let in, and documents that nobody can judge.
access_deny := ((data.terraform.documents.deny | data.terraform.public.deny) | data.terraform.access.deny) | data.terraform.deputies.deny

access_warn := (data.terraform.documents.warn | data.terraform.public.warn) | data.terraform.deputies.warn
