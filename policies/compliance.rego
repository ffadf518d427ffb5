# Where resources may be, which ones may not disappear, and that these policies have the settings they need.
package terraform.compliance

import rego.v1

import data.settings.compliance
import data.terraform.buckets
import data.terraform.lib

somewhere := {"address": ""}

# ---------------------------------------------------------------- regions

# METADATA
# title: The region is one of ours
# description: Data stays where the law and the contracts want it, and nothing runs where nobody looks.
# custom:
#   id: CMP-REG-001
#   severity: high
#   resources: [plan]
#   elsewhere: []
#   bad: {variables: {region: cn-north-1}}
#   good: {variables: {region: us-east-1}}
deny contains finding if {
	region := object.get(input, ["variables", "region", "value"], null)
	not region in compliance.regions
	msg := sprintf("The region %v is not allowed, or not known.", [region])
	remediation := sprintf("Use one of: %s.", [concat(", ", compliance.regions)])
	finding := lib.finding("CMP-REG-001", "high", somewhere, msg, remediation)
}

# METADATA
# title: Each resource is in one of our regions
# description: A resource can be put elsewhere than its provider.
# custom:
#   id: CMP-REG-002
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, region: cn-north-1}}
#   good: {aws_sqs_queue: {name: orders, region: us-east-1}}
deny contains finding if {
	some r in data.terraform.lib.present
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

# METADATA
# title: What holds data is not deleted
# description: Its data goes with it.
# custom:
#   id: CMP-DEL-001
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, _actions: [delete]}}
#   good: {aws_sqs_queue: {name: orders, _actions: [update]}}
deny contains finding if {
	some r in protected
	lib.deletes(r)
	not lib.creates(r)
	msg := sprintf("A protected resource (%s) would be deleted.", [r.type])
	remediation := "Keep it, or have the deletion approved as an exception."
	finding := lib.finding("CMP-DEL-001", "high", r, msg, remediation)
}

# METADATA
# title: What holds data is not replaced
# description: The new one is empty.
# custom:
#   id: CMP-DEL-002
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, _actions: [delete, create]}}
#   good: {aws_sqs_queue: {name: orders, _actions: [update]}}
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

# METADATA
# title: What holds data stays managed
# description: Nobody judges what is changed outside of the code.
# custom:
#   id: CMP-DEL-004
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, _actions: [forget]}}
#   good: {aws_sqs_queue: {name: orders, _actions: [update]}}
deny contains finding if {
	some r in protected
	"forget" in r.change.actions
	msg := sprintf("A protected resource (%s) would stay, and nobody would manage it.", [r.type])
	remediation := "Keep it in the configuration."
	finding := lib.finding("CMP-DEL-004", "high", r, msg, remediation)
}

# METADATA
# title: A bucket with objects cannot be deleted
# description: AWS refuses to delete a bucket that is not empty, unless this switch empties it first.
# custom:
#   id: CMP-DEL-003
#   severity: high
#   resources: [aws_s3_bucket]
#   elsewhere: []
#   bad: {aws_s3_bucket: {bucket: orders, force_destroy: true}}
#   good: {aws_s3_bucket: {bucket: orders, force_destroy: false}}
deny contains finding if {
	some r in lib.of_type("aws_s3_bucket")
	lib.value(r, "force_destroy") == true
	msg := "Deleting the bucket would delete its objects as well."
	remediation := "Set force_destroy = false."
	finding := lib.finding("CMP-DEL-003", "high", r, msg, remediation)
}

# METADATA
# title: Buckets keep versions
# description: What was overwritten or deleted by mistake can be restored.
# custom:
#   id: CMP-S3-001
#   severity: medium
#   resources: [aws_s3_bucket_versioning]
#   elsewhere: [S3.14, CKV_AWS_21, AVD-AWS-0090, s3_bucket_object_versioning]
#   bad: {aws_s3_bucket_versioning: {bucket: orders, versioning_configuration: [{status: Suspended}]}}
#   good: {aws_s3_bucket_versioning: {bucket: orders, versioning_configuration: [{status: Enabled}]}}
warn contains finding if {
	some r in lib.of_type("aws_s3_bucket_versioning")
	statuses := {setting.status | some setting in lib.list(lib.value(r, "versioning_configuration"))}
	not "Enabled" in statuses
	msg := "Overwritten and deleted objects cannot be restored: versioning is off, or known only after apply."
	remediation := "Set versioning = true."
	finding := lib.finding("CMP-S3-001", "medium", r, msg, remediation)
}

