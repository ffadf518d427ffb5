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
