# What only looks like a setting, or like a resource of ours.
package terraform.compliance_edges_test

import rego.v1

import data.terraform.compliance
import data.terraform.fixtures

test_settings_of_ones_own if {
	fixtures.ids(compliance.deny) == set() with input as fixtures.plan([])
		with data.settings.mine as {"anything": 1}
}

test_what_is_only_read_is_not_deleted if {
	change := object.union(fixtures.change("aws_s3_bucket", ["delete"], null, {}), {"mode": "data"})
	fixtures.ids(compliance.deny) == set() with input as fixtures.plan([change])
}

test_a_bucket_that_says_to_keep_no_versions if {
	every blocks, found in {`[{"enabled": true}]`: set(), `[{"enabled": false}]`: {"CMP-S3-002"}, `[{}]`: {"CMP-S3-002"}, `[]`: {"CMP-S3-002"}} {
		bucket := fixtures.create("aws_s3_bucket", {"bucket": "data-lake", "versioning": json.unmarshal(blocks)})
		fixtures.ids(compliance.warn) == found with input as fixtures.plan([bucket])
	}
}

test_every_ownership_with_acls if {
	every who in ["BucketOwnerPreferred", "ObjectWriter"] {
		controls := fixtures.create("aws_s3_bucket_ownership_controls", {"bucket": "b", "rule": [{"object_ownership": who}]})
		fixtures.ids(compliance.warn) == {"CMP-S3-003"} with input as fixtures.plan([controls])
	}
}
