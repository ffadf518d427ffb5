# Where resources may be, which ones may not disappear, and that these policies have the settings they need.
package terraform.compliance

import rego.v1

import data.settings.compliance
import data.terraform.lib

somewhere := {"address": ""}

# ---------------------------------------------------------------- regions

deny contains finding if {
	region := object.get(input, ["variables", "region", "value"], null)
	not region in compliance.regions
	msg := sprintf("The region %v is not allowed, or not known.", [region])
	remediation := sprintf("Use one of: %s.", [concat(", ", compliance.regions)])
	finding := lib.finding("CMP-REG-001", "high", somewhere, msg, remediation)
}

deny contains finding if {
	some r in lib.present
	region := lib.value(r, "region")
	is_string(region)
	not region in compliance.regions
	msg := sprintf("The region %s is not allowed.", [region])
	remediation := sprintf("Use one of: %s.", [concat(", ", compliance.regions)])
	finding := lib.finding("CMP-REG-002", "high", r, msg, remediation)
}

# ---------------------------------------------------------------- what must not disappear

protected := [r |
	some r in input.resource_changes
	r.mode == "managed"
	r.type in compliance.protected_types
]

deny contains finding if {
	some r in protected
	lib.deletes(r)
	not lib.creates(r)
	msg := sprintf("A protected resource (%s) would be deleted.", [r.type])
	remediation := "Keep it, or have the deletion approved as an exception."
	finding := lib.finding("CMP-DEL-001", "high", r, msg, remediation)
}

deny contains finding if {
	some r in protected
	lib.deletes(r)
	lib.creates(r)
	msg := sprintf("A protected resource (%s) would be deleted and created anew.", [r.type])
	remediation := sprintf("Undo the change of: %s.", [concat(", ", causes(r))])
	finding := lib.finding("CMP-DEL-002", "high", r, msg, remediation)
}

causes(r) := sort([concat(".", [sprintf("%v", [step]) | some step in path]) |
	some path in lib.list(object.get(r.change, "replace_paths", null))
])

deny contains finding if {
	some r in protected
	"forget" in r.change.actions
	msg := sprintf("A protected resource (%s) would stay, and nobody would manage it.", [r.type])
	remediation := "Keep it in the configuration."
	finding := lib.finding("CMP-DEL-004", "high", r, msg, remediation)
}

deny contains finding if {
	some r in lib.of_type("aws_s3_bucket")
	lib.value(r, "force_destroy") == true
	msg := "Deleting the bucket would delete its objects as well."
	remediation := "Set force_destroy = false."
	finding := lib.finding("CMP-DEL-003", "high", r, msg, remediation)
}

warn contains finding if {
	some r in lib.of_type("aws_s3_bucket_versioning")
	statuses := {setting.status | some setting in lib.list(lib.value(r, "versioning_configuration"))}
	not "Enabled" in statuses
	msg := "Overwritten and deleted objects cannot be restored: versioning is off, or known only after apply."
	remediation := "Set versioning = true."
	finding := lib.finding("CMP-S3-001", "medium", r, msg, remediation)
}

# ---------------------------------------------------------------- settings

# Groups whose settings are all listed here. Others belong to policies of one's own.
groups := {split(name, ".")[0] | some name, _ in needed}

# mutant: 0 → -1 – a slice begins at 0 at the earliest
settings := {concat(".", array.slice(split(name, "."), 0, 2)) | some name, _ in needed}

deny contains finding if {
	some group in groups
	some key, _ in data.settings[group]
	name := sprintf("%s.%s", [group, key])
	not name in settings
	msg := sprintf("There is no setting %s.", [name])
	remediation := "Correct its name in policies/data.json, or take it out."
	finding := lib.about(name, lib.finding("CMP-SET-002", "critical", somewhere, msg, remediation))
}

deny contains finding if {
	some name in data.settings.access.usual_managed_policies
	name in data.settings.access.denied_managed_policies
	msg := sprintf("The managed policy %s is listed as usual and as denied.", [name])
	remediation := "Take it out of one of the lists in policies/data.json."
	finding := lib.about(name, lib.finding("CMP-SET-003", "critical", somewhere, msg, remediation))
}

# Without its setting a rule would never fire, which would look like a pass.
needed := {
	"access.boundaries": "array",
	"access.denied_managed_policies": "array",
	"access.usual_managed_policies": "array",
	"access.trusted_accounts": "array",
	"access.trusted_endpoints": "array",
	"access.trusted_networks": "array",
	"access.trusted_organizations": "array",
	"access.trusted_principals": "array",
	"access.trusted_providers": "array",
	"access.trusted_vpcs": "array",
	"compliance.protected_types": "array",
	"compliance.regions": "array",
	"encryption.kms_deletion_window_days": "number",
	"encryption.s3_algorithms": "array",
	"naming.attributes": "object",
	"naming.patterns.default": "string",
	"tags.allowed": "object",
	"tags.required": "array",
}

deny contains finding if {
	some name, kind in needed
	found := object.get(data.settings, split(name, "."), null)
	type_name(found) != kind
	msg := sprintf("The setting %s is missing or no %s.", [name, kind])
	remediation := "Correct policies/data.json."
	finding := lib.finding("CMP-SET-001", "critical", somewhere, msg, remediation)
}
