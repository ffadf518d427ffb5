# What quietly takes data away: rules that empty a bucket, versions and logs that are no longer kept, guards that go.
package terraform.loss

import rego.v1

import data.settings.care
import data.terraform.buckets
import data.terraform.lib

before(r, attribute) := object.get(r.change, ["before", attribute], null)

# Nested blocks; what is none is passed over.
blocks(item) := [block | some block in lib.list(item); is_object(block)]

# ---------------------------------------------------------------- rules that empty a bucket

# Buckets that are made by this plan have nothing to lose.
made contains address if {
	some bucket in data.terraform.buckets.all
	bucket.change.actions == ["create"]
	address := bucket.address
}

# A name that is known only after apply may be that of any bucket, unless it is traced to one that is made.
exists(r) if {
	r.type != "aws_s3_bucket" # mutant: drop r.type != "aws_s3_bucket" – a bucket owns itself; this is quicker
	owners := buckets.owners(r)
	count(owners - made) == count(owners)
}

exists(r) if {
	r.type == "aws_s3_bucket"
	not r.address in made
}

# Rules of buckets that exist, in one form: what is deleted, of which objects, and when.
rules contains [r, rule] if {
	some r in lib.of_type("aws_s3_bucket_lifecycle_configuration")
	exists(r)
	some raw in blocks(lib.value(r, "rule"))
	raw.status == "Enabled"
	rule := normal(raw, blocks(object.get(raw, "filter", null)))
}

rules contains [r, rule] if {
	some r in lib.of_type("aws_s3_bucket")
	exists(r)
	some raw in blocks(lib.value(r, "lifecycle_rule"))
	raw.enabled == true
	rule := normal(raw, [raw])
}

# The same rule as it was before has deleted what it deletes.
kept(r, rule) if {
	some attribute, switch in {"rule": ["status", "Enabled"], "lifecycle_rule": ["enabled", true]}
	some raw in blocks(before(r, attribute))
	raw[switch[0]] == switch[1]
	filters := [filter | some filter in {"rule": blocks(object.get(raw, "filter", null)), "lifecycle_rule": [raw]}[attribute]]
	was := normal(raw, filters)
	object.remove(was, ["id"]) == object.remove(rule, ["id"])
}

normal(raw, filters) := {
	"id": sprintf("%v", [object.get(raw, "id", "")]),
	"prefix": prefix(raw, filters),
	"tagged": tagged(filters),
	"days": [block.days |
		some block in blocks(object.get(raw, "expiration", null))
		block.days > 0
	],
	"dates": [block.date |
		some block in blocks(object.get(raw, "expiration", null))
		is_string(block.date)
		block.date != ""
	],
	"noncurrent": [days |
		some block in blocks(object.get(raw, "noncurrent_version_expiration", null))
		some days in [object.get(block, "noncurrent_days", null), object.get(block, "days", null)]
		is_number(days)
		lib.blank(object.get(block, "newer_noncurrent_versions", null))
	],
}

prefix(raw, filters) := text if {
	found := [text |
		some holder in array.concat([raw], parts(filters))
		text := object.get(holder, "prefix", null)
		is_string(text)
		text != ""
	]
	text := array.concat(found, [""])[0]
}

# Blocks of a filter, with those that `and` holds.
parts(filters) := [part |
	some filter in filters
	some part in array.concat([filter], blocks(object.get(filter, "and", null)))
]

tagged(filters) if {
	some part in parts(filters)
	some attribute in ["tag", "tags"]
	value := part[attribute]
	not value in [null, [], {}]
} else := false

# In how many days it begins to delete.
soon(rule) := days if {
	days := min(array.concat(rule.days, [left(date) | some date in rule.dates]))
	days < data.settings.care.expiration_days
}

left(date) := lib.days(date) - lib.days(data.terraform.lib.today)

# mutant: 0 → -1 – either is at once
left(date) := 0 if not lib.days(date)