# METADATA
# title: Each bucket says whether it keeps versions
# description: A bucket keeps none unless it is told to; a setting of another bucket does not count.
# custom:
#   id: CMP-S3-002
#   severity: medium
#   resources: [aws_s3_bucket]
#   elsewhere: [S3.14, CKV_AWS_21, AVD-AWS-0090, s3_bucket_object_versioning]
#   bad: {aws_s3_bucket: {bucket: orders}}
#   good: {aws_s3_bucket: {bucket: orders}, aws_s3_bucket_versioning: {bucket: orders, versioning_configuration: [{status: Enabled}]}}
warn contains finding if {
	some bucket in buckets.without(lib.of_type("aws_s3_bucket_versioning"))
	not old_versioning(bucket)
	msg := "Overwritten and deleted objects cannot be restored: nothing says whether versions are kept."
	remediation := "Add an aws_s3_bucket_versioning for it."
	finding := lib.finding("CMP-S3-002", "medium", bucket, msg, remediation)
}

old_versioning(bucket) if {
	some block in lib.list(lib.value(bucket, "versioning"))
	block.enabled == true
}

# METADATA
# title: Buckets have no ACLs
# description: An ACL lets in people whom no policy names.
# custom:
#   id: CMP-S3-003
#   severity: low
#   resources: [aws_s3_bucket_ownership_controls]
#   elsewhere: [S3.12, CKV2_AWS_65, s3_bucket_acl_prohibited]
#   bad: {aws_s3_bucket_ownership_controls: {bucket: orders, rule: [{object_ownership: ObjectWriter}]}}
#   good: {aws_s3_bucket_ownership_controls: {bucket: orders, rule: [{object_ownership: BucketOwnerEnforced}]}}
warn contains finding if {
	some r in lib.of_type("aws_s3_bucket_ownership_controls")
	some rule in lib.list(lib.value(r, "rule"))
	rule.object_ownership in {"BucketOwnerPreferred", "ObjectWriter"}
	msg := sprintf("ACLs are on (%s): whoever writes an object may open it to others.", [rule.object_ownership])
	remediation := "Set object_ownership = \"BucketOwnerEnforced\"."
	finding := lib.finding("CMP-S3-003", "low", r, msg, remediation)
}

# ---------------------------------------------------------------- settings

# Groups whose settings are all listed here. Others belong to policies of one's own.
groups := {split(name, ".")[0] | some name, _ in needed}

# mutant: 0 → -1 – a slice begins at 0 at the earliest
settings := {concat(".", array.slice(split(name, "."), 0, 2)) | some name, _ in needed}

# METADATA
# title: Settings are spelt right
# description: What is misspelt is passed over in silence otherwise.
# custom:
#   id: CMP-SET-002
#   severity: critical
#   resources: [plan]
#   elsewhere: []
#   value: the setting
#   bad: {settings: {access: {trusted_acounts: []}}}
#   good: {settings: {access: {trusted_accounts: []}}}
deny contains finding if {
	some group in groups
	some key, _ in data.settings[group]
	name := sprintf("%s.%s", [group, key])
	not name in settings
	msg := sprintf("There is no setting %s.", [name])
	remediation := "Correct its name in policies/data.json, or take it out."
	finding := lib.about(name, lib.finding("CMP-SET-002", "critical", somewhere, msg, remediation))
}

# METADATA
# title: Settings agree with each other
# description: Nobody can tell which of two lists was meant.
# custom:
#   id: CMP-SET-003
#   severity: critical
#   resources: [plan]
#   elsewhere: []
#   value: the policy's name
#   bad: {settings: {access: {denied_managed_policies: [ReadOnlyAccess]}}}
#   good: {settings: {access: {denied_managed_policies: [AdministratorAccess]}}}
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
	"care.expiration_days": "number",
	"care.log_retention_days": "number",
	"care.noncurrent_days": "number",
	"care.transient_prefixes": "array",
	"care.trusted_email_domains": "array",
	"care.trusted_hosts": "array",
	"compliance.protected_types": "array",
	"compliance.regions": "array",
	"encryption.kms_deletion_window_days": "number",
	"encryption.s3_algorithms": "array",
	"naming.attributes": "object",
	"naming.patterns.default": "string",
	"tags.allowed": "object",
	"tags.required": "array",
}

# METADATA
# title: Settings are there
# description: Without its setting a rule would never fire, which would look like a pass.
# custom:
#   id: CMP-SET-001
#   severity: critical
#   resources: [plan]
#   elsewhere: []
#   bad: {settings: {encryption: {s3_algorithms: AES256}}}
#   good: {settings: {encryption: {s3_algorithms: [AES256]}}}
deny contains finding if {
	some name, kind in needed
	found := object.get(data.settings, split(name, "."), null)
	type_name(found) != kind
	msg := sprintf("The setting %s is missing or no %s.", [name, kind])
	remediation := "Correct policies/data.json."
	finding := lib.finding("CMP-SET-001", "critical", somewhere, msg, remediation)
}
