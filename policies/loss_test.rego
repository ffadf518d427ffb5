package terraform.loss_test

import rego.v1

import data.terraform.fixtures
import data.terraform.loss

denied(changes) := found if {
	found := fixtures.ids(loss.deny) with input as fixtures.plan(changes)
}

warned(changes) := found if {
	found := fixtures.ids(loss.warn) with input as fixtures.plan(changes)
}

# What is there, as it was and as it will be.
update(kind, before, after) := object.union(
	fixtures.change(kind, ["update"], after, {}),
	{"change": {"before": before}},
)

lifecycle(rule) := fixtures.create("aws_s3_bucket_lifecycle_configuration", {
	"bucket": "data-lake",
	"rule": [object.union({"id": "r", "status": "Enabled", "filter": [{"prefix": ""}]}, rule)],
})

expires(days) := {"expiration": [{"days": days, "date": null}]}

below(prefix) := object.union(expires(1), {"filter": [{"prefix": prefix}]})

test_a_rule_that_empties_a_bucket if {
	denied([lifecycle(expires(1))]) == {"CARE-S3-001"}
	denied([lifecycle(object.union(expires(1), {"filter": []}))]) == {"CARE-S3-001"}
	denied([lifecycle(below("a"))]) == {"CARE-S3-001"}
	denied([lifecycle(expires(29))]) == {"CARE-S3-001"}
	denied([lifecycle(expires(30))]) == set()
	denied([lifecycle(object.union(expires(1), {"status": "Disabled"}))]) == set()
	denied([lifecycle({"expiration": [{"days": 0, "expired_object_delete_marker": true}]})]) == set()
}

test_a_size_narrows_nothing if {
	sized := {"filter": [{"and": [{"object_size_greater_than": 0, "prefix": "", "tags": {}}]}]}
	denied([lifecycle(object.union(expires(1), sized))]) == {"CARE-S3-001"}
}

test_a_date if {
	denied([lifecycle({"expiration": [{"date": "2020-01-01T00:00:00Z", "days": 0}]})]) == {"CARE-S3-001"}
	denied([lifecycle({"expiration": [{"date": "soon"}]})]) == {"CARE-S3-001"}
	denied([lifecycle({"expiration": [{"date": "2096-01-01T00:00:00Z"}]})]) == set()
	later := object.union(
		fixtures.plan([lifecycle({"expiration": [{"date": "2096-01-01T00:00:00Z"}]})]),
		{"timestamp": "2095-12-24T00:00:00Z"},
	)
	fixtures.ids(loss.deny) == {"CARE-S3-001"} with input as later
}

test_a_rule_for_a_part if {
	warned([lifecycle(below("invoices/"))]) == {"CARE-S3-002"}
	denied([lifecycle(below("invoices/"))]) == set()
	tagged := {"filter": [{"and": [{"prefix": "", "tags": {"keep": "no"}}]}]}
	warned([lifecycle(object.union(expires(1), tagged))]) == {"CARE-S3-002"}
	warned([lifecycle(object.union(expires(1), {"filter": [{"tag": [{"key": "a", "value": "b"}]}]}))]) == {"CARE-S3-002"}
	warned([lifecycle(below("tmp/x"))]) == set()
	warned([lifecycle(object.union(expires(365), {"filter": [{"prefix": "invoices/"}]}))]) == set()
}

bucket := object.union(fixtures.create("aws_s3_bucket", {"bucket": "data-lake"}), {"address": "aws_s3_bucket.b"})

test_a_bucket_that_is_made_has_nothing_to_lose if {
	denied([bucket, lifecycle(expires(1))]) == set()
	replaced := object.union(bucket, {"change": {"actions": ["delete", "create"]}})
	denied([replaced, lifecycle(expires(1))]) == {"CARE-S3-001"}
	of_it := object.union(lifecycle(expires(1)), {"change": {"after": {"bucket": null}, "after_unknown": {"bucket": true}}})
	denied([bucket, of_it]) == set()
}

test_a_rule_that_was_there_deletes_nothing_more if {
	rule := lifecycle(expires(1)).change.after
	same := update("aws_s3_bucket_lifecycle_configuration", rule, rule)
	denied([same]) == set()
	longer := update("aws_s3_bucket_lifecycle_configuration", lifecycle(expires(90)).change.after, rule)
	denied([longer]) == {"CARE-S3-001"}
	off := update("aws_s3_bucket_lifecycle_configuration", lifecycle(object.union(expires(1), {"status": "Disabled"})).change.after, rule)
	denied([off]) == {"CARE-S3-001"}
}

test_the_old_form_of_a_rule if {
	rule := {"id": "r", "enabled": true, "prefix": "", "tags": {}, "expiration": [{"days": 1}]}
	was := {"bucket": "b", "lifecycle_rule": []}
	denied([update("aws_s3_bucket", was, {"bucket": "b", "lifecycle_rule": [rule]})]) == {"CARE-S3-001"}
	denied([update("aws_s3_bucket", {"lifecycle_rule": [rule]}, {"bucket": "b", "lifecycle_rule": [rule]})]) == set()
}

test_old_versions if {
	denied([lifecycle({"noncurrent_version_expiration": [{"noncurrent_days": 1, "newer_noncurrent_versions": null}]})]) == {"CARE-S3-003"}
	denied([lifecycle({"noncurrent_version_expiration": [{"noncurrent_days": 1, "newer_noncurrent_versions": 3}]})]) == set()
	denied([lifecycle({"noncurrent_version_expiration": [{"noncurrent_days": 7}]})]) == set()
}