# Scratch space, by the setting.
transient(rule) if {
	some listed in data.settings.care.transient_prefixes
	startswith(rule.prefix, listed)
}

wide(rule) if {
	count(rule.prefix) < 3
	not rule.tagged
}

told(days) := sprintf("%v days after they were written", [days]) if days > 0

told(days) := "at once" if days <= 0

# METADATA
# title: No new rule empties a bucket that exists
# description: What a lifecycle rule deletes nobody is asked about again, and a mistake is noticed when it has run.
# custom:
#   id: CARE-S3-001
#   severity: high
#   resources: [aws_s3_bucket_lifecycle_configuration, aws_s3_bucket]
#   elsewhere: []
#   value: the rule's id
#   bad: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: all, status: Enabled, filter: [{prefix: ""}], expiration: [{days: 1}]}]}}
#   good: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: all, status: Enabled, filter: [{prefix: ""}], expiration: [{days: 365}]}]}}
deny contains finding if {
	some [r, rule] in rules
	days := soon(rule)
	wide(rule)
	not transient(rule)
	not kept(r, rule)
	msg := sprintf("The rule %q deletes all objects of a bucket that exists, %s.", [rule.id, told(days)])
	remediation := sprintf("Give it a prefix, or %v days and more (settings.care.expiration_days).", [care.expiration_days])
	finding := lib.about(rule.id, lib.finding("CARE-S3-001", "high", r, msg, remediation))
}

# METADATA
# title: New rules that soon delete a part of a bucket are seen
# description: Only who knows what lies below the prefix can say whether it may go.
# custom:
#   id: CARE-S3-002
#   severity: medium
#   resources: [aws_s3_bucket_lifecycle_configuration, aws_s3_bucket]
#   elsewhere: []
#   value: the rule's id
#   bad: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: old, status: Enabled, filter: [{prefix: invoices/}], expiration: [{days: 1}]}]}}
#   good: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: old, status: Enabled, filter: [{prefix: tmp/}], expiration: [{days: 1}]}]}}
warn contains finding if {
	some [r, rule] in rules
	days := soon(rule)
	not wide(rule)
	not transient(rule)
	not kept(r, rule)
	msg := sprintf("The rule %q deletes what lies below %q in a bucket that exists, %s.", [rule.id, rule.prefix, told(days)])
	remediation := "See what lies there, or have the prefix listed in settings.care.transient_prefixes."
	finding := lib.about(rule.id, lib.finding("CARE-S3-002", "medium", r, msg, remediation))
}

# METADATA
# title: Old versions stay long enough to be restored
# description: They are all that is left of what was overwritten or deleted by mistake.
# custom:
#   id: CARE-S3-003
#   severity: medium
#   resources: [aws_s3_bucket_lifecycle_configuration, aws_s3_bucket]
#   elsewhere: []
#   value: the rule's id
#   bad: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: old, status: Enabled, noncurrent_version_expiration: [{noncurrent_days: 1}]}]}}
#   good: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: old, status: Enabled, noncurrent_version_expiration: [{noncurrent_days: 30}]}]}}
deny contains finding if {
	some [r, rule] in rules
	some days in rule.noncurrent
	days < care.noncurrent_days
	not transient(rule)
	not kept(r, rule)
	msg := sprintf("The rule %q deletes old versions after %v days: what was deleted by mistake is gone then.", [rule.id, days])
	remediation := sprintf("Keep them for %v days or more (settings.care.noncurrent_days).", [care.noncurrent_days])
	finding := lib.about(rule.id, lib.finding("CARE-S3-003", "medium", r, msg, remediation))
}

