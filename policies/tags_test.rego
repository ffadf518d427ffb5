package terraform.tags_test

import rego.v1

import data.terraform.fixtures
import data.terraform.tags

settings := {"required": ["Team", "Environment"], "allowed": {"Environment": ["development", "production"]}}

good := {"Team": "platform", "Environment": "development"}

bucket(tags_all) := fixtures.create("aws_s3_bucket", {"tags_all": tags_all})

denied(change) := found if {
	found := fixtures.ids(tags.deny) with input as fixtures.plan([change]) with data.settings.tags as settings
}

warned(change) := found if {
	found := fixtures.ids(tags.warn) with input as fixtures.plan([change]) with data.settings.tags as settings
}

test_all_tags_there if denied(bucket(good)) == set()

test_missing_tag if denied(bucket({"Environment": "development"})) == {"TAG-001"}

test_no_tags_at_all if denied(bucket({})) == {"TAG-001"}

test_null_instead_of_tags if denied(bucket(null)) == {"TAG-001"}

test_empty_value if denied(bucket(object.union(good, {"Team": ""}))) == {"TAG-002"}

test_null_value if denied(bucket(object.union(good, {"Team": null}))) == {"TAG-002"}

test_value_that_is_not_allowed if denied(bucket(object.union(good, {"Environment": "prod"}))) == {"TAG-003"}

test_case_matters if denied(bucket({"team": "platform", "Environment": "development"})) == {"TAG-001"}

test_all_tags_unknown if denied(fixtures.vague("aws_s3_bucket", {}, {"tags_all": true})) == {"TAG-004"}

test_one_value_unknown if {
	change := fixtures.vague("aws_s3_bucket", {"tags_all": {"Environment": "development"}}, {"tags_all": {"Team": true}})
	denied(change) == set()
	warned(change) == {"TAG-005"}
	warned(bucket(good)) == set()
}

test_type_that_cannot_be_tagged if {
	denied(fixtures.create("aws_s3_bucket_policy", {"policy": "{}"})) == set()
}

test_message_names_the_tag if {
	some finding in tags.deny with input as fixtures.plan([bucket({"Environment": "development"})])
		with data.settings.tags as settings
	contains(finding.msg, "\"Team\"")
	finding.address == "aws_s3_bucket.this[\"x\"]"
}
