package terraform.naming_test

import rego.v1

import data.terraform.fixtures
import data.terraform.naming

denied(change) := found if {
	found := fixtures.ids(naming.deny) with input as fixtures.plan([change])
}

test_conventional_name if {
	denied(fixtures.create("aws_s3_bucket", {"bucket": "data-lake"})) == set()
}

test_upper_case_and_underscore if {
	denied(fixtures.create("aws_iam_role", {"name": "Admin_Role"})) == {"NAME-001"}
}

test_type_with_its_own_pattern if {
	denied(fixtures.create("aws_kms_alias", {"name": "alias/app"})) == set()
	denied(fixtures.create("aws_kms_alias", {"name": "app"})) == {"NAME-001"}
	denied(fixtures.create("aws_sqs_queue", {"name": "orders.fifo"})) == set()
}

test_name_known_after_apply_is_denied if {
	denied(fixtures.vague("aws_s3_bucket", {"bucket_prefix": "data-"}, {"bucket": true})) == {"NAME-002"}
}

test_existing_resource_keeps_its_name if {
	denied(fixtures.change("aws_iam_role", ["update"], {"name": "Admin_Role"}, {})) == set()
}

test_replacement_needs_a_good_name if {
	denied(fixtures.change("aws_iam_role", ["delete", "create"], {"name": "Admin_Role"}, {})) == {"NAME-001"}
}

test_type_without_convention if {
	denied(fixtures.create("aws_vpc", {"name": "Any Name"})) == set()
}

test_data_source_is_not_ours if {
	change := object.union(fixtures.create("aws_s3_bucket", {"bucket": "X"}), {"mode": "data"})
	denied(change) == set()
}

test_deleted_resource_needs_no_name if {
	denied(fixtures.change("aws_s3_bucket", ["delete"], null, {})) == set()
}
