package terraform.compliance_test

import rego.v1

import data.terraform.compliance
import data.terraform.fixtures

denied(changes) := found if {
	found := fixtures.ids(compliance.deny) with input as fixtures.plan(changes)
}

test_nothing_to_say if denied([fixtures.create("aws_s3_bucket", {"bucket": "x", "force_destroy": false})]) == set()

in_region(region) := object.union(fixtures.plan([]), {"variables": {"region": {"value": region}}})

test_region if {
	fixtures.ids(compliance.deny) == {"CMP-REG-001"} with input as in_region("cn-north-1")
	fixtures.ids(compliance.deny) == {"CMP-REG-001"} with input as in_region(null)
	fixtures.ids(compliance.deny) == {"CMP-REG-001"} with input as object.remove(fixtures.plan([]), ["variables"])
}

test_region_of_a_resource if {
	denied([fixtures.create("aws_sqs_queue", {"region": "eu-west-1"})]) == set()
	denied([fixtures.create("aws_sqs_queue", {"region": "cn-north-1"})]) == {"CMP-REG-002"}
}

test_deletion_of_a_protected_type if {
	denied([fixtures.change("aws_s3_bucket", ["delete"], null, {})]) == {"CMP-DEL-001"}
	denied([fixtures.change("aws_s3_bucket_policy", ["delete"], null, {})]) == set()
}

test_a_protected_type_that_is_forgotten if {
	denied([fixtures.change("aws_kms_key", ["forget"], null, {})]) == {"CMP-DEL-004"}
}

replacement := object.union(
	fixtures.change("aws_kms_key", ["delete", "create"], {}, {}),
	{"change": {"replace_paths": [["multi_region"], ["tags", 0]]}},
)

test_replacement_of_a_protected_type if {
	some finding in compliance.deny with input as fixtures.plan([replacement])
	finding.id == "CMP-DEL-002"
	contains(finding.remediation, "multi_region, tags.0")
	denied([fixtures.change("aws_kms_key", ["create", "delete"], {}, {})]) == {"CMP-DEL-002"}
}

test_force_destroy if denied([fixtures.create("aws_s3_bucket", {"force_destroy": true})]) == {"CMP-DEL-003"}

versioning(status) := fixtures.create("aws_s3_bucket_versioning", {"versioning_configuration": [{"status": status}]})

test_versioning if {
	fixtures.ids(compliance.warn) == set() with input as fixtures.plan([versioning("Enabled")])
	fixtures.ids(compliance.warn) == {"CMP-S3-001"} with input as fixtures.plan([versioning("Suspended")])
	unknown := fixtures.vague("aws_s3_bucket_versioning", {"versioning_configuration": [{}]}, {})
	fixtures.ids(compliance.warn) == {"CMP-S3-001"} with input as fixtures.plan([unknown])
}

test_settings_that_are_missing if {
	some finding in compliance.deny with input as fixtures.plan([]) with data.settings as {}
	finding.id == "CMP-SET-001"
	fixtures.ids(compliance.deny) == {"CMP-SET-001"} with input as fixtures.plan([])
		with data.settings.tags as {"required": "Team", "allowed": {}}
}

test_setting_that_there_is_not if {
	fixtures.ids(compliance.deny) == {"CMP-SET-002"} with input as fixtures.plan([])
		with data.settings.access.trusted_acounts as ["222222222222"]
}

test_settings_that_contradict_each_other if {
	fixtures.ids(compliance.deny) == {"CMP-SET-003"} with input as fixtures.plan([])
		with data.settings.access.usual_managed_policies as ["AdministratorAccess"]
}

test_a_bucket_that_says_nothing_of_versions if {
	bucket := fixtures.create("aws_s3_bucket", {"bucket": "data-lake"})
	fixtures.ids(compliance.warn) == {"CMP-S3-002"} with input as fixtures.plan([bucket])
	its_own := object.union(versioning("Enabled"), {"change": {"after": {"bucket": "data-lake"}}})
	fixtures.ids(compliance.warn) == set() with input as fixtures.plan([bucket, its_own])
	another := object.union(versioning("Enabled"), {"change": {"after": {"bucket": "other"}}})
	fixtures.ids(compliance.warn) == {"CMP-S3-002"} with input as fixtures.plan([bucket, another])
	old := fixtures.create("aws_s3_bucket", {"bucket": "data-lake", "versioning": [{"enabled": true}]})
	fixtures.ids(compliance.warn) == set() with input as fixtures.plan([old])
}

ownership(who) := fixtures.create("aws_s3_bucket_ownership_controls", {"bucket": "b", "rule": [{"object_ownership": who}]})

test_acls if {
	fixtures.ids(compliance.warn) == {"CMP-S3-003"} with input as fixtures.plan([ownership("ObjectWriter")])
	fixtures.ids(compliance.warn) == set() with input as fixtures.plan([ownership("BucketOwnerEnforced")])
}