# METADATA
# title: When a rule deletes is known
# description: A rule that is known only after apply may delete everything.
# custom:
#   id: CARE-S3-004
#   severity: medium
#   resources: [aws_s3_bucket_lifecycle_configuration, aws_s3_bucket]
#   elsewhere: []
#   bad: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: old, status: Enabled, expiration: [{}]}], _unknown: {rule: [{expiration: [{days: true}]}]}}}
#   good: {aws_s3_bucket_lifecycle_configuration: {bucket: orders, rule: [{id: old, status: Enabled, expiration: [{days: 365}]}]}}
deny contains finding if {
	some r in lib.of_type("aws_s3_bucket_lifecycle_configuration")
	exists(r)
	unclear(r)
	msg := "What a rule deletes of a bucket that exists, or when, is known only after apply, so it cannot be judged."
	remediation := "Write status, filter, days and dates as plain values."
	finding := lib.finding("CARE-S3-004", "medium", r, msg, remediation)
}

unclear(r) if r.change.after_unknown.rule == true

unclear(r) if {
	some rule in lib.list(r.change.after_unknown.rule)
	is_object(rule)
	walk(object.filter(rule, ["status", "filter", "prefix", "expiration", "noncurrent_version_expiration"]), [path, true])
	path[count(path) - 1] != "expired_object_delete_marker"
}

# ---------------------------------------------------------------- versions

enabled(blocks) if {
	some block in lib.list(blocks)
	block.status == "Enabled"
}

enabled(blocks) if {
	some block in lib.list(blocks)
	block.enabled == true
}

# METADATA
# title: Versioning stays on
# description: From then on what is overwritten or deleted cannot be restored.
# custom:
#   id: CARE-S3-005
#   severity: high
#   resources: [aws_s3_bucket_versioning, aws_s3_bucket]
#   elsewhere: [S3.14, CKV_AWS_21, AVD-AWS-0090, s3_bucket_object_versioning]
#   bad: {aws_s3_bucket_versioning: {bucket: orders, versioning_configuration: [{status: Suspended}], _actions: [update],
#     _before: {bucket: orders, versioning_configuration: [{status: Enabled}]}}}
#   good: {aws_s3_bucket_versioning: {bucket: orders, versioning_configuration: [{status: Enabled}], _actions: [no-op]}}
deny contains finding if {
	some r in data.terraform.lib.present
	attribute := {"aws_s3_bucket_versioning": "versioning_configuration", "aws_s3_bucket": "versioning"}[r.type]
	enabled(before(r, attribute))
	not enabled(lib.value(r, attribute))
	not computed(r, attribute)
	msg := "Versioning is on and would be switched off, or whether is known only after apply."
	remediation := "Keep versioning = true."
	finding := lib.finding("CARE-S3-005", "high", r, msg, remediation)
}

# The bucket's own attribute tells what another resource sets, where the configuration does not set it.
computed(r, "versioning") if lib.unknown(r, "versioning")

# METADATA
# title: Deleting for ever keeps asking for a second factor
# description: Without it one stolen key deletes every version.
# custom:
#   id: CARE-S3-006
#   severity: high
#   resources: [aws_s3_bucket_versioning]
#   elsewhere: [S3.20, AVD-AWS-0170, s3_bucket_no_mfa_delete]
#   bad: {aws_s3_bucket_versioning: {bucket: orders, versioning_configuration: [{status: Enabled, mfa_delete: Disabled}], _actions: [update],
#     _before: {bucket: orders, versioning_configuration: [{status: Enabled, mfa_delete: Enabled}]}}}
#   good: {aws_s3_bucket_versioning: {bucket: orders, versioning_configuration: [{status: Enabled, mfa_delete: Enabled}], _actions: [no-op]}}
deny contains finding if {
	some r in lib.of_type("aws_s3_bucket_versioning")
	some was in lib.list(before(r, "versioning_configuration"))
	was.mfa_delete == "Enabled"
	still := [block | some block in lib.list(lib.value(r, "versioning_configuration")); block.mfa_delete == "Enabled"]
	count(still) == 0
	msg := "Versions can be deleted only with a second factor, which would no longer be asked for."
	remediation := "Keep mfa_delete = \"Enabled\"."
	finding := lib.finding("CARE-S3-006", "high", r, msg, remediation)
}

