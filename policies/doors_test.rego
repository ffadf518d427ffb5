package terraform.doors_test

import rego.v1

import data.terraform.doors
import data.terraform.fixtures

denied(resource) := found if {
	found := doors.deny with input as fixtures.plan([resource])
}

warned(resource) := found if {
	found := doors.warn with input as fixtures.plan([resource])
}

point(details) := fixtures.create("aws_s3control_multi_region_access_point", {"details": [details]})

test_a_public_access_point if {
	found := denied(point({"public_access_block": [{"block_public_policy": false, "ignore_public_acls": true}]}))
	fixtures.ids(found) == {"ACC-PUB-011"}
	some finding in found
	contains(finding.msg, ": block_public_policy off.")
}

test_a_blocked_access_point if {
	every details in [{}, {"public_access_block": []}, {"public_access_block": [{"block_public_acls": true}]}] {
		denied(point(details)) == set()
	}
}

test_an_access_point_that_is_known_later if {
	denied(fixtures.vague("aws_s3control_multi_region_access_point", {}, {"details": true})) == set()
}

url(origins) := fixtures.create("aws_lambda_function_url", {"cors": [{"allow_origins": origins}]})

test_a_url_for_all_pages if {
	every origins in [["*"], ["https://a.example", "https://*.example"]] {
		fixtures.ids(warned(url(origins))) == {"ACC-PUB-012"}
	}
}

test_a_url_for_some_pages if {
	every origins in [null, [], ["https://a.example"]] {
		warned(url(origins)) == set()
	}
}

test_a_url_without_cors if warned(fixtures.create("aws_lambda_function_url", {"cors": []})) == set()
