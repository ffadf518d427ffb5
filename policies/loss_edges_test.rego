# Where the rules about what quietly goes begin and end.
package terraform.loss_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.loss

denied(changes) := found if {
	found := fixtures.ids(loss.deny) with input as fixtures.plan(changes)
}

warned(changes) := found if {
	found := fixtures.ids(loss.warn) with input as fixtures.plan(changes)
}

update(kind, before, after) := object.union(
	fixtures.change(kind, ["update"], after, {}),
	{"change": {"before": before}},
)

lifecycle_type := "aws_s3_bucket_lifecycle_configuration"

configuration(rule) := {
	"bucket": "data-lake",
	"rule": [object.union({"id": "r", "status": "Enabled", "filter": [{"prefix": ""}]}, rule)],
}

lifecycle(rule) := fixtures.create(lifecycle_type, configuration(rule))

unchanged(rule) := update(lifecycle_type, configuration(rule), configuration(rule))

expires(days) := {"expiration": [{"days": days, "date": null}]}

below(prefix) := object.union(expires(1), {"filter": [{"prefix": prefix}]})

old_versions(days) := {"noncurrent_version_expiration": [{"noncurrent_days": days, "newer_noncurrent_versions": null}]}

# ---------------------------------------------------------------- rules that empty a bucket

test_a_prefix_of_two_letters_is_none if {
	every prefix in ["", "a", "ab"] {
		denied([lifecycle(below(prefix))]) == {"CARE-S3-001"}
		warned([lifecycle(below(prefix))]) == set()
	}
	denied([lifecycle(below("abc"))]) == set()
	warned([lifecycle(below("abc"))]) == {"CARE-S3-002"}
}

test_an_empty_prefix_of_the_rule_hides_none_of_the_filter if {
	rule := object.union(below("invoices/"), {"prefix": ""})
	denied([lifecycle(rule)]) == set()
	warned([lifecycle(rule)]) == {"CARE-S3-002"}
}

test_filters_without_a_tag_narrow_nothing if {
	every filter in [null, {"tag": null}, {"tag": []}, {"tags": {}}, {"tags": null}, {"and": [null]}, {"and": [{"tags": {}}]}] {
		denied([lifecycle(object.union(expires(1), {"filter": [filter]}))]) == {"CARE-S3-001"}
	}
}

test_no_date_is_no_day if {
	denied([lifecycle({"expiration": [{"date": "", "days": 365}]})]) == set()
	denied([lifecycle({"expiration": [{"date": null, "days": 365}]})]) == set()
}

said(changes) := messages if {
	found := loss.deny with input as fixtures.plan(changes)
	messages := concat("", [finding.msg | some finding in found])
}

test_a_date_that_cannot_be_read_is_now if {
	every date in ["soon", "2020-01-01T00:00:00Z"] {
		contains(said([lifecycle({"expiration": [{"date": date}]})]), "exists, at once.")
	}
	contains(said([lifecycle(expires(1))]), "exists, 1 days after they were written.")
}

test_scratch_space_is_the_settings if {
	every prefix in ["t/", "tmp/x"] {
		rule := object.union(below(prefix), old_versions(1))
		found := fixtures.ids(loss.deny | loss.warn) with input as fixtures.plan([lifecycle(rule)])
			with data.settings.care.transient_prefixes as ["t/", "tmp/"]
		found == set()
	}
}

test_a_rule_that_was_there_deletes_nothing_more if {
	every rule in [below(""), below("invoices/"), old_versions(1), {"expiration": [{"date": "2020-01-01T00:00:00Z"}]}] {
		denied([unchanged(rule)]) == set()
		warned([unchanged(rule)]) == set()
		count(denied([lifecycle(rule)]) | warned([lifecycle(rule)])) == 1
	}
}

bucket(rule) := {"bucket": "data-lake", "lifecycle_rule": [object.union({"id": "r", "enabled": true, "prefix": "", "tags": {}}, rule)]}

changed_bucket(rule) := update("aws_s3_bucket", {"bucket": "data-lake", "lifecycle_rule": []}, bucket(rule))

test_the_old_form_of_a_rule if {
	old := {"noncurrent_version_expiration": [{"days": 1}]}
	denied([changed_bucket(expires(1))]) == {"CARE-S3-001"}
	denied([changed_bucket(old)]) == {"CARE-S3-003"}
	every rule in [expires(1), old] {
		denied([changed_bucket(object.union(rule, {"enabled": false}))]) == set()
		denied([fixtures.create("aws_s3_bucket", bucket(rule))]) == set()
	}
}