# METADATA
# title: Guards of a bucket stay as long as the bucket
# description: Deleting the resource takes the setting away; a versioning that is deleted is suspended.
# custom:
#   id: CARE-S3-007
#   severity: high
#   resources: [aws_s3_account_public_access_block, aws_s3_bucket_object_lock_configuration, aws_s3_bucket_public_access_block, aws_s3_bucket_versioning]
#   elsewhere: [S3.8, S3.14]
#   bad: {aws_s3_bucket_public_access_block: {bucket: orders, _actions: [delete]}}
#   good: {aws_s3_bucket_public_access_block: {bucket: orders, _actions: [no-op]}}
deny contains finding if {
	some r in input.resource_changes
	r.mode == "managed"
	r.type in guards
	lib.deletes(r)
	not lib.creates(r)
	name := object.get(r.change, ["before", "bucket"], null)
	not name in leaving
	msg := sprintf("The bucket would stay, and lose its guard (%s).", [r.type])
	remediation := "Keep it, or delete the bucket in the same change."
	finding := lib.finding("CARE-S3-007", "high", r, msg, remediation)
}

guards := {
	"aws_s3_account_public_access_block",
	"aws_s3_bucket_object_lock_configuration",
	"aws_s3_bucket_public_access_block",
	"aws_s3_bucket_versioning",
}

leaving contains name if {
	some r in input.resource_changes
	r.type == "aws_s3_bucket"
	lib.deletes(r)
	name := r.change.before.bucket
	is_string(name)
}

# METADATA
# title: Locks that nobody can open are seen
# description: Until it ends not even the account's root deletes an object or stops paying for it, however it came in.
# custom:
#   id: CARE-S3-008
#   severity: medium
#   resources: [aws_s3_bucket_object_lock_configuration]
#   elsewhere: []
#   bad: {aws_s3_bucket_object_lock_configuration: {bucket: orders, rule: [{default_retention: [{mode: COMPLIANCE, days: 36500}]}]}}
#   good: {aws_s3_bucket_object_lock_configuration: {bucket: orders, rule: [{default_retention: [{mode: GOVERNANCE, days: 30}]}]}}
warn contains finding if {
	some r in lib.of_type("aws_s3_bucket_object_lock_configuration")
	lib.value(r, "rule") != before(r, "rule")
	some rule in blocks(lib.value(r, "rule"))
	some retention in blocks(object.get(rule, "default_retention", null))
	retention.mode == "COMPLIANCE"
	msg := sprintf("Nobody could delete new objects for %s.", [lasting(retention)])
	remediation := "Use GOVERNANCE, or see that the law wants it and for how long."
	finding := lib.finding("CARE-S3-008", "medium", r, msg, remediation)
}

lasting(retention) := concat(" and ", [text |
	some unit, number in retention # days or years
	is_number(number)
	text := sprintf("%v %s", [number, unit])
])

# ---------------------------------------------------------------- logs

groups := lib.of_type("aws_cloudwatch_log_group")

for_ever(days) if days in {0, null}

# METADATA
# title: Logs are kept for a time that somebody chose
# description: What is kept for ever costs for ever, and holds personal data longer than anybody may.
# custom:
#   id: CARE-LOG-001
#   severity: low
#   resources: [aws_cloudwatch_log_group]
#   elsewhere: [CKV_AWS_66]
#   bad: {aws_cloudwatch_log_group: {name: app, retention_in_days: 0}}
#   good: {aws_cloudwatch_log_group: {name: app, retention_in_days: 365}}
warn contains finding if {
	some r in groups
	for_ever(lib.value(r, "retention_in_days"))
	not lib.unknown(r, "retention_in_days")
	msg := "Its logs are kept for ever."
	remediation := "Set retention_in_days."
	finding := lib.finding("CARE-LOG-001", "low", r, msg, remediation)
}

