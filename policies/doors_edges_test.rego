# Every switch of a Multi-Region Access Point.
package terraform.doors_edges_test

import rego.v1

import data.terraform.doors
import data.terraform.fixtures

denied(block) := found if {
	resource := fixtures.create("aws_s3control_multi_region_access_point", {"details": [{"public_access_block": [block]}]})
	found := fixtures.ids(doors.deny) with input as fixtures.plan([resource])
}

test_each_switch_has_to_be_on if {
	switches := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	closed := {name: true | some name in switches}
	denied(closed) == set()
	denied(object.union(closed, {"other": false})) == set()
	every name in switches {
		denied(object.union(closed, {name: false})) == {"ACC-PUB-011"}
	}
}