test_old_versions_that_stay if {
	every days in [null, 7, 30] {
		denied([lifecycle(old_versions(days))]) == set()
	}
	every days in [1, 6] {
		denied([lifecycle(old_versions(days))]) == {"CARE-S3-003"}
	}
}

# ---------------------------------------------------------------- what is known only after apply

unclear(unknown) := object.union(lifecycle(expires(365)), {"change": {"after_unknown": {"rule": [unknown]}}})

made := object.union(fixtures.create("aws_s3_bucket", {"bucket": "data-lake"}), {"address": "aws_s3_bucket.b"})

test_every_part_of_a_rule_counts if {
	every unknown in [
		{"status": true},
		{"filter": true},
		{"filter": [{"prefix": true}]},
		{"prefix": true},
		{"expiration": [{"days": true}]},
		{"expiration": [{"date": true}]},
		{"noncurrent_version_expiration": [{"noncurrent_days": true}]},
	] {
		denied([unclear(unknown)]) == {"CARE-S3-004"}
		denied([made, unclear(unknown)]) == set()
	}
	every unknown in [{}, {"id": true}, {"expiration": [{"expired_object_delete_marker": true}]}] {
		denied([unclear(unknown)]) == set()
	}
}

# Only what is still to be made has a name that is not known, unless somebody hides it.
of_unknown := object.union(lifecycle(expires(1)), {"change": {"after": {"bucket": null}, "after_unknown": {"bucket": true}}})

test_a_bucket_whose_name_is_not_known_may_exist if {
	denied([of_unknown]) == {"CARE-S3-001"}
	denied([made, of_unknown]) == set()
}

# ---------------------------------------------------------------- guards

test_a_second_factor_that_was_never_asked_for if {
	off := {"bucket": "data-lake", "versioning_configuration": [{"status": "Enabled", "mfa_delete": "Disabled"}]}
	denied([update("aws_s3_bucket_versioning", off, off)]) == set()
}

gone(kind, before) := object.union(fixtures.change(kind, ["delete"], null, {}), {"change": {"before": before}})

test_every_guard if {
	every kind in [
		"aws_s3_account_public_access_block",
		"aws_s3_bucket_object_lock_configuration",
		"aws_s3_bucket_public_access_block",
		"aws_s3_bucket_versioning",
	] {
		guard := gone(kind, {"bucket": "data-lake"})
		denied([guard]) == {"CARE-S3-007"}
		denied([object.union(guard, {"mode": "data"})]) == set()
		denied([object.union(guard, {"change": {"actions": ["delete", "create"]}})]) == set()
		denied([guard, gone("aws_s3_bucket", {"bucket": "data-lake"})]) == set()
		denied([guard, gone("aws_s3_bucket", {"bucket": "another"})]) == {"CARE-S3-007"}
		denied([guard, update("aws_s3_bucket", {"bucket": "data-lake"}, {"bucket": "data-lake"})]) == {"CARE-S3-007"}
	}
}

test_the_guard_of_an_account_is_no_buckets if {
	denied([gone("aws_s3_account_public_access_block", {}), gone("aws_s3_bucket", {"bucket": null})]) == {"CARE-S3-007"}
}

# ---------------------------------------------------------------- logs and keys

group(days) := {"name": "app", "retention_in_days": days}

test_logs_are_shortened_or_were_short if {
	kind := "aws_cloudwatch_log_group"
	warned([fixtures.create(kind, group(1))]) == {"CARE-LOG-002"}
	denied([update(kind, group(90), group(1))]) == {"CARE-LOG-003"}
	warned([update(kind, group(90), group(1))]) == set()
	denied([update(kind, group(1), group(1))]) == set()
	denied([update(kind, group(null), group(1))]) == {"CARE-LOG-003"}
}

test_only_groups_that_are_managed_go if {
	group_gone := gone("aws_cloudwatch_log_group", group(90))
	warned([group_gone]) == {"CARE-LOG-004"}
	warned([object.union(group_gone, {"mode": "data"})]) == set()
	warned([gone("aws_s3_bucket_logging", {"bucket": "data-lake"})]) == set()
}

test_a_key_that_stays_on if {
	denied([update("aws_kms_key", {"is_enabled": true}, {"is_enabled": true})]) == set()
	denied([update("aws_kms_key", {"is_enabled": true}, {})]) == {"CARE-KMS-001"}
}