# METADATA
# title: Logs are kept until somebody looks
# description: An intruder is noticed after weeks; without logs nobody can tell what he did.
# custom:
#   id: CARE-LOG-002
#   severity: medium
#   resources: [aws_cloudwatch_log_group]
#   elsewhere: [CloudWatch.16, CKV_AWS_338, cloudwatch_log_group_retention_policy_specific_days_enabled]
#   value: the number of days
#   bad: {aws_cloudwatch_log_group: {name: app, retention_in_days: 3}}
#   good: {aws_cloudwatch_log_group: {name: app, retention_in_days: 365}}
warn contains finding if {
	some r in groups
	not shortened(r)
	days := lib.value(r, "retention_in_days")
	short(days)
	msg := sprintf("Its logs are kept for %v days only.", [days])
	finding := lib.about(sprintf("%v", [days]), lib.finding("CARE-LOG-002", "medium", r, msg, longer))
}

short(days) if {
	days > 0
	days < data.settings.care.log_retention_days
}

shortened(r) if {
	short(lib.value(r, "retention_in_days"))
	was := before(r, "retention_in_days")
	is_object(r.change.before)
	not lasted(was, lib.value(r, "retention_in_days"))
}

lasted(was, days) if {
	was > 0
	was <= days
}

longer := sprintf("Set retention_in_days to %v or more (settings.care.log_retention_days).", [care.log_retention_days])

# METADATA
# title: Logs that exist are not deleted by a shorter retention
# description: Whoever wants to hide something shortens the time that it is kept; older logs are deleted at once.
# custom:
#   id: CARE-LOG-003
#   severity: high
#   resources: [aws_cloudwatch_log_group]
#   elsewhere: [CloudWatch.16]
#   value: the number of days
#   bad: {aws_cloudwatch_log_group: {name: app, retention_in_days: 1, _actions: [update], _before: {name: app, retention_in_days: 365}}}
#   good: {aws_cloudwatch_log_group: {name: app, retention_in_days: 180, _actions: [update], _before: {name: app, retention_in_days: 365}}}
deny contains finding if {
	some r in groups
	shortened(r)
	days := lib.value(r, "retention_in_days")
	msg := sprintf("Logs older than %v days would be deleted now.", [days])
	finding := lib.about(sprintf("%v", [days]), lib.finding("CARE-LOG-003", "high", r, msg, longer))
}

# METADATA
# title: Log groups that are deleted are seen
# description: The logs go with the group, and with them what could be told of an intruder.
# custom:
#   id: CARE-LOG-004
#   severity: medium
#   resources: [aws_cloudwatch_log_group]
#   elsewhere: []
#   bad: {aws_cloudwatch_log_group: {name: app, _actions: [delete]}}
#   good: {aws_cloudwatch_log_group: {name: app, retention_in_days: 365}}
warn contains finding if {
	some r in input.resource_changes
	r.mode == "managed"
	r.type == "aws_cloudwatch_log_group"
	lib.deletes(r)
	not object.get(r.change, ["before", "skip_destroy"], false) == true
	msg := "The group's logs would be deleted."
	remediation := "Keep it, or set skip_destroy = true in a change before this one."
	finding := lib.finding("CARE-LOG-004", "medium", r, msg, remediation)
}

# ---------------------------------------------------------------- keys

# METADATA
# title: A key that is in use is not switched off
# description: Nobody can read what it has encrypted, until it is on again.
# custom:
#   id: CARE-KMS-001
#   severity: high
#   resources: [aws_kms_key]
#   elsewhere: [CKV_AWS_227, kms_cmk_are_used]
#   bad: {aws_kms_key: {is_enabled: false, _actions: [update], _before: {is_enabled: true}}}
#   good: {aws_kms_key: {is_enabled: true, _actions: [no-op]}}
deny contains finding if {
	some r in lib.of_type("aws_kms_key")
	before(r, "is_enabled") == true
	not lib.value(r, "is_enabled") == true
	msg := "The key is on and would be switched off: what it has encrypted could not be read."
	remediation := "Keep is_enabled = true until nothing is encrypted with it."
	finding := lib.finding("CARE-KMS-001", "high", r, msg, remediation)
}