test_a_rule_that_is_not_known if {
	unclear := object.union(lifecycle({"expiration": [{}]}), {"change": {"after_unknown": {"rule": [{"expiration": [{"days": true}]}]}}})
	denied([unclear]) == {"CARE-S3-004"}
	all := object.union(lifecycle({"expiration": [{}]}), {"change": {"after_unknown": {"rule": true}}})
	denied([all]) == {"CARE-S3-004"}
	other := object.union(lifecycle({}), {"change": {"after_unknown": {"rule": [{"transition": [{"days": true}]}]}}})
	denied([other]) == set()
}

versioning(status) := {"bucket": "data-lake", "versioning_configuration": [{"status": status, "mfa_delete": "Enabled"}]}

test_versioning_that_is_switched_off if {
	kind := "aws_s3_bucket_versioning"
	denied([update(kind, versioning("Enabled"), versioning("Suspended"))]) == {"CARE-S3-005"}
	denied([update(kind, versioning("Enabled"), versioning(null))]) == {"CARE-S3-005"}
	denied([update(kind, versioning("Suspended"), versioning("Suspended"))]) == set()
	denied([update(kind, versioning("Suspended"), versioning("Enabled"))]) == set()
	denied([fixtures.create(kind, versioning("Suspended"))]) == set()
}

test_the_old_form_of_versioning if {
	on := {"versioning": [{"enabled": true}]}
	denied([update("aws_s3_bucket", on, {"versioning": [{"enabled": false}]})]) == {"CARE-S3-005"}
	denied([object.union(update("aws_s3_bucket", on, {"bucket": "b"}), {"change": {"after_unknown": {"versioning": true}}})]) == set()
}

test_the_second_factor if {
	less := {"bucket": "data-lake", "versioning_configuration": [{"status": "Enabled", "mfa_delete": "Disabled"}]}
	denied([update("aws_s3_bucket_versioning", versioning("Enabled"), less)]) == {"CARE-S3-006"}
	denied([update("aws_s3_bucket_versioning", less, versioning("Enabled"))]) == set()
}

gone(kind, before) := object.union(fixtures.change(kind, ["delete"], null, {}), {"change": {"before": before}})

test_guards_that_go if {
	every kind in ["aws_s3_bucket_public_access_block", "aws_s3_bucket_versioning", "aws_s3_account_public_access_block"] {
		denied([gone(kind, {"bucket": "data-lake"})]) == {"CARE-S3-007"}
	}
	denied([gone("aws_s3_bucket_public_access_block", {"bucket": "data-lake"}), gone("aws_s3_bucket", {"bucket": "data-lake"})]) == set()
	denied([gone("aws_s3_bucket_logging", {"bucket": "data-lake"})]) == set()
}

logs(days) := {"name": "app", "retention_in_days": days}

test_logs if {
	kind := "aws_cloudwatch_log_group"
	warned([fixtures.create(kind, logs(0))]) == {"CARE-LOG-001"}
	warned([fixtures.create(kind, logs(null))]) == {"CARE-LOG-001"}
	warned([fixtures.vague(kind, {}, {"retention_in_days": true})]) == set()
	warned([fixtures.create(kind, logs(29))]) == {"CARE-LOG-002"}
	warned([fixtures.create(kind, logs(30))]) == set()
	warned([update(kind, logs(7), logs(7))]) == {"CARE-LOG-002"}
	denied([update(kind, logs(7), logs(7))]) == set()
	denied([update(kind, logs(90), logs(7))]) == {"CARE-LOG-003"}
	denied([update(kind, logs(0), logs(7))]) == {"CARE-LOG-003"}
	denied([update(kind, logs(90), logs(60))]) == set()
	warned([gone(kind, logs(90))]) == {"CARE-LOG-004"}
	warned([gone(kind, object.union(logs(90), {"skip_destroy": true}))]) == set()
}

test_a_key_that_is_switched_off if {
	denied([update("aws_kms_key", {"is_enabled": true}, {"is_enabled": false})]) == {"CARE-KMS-001"}
	denied([fixtures.create("aws_kms_key", {"is_enabled": false})]) == set()
	denied([update("aws_kms_key", {"is_enabled": false}, {"is_enabled": false})]) == set()
}

lock(retention) := {"bucket": "data-lake", "rule": [{"default_retention": [retention]}]}

test_locks_that_nobody_opens if {
	kind := "aws_s3_bucket_object_lock_configuration"
	strict := lock({"mode": "COMPLIANCE", "days": 36500, "years": null})
	warned([fixtures.create(kind, strict)]) == {"CARE-S3-008"}
	warned([fixtures.create(kind, lock({"mode": "COMPLIANCE", "years": 7}))]) == {"CARE-S3-008"}
	warned([update(kind, lock({"mode": "GOVERNANCE", "days": 1}), strict)]) == {"CARE-S3-008"}
	warned([update(kind, strict, strict)]) == set()
	warned([fixtures.create(kind, lock({"mode": "GOVERNANCE", "days": 36500}))]) == set()
	warned([fixtures.create(kind, {"bucket": "data-lake", "rule": [{}]})]) == set()
	every retention, said in {{"days": 36500, "years": null}: "36500 days", {"days": null, "years": 7}: "7 years"} {
		strictest := fixtures.create(kind, lock(object.union({"mode": "COMPLIANCE"}, retention)))
		some finding in loss.warn with input as fixtures.plan([strictest])
		finding.msg == sprintf("Nobody could delete new objects for %s.", [said])
	}
}
